//! Addresses of the local interfaces.

use std::io;
use std::net::IpAddr;
use std::ptr;

use super::{check, from_raw};

/// Every address of every interface that is up, in the kernel's order.
pub(crate) fn interface_addresses() -> io::Result<Vec<IpAddr>> {
    let mut list: *mut libc::ifaddrs = ptr::null_mut();
    // SAFETY: `list` is a valid place for the result, which is freed below.
    check(unsafe { libc::getifaddrs(&raw mut list) })?;
    let mut addresses = Vec::new();
    let mut next = list;
    while !next.is_null() {
        // SAFETY: not null, hence an entry of the list that getifaddrs made and that is not freed yet.
        let entry = unsafe { &*next };
        if entry.ifa_flags & (libc::IFF_UP as u32) != 0 && !entry.ifa_addr.is_null() {
            // SAFETY: `ifa_addr` points at a socket address of the family that it names.
            addresses.extend(unsafe { ip(entry.ifa_addr) });
        }
        next = entry.ifa_next;
    }
    // SAFETY: the list is getifaddrs' own, freed once, and no reference into it is left.
    unsafe { libc::freeifaddrs(list) };
    Ok(addresses)
}

/// # Safety
///
/// `address` points at a socket address of the family that it names.
unsafe fn ip(address: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: every socket address begins with its family (the caller promises one).
    let size = match i32::from(unsafe { (*address).sa_family }) {
        libc::AF_INET => size_of::<libc::sockaddr_in>(),
        libc::AF_INET6 => size_of::<libc::sockaddr_in6>(),
        _ => return None,
    };
    // SAFETY: all zeros is a valid sockaddr_storage.
    let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    // SAFETY: `size` bytes are readable at `address` (the caller's promise) and fit in the storage.
    unsafe { ptr::copy_nonoverlapping(address.cast::<u8>(), (&raw mut storage).cast::<u8>(), size) };
    from_raw(&storage).map(|address| address.ip())
}
