//! Binding requests: the connectivity checks of ICE (RFC 8445 §7.1).

use super::{
    BINDING_REQUEST, FIRST_OPTIONAL, ICE_CONTROLLED, ICE_CONTROLLING, INTEGRITY_BYTES, MESSAGE_INTEGRITY,
    PRIORITY, TRANSACTION_BYTES, USE_CANDIDATE, USERNAME, check_head, check_integrity, walk, write_attribute,
    write_message,
};
use crate::Error;
use crate::bytes::{array, u32_at, u64_at};

/// Longest USERNAME (RFC 8489 §14.3).
const MAX_USERNAME_BYTES: usize = 509;

/// Which side the sender of a check believes to be, with its tie-breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It nominates: what every full client says to a lite server.
    Controlling(u64),
    /// A lite server answers this with 487 (role conflict).
    Controlled(u64),
}

/// A parsed check. Nothing of it may be believed before [`BindingRequest::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BindingRequest<'a> {
    /// Repeated in the response.
    pub transaction: [u8; TRANSACTION_BYTES],
    /// `receiver's ufrag:sender's ufrag`.
    pub username: &'a [u8],
    /// Of the candidate that the sender would learn.
    pub priority: Option<u32>,
    /// The sender nominates this pair.
    pub use_candidate: bool,
    /// Missing in plain STUN.
    pub role: Option<Role>,
    message: &'a [u8],
    integrity_offset: usize,
}

impl<'a> BindingRequest<'a> {
    /// Reads a check, with its fingerprint checked if it has one.
    ///
    /// Errors: [`Error::Kind`] for other STUN messages, [`Error::Attribute`] without USERNAME or MESSAGE-INTEGRITY, or
    /// with an unknown attribute that must be understood; others by their names.
    pub fn parse(message: &'a [u8]) -> Result<Self, Error> {
        if check_head(message)? != BINDING_REQUEST {
            return Err(Error::Kind);
        }
        let mut username = None;
        let mut priority = None;
        let mut use_candidate = false;
        let mut role = None;
        let mut integrity_offset = None;
        walk(message, |attribute| {
            if integrity_offset.is_some() {
                return Ok(()); // what follows is not covered by the hash (RFC 8489 §14.5)
            }
            match attribute.kind {
                USERNAME if attribute.value.len() > MAX_USERNAME_BYTES => return Err(Error::Length),
                USERNAME => username = Some(attribute.value),
                PRIORITY => priority = Some(u32_at(attribute.value, 0)?),
                USE_CANDIDATE => use_candidate = true,
                ICE_CONTROLLING => role = Some(Role::Controlling(u64_at(attribute.value, 0)?)),
                ICE_CONTROLLED => role = Some(Role::Controlled(u64_at(attribute.value, 0)?)),
                MESSAGE_INTEGRITY if attribute.value.len() != INTEGRITY_BYTES => return Err(Error::Length),
                MESSAGE_INTEGRITY => integrity_offset = Some(attribute.offset),
                unknown if unknown < FIRST_OPTIONAL => return Err(Error::Attribute),
                _ => {}
            }
            Ok(())
        })?;
        Ok(Self {
            transaction: array(message, 8)?,
            username: username.ok_or(Error::Attribute)?,
            priority,
            use_candidate,
            role,
            message,
            integrity_offset: integrity_offset.ok_or(Error::Attribute)?,
        })
    }

    /// The ufrag of who is asked: the part of USERNAME before the colon.
    pub fn local_ufrag(&self) -> &'a [u8] {
        self.username.split(|byte| *byte == b':').next().unwrap_or_default()
    }

    /// The ufrag of who asks: the part of USERNAME after the first colon; empty without one.
    pub fn remote_ufrag(&self) -> &'a [u8] {
        self.username.splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default()
    }

    /// Whether the sender knows the password: `hmac` is HMAC-SHA1 keyed with it over the byte runs in order.
    pub fn verify(&self, hmac: impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES]) -> bool {
        check_integrity(self.message, self.integrity_offset, hmac)
    }
}

/// What a check of our own says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutgoingRequest<'a> {
    /// See [`BindingRequest::transaction`].
    pub transaction: [u8; TRANSACTION_BYTES],
    /// See [`BindingRequest::username`].
    pub username: &'a [u8],
    /// See [`BindingRequest::priority`].
    pub priority: u32,
    /// See [`BindingRequest::use_candidate`].
    pub use_candidate: bool,
    /// See [`BindingRequest::role`].
    pub role: Role,
}

/// Appends a check to `out`; `hmac` is keyed with the receiver's password.
pub fn write_request(
    out: &mut Vec<u8>,
    request: &OutgoingRequest<'_>,
    hmac: impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES],
) {
    let attributes = |out: &mut Vec<u8>| {
        write_attribute(out, USERNAME, request.username);
        write_attribute(out, PRIORITY, &request.priority.to_be_bytes());
        match request.role {
            Role::Controlling(tie) => write_attribute(out, ICE_CONTROLLING, &tie.to_be_bytes()),
            Role::Controlled(tie) => write_attribute(out, ICE_CONTROLLED, &tie.to_be_bytes()),
        }
        if request.use_candidate {
            write_attribute(out, USE_CANDIDATE, &[]);
        }
    };
    write_message(out, BINDING_REQUEST, request.transaction, attributes, hmac);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands in for HMAC-SHA1: a sum that depends on every byte.
    pub(crate) fn sum(runs: &[&[u8]]) -> [u8; INTEGRITY_BYTES] {
        let mut sum = [0_u8; INTEGRITY_BYTES];
        for (index, byte) in runs.concat().into_iter().enumerate() {
            sum[index % INTEGRITY_BYTES] = sum[index % INTEGRITY_BYTES].wrapping_mul(31).wrapping_add(byte);
        }
        sum
    }

    fn request() -> Vec<u8> {
        let request = OutgoingRequest {
            transaction: *b"abcdefghijkl",
            username: b"server:client",
            priority: 5,
            use_candidate: true,
            role: Role::Controlling(9),
        };
        let mut out = Vec::new();
        write_request(&mut out, &request, sum);
        out
    }

    #[test]
    fn reads_what_it_writes() {
        let message = request();
        let read = BindingRequest::parse(&message).unwrap();
        assert_eq!(read.local_ufrag(), b"server");
        assert_eq!(read.remote_ufrag(), b"client");
        assert_eq!((read.priority, read.use_candidate), (Some(5), true));
        assert_eq!(read.role, Some(Role::Controlling(9)));
        assert_eq!(read.transaction, *b"abcdefghijkl");
        assert!(read.verify(sum));
        assert!(!read.verify(|_| [0; 20]));
    }

    /// RFC 5769 §2.1: a real request with its password's HMAC, here only its structure and fingerprint.
    #[test]
    fn the_sample_request_of_rfc_5769() {
        let message = hex(
            "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff\
             80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249\
             c1b571a280280004e57a3bcf",
        );
        let read = BindingRequest::parse(&message).unwrap();
        assert_eq!(read.username, b"evtj:h6vY");
        assert_eq!(read.priority, Some(0x6e00_01ff));
        assert_eq!(read.role, Some(Role::Controlled(0x932f_f9b1_5126_3b36)));
        read.verify(|runs| {
            let hashed = runs.concat();
            assert_eq!(hashed.len(), 76);
            assert_eq!(hashed[2..4], [0, 0x50], "the length as if the hash were last");
            [0; 20]
        });
    }

    #[test]
    fn a_changed_byte_breaks_the_fingerprint() {
        let mut message = request();
        message[30] ^= 1;
        assert_eq!(BindingRequest::parse(&message), Err(Error::Fingerprint));
    }

    #[test]
    fn responses_and_noise_are_not_requests() {
        let mut message = request();
        message[0] = 1;
        assert_eq!(BindingRequest::parse(&message), Err(Error::Kind));
        assert_eq!(BindingRequest::parse(&[0; 20]), Err(Error::Version));
        assert_eq!(BindingRequest::parse(&[]), Err(Error::Truncated));
    }

    #[test]
    fn attributes_are_bounded() {
        let mut message = Vec::new();
        let many = |out: &mut Vec<u8>| (0..20).for_each(|_| write_attribute(out, 0xc000, &[]));
        write_message(&mut message, BINDING_REQUEST, [0; 12], many, sum);
        assert_eq!(BindingRequest::parse(&message), Err(Error::TooMany));
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> =
            text.bytes().filter_map(|b| (b as char).to_digit(16)).map(|d| d as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }
}
