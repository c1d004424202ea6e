//! STUN as far as ICE-lite needs it: Binding requests in, responses out (RFC 8489, RFC 8445). TURN has a module of its own.
//!
//! Cryptography stays with the caller: where HMAC-SHA1 is needed, a closure gets the byte runs to hash in order.

mod crc32;
mod request;
mod response;
pub mod turn;

pub use request::{BindingRequest, OutgoingRequest, Role, write_request};
pub use response::{parse_success, write_role_conflict, write_success};

use crate::Error;
use crate::bytes::{u16_at, u32_at};

/// Length of the head of every message.
pub const HEADER_BYTES: usize = 20;
/// Length of a message's transaction id.
pub const TRANSACTION_BYTES: usize = 12;
/// What a message's HMAC-SHA1 has.
pub const INTEGRITY_BYTES: usize = 20;

const MAGIC_COOKIE: u32 = 0x2112_A442;
const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
const ICE_CONTROLLING: u16 = 0x802A;

/// Attributes below this must be understood by who reads them (RFC 8489 §14).
const FIRST_OPTIONAL: u16 = 0x8000;
/// Attributes of one message: browsers send at most nine; more are somebody's attempt to make us work.
const MAX_ATTRIBUTES: usize = 16;
/// RFC 8489 §14.7: keeps a fingerprint from looking like another CRC-32.
const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// One attribute: its type, where it begins in the message, its value without padding.
struct Attribute<'a> {
    kind: u16,
    offset: usize,
    value: &'a [u8],
}

/// Checks the head of a message and that its length is the datagram's; returns the message type.
fn check_head(message: &[u8]) -> Result<u16, Error> {
    let kind = u16_at(message, 0)?;
    let len = usize::from(u16_at(message, 2)?);
    if kind & 0xc000 != 0 || u32_at(message, 4)? != MAGIC_COOKIE {
        return Err(Error::Version);
    }
    if !len.is_multiple_of(4) || HEADER_BYTES + len != message.len() {
        return Err(Error::Length);
    }
    Ok(kind)
}

/// Walks at most [`MAX_ATTRIBUTES`] attributes; checks a fingerprint where it finds one, which must be the last.
fn walk<'a>(
    message: &'a [u8],
    mut visit: impl FnMut(&Attribute<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut offset = HEADER_BYTES;
    for _ in 0..MAX_ATTRIBUTES {
        if offset == message.len() {
            return Ok(());
        }
        let kind = u16_at(message, offset)?;
        let len = usize::from(u16_at(message, offset + 2)?);
        let value = message.get(offset + 4..offset + 4 + len).ok_or(Error::Truncated)?;
        let end = offset + 4 + len.next_multiple_of(4);
        if kind == FINGERPRINT {
            check_fingerprint(message, offset, value)?;
            return if end == message.len() { Ok(()) } else { Err(Error::Length) };
        }
        visit(&Attribute { kind, offset, value })?;
        offset = end;
    }
    if offset == message.len() { Ok(()) } else { Err(Error::TooMany) }
}

fn check_fingerprint(message: &[u8], offset: usize, value: &[u8]) -> Result<(), Error> {
    let covered = message.get(..offset).ok_or(Error::Truncated)?;
    let expected = crc32::checksum(covered) ^ FINGERPRINT_XOR;
    if value == expected.to_be_bytes() { Ok(()) } else { Err(Error::Fingerprint) }
}

/// Compares the HMAC of a message whose MESSAGE-INTEGRITY lies at `offset`, in time independent of the bytes.
///
/// The hash covers everything before the attribute, with a length field as if it were the last (RFC 8489 §14.5).
fn check_integrity(
    message: &[u8],
    offset: usize,
    hmac: impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES],
) -> bool {
    let (Some(kind), Some(rest)) = (message.get(..2), message.get(4..offset)) else { return false };
    let Some(found) = message.get(offset + 4..offset + 4 + INTEGRITY_BYTES) else { return false };
    let len = ((offset - HEADER_BYTES + 4 + INTEGRITY_BYTES) as u16).to_be_bytes();
    let expected = hmac(&[kind, &len, rest]);
    expected.iter().zip(found).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// Appends a whole message: head, the attributes that `write` appends, MESSAGE-INTEGRITY, FINGERPRINT.
fn write_message(
    out: &mut Vec<u8>,
    kind: u16,
    transaction: [u8; TRANSACTION_BYTES],
    write: impl FnOnce(&mut Vec<u8>),
    hmac: impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES],
) {
    let start = begin_message(out, kind, transaction);
    write(out);
    end_message(out, start, Some(hmac));
}

/// Appends a head without a length, and says where it is.
fn begin_message(out: &mut Vec<u8>, kind: u16, transaction: [u8; TRANSACTION_BYTES]) -> usize {
    let start = out.len();
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&MAGIC_COOKIE.to_be_bytes());
    out.extend_from_slice(&transaction);
    start
}

/// Appends MESSAGE-INTEGRITY, if there is a key for it, and FINGERPRINT, and sets the length.
fn end_message(
    out: &mut Vec<u8>,
    start: usize,
    hmac: Option<impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES]>,
) {
    if let Some(hmac) = hmac {
        set_length(out, start, 4 + INTEGRITY_BYTES);
        let integrity = hmac(&[out.get(start..).unwrap_or_default()]);
        write_attribute(out, MESSAGE_INTEGRITY, &integrity);
    }
    set_length(out, start, 8);
    let fingerprint = crc32::checksum(out.get(start..).unwrap_or_default()) ^ FINGERPRINT_XOR;
    write_attribute(out, FINGERPRINT, &fingerprint.to_be_bytes());
}

/// Sets the length field to what is there plus `more` bytes.
fn set_length(out: &mut [u8], start: usize, more: usize) {
    let len = out.len() - start - HEADER_BYTES + more;
    crate::bytes::put_u16(out, start + 2, len as u16);
}

fn write_attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&(value.len() as u16).to_be_bytes());
    out.extend_from_slice(value);
    let padding = value.len().next_multiple_of(4) - value.len();
    out.extend_from_slice([0; 3].get(..padding).unwrap_or_default());
}
