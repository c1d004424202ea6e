//! TURN: STUN messages with methods and attributes of their own (RFC 8656), and the stream that carries them with channel
//! data between (§3.1, §12.5).

use std::net::SocketAddr;

use super::response::{address_bytes, parse_address};
use super::{
    ERROR_CODE, FIRST_OPTIONAL, HEADER_BYTES, INTEGRITY_BYTES, MESSAGE_INTEGRITY, TRANSACTION_BYTES,
    USERNAME, XOR_MAPPED_ADDRESS, begin_message, check_head, check_integrity, end_message, walk,
    write_attribute,
};
use crate::Error;
use crate::bytes::{array, u8_at, u16_at, u32_at};

/// What fills the field that names UDP in REQUESTED-TRANSPORT: the protocol's number in an IP header.
pub const UDP: u8 = 17;
/// Channel numbers that may be bound. RFC 8656 §12 keeps what is above 0x4FFF free for other protocols on one UDP port; in a
/// stream nothing else begins so, and clients of RFC 5766 use all of them.
pub const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x7FFE;
/// Length of the head of channel data.
pub const CHANNEL_HEADER_BYTES: usize = 4;

const CLASS_BITS: u16 = 0x0110;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const CHANNEL_NUMBER: u16 = 0x000C;
const LIFETIME: u16 = 0x000D;
const XOR_PEER_ADDRESS: u16 = 0x0012;
const DATA: u16 = 0x0013;
const REALM: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const XOR_RELAYED_ADDRESS: u16 = 0x0016;
const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
const EVEN_PORT: u16 = 0x0018;
const REQUESTED_TRANSPORT: u16 = 0x0019;
const DONT_FRAGMENT: u16 = 0x001A;
const RESERVATION_TOKEN: u16 = 0x0022;

/// Longest USERNAME, REALM and NONCE that are looked at (RFC 8489 §14.3: 509 bytes; the others 763).
const MAX_TEXT_BYTES: usize = 763;
/// Attributes of which an answer can say that they were not understood.
const MAX_UNKNOWN: usize = 8;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Method {
    /// What is my address? (RFC 8489)
    Binding = 1,
    /// A relayed address is wanted.
    Allocate = 3,
    /// It is wanted for longer, or no more.
    Refresh = 4,
    /// A datagram to a peer.
    Send = 6,
    /// A datagram from a peer.
    Data = 7,
    /// Peers of this address may send.
    CreatePermission = 8,
    /// A short name for a peer.
    ChannelBind = 9,
}

impl Method {
    fn of(kind: u16) -> Option<Self> {
        [
            Self::Binding,
            Self::Allocate,
            Self::Refresh,
            Self::Send,
            Self::Data,
            Self::CreatePermission,
            Self::ChannelBind,
        ]
        .into_iter()
        .find(|method| *method as u16 == kind & !CLASS_BITS)
    }
}

/// What a message does in its exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub enum Class {
    /// Is answered.
    Request = 0x0000,
    /// Is not.
    Indication = 0x0010,
    /// Yes.
    Success = 0x0100,
    /// No.
    Failure = 0x0110,
}

impl Class {
    fn of(kind: u16) -> Self {
        match kind & CLASS_BITS {
            0x0000 => Self::Request,
            0x0010 => Self::Indication,
            0x0100 => Self::Success,
            _ => Self::Failure,
        }
    }
}

/// Which addresses (RFC 8656 §18.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: SocketAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

/// A parsed message. Nothing of it may be believed before [`Message::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is about.
    pub method: Method,
    /// What it does.
    pub class: Class,
    /// Repeated in the answer.
    pub transaction: [u8; TRANSACTION_BYTES],
    /// Who asks.
    pub username: Option<&'a [u8]>,
    /// For which realm the password is.
    pub realm: Option<&'a [u8]>,
    /// What the server gave against replays.
    pub nonce: Option<&'a [u8]>,
    /// Seconds.
    pub lifetime: Option<u32>,
    /// Protocol of the relayed address, as in an IP header.
    pub transport: Option<u8>,
    /// REQUESTED-ADDRESS-FAMILY as it stands there: 1 and 2 are known.
    pub family: Option<u8>,
    /// An even port is wanted.
    pub even_port: bool,
    /// And its neighbour put aside, or what was put aside before (EVEN-PORT's R bit, RESERVATION-TOKEN).
    pub reserves: bool,
    /// The first peer named.
    pub peer: Option<SocketAddr>,
    /// A datagram's bytes.
    pub data: Option<&'a [u8]>,
    /// Channel to bind.
    pub channel: Option<u16>,
    /// Relayed address, in an answer.
    pub relayed: Option<SocketAddr>,
    /// The asker's address as seen from the other side, in an answer.
    pub mapped: Option<SocketAddr>,
    /// Code of a failure.
    pub error: Option<u16>,
    unknown: [u16; MAX_UNKNOWN],
    unknown_count: usize,
    bytes: &'a [u8],
    integrity_offset: Option<usize>,
}

impl<'a> Message<'a> {
    /// Reads a message of one of the methods, with its fingerprint checked if it has one.
    ///
    /// Errors: [`Error::Kind`] for other STUN messages; others by their names. Unknown attributes are no error here, for a
    /// request with them is answered: see [`Message::unknown`].
    pub fn parse(message: &'a [u8]) -> Result<Self, Error> {
        let kind = check_head(message)?;
        let transaction = array(message, 8)?;
        let mut parsed = Self {
            method: Method::of(kind).ok_or(Error::Kind)?,
            class: Class::of(kind),
            transaction,
            username: None,
            realm: None,
            nonce: None,
            lifetime: None,
            transport: None,
            family: None,
            even_port: false,
            reserves: false,
            peer: None,
            data: None,
            channel: None,
            relayed: None,
            mapped: None,
            error: None,
            unknown: [0; MAX_UNKNOWN],
            unknown_count: 0,
            bytes: message,
            integrity_offset: None,
        };
        walk(message, |attribute| {
            if parsed.integrity_offset.is_some() {
                return Ok(()); // what follows is not covered by the hash (RFC 8489 §14.5)
            }
            let value = attribute.value;
            match attribute.kind {
                USERNAME | REALM | NONCE if value.len() > MAX_TEXT_BYTES => return Err(Error::Length),
                USERNAME => parsed.username = Some(value),
                REALM => parsed.realm = Some(value),
                NONCE => parsed.nonce = Some(value),
                LIFETIME => parsed.lifetime = Some(u32_at(value, 0)?),
                REQUESTED_TRANSPORT => parsed.transport = Some(u8_at(value, 0)?),
                REQUESTED_ADDRESS_FAMILY => parsed.family = Some(u8_at(value, 0)?),
                EVEN_PORT => {
                    parsed.even_port = true;
                    parsed.reserves |= u8_at(value, 0)? & 0x80 != 0;
                }
                RESERVATION_TOKEN => parsed.reserves = true,
                XOR_PEER_ADDRESS => {
                    let peer = parse_address(value, transaction)?;
                    parsed.peer.get_or_insert(peer);
                }
                DATA => parsed.data = Some(value),
                CHANNEL_NUMBER => parsed.channel = Some(u16_at(value, 0)?),
                XOR_RELAYED_ADDRESS => parsed.relayed = Some(parse_address(value, transaction)?),
                XOR_MAPPED_ADDRESS => parsed.mapped = Some(parse_address(value, transaction)?),
                ERROR_CODE => {
                    parsed.error = Some(u16::from(u8_at(value, 2)? & 7) * 100 + u16::from(u8_at(value, 3)?));
                }
                // Between relay and peers here nothing is ever cut: it is so without asking.
                DONT_FRAGMENT | UNKNOWN_ATTRIBUTES => {}
                MESSAGE_INTEGRITY if value.len() != INTEGRITY_BYTES => return Err(Error::Length),
                MESSAGE_INTEGRITY => parsed.integrity_offset = Some(attribute.offset),
                unknown if unknown < FIRST_OPTIONAL => parsed.note_unknown(unknown),
                _ => {}
            }
            Ok(())
        })?;
        Ok(parsed)
    }

    fn note_unknown(&mut self, kind: u16) {
        if let Some(place) = self.unknown.get_mut(self.unknown_count) {
            *place = kind;
            self.unknown_count += 1;
        }
    }

    /// Attributes that must be understood and are not.
    pub fn unknown(&self) -> &[u16] {
        self.unknown.get(..self.unknown_count).unwrap_or_default()
    }

    /// Every peer named, in order.
    pub fn peers(&self, mut visit: impl FnMut(SocketAddr)) {
        let _ = walk(self.bytes, |attribute| {
            let covered = self.integrity_offset.is_none_or(|end| attribute.offset < end);
            if attribute.kind == XOR_PEER_ADDRESS && covered {
                visit(parse_address(attribute.value, self.transaction)?);
            }
            Ok(())
        }); // parsed before without an error
    }

    /// Whether it claims to come from somebody who knows a password.
    pub fn is_signed(&self) -> bool {
        self.integrity_offset.is_some()
    }

    /// Whether the sender knows the password: `hmac` is HMAC-SHA1 over the byte runs in order, keyed with it.
    pub fn verify(&self, hmac: impl FnOnce(&[&[u8]]) -> [u8; INTEGRITY_BYTES]) -> bool {
        self.integrity_offset.is_some_and(|offset| check_integrity(self.bytes, offset, hmac))
    }
}

/// An attribute to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// See [`Message::username`].
    Username(&'a [u8]),
    /// See [`Message::realm`].
    Realm(&'a [u8]),
    /// See [`Message::nonce`].
    Nonce(&'a [u8]),
    /// See [`Message::lifetime`].
    Lifetime(u32),
    /// See [`Message::transport`].
    Transport(u8),
    /// See [`Message::family`].
    Family(u8),
    /// See [`Message::peer`].
    Peer(SocketAddr),
    /// See [`Message::relayed`].
    Relayed(SocketAddr),
    /// See [`Message::mapped`].
    Mapped(SocketAddr),
    /// See [`Message::data`].
    Data(&'a [u8]),
    /// See [`Message::channel`].
    Channel(u16),
    /// A failure's code and its words.
    Error(u16, &'a str),
    /// See [`Message::unknown`].
    Unknown(&'a [u16]),
    /// One of another kind, for tests of what is not understood.
    Other(u16, &'a [u8]),
}

/// HMAC-SHA1 over byte runs in order, with a key of the caller's.
pub type Sign<'a> = dyn Fn(&[&[u8]]) -> [u8; INTEGRITY_BYTES] + 'a;

/// Appends a message; with `hmac` (as for [`Message::verify`]) it is signed.
pub fn write(
    out: &mut Vec<u8>,
    (method, class): (Method, Class),
    transaction: [u8; TRANSACTION_BYTES],
    fields: &[Field<'_>],
    hmac: Option<&Sign<'_>>,
) {
    let start = begin_message(out, method as u16 | class as u16, transaction);
    for field in fields {
        write_field(out, *field, transaction);
    }
    end_message(out, start, hmac);
}

fn write_field(out: &mut Vec<u8>, field: Field<'_>, transaction: [u8; TRANSACTION_BYTES]) {
    let mut address = |kind, address| {
        let (bytes, len) = address_bytes(address, transaction);
        write_attribute(out, kind, bytes.get(..len).unwrap_or_default());
    };
    match field {
        Field::Peer(it) => return address(XOR_PEER_ADDRESS, it),
        Field::Relayed(it) => return address(XOR_RELAYED_ADDRESS, it),
        Field::Mapped(it) => return address(XOR_MAPPED_ADDRESS, it),
        _ => {}
    }
    match field {
        Field::Username(it) => write_attribute(out, USERNAME, it),
        Field::Realm(it) => write_attribute(out, REALM, it),
        Field::Nonce(it) => write_attribute(out, NONCE, it),
        Field::Lifetime(seconds) => write_attribute(out, LIFETIME, &seconds.to_be_bytes()),
        Field::Transport(it) => write_attribute(out, REQUESTED_TRANSPORT, &[it, 0, 0, 0]),
        Field::Family(it) => write_attribute(out, REQUESTED_ADDRESS_FAMILY, &[it, 0, 0, 0]),
        Field::Data(it) => write_attribute(out, DATA, it),
        Field::Channel(it) => {
            let [p, q] = it.to_be_bytes();
            write_attribute(out, CHANNEL_NUMBER, &[p, q, 0, 0]);
        }
        Field::Error(code, words) => {
            let mut value = [0; 64];
            value[2] = (code / 100) as u8;
            value[3] = (code % 100) as u8;
            let len = words.len().min(60);
            if let (Some(to), Some(from)) = (value.get_mut(4..4 + len), words.as_bytes().get(..len)) {
                to.copy_from_slice(from);
            }
            write_attribute(out, ERROR_CODE, value.get(..4 + len).unwrap_or_default());
        }
        Field::Unknown(kinds) => {
            let mut value = [0; 2 * MAX_UNKNOWN];
            for (place, kind) in value.chunks_exact_mut(2).zip(kinds) {
                place.copy_from_slice(&kind.to_be_bytes());
            }
            let len = 2 * kinds.len().min(MAX_UNKNOWN);
            write_attribute(out, UNKNOWN_ATTRIBUTES, value.get(..len).unwrap_or_default());
        }
        Field::Other(kind, it) => write_attribute(out, kind, it),
        Field::Peer(_) | Field::Relayed(_) | Field::Mapped(_) => {}
    }
}

/// Appends channel data as a stream carries it: padded to four bytes (RFC 8656 §12.5).
pub fn write_channel_data(out: &mut Vec<u8>, channel: u16, data: &[u8]) {
    out.extend_from_slice(&channel.to_be_bytes());
    out.extend_from_slice(&(data.len() as u16).to_be_bytes());
    out.extend_from_slice(data);
    let padding = data.len().next_multiple_of(4) - data.len();
    out.extend_from_slice([0; 3].get(..padding).unwrap_or_default());
}

/// One thing that comes by a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A STUN message, whole by its own length.
    Message(&'a [u8]),
    /// A datagram in a channel.
    Channel {
        /// Its number.
        channel: u16,
        /// Its bytes.
        data: &'a [u8],
    },
}

/// The first frame of a stream and how many bytes it takes; `None` while it is not whole.
///
/// Errors: [`Error::Kind`] for what is neither, [`Error::Length`] for more than `limit` bytes: the stream cannot go on.
pub fn take_frame(stream: &[u8], limit: usize) -> Result<Option<(Frame<'_>, usize)>, Error> {
    let Some(&first) = stream.first() else { return Ok(None) };
    if first >> 6 > 1 {
        return Err(Error::Kind);
    }
    let Ok([kind, len]) = array::<4>(stream, 0).map(|[a, b, c, d]| [[a, b], [c, d]].map(u16::from_be_bytes))
    else {
        return Ok(None);
    };
    let (head, len) = (if first < 0x40 { HEADER_BYTES } else { CHANNEL_HEADER_BYTES }, usize::from(len));
    if head + len > limit || (first < 0x40 && !len.is_multiple_of(4)) {
        return Err(Error::Length);
    }
    let taken = head + len.next_multiple_of(4);
    if stream.len() < taken {
        return Ok(None);
    }
    let frame = if first < 0x40 {
        Frame::Message(stream.get(..head + len).ok_or(Error::Truncated)?)
    } else {
        Frame::Channel { channel: kind, data: stream.get(head..head + len).ok_or(Error::Truncated)? }
    };
    Ok(Some((frame, taken)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: [u8; 12] = *b"abcdefghijkl";

    fn sum(runs: &[&[u8]]) -> [u8; INTEGRITY_BYTES] {
        let mut sum = [0_u8; INTEGRITY_BYTES];
        for (index, byte) in runs.concat().into_iter().enumerate() {
            sum[index % INTEGRITY_BYTES] = sum[index % INTEGRITY_BYTES].wrapping_mul(31).wrapping_add(byte);
        }
        sum
    }

    #[test]
    fn reads_what_it_writes() {
        let peer: SocketAddr = "192.0.2.1:3478".parse().unwrap();
        let other: SocketAddr = "[2001:db8::1]:3479".parse().unwrap();
        let mut out = Vec::new();
        let fields = [
            Field::Username(b"1:ana"),
            Field::Realm(b"example.org"),
            Field::Nonce(b"n"),
            Field::Lifetime(600),
            Field::Transport(UDP),
            Field::Family(2),
            Field::Peer(peer),
            Field::Peer(other),
            Field::Data(b"12345"),
            Field::Channel(0x4001),
            Field::Relayed(other),
            Field::Mapped(peer),
            Field::Error(438, "Stale Nonce"),
        ];
        write(&mut out, (Method::Allocate, Class::Request), TRANSACTION, &fields, Some(&sum));
        let read = Message::parse(&out).unwrap();
        assert_eq!((read.method, read.class), (Method::Allocate, Class::Request));
        assert_eq!((read.username, read.realm), (Some(&b"1:ana"[..]), Some(&b"example.org"[..])));
        assert_eq!((read.nonce, read.lifetime), (Some(&b"n"[..]), Some(600)));
        assert_eq!((read.transport, read.family, read.channel), (Some(UDP), Some(2), Some(0x4001)));
        assert_eq!((read.peer, read.data), (Some(peer), Some(&b"12345"[..])));
        assert_eq!((read.relayed, read.mapped, read.error), (Some(other), Some(peer), Some(438)));
        let mut peers = Vec::new();
        read.peers(|peer| peers.push(peer));
        assert_eq!(peers, [peer, other]);
        assert!(read.verify(sum) && !read.verify(|_| [0; 20]));
        assert_eq!(take_frame(&out, 2000), Ok(Some((Frame::Message(&out), out.len()))));
    }

    #[test]
    fn what_must_be_understood_and_is_not_is_named() {
        let mut out = Vec::new();
        let fields = [Field::Other(0x7fff, b"x"), Field::Other(0x8fff, b"y"), Field::Other(0x001c, &[0; 32])];
        write(&mut out, (Method::Refresh, Class::Indication), TRANSACTION, &fields, None);
        let read = Message::parse(&out).unwrap();
        assert_eq!(read.unknown(), [0x7fff, 0x001c]);
        assert!(!read.is_signed() && !read.verify(sum));
    }

    #[test]
    fn frames_come_out_whole_however_they_are_cut() {
        let mut stream = Vec::new();
        write_channel_data(&mut stream, 0x4000, b"12345");
        write(&mut stream, (Method::Binding, Class::Request), TRANSACTION, &[], None);
        write_channel_data(&mut stream, 0x4fff, b"");
        let mut at = 0;
        let mut taken = Vec::new();
        for end in 0..=stream.len() {
            while let Some((frame, len)) = take_frame(&stream[at..end], 2000).unwrap() {
                taken.push(match frame {
                    Frame::Message(bytes) => (0, bytes.len()),
                    Frame::Channel { channel, data } => (channel, data.len()),
                });
                at += len;
            }
        }
        assert_eq!(taken, [(0x4000, 5), (0, 28), (0x4fff, 0)]);
        assert_eq!(at, stream.len());
    }

    #[test]
    fn what_is_no_frame_ends_a_stream() {
        assert_eq!(take_frame(b"GET / HTTP/1.1\r\n", 2000), Err(Error::Length), "a channel of 21 kB");
        assert_eq!(take_frame(&[0x16, 3, 1, 2], 600), Err(Error::Length), "TLS");
        assert_eq!(take_frame(&[0x80, 0, 0, 0], 2000), Err(Error::Kind));
        assert_eq!(take_frame(&[0x40, 0, 0xff, 0xff], 2000), Err(Error::Length));
        assert_eq!(take_frame(&[0x40, 0, 0], 2000), Ok(None));
    }
}
