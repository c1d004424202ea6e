//! A client that asks the server by its wire alone, in virtual time: what RFC 8656 wants, and what people try who mean harm.

use std::net::SocketAddr;
use std::time::{Duration, Instant, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use md5::{Digest, Md5};
use turn::{Config, Limits, MAX_FAILURES, Relay, Server, Session};
use wire::stun::turn::{
    Class, Family, Field, Frame, Message, Method, UDP, take_frame, write, write_channel_data,
};

const SECRET: &str = "only the control plane knows";
const REALM: &str = "example.org";
/// Seconds since 1970 at the beginning.
const TODAY: u64 = 1_800_000_000;
const SECOND: Duration = Duration::from_secs(1);

fn media() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 5], 10000))
}

/// One relayed address; datagrams to peers are kept.
#[derive(Default)]
struct Kept {
    open: bool,
    sent: Vec<(SocketAddr, Vec<u8>)>,
}

impl Relay for Kept {
    fn open(&mut self, family: Family, _: bool) -> Option<SocketAddr> {
        assert!(!self.open, "one a session");
        self.open = true;
        Some(SocketAddr::new(
            if family == Family::V4 { [10, 0, 0, 1].into() } else { [1_u16; 8].into() },
            50_000,
        ))
    }

    fn close(&mut self) {
        self.open = false;
    }

    fn send(&mut self, to: SocketAddr, datagram: &[u8]) {
        assert!(self.open);
        self.sent.push((to, datagram.to_vec()));
    }
}

struct Bench {
    now: Instant,
    server: Server,
}

impl Bench {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            realm: REALM.into(),
            secret: SECRET.into(),
            destinations: vec![media(), "[2001:db8::5]:10000".parse().unwrap()],
            seed: [1; 32],
            wall_clock: UNIX_EPOCH + Duration::from_secs(TODAY),
            limits: Limits::default(),
        };
        change(&mut config);
        #[allow(clippy::disallowed_methods, reason = "some moment; from here on time is virtual")]
        let now = Instant::now();
        Self { now, server: Server::new(config, now) }
    }

    fn client(&mut self, user: &str) -> Client {
        let address = SocketAddr::from(([198, 51, 100, 7], 40_000));
        Client {
            session: self.server.begin(self.now, address),
            relay: Kept::default(),
            user: user.into(),
            secret: SECRET.into(),
            realm: String::new(),
            nonce: Vec::new(),
            number: 0,
        }
    }

    /// A client that has its relayed address.
    fn allocated(&mut self, user: &str) -> Client {
        let mut client = self.client(user);
        client.challenged(self);
        assert_eq!(client.allocate(self).error, None);
        client
    }

    fn count(&self, name: &str) -> u64 {
        self.server.counts().find(|it| it.0 == name).map_or(0, |it| it.1)
    }
}

struct Client {
    session: Session,
    relay: Kept,
    user: String,
    secret: String,
    realm: String,
    nonce: Vec<u8>,
    number: u8,
}

/// Makes a client's credentials wrong.
type Spoil = fn(&mut Client);

/// What an answer said.
#[derive(Debug, Default, PartialEq)]
struct Said {
    error: Option<u16>,
    lifetime: Option<u32>,
    relayed: Option<SocketAddr>,
    mapped: Option<SocketAddr>,
    signed: bool,
}

fn user(expires: u64) -> String {
    format!("{expires}:p_ana")
}

impl Client {
    fn key(&self) -> hmac::Key {
        let secret = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.secret.as_bytes());
        let password =
            base64::engine::general_purpose::STANDARD.encode(hmac::sign(&secret, self.user.as_bytes()));
        let text = format!("{}:{}:{password}", self.user, self.realm);
        hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &Md5::digest(text.as_bytes()))
    }

    fn raw(&mut self, bench: &mut Bench, frame: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let (frame, _) = take_frame(frame, 4096).unwrap().unwrap();
        bench.server.receive(bench.now, &mut self.session, frame, &mut self.relay, &mut out);
        out
    }

    /// Asks with credentials, if it has learned what they need.
    fn ask(&mut self, bench: &mut Bench, method: Method, fields: &[Field<'_>]) -> Said {
        self.number += 1;
        let mut all = fields.to_vec();
        let key = self.key();
        let sign = |runs: &[&[u8]]| hmac::sign(&key, &runs.concat()).as_ref().try_into().expect("20 bytes");
        let known = !self.nonce.is_empty();
        if known {
            all.extend([
                Field::Username(self.user.as_bytes()),
                Field::Realm(self.realm.as_bytes()),
                Field::Nonce(&self.nonce),
            ]);
        }
        let mut bytes = Vec::new();
        let transaction = [self.number; 12];
        let sign: Option<&wire::stun::turn::Sign<'_>> = if known { Some(&sign) } else { None };
        write(&mut bytes, (method, Class::Request), transaction, &all, sign);
        let out = self.raw(bench, &bytes);
        let answer = Message::parse(&out).expect("one answer");
        assert_eq!((answer.transaction, answer.method), (transaction, method));
        assert_eq!(answer.class == Class::Success, answer.error.is_none());
        if let (Some(realm), Some(nonce)) = (answer.realm, answer.nonce) {
            self.realm = String::from_utf8(realm.to_vec()).unwrap();
            self.nonce = nonce.to_vec();
        }
        if answer.is_signed() {
            assert!(answer.verify(|runs| hmac::sign(&key, &runs.concat()).as_ref().try_into().unwrap()));
        }
        let Message { error, lifetime, relayed, mapped, .. } = answer;
        Said { error, lifetime, relayed, mapped, signed: answer.is_signed() }
    }

    /// Learns realm and nonce.
    fn challenged(&mut self, bench: &mut Bench) {
        assert_eq!(self.allocate(bench), Said { error: Some(401), ..Said::default() });
        assert_eq!(self.realm, REALM);
    }

    fn allocate(&mut self, bench: &mut Bench) -> Said {
        self.ask(bench, Method::Allocate, &[Field::Transport(UDP)])
    }

    fn permit(&mut self, bench: &mut Bench, peer: SocketAddr) -> Said {
        self.ask(bench, Method::CreatePermission, &[Field::Peer(peer)])
    }

    fn bind(&mut self, bench: &mut Bench, channel: u16, peer: SocketAddr) -> Said {
        self.ask(bench, Method::ChannelBind, &[Field::Channel(channel), Field::Peer(peer)])
    }

    fn indicate(&mut self, bench: &mut Bench, peer: SocketAddr, data: &[u8]) {
        let mut bytes = Vec::new();
        let fields = [Field::Peer(peer), Field::Data(data)];
        write(&mut bytes, (Method::Send, Class::Indication), [9; 12], &fields, None);
        assert!(self.raw(bench, &bytes).is_empty(), "indications are not answered");
    }

    fn by_channel(&mut self, bench: &mut Bench, channel: u16, data: &[u8]) {
        let mut bytes = Vec::new();
        write_channel_data(&mut bytes, channel, data);
        assert!(self.raw(bench, &bytes).is_empty());
    }

    fn back(&self, bench: &mut Bench, peer: SocketAddr, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        bench.server.relay_back(bench.now, &self.session, peer, data, &mut out);
        out
    }
}

#[test]
fn a_datagram_goes_there_and_back() {
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.client(&user(TODAY + 60));
    ana.challenged(&mut bench);
    let said = ana.allocate(&mut bench);
    assert_eq!((said.error, said.lifetime, said.signed), (None, Some(600), true));
    assert_eq!(said.relayed, Some("10.0.0.1:50000".parse().unwrap()));
    assert_eq!(said.mapped, Some("198.51.100.7:40000".parse().unwrap()));
    assert_eq!(ana.permit(&mut bench, media()).error, None);
    ana.indicate(&mut bench, media(), b"by indication");
    let back = ana.back(&mut bench, media(), b"data");
    let read = Message::parse(&back).unwrap();
    assert_eq!((read.method, read.class), (Method::Data, Class::Indication));
    assert_eq!((read.peer, read.data), (Some(media()), Some(&b"data"[..])));

    assert_eq!(ana.bind(&mut bench, 0x4000, media()).error, None);
    ana.by_channel(&mut bench, 0x4000, b"by channel");
    let back = ana.back(&mut bench, media(), b"channel");
    let frame = Frame::Channel { channel: 0x4000, data: b"channel" };
    assert_eq!(take_frame(&back, 2000), Ok(Some((frame, 12))), "padded, as a stream has it");
    assert_eq!(ana.relay.sent, [(media(), b"by indication".to_vec()), (media(), b"by channel".to_vec())]);
}

#[test]
fn only_this_nodes_media_addresses_are_reached() {
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.allocated(&user(TODAY + 60));
    let elsewhere = [
        "127.0.0.1:10000",
        "0.0.0.0:10000",
        "169.254.169.254:80",
        "10.0.0.1:10000",
        "192.168.0.1:443",
        "255.255.255.255:10000",
        "224.0.0.1:10000",
        "203.0.113.6:10000",
    ];
    for peer in elsewhere.map(|it| it.parse().unwrap()) {
        assert_eq!(ana.permit(&mut bench, peer).error, Some(403), "{peer}");
        assert_eq!(ana.bind(&mut bench, 0x4000, peer).error, Some(403), "{peer}");
        ana.indicate(&mut bench, peer, b"x");
    }
    for peer in ["[::1]:10000", "[::]:10000", "[::ffff:127.0.0.1]:10000", "[::ffff:203.0.113.5]:10000"] {
        let peer = peer.parse().unwrap();
        assert_eq!(ana.permit(&mut bench, peer).error, Some(443), "{peer}");
        assert_eq!(ana.bind(&mut bench, 0x4000, peer).error, Some(443), "{peer}");
        ana.indicate(&mut bench, peer, b"x");
    }
    // The right machine, but another of its ports: the relay's own, the web's.
    assert_eq!(ana.permit(&mut bench, media()).error, None);
    for port in [0, 22, 443, 50_000] {
        let peer = SocketAddr::new(media().ip(), port);
        assert_eq!(ana.bind(&mut bench, 0x4000, peer).error, Some(403));
        ana.indicate(&mut bench, peer, b"x");
    }
    // One bad among good ones refuses all.
    let peers = [Field::Peer(media()), Field::Peer("127.0.0.1:1".parse().unwrap())];
    assert_eq!(ana.ask(&mut bench, Method::CreatePermission, &peers).error, Some(403));
    assert_eq!(ana.relay.sent, []);
    assert!(bench.count("turn_forbidden") > 16 && bench.count("turn_unpermitted") >= 16);
    // And nobody else's datagrams come in.
    assert!(ana.back(&mut bench, "198.51.100.99:10000".parse().unwrap(), b"x").is_empty());
}

#[test]
fn nothing_goes_before_it_is_permitted_or_after() {
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.allocated(&user(TODAY + 60));
    ana.indicate(&mut bench, media(), b"x");
    ana.by_channel(&mut bench, 0x4000, b"x");
    assert!(ana.back(&mut bench, media(), b"x").is_empty());
    assert_eq!(ana.relay.sent, []);
    assert_eq!(ana.bind(&mut bench, 0x4000, media()).error, None);
    bench.now += 299 * SECOND;
    assert!(!ana.back(&mut bench, media(), b"x").is_empty());
    bench.now += 2 * SECOND;
    assert!(ana.back(&mut bench, media(), b"x").is_empty(), "a permission lives for 300 s");
    ana.by_channel(&mut bench, 0x4000, b"the channel for 600");
    assert_eq!(ana.relay.sent.len(), 1);
    assert_eq!(ana.ask(&mut bench, Method::Refresh, &[Field::Lifetime(3600)]).error, None);
    bench.now += 300 * SECOND;
    ana.by_channel(&mut bench, 0x4000, b"x");
    assert_eq!(ana.relay.sent.len(), 1);
}

#[test]
fn channels_are_one_to_one_and_in_their_range() {
    let mut bench = Bench::new(|config| config.destinations.push("203.0.113.5:10001".parse().unwrap()));
    let mut ana = bench.allocated(&user(TODAY + 60));
    for number in [0, 0x3fff, 0x7fff, 0x8000, 0xffff] {
        assert_eq!(ana.bind(&mut bench, number, media()).error, Some(400), "{number:x}");
    }
    assert_eq!(ana.ask(&mut bench, Method::ChannelBind, &[Field::Peer(media())]).error, Some(400));
    assert_eq!(ana.ask(&mut bench, Method::ChannelBind, &[Field::Channel(0x4000)]).error, Some(400));
    assert_eq!(ana.bind(&mut bench, 0x4fff, media()).error, None);
    assert_eq!(ana.bind(&mut bench, 0x4fff, media()).error, None, "again is longer");
    assert_eq!(ana.bind(&mut bench, 0x4ffe, media()).error, Some(400), "a second number for a peer");
    let other = "203.0.113.5:10001".parse().unwrap();
    assert_eq!(ana.bind(&mut bench, 0x4fff, other).error, Some(400), "a second peer for a number");
    assert_eq!(ana.bind(&mut bench, 0x7ffe, other).error, None);
}

#[test]
fn wrong_credentials_get_nothing_and_then_no_more() {
    let mut bench = Bench::new(|_| {});
    let spoiled: [(&str, Spoil); 5] = [
        ("another secret", |it| it.secret = "guessed".into()),
        ("a user name that has run out", |it| it.user = user(TODAY)),
        ("no expiry", |it| it.user = "p_ana".into()),
        ("no id", |it| it.user = format!("{}:", TODAY + 60)),
        ("another realm", |it| it.realm = "example.com".into()),
    ];
    for (what, spoil) in spoiled {
        let mut client = bench.client(&user(TODAY + 60));
        client.challenged(&mut bench);
        spoil(&mut client);
        assert_eq!(client.allocate(&mut bench), Said { error: Some(401), ..Said::default() }, "{what}");
        assert!(!client.relay.open);
    }
    let mut client = bench.client(&user(TODAY + 60));
    client.challenged(&mut bench);
    client.secret = "guessed".into();
    for _ in 0..MAX_FAILURES {
        assert!(!client.session.is_hopeless());
        client.allocate(&mut bench);
    }
    assert!(client.session.is_hopeless());
    assert_eq!(bench.server.allocations(), 0);
}

#[test]
fn an_answer_to_a_stranger_is_small() {
    let mut bench = Bench::new(|_| {});
    let mut bytes = Vec::new();
    write(&mut bytes, (Method::Allocate, Class::Request), [1; 12], &[Field::Transport(UDP)], None);
    let mut client = bench.client(&user(TODAY + 60));
    assert!(client.raw(&mut bench, &bytes).len() <= 120);
}

#[test]
fn a_changed_request_is_no_request() {
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.client(&user(TODAY + 60));
    ana.challenged(&mut bench);
    let key = ana.key();
    let mut bytes = Vec::new();
    let fields = [
        Field::Transport(UDP),
        Field::Username(ana.user.as_bytes()),
        Field::Realm(ana.realm.as_bytes()),
        Field::Nonce(&ana.nonce),
    ];
    let sign = |runs: &[&[u8]]| hmac::sign(&key, &runs.concat()).as_ref().try_into().unwrap();
    write(&mut bytes, (Method::Allocate, Class::Request), [1; 12], &fields, Some(&sign));
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if take_frame(&changed, 4096).is_ok_and(|it| it.is_some()) {
            let mut client = bench.client(&user(TODAY + 60));
            client.session = bench.server.begin(bench.now, media());
            client.raw(&mut bench, &changed);
            assert!(!client.relay.open, "byte {at}");
        }
    }
    for len in 0..bytes.len() {
        assert_eq!(take_frame(&bytes[..len], 4096), Ok(None));
    }
}

#[test]
fn a_nonce_is_of_one_connection_and_for_a_while() {
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.allocated(&user(TODAY + 60));
    let mut other = bench.client(&user(TODAY + 60));
    other.realm = REALM.into();
    other.nonce.clone_from(&ana.nonce);
    assert_eq!(other.allocate(&mut bench).error, Some(438));
    assert_eq!(other.allocate(&mut bench).error, None, "the answer told the right one");
    let before = ana.nonce.clone();
    assert_eq!(ana.ask(&mut bench, Method::Refresh, &[Field::Lifetime(3600)]).lifetime, Some(3600));
    bench.now += 3599 * SECOND;
    assert_eq!(ana.ask(&mut bench, Method::Refresh, &[Field::Lifetime(3600)]).error, None);
    bench.now += SECOND;
    assert_eq!(ana.ask(&mut bench, Method::Refresh, &[Field::Lifetime(3600)]).error, Some(438));
    assert_ne!(ana.nonce, before);
    assert_eq!(ana.ask(&mut bench, Method::Refresh, &[Field::Lifetime(3600)]).error, None);
}

#[test]
fn an_allocation_lives_as_long_as_it_is_refreshed() {
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.allocated(&user(TODAY + 60));
    assert_eq!(ana.allocate(&mut bench).error, Some(437), "one a connection");
    bench.now += 599 * SECOND;
    let said = ana.ask(&mut bench, Method::Refresh, &[]);
    assert_eq!(
        (said.error, said.lifetime),
        (None, Some(600)),
        "its user name has run out, which was for making it"
    );
    let said = ana.ask(&mut bench, Method::Refresh, &[Field::Lifetime(86_400)]);
    assert_eq!(said.lifetime, Some(3600), "no longer than may be");
    let said = ana.ask(&mut bench, Method::Refresh, &[Field::Lifetime(1)]);
    assert_eq!(said.lifetime, Some(600));
    bench.now += 600 * SECOND;
    bench.server.expire(bench.now, &mut ana.session, &mut ana.relay);
    assert!(!ana.relay.open && bench.server.allocations() == 0);
    ana.user = user(TODAY + 6000);
    assert_eq!(ana.ask(&mut bench, Method::Refresh, &[]).error, Some(437));

    let mut bo = bench.allocated(&user(TODAY + 6000));
    assert_eq!(bo.ask(&mut bench, Method::Refresh, &[Field::Lifetime(0)]).lifetime, Some(0));
    assert!(!bo.relay.open && bench.server.allocations() == 0);
}

#[test]
fn an_allocation_stays_with_its_user_name() {
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.allocated(&user(TODAY + 60));
    ana.user = user(TODAY + 61);
    assert_eq!(ana.ask(&mut bench, Method::Refresh, &[]).error, Some(441));
    assert_eq!(ana.permit(&mut bench, media()).error, Some(441));
}

#[test]
fn allocations_are_counted_by_person_and_altogether() {
    let mut bench = Bench::new(|config| {
        config.limits.allocations = 5;
        config.limits.allocations_per_user = 3;
    });
    // Of other times, but of one person.
    let mut hers: Vec<Client> = (0..3).map(|n| bench.allocated(&user(TODAY + 60 + n))).collect();
    let mut more = bench.client(&user(TODAY + 99));
    more.challenged(&mut bench);
    assert_eq!(more.allocate(&mut bench).error, Some(486));
    let others: Vec<Client> = (0..2).map(|n| bench.allocated(&format!("{}:p_{n}", TODAY + 60))).collect();
    let mut late = bench.client(&format!("{}:p_late", TODAY + 60));
    late.challenged(&mut bench);
    assert_eq!(late.allocate(&mut bench).error, Some(508));
    assert_eq!((bench.server.allocations(), bench.count("turn_over_quota")), (5, 2));
    for client in hers.iter_mut().take(1) {
        bench.server.release(&mut client.session, &mut client.relay);
        bench.server.release(&mut client.session, &mut client.relay);
    }
    assert_eq!(late.allocate(&mut bench).error, None);
    assert_eq!(others.len() + 3, bench.server.allocations());
}

#[test]
fn what_is_asked_otherwise_is_refused_by_its_name() {
    let mut bench = Bench::new(|config| config.destinations.truncate(1));
    let mut ana = bench.client(&user(TODAY + 60));
    ana.challenged(&mut bench);
    let wrong: [(u16, &[Field<'_>]); 7] = [
        (400, &[]),
        (442, &[Field::Transport(6)]),
        (440, &[Field::Transport(UDP), Field::Family(2)]),
        (440, &[Field::Transport(UDP), Field::Family(3)]),
        (508, &[Field::Transport(UDP), Field::Other(0x0018, &[0x80])]),
        (508, &[Field::Transport(UDP), Field::Other(0x0022, &[0; 8])]),
        (420, &[Field::Transport(UDP), Field::Other(0x7f00, &[])]),
    ];
    for (code, fields) in wrong {
        let said = ana.ask(&mut bench, Method::Allocate, fields);
        assert_eq!((said.error, said.signed), (Some(code), true), "{fields:?}");
        assert!(!ana.relay.open);
    }
    assert_eq!(ana.permit(&mut bench, media()).error, Some(437), "no allocation yet");
    assert_eq!(ana.bind(&mut bench, 0x4000, media()).error, Some(437));
    let said = ana.ask(&mut bench, Method::Binding, &[]);
    assert_eq!((said.mapped.is_some(), said.signed), (true, false));
}

/// Whatever a stream holds, the server goes on, relays nothing that was not permitted, and answers no more than is asked.
#[test]
fn mutated_requests_change_nothing() {
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.allocated(&user(TODAY + 60));
    let mut seeds: Vec<Vec<u8>> = Vec::new();
    for method in
        [Method::Allocate, Method::Refresh, Method::CreatePermission, Method::ChannelBind, Method::Send]
    {
        for class in [Class::Request, Class::Indication, Class::Success, Class::Failure] {
            let fields = [
                Field::Username(ana.user.as_bytes()),
                Field::Realm(ana.realm.as_bytes()),
                Field::Nonce(&ana.nonce),
                Field::Lifetime(600),
                Field::Peer(media()),
                Field::Data(b"data"),
                Field::Channel(0x4000),
                Field::Transport(UDP),
            ];
            let mut seed = Vec::new();
            write(&mut seed, (method, class), [3; 12], &fields, Some(&|_| [7; 20]));
            seeds.push(seed);
        }
    }
    for _ in 0..20_000 {
        let mut bytes = seeds[random(seeds.len())].clone();
        // The fingerprint would stop nearly all of it at the door.
        bytes.truncate(bytes.len() - 8);
        let len = (bytes.len() - 20) as u16;
        bytes[2..4].copy_from_slice(&len.to_be_bytes());
        for _ in 0..=random(4) {
            let at = 20 + random(bytes.len() - 20);
            bytes[at] = random(256) as u8;
        }
        let Ok(Some((frame, _))) = take_frame(&bytes, 4096) else { continue };
        let mut out = Vec::new();
        bench.server.receive(bench.now, &mut ana.session, frame, &mut ana.relay, &mut out);
        assert!(out.len() <= bytes.len(), "no more is answered than was asked");
    }
    assert_eq!(ana.relay.sent, []);
    assert!(ana.relay.open && bench.server.allocations() == 1);
    assert_eq!(ana.permit(&mut bench, media()).error, None, "the allocation is as it was");
}

/// Every input that is kept in `fuzz/`, as what a stream of somebody with an allocation holds, whole and cut.
#[test]
fn the_corpus_changes_nothing() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/wire");
    let mut bench = Bench::new(|_| {});
    let mut ana = bench.allocated(&user(TODAY + 60));
    let mut frames = 0;
    for file in std::fs::read_dir(folder).expect("the corpus") {
        let input = std::fs::read(file.unwrap().path()).unwrap();
        for end in 0..=input.len() {
            let mut stream = &input[..end];
            while let Ok(Some((frame, taken))) = take_frame(stream, 2048) {
                let mut out = Vec::new();
                bench.server.receive(bench.now, &mut ana.session, frame, &mut ana.relay, &mut out);
                assert!(out.len() <= 200, "{}", out.len());
                stream = &stream[taken..];
                frames += 1;
            }
        }
    }
    assert!(frames > 10);
    assert_eq!(ana.relay.sent, []);
    assert_eq!(bench.server.allocations(), 1);
}
