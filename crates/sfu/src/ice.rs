//! ICE-lite (RFC 8445 §2.5): one peer's checks are answered, never begun; its addresses are believed after them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use wire::stun::{
    BindingRequest, INTEGRITY_BYTES, Role, TRANSACTION_BYTES, write_role_conflict, write_success,
};

use crate::drops::Drop;
use crate::random::Random;
use crate::{Outbox, Remote};

/// Nothing is sent longer than this after the last authenticated check (RFC 7675 §5.1).
const CONSENT_EXPIRY: Duration = Duration::from_secs(15);

/// Then the peer is given up: a laptop's lid was closed, and its owner will join anew.
pub(crate) const CONSENT_FAILURE: Duration = Duration::from_secs(30);

/// Addresses of one peer at a time: a host with three interfaces, both families, and what a NAT made of them.
const MAX_ADDRESSES: usize = 8;

/// Checks that are remembered against replays, by the last 64 bits of their transaction ids. At one every 2.5 s, as
/// browsers send them, 40 minutes and 8 kB; fewer shorten the time for which a captured check is of no use.
const MAX_TRANSACTIONS: usize = 1024;

/// 48 bits: unique among the peers of an engine, and over RFC 8445 §5.3's 24.
const UFRAG_CHARS: usize = 8;
/// 144 bits, over RFC 8445 §5.3's 128.
const PASSWORD_CHARS: usize = 24;

/// Our side of one ICE generation.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) ufrag: String,
    pub(crate) password: String,
    key: hmac::Key,
}

impl Credentials {
    pub(crate) fn generate(random: &mut Random) -> Self {
        let (ufrag, password) = (random.ice_chars(UFRAG_CHARS), random.ice_chars(PASSWORD_CHARS));
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        Self { ufrag, password, key }
    }

    fn sign(&self, runs: &[&[u8]]) -> [u8; INTEGRITY_BYTES] {
        let mut context = hmac::Context::with_key(&self.key);
        for run in runs {
            context.update(run);
        }
        let mut tag = [0; INTEGRITY_BYTES];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }
}

/// What an authenticated check changed; the caller keeps the table of addresses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The check's source was not known.
    pub(crate) learned: bool,
    /// Pushed out by the new one, or left behind by a restart.
    pub(crate) forgotten: Vec<Remote>,
    /// A restart is complete: these older credentials no longer count.
    pub(crate) retired_ufrag: Option<String>,
}

/// One peer's agent.
#[derive(Debug)]
pub(crate) struct IceLite {
    current: Credentials,
    /// Of before a restart, valid until the first check with the current ones: media goes on meanwhile.
    previous: Option<Credentials>,
    addresses: Vec<Remote>,
    selected: Option<Remote>,
    last_check: Option<Instant>,
    /// [`CONSENT_EXPIRY`] after it: asked for with each packet.
    consent_until: Option<Instant>,
    transactions: VecDeque<u64>,
}

impl IceLite {
    pub(crate) fn new(random: &mut Random) -> Self {
        Self {
            current: Credentials::generate(random),
            previous: None,
            addresses: Vec::new(),
            selected: None,
            last_check: None,
            consent_until: None,
            transactions: VecDeque::new(),
        }
    }

    /// Fresh credentials; the old ones stay good until the first check with the new. Returns those that no longer are.
    pub(crate) fn restart(&mut self, random: &mut Random) -> Option<String> {
        let old = std::mem::replace(&mut self.current, Credentials::generate(random));
        self.previous.replace(old).map(|credentials| credentials.ufrag)
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.current
    }

    /// Every user-name fragment that checks may name.
    pub(crate) fn ufrags(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.current).chain(&self.previous).map(|credentials| credentials.ufrag.as_str())
    }

    /// Answers a check from `from`; nothing is answered when its integrity does not hold.
    ///
    /// A transaction counts once. Repeated from an address of the peer it is a retransmission and only answered; from
    /// anywhere else somebody replays what he saw, to have the media sent there.
    pub(crate) fn check(
        &mut self,
        now: Instant,
        from: Remote,
        request: &BindingRequest<'_>,
        out: &mut Outbox,
    ) -> Result<Checked, Drop> {
        let is_current = request.local_ufrag() == self.current.ufrag.as_bytes();
        let credentials = if is_current { Some(&self.current) } else { self.previous.as_ref() };
        let credentials =
            credentials.filter(|it| request.verify(|runs| it.sign(runs))).ok_or(Drop::StunIntegrity)?;
        let is_new = remember(&mut self.transactions, request.transaction);
        if !is_new && !self.addresses.contains(&from) {
            return Err(Drop::StunReplayed);
        }
        if let Some(Role::Controlled(_)) = request.role {
            // A lite agent is always controlled: whoever thinks so too has to change (RFC 8445 §7.3.1.1).
            out.push(from, |bytes| {
                write_role_conflict(bytes, request.transaction, |runs| credentials.sign(runs));
            });
            return Ok(Checked::default());
        }
        out.push(from, |bytes| {
            write_success(bytes, request.transaction, from.address, |runs| credentials.sign(runs));
        });
        if !is_new {
            return Ok(Checked::default());
        }
        self.last_check = Some(now);
        self.consent_until = Some(now + CONSENT_EXPIRY);
        let retired = if is_current { self.previous.take() } else { None };
        let mut forgotten = Vec::new();
        if retired.is_some() {
            forgotten = std::mem::take(&mut self.addresses);
            forgotten.retain(|address| *address != from);
            self.selected = None;
        }
        let learned = self.learn(from, &mut forgotten);
        // The first address serves until one is nominated, so that DTLS need not wait for that.
        if request.use_candidate || self.selected.is_none() {
            self.selected = Some(from);
        }
        Ok(Checked { learned, forgotten, retired_ufrag: retired.map(|credentials| credentials.ufrag) })
    }

    /// Puts an address last, as the most recently checked one; pushes the stalest out when there are too many.
    fn learn(&mut self, from: Remote, forgotten: &mut Vec<Remote>) -> bool {
        if let Some(at) = self.addresses.iter().position(|address| *address == from) {
            self.addresses[at..].rotate_left(1);
            return false;
        }
        if self.addresses.len() == MAX_ADDRESSES {
            let stalest =
                self.addresses.iter().position(|address| Some(*address) != self.selected).unwrap_or(0);
            forgotten.push(self.addresses.remove(stalest));
        }
        self.addresses.push(from);
        true
    }

    pub(crate) fn addresses(&self) -> &[Remote] {
        &self.addresses
    }

    /// Where to send.
    pub(crate) fn selected(&self) -> Option<Remote> {
        self.selected
    }

    /// Whether something may be sent (RFC 7675 §5.1).
    pub(crate) fn has_consent(&self, now: Instant) -> bool {
        self.consent_until.is_some_and(|until| now < until)
    }

    /// When the last authenticated check came.
    pub(crate) fn last_check(&self) -> Option<Instant> {
        self.last_check
    }
}

/// Whether this transaction is seen for the first time; remembers it.
fn remember(transactions: &mut VecDeque<u64>, transaction: [u8; TRANSACTION_BYTES]) -> bool {
    let [_, _, _, _, half @ ..] = transaction;
    let transaction = u64::from_be_bytes(half);
    if transactions.contains(&transaction) {
        return false;
    }
    if transactions.len() == MAX_TRANSACTIONS {
        transactions.pop_front();
    }
    transactions.push_back(transaction);
    true
}

#[cfg(test)]
mod tests {
    use wire::stun::{OutgoingRequest, parse_success, write_request};

    use std::net::SocketAddr;

    use super::*;

    fn address(port: u16) -> Remote {
        SocketAddr::from(([192, 0, 2, 1], port)).into()
    }

    /// A check in the transaction of that number.
    fn request(credentials: &Credentials, number: u8, use_candidate: bool, role: Role) -> Vec<u8> {
        let username = format!("{}:theirs", credentials.ufrag);
        let request = OutgoingRequest {
            transaction: [number; 12],
            username: username.as_bytes(),
            priority: 1,
            use_candidate,
            role,
        };
        let mut bytes = Vec::new();
        write_request(&mut bytes, &request, |runs| credentials.sign(runs));
        bytes
    }

    fn check(ice: &mut IceLite, port: u16, bytes: &[u8]) -> (Result<Checked, Drop>, Vec<u8>) {
        let mut out = Outbox::new();
        let checked = ice.check(
            crate::testing::some_moment(),
            address(port),
            &BindingRequest::parse(bytes).unwrap(),
            &mut out,
        );
        let answer = out.batches().flat_map(|(_, bytes)| bytes.to_vec()).collect();
        (checked, answer)
    }

    const CONTROLLING: Role = Role::Controlling(1);

    #[test]
    fn answers_whom_it_knows_and_follows_the_nomination() {
        let mut ice = IceLite::new(&mut Random::new(&[1; 32]));
        let plain = request(ice.credentials(), 7, false, CONTROLLING);
        let (checked, answer) = check(&mut ice, 1, &plain);
        assert!(checked.unwrap().learned);
        assert_eq!(
            parse_success(&answer, |runs| ice.credentials().sign(runs)).unwrap(),
            ([7; 12], address(1).address)
        );
        let plain = request(ice.credentials(), 8, false, CONTROLLING);
        check(&mut ice, 2, &plain).0.unwrap();
        assert_eq!(ice.selected(), Some(address(1)));
        let nominating = request(ice.credentials(), 9, true, CONTROLLING);
        check(&mut ice, 2, &nominating).0.unwrap();
        assert_eq!(ice.selected(), Some(address(2)));
    }

    #[test]
    fn is_silent_to_a_wrong_password() {
        let mut ice = IceLite::new(&mut Random::new(&[1; 32]));
        let mut other = Credentials::generate(&mut Random::new(&[2; 32]));
        other.ufrag.clone_from(&ice.credentials().ufrag);
        let forged = request(&other, 1, true, CONTROLLING);
        assert_eq!(check(&mut ice, 1, &forged), (Err(Drop::StunIntegrity), Vec::new()));
        assert_eq!(ice.selected(), None);
    }

    #[test]
    fn a_captured_check_moves_nothing() {
        let mut ice = IceLite::new(&mut Random::new(&[1; 32]));
        let nominating = request(ice.credentials(), 1, true, CONTROLLING);
        check(&mut ice, 1, &nominating).0.unwrap();
        assert_eq!(check(&mut ice, 2, &nominating), (Err(Drop::StunReplayed), Vec::new()));
        assert_eq!((ice.selected(), ice.addresses()), (Some(address(1)), &[address(1)][..]));

        let later = request(ice.credentials(), 2, true, CONTROLLING);
        check(&mut ice, 3, &later).0.unwrap();
        let (repeated, answer) = check(&mut ice, 1, &nominating);
        assert_eq!(repeated, Ok(Checked::default()), "a retransmission is answered");
        assert!(!answer.is_empty());
        assert_eq!(ice.selected(), Some(address(3)), "and does not nominate again");
    }

    #[test]
    fn stays_controlled() {
        let mut ice = IceLite::new(&mut Random::new(&[1; 32]));
        let bytes = request(ice.credentials(), 1, false, Role::Controlled(9));
        let (checked, answer) = check(&mut ice, 1, &bytes);
        assert!(!checked.unwrap().learned);
        assert_eq!(answer[..2], [0x01, 0x11]);
        assert_eq!(ice.selected(), None);
    }

    #[test]
    fn a_restart_keeps_the_old_path_until_the_new_one_is_checked() {
        let mut random = Random::new(&[1; 32]);
        let mut ice = IceLite::new(&mut random);
        let [first, second, third] =
            [1, 2, 3].map(|number| request(ice.credentials(), number, true, CONTROLLING));
        check(&mut ice, 1, &first).0.unwrap();
        assert_eq!(ice.restart(&mut random), None);
        assert!(check(&mut ice, 1, &second).0.is_ok());
        assert_eq!(ice.selected(), Some(address(1)));
        let new = request(ice.credentials(), 4, false, CONTROLLING);
        let checked = check(&mut ice, 2, &new).0.unwrap();
        assert_eq!((checked.forgotten, checked.retired_ufrag.is_some()), (vec![address(1)], true));
        assert_eq!(ice.selected(), Some(address(2)));
        assert!(check(&mut ice, 1, &third).0.is_err());
    }

    #[test]
    fn bounds_the_addresses_and_keeps_the_selected_one() {
        let mut ice = IceLite::new(&mut Random::new(&[1; 32]));
        let mut forgotten = Vec::new();
        for port in 1..=MAX_ADDRESSES as u16 + 2 {
            let bytes = request(ice.credentials(), port as u8, false, CONTROLLING);
            forgotten.extend(check(&mut ice, port, &bytes).0.unwrap().forgotten);
        }
        assert_eq!(forgotten, [address(2), address(3)]);
        assert_eq!(ice.addresses().len(), MAX_ADDRESSES);
        assert_eq!(ice.selected(), Some(address(1)));
    }
}
