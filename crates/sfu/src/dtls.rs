//! The DTLS server of one peer: keys for SRTP and nothing else (RFC 5764). There is no data channel.
//!
//! Pinned to DTLS 1.2: there the server chooses the protection profile, and both browsers then get AES-GCM; under 1.3
//! Chromium's order picks the three times dearer AES-CM.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{DtlsCertificate, Output, SrtpProfile};

use wire::dtls;

use crate::srtp::{KeyPair, Profile};
use crate::{Outbox, Remote};

/// First retransmission of a flight. An address is answered only after an ICE check of its owner, so nobody can be
/// flooded; higher costs a lost flight's wait at every join, lower repeats flights to far clients for nothing.
const FIRST_RETRANSMISSION: Duration = Duration::from_millis(200);

/// Doubling from 200 ms, six retries last 25 s, longer than the whole handshake may take.
const RETRIES: usize = 6;

/// The largest datagram of a flight: IPv6's least MTU of 1280 without its headers, and room for a tunnel's.
const MTU: usize = 1180;

/// A record fits, since flights are cut to the MTU; application data is dropped anyway.
const RECORD_BUFFER: usize = 2048;

/// What dimpl serves with our certificate: ephemeral keys, ECDSA, and AES-GCM or `ChaCha20`.
const SUITES: [u16; 3] = [0xc02b, 0xc02c, 0xcca9];

/// What a client says before anything is protected, by its number (RFC 5246 §7.3, RFC 6347 §4.2.2): hello, certificate, key
/// exchange, verify.
const CLIENT_MESSAGES: [u8; 4] = [1, 11, 16, 15];

/// Certificate and settings that all peers of an engine share.
#[derive(Clone)]
pub(crate) struct Identity {
    certificate: DtlsCertificate,
    config: Arc<dimpl::Config>,
}

impl Identity {
    /// A fresh self-signed certificate: its fingerprint goes out in the answers.
    pub(crate) fn generate(handshake_timeout: Duration) -> Self {
        let certificate = dimpl::certificate::generate_self_signed_certificate()
            .expect("the system's generator makes a P-256 key");
        let config = dimpl::Config::builder()
            .mtu(MTU)
            // The address was believed only after an authenticated ICE check, which is what a cookie would prove.
            .use_server_cookie(false)
            .flight_start_rto(FIRST_RETRANSMISSION)
            .flight_retries(RETRIES)
            .handshake_timeout(handshake_timeout)
            .build()
            .expect("these settings are within their ranges");
        Self { certificate, config: Arc::new(config) }
    }

    /// SHA-256 of the certificate.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.certificate.certificate)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// What a call moved.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Nothing that matters outside.
    None,
    /// The handshake is complete and the peer's certificate is the one of its offer.
    Established(KeyPair),
    /// The handshake failed, the certificate is another, or the peer closed the session.
    Failed,
}

/// How far a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Handshake,
    Established,
    /// Established, and then broken by a record that made no sense. SRTP has its keys and goes on; who forges records
    /// with the peer's address must not be able to end a call.
    Deaf,
}

/// One peer's session.
pub(crate) struct DtlsServer {
    inner: dimpl::Dtls,
    /// SHA-256 of the certificate that the offer promised (RFC 8122 §5).
    expected: [u8; 32],
    verified: bool,
    /// The random value of the first hello that can be served: another one with the peer's address is somebody else's.
    client: Option<[u8; dtls::RANDOM_BYTES]>,
    stage: Stage,
    next_timeout: Option<Instant>,
}

impl DtlsServer {
    pub(crate) fn new(identity: &Identity, expected: [u8; 32], now: Instant) -> Self {
        let inner = dimpl::Dtls::new_12(Arc::clone(&identity.config), identity.certificate.clone(), now);
        Self { inner, expected, verified: false, client: None, stage: Stage::Handshake, next_timeout: None }
    }

    /// Takes one datagram from the peer's authenticated address and answers to it.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        datagram: &[u8],
        to: Remote,
        out: &mut Outbox,
    ) -> Progress {
        if self.stage == Stage::Deaf || self.stage == Stage::Handshake && !self.admits(datagram) {
            return Progress::None;
        }
        if self.inner.handle_timeout(now).is_err() {
            return self.broken();
        }
        // dimpl queues what it has to send and refuses input when the queue is full: drain after every call.
        match self.drain(to, out) {
            Progress::None => {}
            progress => return progress,
        }
        if self.inner.handle_packet(datagram).is_err() {
            return self.broken();
        }
        self.drain(to, out)
    }

    /// Whether a datagram can be part of the handshake that began. To the library whatever else comes is the end of it, and
    /// nothing of it is authenticated: anybody may have written the peer's address on it.
    fn admits(&mut self, datagram: &[u8]) -> bool {
        dtls::records(datagram).all(|record| match record {
            dtls::Record::Hello(hello) => {
                hello.version == dtls::VERSION_1_2
                    && hello.cookie.is_empty() // we give none
                    && hello.suites().any(|suite| SUITES.contains(&suite))
                    && *self.client.get_or_insert(hello.random) == hello.random
            }
            dtls::Record::Handshake { kind, message } => {
                CLIENT_MESSAGES.get(usize::from(message)) == Some(&kind)
            }
            dtls::Record::Change | dtls::Record::Protected => true,
            dtls::Record::Other => false,
        })
    }

    /// Retransmits what is due.
    pub(crate) fn timeout(&mut self, now: Instant, to: Remote, out: &mut Outbox) -> Progress {
        if self.next_timeout.is_none_or(|at| now < at) {
            return Progress::None;
        }
        if self.inner.handle_timeout(now).is_err() {
            return self.broken();
        }
        self.drain(to, out)
    }

    /// Says that nothing more comes (RFC 5246 §7.2.1); before the handshake is done there is nobody to say it to.
    pub(crate) fn close(&mut self, to: Remote, out: &mut Outbox) {
        if self.stage == Stage::Established && self.inner.close().is_ok() {
            self.drain(to, out);
        }
    }

    /// The library gave the session up; its every error is final.
    fn broken(&mut self) -> Progress {
        self.next_timeout = None;
        if self.stage == Stage::Handshake {
            return Progress::Failed;
        }
        self.stage = Stage::Deaf;
        Progress::None
    }

    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.next_timeout
    }

    fn drain(&mut self, to: Remote, out: &mut Outbox) -> Progress {
        let mut buffer = vec![0; RECORD_BUFFER];
        let mut connected = false;
        let mut keys = None;
        loop {
            match self.inner.poll_output(&mut buffer) {
                Output::Packet(record) => out.push(to, |bytes| bytes.extend_from_slice(record)),
                Output::BufferTooSmall { needed } => buffer.resize(needed, 0),
                Output::PeerCert(der) => {
                    self.verified = sha256(der) == self.expected;
                    if !self.verified {
                        return Progress::Failed;
                    }
                }
                Output::Connected => connected = true,
                Output::KeyingMaterial(material, profile) => {
                    keys = profile_of(profile).and_then(|profile| KeyPair::split(profile, &material));
                }
                Output::CloseNotify => return Progress::Failed,
                Output::Timeout(at) => {
                    self.next_timeout = Some(at);
                    break;
                }
                _ => {}
            }
        }
        match (connected, keys) {
            (false, _) => Progress::None,
            (true, Some(keys)) if self.verified => {
                self.stage = Stage::Established;
                Progress::Established(keys)
            }
            // Without SRTP or a certificate there is nothing to talk about.
            (true, _) => Progress::Failed,
        }
    }
}

impl fmt::Debug for DtlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DtlsServer").field("stage", &self.stage).finish_non_exhaustive()
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    hash
}

fn profile_of(profile: SrtpProfile) -> Option<Profile> {
    match profile {
        SrtpProfile::AEAD_AES_256_GCM => Some(Profile::Aes256Gcm),
        SrtpProfile::AEAD_AES_128_GCM => Some(Profile::Aes128Gcm),
        SrtpProfile::AES128_CM_SHA1_80 => Some(Profile::Aes128CmSha1),
        _ => None,
    }
}
