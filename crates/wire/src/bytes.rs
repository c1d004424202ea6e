//! Big-endian reads that cannot panic.

use crate::Error;

/// The `N` bytes at `at`.
pub(crate) fn array<const N: usize>(data: &[u8], at: usize) -> Result<[u8; N], Error> {
    let end = at.checked_add(N).ok_or(Error::Truncated)?;
    data.get(at..end).and_then(|b| b.try_into().ok()).ok_or(Error::Truncated)
}

pub(crate) fn u8_at(data: &[u8], at: usize) -> Result<u8, Error> {
    data.get(at).copied().ok_or(Error::Truncated)
}

pub(crate) fn u16_at(data: &[u8], at: usize) -> Result<u16, Error> {
    array(data, at).map(u16::from_be_bytes)
}

/// 24 bits.
pub(crate) fn u24_at(data: &[u8], at: usize) -> Result<u32, Error> {
    array::<3>(data, at).map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
}

pub(crate) fn u32_at(data: &[u8], at: usize) -> Result<u32, Error> {
    array(data, at).map(u32::from_be_bytes)
}

pub(crate) fn u64_at(data: &[u8], at: usize) -> Result<u64, Error> {
    array(data, at).map(u64::from_be_bytes)
}

/// Overwrites two bytes that a writer left open; does nothing past the end.
pub(crate) fn put_u16(data: &mut [u8], at: usize, value: u16) {
    if let Some(place) = data.get_mut(at..at.saturating_add(2)) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}
