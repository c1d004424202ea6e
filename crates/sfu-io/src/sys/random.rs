//! Randomness of the system.

use std::io;

/// 32 bytes from the kernel's generator.
pub(crate) fn seed() -> io::Result<[u8; 32]> {
    let mut seed = [0_u8; 32];
    // SAFETY: `seed` is 32 writable bytes.
    let written = unsafe { libc::getrandom(seed.as_mut_ptr().cast(), seed.len(), 0) };
    // Requests up to 256 bytes are never cut short (getrandom(2)).
    if written < 0 { Err(io::Error::last_os_error()) } else { Ok(seed) }
}
