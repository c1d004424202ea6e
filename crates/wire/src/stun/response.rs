//! Answers to Binding requests (RFC 8489 §6.3).

use std::net::{IpAddr, SocketAddr};

use super::{
    BINDING_ERROR, BINDING_SUCCESS, ERROR_CODE, INTEGRITY_BYTES, MAGIC_COOKIE, MESSAGE_INTEGRITY,
    TRANSACTION_BYTES, XOR_MAPPED_ADDRESS, check_head, check_integrity, walk, write_attribute, write_message,
};
use crate::Error;
use crate::bytes::{array, u8_at, u16_at};

const FAMILY_V4: u8 = 1;
const FAMILY_V6: u8 = 2;
const ROLE_CONFLICT: &[u8] = b"\x00\x00\x04\x57Role Conflict";

/// Appends a success response that tells the asker its address as seen from here.
///
/// `hmac` is HMAC-SHA1 keyed with our own password over the byte runs in order.
pub fn write_success(
    out: &mut Vec<u8>,
    transaction: [u8; TRANSACTION_BYTES],
    mapped: SocketAddr,
    hmac: impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES],
) {
    let attributes = |out: &mut Vec<u8>| {
        let (value, len) = address_bytes(mapped, transaction);
        write_attribute(out, XOR_MAPPED_ADDRESS, value.get(..len).unwrap_or_default());
    };
    write_message(out, BINDING_SUCCESS, transaction, attributes, hmac);
}

/// Appends error 487: both sides believe to have the same role (RFC 8445 §7.3.1.1).
pub fn write_role_conflict(
    out: &mut Vec<u8>,
    transaction: [u8; TRANSACTION_BYTES],
    hmac: impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES],
) {
    let attributes = |out: &mut Vec<u8>| write_attribute(out, ERROR_CODE, ROLE_CONFLICT);
    write_message(out, BINDING_ERROR, transaction, attributes, hmac);
}

/// Reads a success response: the mapped address, once its HMAC with the answerer's password is right.
///
/// Errors: [`Error::Kind`] for other messages, [`Error::Attribute`] when the address or a right HMAC is missing.
pub fn parse_success(
    message: &[u8],
    hmac: impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES],
) -> Result<([u8; TRANSACTION_BYTES], SocketAddr), Error> {
    if check_head(message)? != BINDING_SUCCESS {
        return Err(Error::Kind);
    }
    let transaction = array(message, 8)?;
    let mut mapped = None;
    let mut integrity_offset = None;
    walk(message, |attribute| {
        match attribute.kind {
            XOR_MAPPED_ADDRESS if integrity_offset.is_none() => {
                mapped = Some(parse_address(attribute.value, transaction)?);
            }
            MESSAGE_INTEGRITY => integrity_offset = Some(attribute.offset),
            _ => {}
        }
        Ok(())
    })?;
    let offset = integrity_offset.ok_or(Error::Attribute)?;
    if !check_integrity(message, offset, hmac) {
        return Err(Error::Attribute);
    }
    mapped.map(|mapped| (transaction, mapped)).ok_or(Error::Attribute)
}

/// The value of an attribute that holds a masked address, and its length.
pub(super) fn address_bytes(address: SocketAddr, transaction: [u8; TRANSACTION_BYTES]) -> ([u8; 20], usize) {
    let mask = address_mask(transaction);
    let [p, q] = (address.port() ^ (MAGIC_COOKIE >> 16) as u16).to_be_bytes();
    let mut value = [0_u8; 20];
    value[2..4].copy_from_slice(&[p, q]);
    let len = match address.ip() {
        IpAddr::V4(ip) => {
            value[1] = FAMILY_V4;
            value[4..8].copy_from_slice(&ip.octets());
            8
        }
        IpAddr::V6(ip) => {
            value[1] = FAMILY_V6;
            value[4..20].copy_from_slice(&ip.octets());
            20
        }
    };
    value[4..len].iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
    (value, len)
}

pub(super) fn parse_address(value: &[u8], transaction: [u8; TRANSACTION_BYTES]) -> Result<SocketAddr, Error> {
    let port = u16_at(value, 2)? ^ (MAGIC_COOKIE >> 16) as u16;
    let mask = address_mask(transaction);
    let ip = match u8_at(value, 1)? {
        FAMILY_V4 => {
            let mut octets: [u8; 4] = array(value, 4)?;
            octets.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
            IpAddr::from(octets)
        }
        FAMILY_V6 => {
            let mut octets: [u8; 16] = array(value, 4)?;
            octets.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
            IpAddr::from(octets)
        }
        _ => return Err(Error::Attribute),
    };
    Ok(SocketAddr::new(ip, port))
}

/// What masks an address: the cookie, then the transaction id.
fn address_mask(transaction: [u8; TRANSACTION_BYTES]) -> [u8; 16] {
    let mut mask = [0; 16];
    mask[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    mask[4..].copy_from_slice(&transaction);
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: [u8; 12] = *b"abcdefghijkl";

    fn no_hash(_: &[&[u8]]) -> [u8; INTEGRITY_BYTES] {
        [7; INTEGRITY_BYTES]
    }

    #[test]
    fn addresses_of_both_families_round_trip() {
        for text in ["192.0.2.1:32853", "[2001:db8:1234:5678:11:2233:4455:6677]:32853"] {
            let mapped: SocketAddr = text.parse().unwrap();
            let mut out = Vec::new();
            write_success(&mut out, TRANSACTION, mapped, no_hash);
            assert_eq!(parse_success(&out, no_hash), Ok((TRANSACTION, mapped)));
            assert_eq!(parse_success(&out, |_| [8; 20]), Err(Error::Attribute));
        }
    }

    /// RFC 5769 §2.2: the address inside a real response.
    #[test]
    fn the_sample_address_of_rfc_5769() {
        let transaction = [0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae];
        let value = [0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43];
        assert_eq!(parse_address(&value, transaction), Ok("192.0.2.1:32853".parse().unwrap()));
    }

    #[test]
    fn a_role_conflict_is_no_success() {
        let mut out = Vec::new();
        write_role_conflict(&mut out, TRANSACTION, no_hash);
        assert_eq!(out.get(24..28), Some(&[0, 0, 4, 87][..]));
        assert_eq!(parse_success(&out, no_hash), Err(Error::Kind));
    }
}
