//! ICE, DTLS and the SRTP keys of one connection to one address, without I/O.
//!
//! The controlling side of ICE (RFC 8445): it checks one pair and nominates it at once, answers the other side's checks, and
//! goes on checking, which is also its consent (RFC 7675). The DTLS client.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::{digest, hmac, rand};
use dimpl::{Dtls, DtlsCertificate, Output, SrtpProfile};
use sfu::srtp::{Inbound, KeyPair, Outbound, Profile};
use wire::demux::{Kind, classify};
use wire::stun::{
    BindingRequest, INTEGRITY_BYTES, OutgoingRequest, Role, parse_success, write_request, write_success,
};

use crate::sdp::Answer;

/// Between two checks until one is answered.
const CHECK_AGAIN: Duration = Duration::from_millis(100);
/// Between two checks of a connection that stands: below the 5 s of RFC 7675 and the 2.5 s of Chromium.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// As long as a server has to believe that nobody is there (RFC 7675 §5.1 says 30 s).
const CONSENT: Duration = Duration::from_secs(15);
/// DTLS records, and datagrams that carry them.
const RECORD_BYTES: usize = 2048;
/// Of a host candidate that the other side learns from our checks (RFC 8445 §5.1.2).
const PRIORITY: u32 = 0x6e7f_00ff;

/// What all clients of one process share: making a certificate costs as much as half a handshake.
#[derive(Clone)]
pub struct Identity {
    certificate: DtlsCertificate,
    config: Arc<dimpl::Config>,
    /// SHA-256 of the certificate as RFC 8122 writes it.
    pub fingerprint: String,
    /// Of our side's ICE credentials.
    pub password: String,
}

impl Identity {
    /// A new certificate and password.
    pub fn new() -> io::Result<Self> {
        let certificate = dimpl::certificate::generate_self_signed_certificate().map_err(io::Error::other)?;
        let hash = digest::digest(&digest::SHA256, &certificate.certificate);
        let mut secret = [0; 12];
        rand::fill(&mut secret).map_err(io::Error::other)?;
        Ok(Self {
            fingerprint: hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"),
            password: secret.map(|byte| format!("{byte:02x}")).concat(),
            config: Arc::new(dimpl::Config::builder().build().map_err(io::Error::other)?),
            certificate,
        })
    }
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No answer yet.
    New,
    /// No check was answered yet.
    Checking,
    /// ICE is up.
    Shaking,
    /// Media may flow.
    Up,
    /// Nothing more will come of it; says why.
    Lost(&'static str),
}

/// One connection.
pub struct Link {
    state: State,
    dtls: Dtls,
    ufrag: String,
    /// Keyed with our password.
    own: hmac::Key,
    /// User name and password of our checks.
    other: Option<(String, hmac::Key)>,
    /// Of the check that is not answered yet; an answer may come after the check was repeated (RFC 8489 §6.2.1).
    transaction: Option<[u8; 12]>,
    next_check: Instant,
    next_dtls: Option<Instant>,
    consent_until: Instant,
    keys: Option<(Outbound, Inbound, Profile)>,
    buffer: Vec<u8>,
}

fn sign(key: &hmac::Key, runs: &[&[u8]]) -> [u8; INTEGRITY_BYTES] {
    let mut context = hmac::Context::with_key(key);
    for run in runs {
        context.update(run);
    }
    let mut tag = [0; INTEGRITY_BYTES];
    tag.copy_from_slice(context.sign().as_ref());
    tag
}

impl Link {
    /// The one of this number, which tells ours apart.
    pub fn new(identity: &Identity, number: u32, now: Instant) -> Self {
        let mut dtls = Dtls::new_12(Arc::clone(&identity.config), identity.certificate.clone(), now);
        dtls.set_active(true);
        Self {
            state: State::New,
            dtls,
            ufrag: format!("L{number:07x}"),
            own: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, identity.password.as_bytes()),
            other: None,
            transaction: None,
            next_check: now,
            next_dtls: None,
            consent_until: now,
            keys: None,
            buffer: Vec::new(),
        }
    }

    /// Our user name of ICE, for the offer.
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// How far it has come.
    pub fn state(&self) -> State {
        self.state
    }

    /// The keys, once, when it is up.
    pub fn take_keys(&mut self) -> Option<(Outbound, Inbound, Profile)> {
        self.keys.take()
    }

    /// The other side answered: checks may begin.
    pub fn answered(&mut self, now: Instant, answer: &Answer) {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, answer.password.as_bytes());
        self.other = Some((format!("{}:{}", answer.ufrag, self.ufrag), key));
        self.state = State::Checking;
        self.next_check = now;
        self.consent_until = now + CONSENT;
    }

    /// When [`Link::timeout`] is next to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        match self.state {
            State::New | State::Lost(_) => None,
            _ => self.next_dtls.into_iter().chain([self.next_check]).min(),
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        if matches!(self.state, State::New | State::Lost(_)) {
            return;
        }
        if now > self.consent_until {
            self.state = State::Lost("its checks were not answered for 15 s");
            return;
        }
        if self.next_check <= now {
            self.check(now, send);
        }
        if self.state != State::Checking && self.next_dtls.is_some_and(|at| at <= now) {
            self.advance(now, send);
        }
    }

    /// Takes a datagram that is not media.
    pub fn receive(&mut self, now: Instant, datagram: &[u8], send: &mut dyn FnMut(&[u8])) {
        match classify(datagram) {
            Some(Kind::Stun) => self.receive_stun(now, datagram, send),
            Some(Kind::Dtls) if matches!(self.state, State::Shaking | State::Up) => {
                // What is damaged or foreign is ignored, as everywhere in DTLS (RFC 6347 §4.1.2.7).
                let _ = self.dtls.handle_packet(datagram);
                self.drain(send);
            }
            _ => {}
        }
    }

    fn receive_stun(&mut self, now: Instant, datagram: &[u8], send: &mut dyn FnMut(&[u8])) {
        if let Ok(request) = BindingRequest::parse(datagram) {
            if request.verify(|runs| sign(&self.own, runs)) {
                self.buffer.clear();
                let mapped = ([127, 0, 0, 1], 9).into(); // nobody learns an address of theirs from us
                write_success(&mut self.buffer, request.transaction, mapped, |runs| sign(&self.own, runs));
                send(&self.buffer);
            }
            return;
        }
        let Some((_, key)) = &self.other else { return };
        let Ok((transaction, _)) = parse_success(datagram, |runs| sign(key, runs)) else { return };
        if self.transaction != Some(transaction) {
            return;
        }
        self.transaction = None; // the next one renews the consent of who counts each once
        self.consent_until = now + CONSENT;
        self.next_check = now + CHECK_INTERVAL;
        if self.state == State::Checking {
            self.state = State::Shaking;
            self.advance(now, send);
        }
    }

    fn check(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        let Some((username, key)) = &self.other else { return };
        let transaction = *self.transaction.get_or_insert_with(|| {
            let mut fresh = [0; 12];
            let _ = rand::fill(&mut fresh); // it does not fail once it has answered, as it did for the password
            fresh
        });
        let request = OutgoingRequest {
            transaction,
            username: username.as_bytes(),
            priority: PRIORITY,
            use_candidate: true,
            role: Role::Controlling(1),
        };
        self.buffer.clear();
        write_request(&mut self.buffer, &request, |runs| sign(key, runs));
        send(&self.buffer);
        self.next_check = now + if self.state == State::Checking { CHECK_AGAIN } else { CHECK_INTERVAL };
    }

    fn advance(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        if self.dtls.handle_timeout(now).is_err() {
            self.state = State::Lost("the DTLS handshake took too long");
            return;
        }
        self.drain(send);
    }

    fn drain(&mut self, send: &mut dyn FnMut(&[u8])) {
        let mut record = [0; RECORD_BYTES];
        loop {
            match self.dtls.poll_output(&mut record) {
                Output::Packet(datagram) => send(datagram),
                Output::KeyingMaterial(material, profile) => {
                    let profile = match profile {
                        SrtpProfile::AEAD_AES_256_GCM => Profile::Aes256Gcm,
                        SrtpProfile::AEAD_AES_128_GCM => Profile::Aes128Gcm,
                        _ => Profile::Aes128CmSha1,
                    };
                    if let Some(pair) = KeyPair::split(profile, &material) {
                        self.keys = Some((Outbound::new(&pair.client), Inbound::new(&pair.server), profile));
                        self.state = State::Up;
                    }
                }
                Output::CloseNotify => self.state = State::Lost("the server closed it"),
                Output::Timeout(at) => {
                    self.next_dtls = Some(at);
                    return;
                }
                Output::BufferTooSmall { .. } => {
                    self.state = State::Lost("its DTLS records are larger than a datagram");
                    return;
                }
                _ => {}
            }
        }
    }
}
