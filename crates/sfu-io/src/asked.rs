//! Which of this machine's addresses each client speaks to, so that answers leave from there.
//!
//! On a socket for every address the kernel picks the source by its routes; on a machine with several that may be one
//! which the client never asked, and the client (or the NAT before it) drops what comes from there.
//!
//! Only a check that the engine answered moves a client: answers are for who proved to be a peer, so that a forged
//! datagram cannot turn anybody's media to another address. Between checks to two of our addresses media follow the
//! last one; clients take them on every pair that they check.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// Clients kept for sure; the older half beyond is forgotten, and learned again by its next check. Far more than one
/// worker serves, in 3 MB.
const REMEMBERED: usize = 16_384;

/// The table, and what has just arrived on a way that is not in it.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    young: HashMap<SocketAddr, IpAddr>,
    old: HashMap<SocketAddr, IpAddr>,
    new: Option<(SocketAddr, IpAddr)>,
}

impl Asked {
    /// A datagram came.
    pub(crate) fn arrived(&mut self, from: SocketAddr, to: IpAddr) {
        self.new = (self.find(from) != Some(to)).then_some((from, to));
    }

    /// What arrived last came another way than before, and nothing was sent since.
    pub(crate) fn is_new(&self) -> bool {
        self.new.is_some()
    }

    /// Where datagrams to a client leave from; `None` is the kernel's choice.
    pub(crate) fn source<'a>(
        &mut self,
        to: SocketAddr,
        mut parts: impl Iterator<Item = &'a [u8]>,
    ) -> Option<IpAddr> {
        if let Some((from, asked)) = self.new
            && from == to
            && parts.any(is_stun)
        {
            self.remember(from, asked);
            return Some(asked);
        }
        self.find(to)
    }

    /// Everything that was caused by what arrived is sent.
    pub(crate) fn sent(&mut self) {
        self.new = None;
    }

    fn find(&mut self, client: SocketAddr) -> Option<IpAddr> {
        if let Some(asked) = self.young.get(&client) {
            return Some(*asked);
        }
        let asked = *self.old.get(&client)?;
        self.remember(client, asked);
        Some(asked)
    }

    fn remember(&mut self, client: SocketAddr, asked: IpAddr) {
        if self.young.len() >= REMEMBERED {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(client, asked);
    }
}

/// RFC 7983: the first byte of STUN is 0 to 3. Of what the engine sends, that is the answer to an authenticated check.
fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|first| *first < 4)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, SocketAddr};

    use super::{Asked, REMEMBERED};

    const ANSWER: &[u8] = &[1, 1, 0, 0];
    const MEDIA: &[u8] = &[0x80, 96];

    fn client(number: usize) -> SocketAddr {
        SocketAddr::from(([192, 0, (number >> 8) as u8, number as u8], 9))
    }

    fn ours(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn check(asked: &mut Asked, from: SocketAddr, to: IpAddr) {
        asked.arrived(from, to);
        assert_eq!(asked.source(from, [ANSWER].into_iter()), Some(to));
        asked.sent();
    }

    #[test]
    fn an_answered_check_moves_a_client_and_nothing_else_does() {
        let mut asked = Asked::default();
        assert_eq!(asked.source(client(1), [MEDIA].into_iter()), None);
        check(&mut asked, client(1), ours(1));
        asked.arrived(client(1), ours(1));
        assert!(!asked.is_new(), "the usual way");
        asked.arrived(client(1), ours(2));
        assert!(asked.is_new());
        assert_eq!(asked.source(client(1), [MEDIA].into_iter()), Some(ours(1)), "it may be forged");
        asked.sent();
        check(&mut asked, client(1), ours(2));
        assert_eq!(asked.source(client(1), [MEDIA].into_iter()), Some(ours(2)));
    }

    #[test]
    fn who_is_served_stays_and_the_table_stays_bounded() {
        let mut asked = Asked::default();
        for number in 0..3 * REMEMBERED {
            check(&mut asked, client(number), ours(1));
            assert_eq!(asked.source(client(0), [MEDIA].into_iter()), Some(ours(1)));
        }
        assert!(asked.young.len() + asked.old.len() <= 2 * REMEMBERED);
        assert_eq!(asked.source(client(1), [MEDIA].into_iter()), None, "long ago");
    }
}
