//! The smallest client that an engine talks to: ICE checks, DTLS, SRTP, and nothing else.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aws_lc_rs::hmac;
use dimpl::{Dtls, DtlsCertificate, Output, SrtpProfile};
use sfu::srtp::{Inbound, KeyPair, Outbound, Profile};
use sfu::{Command, CommandKind, Config, Engine, Event, Limits, Outbox, Source, Tile};
use wire::demux::Kind;
use wire::rtp::{Header, Outgoing, write_header};
use wire::stun::{OutgoingRequest, Role, write_request};

/// A recorded offer of Chromium: 33 m-lines, the mids 0 to 32.
pub(crate) const OFFER: &str = include_str!("../fixtures/chromium.sdp");

/// So long that no test of the steady state meets one.
const STATISTICS_INTERVAL: Duration = Duration::from_secs(3600);

/// Some moment to count from: an `Instant` can be had nowhere else.
#[allow(clippy::disallowed_methods, reason = "only differences matter to a test")]
pub(crate) fn some_moment() -> Instant {
    Instant::now()
}

/// An engine and the clock that drives it.
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    pub(crate) now: Instant,
    pub(crate) out: Outbox,
    /// Where commands go.
    pub(crate) room: Arc<str>,
    commands: u64,
    checks: u32,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let now = some_moment();
        let config = Config {
            candidates: vec![SocketAddr::from(([192, 0, 2, 1], 5000)).into()],
            seed: [7; 32],
            wall_clock: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            statistics_interval: STATISTICS_INTERVAL,
            limits: Limits::default(),
        };
        Self {
            engine: Engine::new(config, now),
            now,
            out: Outbox::new(),
            room: "room".into(),
            commands: 0,
            checks: 0,
        }
    }

    pub(crate) fn submit(&mut self, kind: CommandKind) {
        self.commands += 1;
        let command = Command { id: self.commands, room: self.room.clone(), kind };
        self.engine.submit(self.now, command, &mut self.out);
    }

    /// Brings a participant in, up to the end of the DTLS handshake.
    pub(crate) fn join(&mut self, name: &str, port: u16) -> Client {
        self.join_disturbed(name, port, |_, _| {})
    }

    /// The same, while somebody disturbs: called with the participant's address before each flight and each answer.
    pub(crate) fn join_disturbed(
        &mut self,
        name: &str,
        port: u16,
        disturb: impl FnMut(&mut Self, SocketAddr),
    ) -> Client {
        let mut client = Client::new(name, port, self.now);
        let offer = client.offer();
        let peer = Arc::from(name);
        self.submit(CommandKind::AddPeer { peer, offer, publish: true, subscribe: true, one_way: false });
        let answer = std::iter::from_fn(|| self.engine.poll_event()).find_map(|event| match event {
            Event::Answered { sdp, .. } => Some(sdp),
            _ => None,
        });
        client.connect(self, &answer.expect("an answer"), disturb);
        client
    }

    /// Who sees whom.
    pub(crate) fn watch(&mut self, viewer: &str, whom: &str) {
        let tile =
            Tile { peer: Arc::from(whom), source: Source::Camera, width: 640, height: 360, pinned: false };
        self.submit(CommandKind::SetView { peer: Arc::from(viewer), tiles: vec![tile] });
    }

    /// How often the engine itself has dropped for this reason. It tells once an hour: everybody is gone by then.
    pub(crate) fn drops(&mut self, reason: &str) -> u64 {
        self.pass(STATISTICS_INTERVAL);
        let told = std::iter::from_fn(|| self.engine.poll_event()).filter_map(|event| match event {
            Event::Statistics { drops, .. } => Some(drops),
            _ => None,
        });
        let last = told.last().unwrap_or_default();
        last.iter().find(|(name, _)| *name == reason).map_or(0, |(_, count)| *count)
    }

    /// Lets time pass; what is due is done, and what it sends is dropped.
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        while self.engine.next_timeout().is_some_and(|at| at <= self.now) {
            self.engine.timeout(self.now, &mut self.out);
        }
    }
}

/// One participant.
pub(crate) struct Client {
    name: String,
    address: SocketAddr,
    certificate: DtlsCertificate,
    dtls: Dtls,
    keys: Option<(Outbound, Inbound)>,
    /// User names and password of the checks.
    check: Option<(String, hmac::Key)>,
}

impl Client {
    fn new(name: &str, port: u16, now: Instant) -> Self {
        let certificate = dimpl::certificate::generate_self_signed_certificate().unwrap();
        let config = Arc::new(dimpl::Config::builder().build().unwrap());
        let mut dtls = Dtls::new_12(config, certificate.clone(), now);
        dtls.set_active(true);
        let address = SocketAddr::from(([198, 51, 100, 1], port));
        Self { name: name.to_owned(), address, certificate, dtls, keys: None, check: None }
    }

    /// A recorded offer with this client's certificate.
    fn offer(&self) -> String {
        let fingerprint = format!("a=fingerprint:sha-256 {}", self.certificate.fingerprint_str());
        let line = |line| {
            if str::starts_with(line, "a=fingerprint:") { fingerprint.clone() } else { line.to_owned() }
        };
        OFFER.lines().map(line).map(|line| line + "\r\n").collect()
    }

    fn connect(&mut self, stage: &mut Stage, answer: &str, mut disturb: impl FnMut(&mut Stage, SocketAddr)) {
        let value =
            |name: &str| answer.lines().find_map(|line| line.strip_prefix(name)).expect("in the answer");
        let username = format!("{}:{}", value("a=ice-ufrag:"), self.name);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, value("a=ice-pwd:").as_bytes());
        self.check = Some((username, key));
        self.check(stage);
        stage.out.clear();
        self.dtls.handle_timeout(stage.now).unwrap();
        for _ in 0..20 {
            let (records, keys) = self.drain();
            if keys.is_some() {
                self.keys = keys;
            }
            for mut record in records {
                disturb(stage, self.address);
                stage.engine.receive(stage.now, self.address, &mut record, &mut stage.out);
            }
            let answers: Vec<Vec<u8>> = stage
                .out
                .batches()
                .filter(|(batch, _)| batch.to.address == self.address)
                .flat_map(|(batch, bytes)| bytes.chunks(batch.segment).map(<[u8]>::to_vec))
                .collect();
            stage.out.clear();
            for record in answers.iter().filter(|record| (20..64).contains(&record[0])) {
                self.dtls.handle_packet(record).unwrap();
            }
        }
        assert!(self.keys.is_some(), "the handshake completes");
    }

    fn drain(&mut self) -> (Vec<Vec<u8>>, Option<(Outbound, Inbound)>) {
        let mut buffer = vec![0; 4096];
        let mut records = Vec::new();
        let mut keys = None;
        loop {
            match self.dtls.poll_output(&mut buffer) {
                Output::Packet(record) => records.push(record.to_vec()),
                Output::KeyingMaterial(material, profile) => {
                    assert_eq!(profile, SrtpProfile::AEAD_AES_256_GCM, "the server prefers AES-GCM");
                    let pair = KeyPair::split(Profile::Aes256Gcm, &material).unwrap();
                    keys = Some((Outbound::new(&pair.client), Inbound::new(&pair.server)));
                }
                Output::Timeout(_) => return (records, keys),
                _ => {}
            }
        }
    }

    /// Renews consent.
    pub(crate) fn check(&self, stage: &mut Stage) {
        let mut check = self.checking(stage, self.ufrag(), Role::Controlling(1));
        stage.engine.receive(stage.now, self.address, &mut check, &mut stage.out);
    }

    /// The server's user-name fragment for this client.
    pub(crate) fn ufrag(&self) -> &str {
        self.check.as_ref().map_or("", |(username, _)| username.split(':').next().unwrap_or_default())
    }

    /// A check, signed with this client's password whosever fragment it names.
    pub(crate) fn checking(&self, stage: &mut Stage, ufrag: &str, role: Role) -> Vec<u8> {
        let Some((_, key)) = &self.check else { return Vec::new() };
        let username = format!("{ufrag}:{}", self.name);
        stage.checks += 1;
        let mut transaction = [0; 12];
        transaction[8..].copy_from_slice(&stage.checks.to_be_bytes());
        let request = OutgoingRequest {
            transaction,
            username: username.as_bytes(),
            priority: 1,
            use_candidate: true,
            role,
        };
        let mut check = Vec::new();
        write_request(&mut check, &request, |runs| {
            hmac::sign(key, &runs.concat()).as_ref().try_into().unwrap()
        });
        check
    }

    /// One encrypted packet on the m-line `mid` of the recorded offer.
    pub(crate) fn packet(&mut self, mid: &str, payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
        self.packet_at(mid, payload_type, sequence, u32::from(sequence) * 3000, payload)
    }

    /// The same, with a time stamp.
    pub(crate) fn packet_at(
        &mut self,
        mid: &str,
        payload_type: u8,
        sequence: u16,
        timestamp: u32,
        payload: &[u8],
    ) -> Vec<u8> {
        let header = Outgoing {
            marker: true,
            payload_type,
            sequence,
            timestamp,
            ssrc: ssrc(payload_type),
            csrc: None,
        };
        let number = sequence.to_be_bytes();
        let mut bytes = Vec::new();
        let len = write_header(&mut bytes, &header, &[(4, mid.as_bytes()), (3, &number)]);
        bytes.extend_from_slice(payload);
        self.outbound().seal_rtp(&mut bytes, 0, len, u64::from(sequence));
        bytes
    }

    /// Any packet, encrypted: `header` bytes stay as they are.
    pub(crate) fn seal(&mut self, mut packet: Vec<u8>, header: usize, index: u64) -> Vec<u8> {
        self.outbound().seal_rtp(&mut packet, 0, header, index);
        packet
    }

    /// One encrypted compound of RTCP.
    pub(crate) fn rtcp(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes);
        self.outbound().seal_rtcp(&mut bytes, 0);
        bytes
    }

    fn outbound(&mut self) -> &mut Outbound {
        &mut self.keys.as_mut().expect("the handshake is done").0
    }

    /// Empties the outbox; gives what it held for this client, decrypted: RTP packets and RTCP compounds.
    pub(crate) fn take(&mut self, stage: &mut Stage) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let inbound = &mut self.keys.as_mut().expect("the handshake is done").1;
        let (mut media, mut control) = (Vec::new(), Vec::new());
        for (batch, bytes) in stage.out.batches().filter(|(batch, _)| batch.to.address == self.address) {
            for datagram in bytes.chunks(batch.segment) {
                let mut datagram = datagram.to_vec();
                match wire::demux::classify(&datagram) {
                    Some(Kind::Rtp) => {
                        let header = Header::parse(&datagram).unwrap();
                        let (_, end) = inbound.open_rtp(&mut datagram, header.len).expect("authentic");
                        datagram.truncate(end);
                        media.push(datagram);
                    }
                    Some(Kind::Rtcp) => {
                        let end = inbound.open_rtcp(&mut datagram).expect("authentic");
                        datagram.truncate(end);
                        control.push(datagram);
                    }
                    _ => {}
                }
            }
        }
        stage.out.clear();
        (media, control)
    }

    /// What a stranger with this client's address could send: a handshake of its own, from its first flight on.
    pub(crate) fn forged_records(&self, now: Instant) -> Vec<Vec<u8>> {
        let mut stranger = Self::new("stranger", self.address.port(), now);
        stranger.dtls.handle_timeout(now).unwrap();
        stranger.drain().0
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// What this client sends of a payload type: it never sends two lines of one codec.
pub(crate) fn ssrc(payload_type: u8) -> u32 {
    1000 + u32::from(payload_type)
}
