//! What a datagram of DTLS 1.2 says of itself before anybody is believed: records (RFC 6347 §4.1) and the first message of a
//! handshake (RFC 5246 §7.4.1.2). The handshake itself is the business of a library.

/// Bytes of a client's random value.
pub const RANDOM_BYTES: usize = 32;

/// As it stands in records and hellos.
pub const VERSION_1_2: u16 = 0xfefd;

const RECORD_HEAD: usize = 13;
const HANDSHAKE_HEAD: usize = 12;
const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// One record of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record<'a> {
    /// The begin of a `ClientHello`.
    Hello(Hello<'a>),
    /// Another fragment of a message that nothing protects, with its kind and its number.
    Handshake {
        /// RFC 5246 §7.4.
        kind: u8,
        /// `message_seq`.
        message: u16,
    },
    /// What follows is protected.
    Change,
    /// Of a later epoch than the first: its keys say whether it is true.
    Protected,
    /// An alert or data that nothing protects, or no record: nothing comes after it.
    Other,
}

/// The begin of a `ClientHello`: as far as its cipher suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello<'a> {
    /// `client_version`.
    pub version: u16,
    /// Tells clients apart; a retransmission has the same.
    pub random: [u8; RANDOM_BYTES],
    /// Given by a server before (RFC 6347 §4.2.1).
    pub cookie: &'a [u8],
    suites: &'a [u8],
}

impl Hello<'_> {
    /// The cipher suites on offer, as far as the first fragment holds them.
    pub fn suites(&self) -> impl Iterator<Item = u16> {
        self.suites.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }
}

/// The records of a datagram, in order.
pub fn records(datagram: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let record = take_record(&mut rest);
        if record.is_none() {
            rest = &[];
        }
        Some(record.unwrap_or(Record::Other))
    })
}

fn take_record<'a>(rest: &mut &'a [u8]) -> Option<Record<'a>> {
    let head = take(rest, RECORD_HEAD)?;
    let body = take(rest, usize::from(u16::from_be_bytes([head[11], head[12]])))?;
    match (head[0], [head[3], head[4]]) {
        (CHANGE_CIPHER_SPEC, [0, 0]) => Some(Record::Change),
        (HANDSHAKE, [0, 0]) => handshake(body),
        (_, [0, 0]) => None,
        _ => Some(Record::Protected),
    }
}

fn handshake(mut body: &[u8]) -> Option<Record<'_>> {
    let head = take(&mut body, HANDSHAKE_HEAD)?;
    let (kind, message) = (head[0], u16::from_be_bytes([head[4], head[5]]));
    if kind == CLIENT_HELLO && head[6..9] == [0; 3] {
        return hello(body).map(Record::Hello);
    }
    Some(Record::Handshake { kind, message })
}

fn hello(mut body: &[u8]) -> Option<Hello<'_>> {
    let version = take(&mut body, 2)?;
    let random = take(&mut body, RANDOM_BYTES)?.try_into().ok()?;
    let session = take(&mut body, 1)?[0];
    take(&mut body, session.into())?;
    let cookie = take(&mut body, 1)?[0];
    let cookie = take(&mut body, cookie.into())?;
    let len = take(&mut body, 2)?;
    let len = usize::from(u16::from_be_bytes([len[0], len[1]])).min(body.len());
    Some(Hello {
        version: u16::from_be_bytes([version[0], version[1]]),
        random,
        cookie,
        suites: &body[..len],
    })
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, others) = rest.split_at_checked(len)?;
    *rest = others;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &[u8] = include_bytes!("../../../fuzz/corpus/wire/dtls-client-hello.bin");

    #[test]
    fn a_hello_is_read_as_far_as_its_suites() {
        let Some(Record::Hello(hello)) = records(HELLO).next() else { panic!("{:?}", records(HELLO).next()) };
        assert_eq!(hello.version, VERSION_1_2);
        assert_eq!(hello.suites().collect::<Vec<_>>(), [0xc02b, 0xc02c]);
        assert_eq!(records(HELLO).count(), 1);
    }

    #[test]
    fn every_cut_is_no_record_and_ends_the_list() {
        for end in 1..HELLO.len() {
            assert_eq!(records(&HELLO[..end]).collect::<Vec<_>>(), [Record::Other], "{end}");
        }
    }

    #[test]
    fn what_is_not_of_the_first_epoch_is_for_its_keys() {
        let mut protected = HELLO.to_vec();
        protected[4] = 1;
        protected.extend_from_slice(&[21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 2, 40]);
        assert_eq!(records(&protected).collect::<Vec<_>>(), [Record::Protected, Record::Other]);
    }
}
