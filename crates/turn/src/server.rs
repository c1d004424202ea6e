//! What is asked in a session, and what is answered.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant, UNIX_EPOCH};

use aws_lc_rs::hmac;
use wire::stun::TRANSACTION_BYTES;
use wire::stun::turn::{
    CHANNELS, Class, Family, Field, Frame, Message, Method, Sign, UDP, write, write_channel_data,
};

use crate::allocation::Allocation;
use crate::credentials::{Key, Secret, read_user};
use crate::{Config, Relay};

/// How often one connection may be told that its credentials are not good; twice is usual (none yet, and a stale nonce).
/// More would make us compute for whoever tries.
pub const MAX_FAILURES: u32 = 16;

/// An allocation's life where its client names none (RFC 8656 §3.2).
const DEFAULT_LIFETIME: Duration = Duration::from_secs(600);

/// Characters of a nonce: 96 bits.
const NONCE_CHARS: usize = 24;

/// A refusal: code and words (RFC 8656 §19).
type No = (u16, &'static str);

const BAD_REQUEST: No = (400, "Bad Request");
const UNAUTHENTICATED: No = (401, "Unauthenticated");
const FORBIDDEN: No = (403, "Forbidden");
const UNKNOWN_ATTRIBUTE: No = (420, "Unknown Attribute");
const ALLOCATION_MISMATCH: No = (437, "Allocation Mismatch");
const STALE_NONCE: No = (438, "Stale Nonce");
const FAMILY_NOT_SUPPORTED: No = (440, "Address Family not Supported");
const WRONG_CREDENTIALS: No = (441, "Wrong Credentials");
const UNSUPPORTED_TRANSPORT: No = (442, "Unsupported Transport Protocol");
const FAMILY_MISMATCH: No = (443, "Peer Address Family Mismatch");
const QUOTA_REACHED: No = (486, "Allocation Quota Reached");
const INSUFFICIENT_CAPACITY: No = (508, "Insufficient Capacity");

/// One client's connection.
#[derive(Debug)]
pub struct Session {
    client: SocketAddr,
    nonce: String,
    nonce_ends: Instant,
    failures: u32,
    allocation: Option<Allocation>,
}

impl Session {
    /// Whether it has a relayed address: somebody here knows a password.
    pub fn is_allocated(&self) -> bool {
        self.allocation.is_some()
    }

    /// When the allocation ends unless it is refreshed.
    pub fn ends(&self) -> Option<Instant> {
        self.allocation.as_ref().map(|it| it.ends)
    }

    /// Whether its credentials were wrong so often that the connection is to be closed.
    pub fn is_hopeless(&self) -> bool {
        self.failures > MAX_FAILURES
    }
}

/// Everything that sessions share.
#[derive(Debug)]
pub struct Server {
    config: Config,
    secret: Secret,
    nonces: hmac::Key,
    nonces_made: u64,
    started: Instant,
    users: HashMap<String, usize>,
    allocations: usize,
    counts: Counts,
}

/// What was turned away or lost.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    malformed: u64,
    unauthenticated: u64,
    forbidden: u64,
    over_quota: u64,
    unpermitted: u64,
}

/// How a request ends: the fields of a success, or a refusal.
type Answer = Result<Vec<Field<'static>>, No>;

impl Server {
    /// A server without sessions. `config.wall_clock` is the time of day at `now`.
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            secret: Secret::new(&config.secret),
            nonces: hmac::Key::new(hmac::HMAC_SHA256, &config.seed),
            nonces_made: 0,
            started: now,
            users: HashMap::new(),
            allocations: 0,
            counts: Counts::default(),
            config,
        }
    }

    /// A session for a client that has just connected.
    pub fn begin(&mut self, now: Instant, client: SocketAddr) -> Session {
        let nonce = self.new_nonce();
        Session { client, nonce, nonce_ends: now + self.config.limits.nonce, failures: 0, allocation: None }
    }

    /// Takes one frame of a client; what is answered is appended to `out`.
    pub fn receive(
        &mut self,
        now: Instant,
        session: &mut Session,
        frame: Frame<'_>,
        relay: &mut impl Relay,
        out: &mut Vec<u8>,
    ) {
        self.expire(now, session, relay);
        match frame {
            Frame::Channel { channel, data } => {
                let peer = session.allocation.as_ref().and_then(|it| it.peer_of(now, channel));
                match peer {
                    Some(peer) => relay.send(peer, data),
                    None => self.counts.unpermitted += 1,
                }
            }
            Frame::Message(bytes) => match Message::parse(bytes) {
                Ok(message) if message.class == Class::Request => {
                    self.answer(now, session, &message, relay, out);
                }
                Ok(message) if message.class == Class::Indication && message.method == Method::Send => {
                    self.send(now, session, &message, relay);
                }
                _ => self.counts.malformed += 1,
            },
        }
    }

    /// Takes one datagram that came to the relayed address from a media address.
    pub fn relay_back(
        &mut self,
        now: Instant,
        session: &Session,
        peer: SocketAddr,
        datagram: &[u8],
        out: &mut Vec<u8>,
    ) {
        let allocation = session.allocation.as_ref().filter(|it| it.ends > now && it.permits(now, peer.ip()));
        let Some(allocation) = allocation else {
            self.counts.unpermitted += 1;
            return;
        };
        if let Some(channel) = allocation.channel_of(now, peer) {
            write_channel_data(out, channel, datagram);
            return;
        }
        let fields = [Field::Peer(peer), Field::Data(datagram)];
        write(out, (Method::Data, Class::Indication), self.transaction(), &fields, None);
    }

    /// Gives an allocation back whose time is over.
    pub fn expire(&mut self, now: Instant, session: &mut Session, relay: &mut impl Relay) {
        if session.ends().is_some_and(|ends| ends <= now) {
            self.release(session, relay);
        }
    }

    /// The connection is gone, and its allocation with it (RFC 8656 §5).
    pub fn release(&mut self, session: &mut Session, relay: &mut impl Relay) {
        let Some(allocation) = session.allocation.take() else { return };
        relay.close();
        self.allocations -= 1;
        if let Some(count) = self.users.get_mut(&allocation.user) {
            *count -= 1;
            if *count == 0 {
                self.users.remove(&allocation.user);
            }
        }
    }

    /// Relayed addresses at present.
    pub fn allocations(&self) -> usize {
        self.allocations
    }

    /// Counts with their names in statistics, without zeros.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        let Counts { malformed, unauthenticated, forbidden, over_quota, unpermitted } = self.counts;
        [
            ("turn_malformed", malformed),
            ("turn_unauthenticated", unauthenticated),
            ("turn_forbidden", forbidden),
            ("turn_over_quota", over_quota),
            ("turn_unpermitted", unpermitted),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }

    fn answer(
        &mut self,
        now: Instant,
        session: &mut Session,
        message: &Message<'_>,
        relay: &mut impl Relay,
        out: &mut Vec<u8>,
    ) {
        let Message { method, transaction, .. } = *message;
        if method == Method::Binding {
            // Asked by nobody's credentials (RFC 8489 §6.3).
            write(out, (method, Class::Success), transaction, &[Field::Mapped(session.client)], None);
            return;
        }
        let key = match self.authenticate(now, session, message) {
            Ok(key) => key,
            Err(no) => {
                session.failures += 1;
                self.counts.unauthenticated += 1;
                let realm = self.config.realm.as_bytes();
                let fields =
                    [Field::Error(no.0, no.1), Field::Realm(realm), Field::Nonce(session.nonce.as_bytes())];
                // A request that is no authentication at all is not invited to try again (RFC 8489 §9.2.4).
                let count = if no == BAD_REQUEST { 1 } else { fields.len() };
                write(out, (method, Class::Failure), transaction, &fields[..count], None);
                return;
            }
        };
        let answer = if message.unknown().is_empty() {
            match method {
                Method::Allocate => self.allocate(now, session, message, &key, relay),
                Method::Refresh => self.refresh(now, session, message, relay),
                Method::CreatePermission => self.permit(now, session, message),
                Method::ChannelBind => self.bind(now, session, message),
                Method::Binding | Method::Send | Method::Data => Err(BAD_REQUEST),
            }
        } else {
            Err(UNKNOWN_ATTRIBUTE)
        };
        session.failures = 0;
        let sign: &Sign<'_> = &|runs| key.sign(runs);
        match answer {
            Ok(fields) => write(out, (method, Class::Success), transaction, &fields, Some(sign)),
            Err(no) => {
                match no {
                    FORBIDDEN => self.counts.forbidden += 1,
                    QUOTA_REACHED | INSUFFICIENT_CAPACITY => self.counts.over_quota += 1,
                    _ => {}
                }
                let fields = [Field::Error(no.0, no.1), Field::Unknown(message.unknown())];
                let count = if no == UNKNOWN_ATTRIBUTE { 2 } else { 1 };
                write(out, (method, Class::Failure), transaction, &fields[..count], Some(sign));
            }
        }
    }

    /// RFC 8489 §9.2.4 and RFC 8656 §5: who asks knows the password of a user name whose time is not over, and goes on with
    /// the one that the allocation was made with.
    fn authenticate(
        &mut self,
        now: Instant,
        session: &mut Session,
        message: &Message<'_>,
    ) -> Result<Key, No> {
        if !message.is_signed() {
            return Err(UNAUTHENTICATED);
        }
        let (Some(name), Some(realm), Some(nonce)) = (message.username, message.realm, message.nonce) else {
            return Err(BAD_REQUEST);
        };
        if session.nonce_ends <= now {
            session.nonce = self.new_nonce();
            session.nonce_ends = now + self.config.limits.nonce;
            return Err(STALE_NONCE);
        }
        if nonce != session.nonce.as_bytes() {
            return Err(STALE_NONCE);
        }
        if realm != self.config.realm.as_bytes() {
            return Err(UNAUTHENTICATED);
        }
        if let Some(allocation) = &session.allocation {
            // Its credentials may have run out meanwhile: they were for making it.
            return match allocation.name == name {
                true if message.verify(|runs| allocation.key.sign(runs)) => Ok(allocation.key.clone()),
                true => Err(UNAUTHENTICATED),
                false => Err(WRONG_CREDENTIALS),
            };
        }
        let (expires, _) = read_user(name).ok_or(UNAUTHENTICATED)?;
        let time = self.config.wall_clock + now.saturating_duration_since(self.started);
        if time.duration_since(UNIX_EPOCH).is_ok_and(|it| it.as_secs() >= expires) {
            return Err(UNAUTHENTICATED);
        }
        let key = self.secret.key(name, &self.config.realm);
        if message.verify(|runs| key.sign(runs)) { Ok(key) } else { Err(UNAUTHENTICATED) }
    }

    /// RFC 8656 §7.2.
    fn allocate(
        &mut self,
        now: Instant,
        session: &mut Session,
        message: &Message<'_>,
        key: &Key,
        relay: &mut impl Relay,
    ) -> Answer {
        if session.allocation.is_some() {
            return Err(ALLOCATION_MISMATCH);
        }
        match message.transport {
            Some(UDP) => {}
            Some(_) => return Err(UNSUPPORTED_TRANSPORT),
            None => return Err(BAD_REQUEST),
        }
        if message.reserves {
            return Err(INSUFFICIENT_CAPACITY);
        }
        let family = match message.family {
            None | Some(1) => Family::V4,
            Some(2) => Family::V6,
            Some(_) => return Err(FAMILY_NOT_SUPPORTED),
        };
        if !self.config.destinations.iter().any(|it| Family::of(*it) == family) {
            return Err(FAMILY_NOT_SUPPORTED);
        }
        let name = message.username.unwrap_or_default();
        let user = read_user(name).ok_or(UNAUTHENTICATED)?.1;
        if self.users.get(user).copied().unwrap_or(0) >= self.config.limits.allocations_per_user {
            return Err(QUOTA_REACHED);
        }
        if self.allocations >= self.config.limits.allocations {
            return Err(INSUFFICIENT_CAPACITY);
        }
        let relayed = relay.open(family, message.even_port).ok_or(INSUFFICIENT_CAPACITY)?;
        let lifetime = self.lifetime(message.lifetime);
        session.allocation = Some(Allocation::new(relayed, name, user, key.clone(), now + lifetime));
        self.allocations += 1;
        *self.users.entry(user.to_owned()).or_default() += 1;
        let seconds = lifetime.as_secs() as u32;
        Ok(vec![Field::Relayed(relayed), Field::Lifetime(seconds), Field::Mapped(session.client)])
    }

    /// What a client gets that asks for so many seconds (RFC 8656 §7.2).
    fn lifetime(&self, asked: Option<u32>) -> Duration {
        let asked = asked.map_or(DEFAULT_LIFETIME, |it| Duration::from_secs(it.into()));
        asked.max(DEFAULT_LIFETIME).min(self.config.limits.lifetime)
    }

    /// RFC 8656 §8.2.
    fn refresh(
        &mut self,
        now: Instant,
        session: &mut Session,
        message: &Message<'_>,
        relay: &mut impl Relay,
    ) -> Answer {
        let lifetime = self.lifetime(message.lifetime);
        let allocation = session.allocation.as_mut().ok_or(ALLOCATION_MISMATCH)?;
        if message.family.is_some_and(|it| (it == 1) != allocation.relayed.is_ipv4()) {
            return Err(FAMILY_MISMATCH);
        }
        if message.lifetime == Some(0) {
            self.release(session, relay);
            return Ok(vec![Field::Lifetime(0)]);
        }
        allocation.ends = now + lifetime;
        Ok(vec![Field::Lifetime(lifetime.as_secs() as u32)])
    }

    /// RFC 8656 §10.2: all of the peers or none.
    fn permit(&self, now: Instant, session: &mut Session, message: &Message<'_>) -> Answer {
        let allocation = session.allocation.as_mut().ok_or(ALLOCATION_MISMATCH)?;
        let mut result = if message.peer.is_some() { Ok(()) } else { Err(BAD_REQUEST) };
        message.peers(|peer| {
            if peer.is_ipv4() != allocation.relayed.is_ipv4() {
                result = Err(FAMILY_MISMATCH);
            } else if !self.config.destinations.iter().any(|it| it.ip() == peer.ip()) {
                result = Err(FORBIDDEN);
            }
        });
        result?;
        let mut has_room = true;
        message.peers(|peer| has_room &= allocation.permit(now, peer.ip()));
        if has_room { Ok(Vec::new()) } else { Err(INSUFFICIENT_CAPACITY) }
    }

    /// RFC 8656 §12.2.
    fn bind(&self, now: Instant, session: &mut Session, message: &Message<'_>) -> Answer {
        let allocation = session.allocation.as_mut().ok_or(ALLOCATION_MISMATCH)?;
        let (Some(channel), Some(peer)) = (message.channel, message.peer) else { return Err(BAD_REQUEST) };
        if !CHANNELS.contains(&channel) {
            return Err(BAD_REQUEST);
        }
        if peer.is_ipv4() != allocation.relayed.is_ipv4() {
            return Err(FAMILY_MISMATCH);
        }
        if !self.config.destinations.contains(&peer) {
            return Err(FORBIDDEN);
        }
        if allocation.bind(now, channel, peer) { Ok(Vec::new()) } else { Err(BAD_REQUEST) }
    }

    /// RFC 8656 §11.2.
    fn send(&mut self, now: Instant, session: &Session, message: &Message<'_>, relay: &mut impl Relay) {
        let (Some(peer), Some(data), []) = (message.peer, message.data, message.unknown()) else {
            self.counts.malformed += 1;
            return;
        };
        let permitted = session.allocation.as_ref().is_some_and(|it| it.permits(now, peer.ip()));
        if permitted && self.config.destinations.contains(&peer) {
            relay.send(peer, data);
        } else {
            self.counts.unpermitted += 1;
        }
    }

    fn random(&mut self) -> hmac::Tag {
        self.nonces_made += 1;
        hmac::sign(&self.nonces, &self.nonces_made.to_be_bytes())
    }

    fn new_nonce(&mut self) -> String {
        let bytes = self.random();
        bytes.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]).take(NONCE_CHARS).map(hex).collect()
    }

    /// Of an indication, to which nobody refers.
    fn transaction(&mut self) -> [u8; TRANSACTION_BYTES] {
        let mut transaction = [0; TRANSACTION_BYTES];
        self.nonces_made += 1;
        transaction[4..].copy_from_slice(&self.nonces_made.to_be_bytes());
        transaction
    }
}

fn hex(digit: u8) -> char {
    char::from(b"0123456789abcdef"[usize::from(digit & 15)])
}
