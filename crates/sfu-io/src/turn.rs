//! TURN for people whose network passes nothing but TLS, in a thread of its own (docs/decisions/0011-turn-beside-https.md).
//!
//! ```text
//! listeners ─► front.rs (on a shared port: whose is it?) ─► stream.rs (TLS or plain) ─► turn::Server
//!                  └─► HTTPS: handed back                                                  │
//!                                                            relay.rs (UDP to a worker) ◄──┘
//! ```
//!
//! A relayed address is a UDP socket of this machine that speaks to the workers' ports only: to them its clients are like any
//! other, whichever worker they belong to, and encryption of TLS costs the media threads nothing.

#![allow(clippy::disallowed_methods, reason = "the one place where the server's time begins")]

mod front;
mod relay;
mod run;
mod stream;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::addresses::{Route, StartError, cannot_listen, parse_listen};
use crate::sys;
use run::Run;

/// RFC 7443: what clients may say in TLS that they are here for.
pub(crate) const ALPN: &[u8] = b"stun.turn";

/// What an operator can set.
#[derive(Debug, Clone)]
pub struct TurnSettings {
    /// `address:port` for TLS; empty for none.
    pub listen: String,
    /// `address:port` for TURN without TLS, for who ends TLS elsewhere; empty for none.
    pub plain_listen: String,
    /// A bound socket of HTTPS that TURN shares; this owns it from now on.
    pub shared: Option<RawFd>,
    /// The name under which TURN is reached: on a shared port, whoever asks for it is not asking for HTTPS.
    pub host: String,
    /// PEM file of the certificate chain; needed for TLS.
    pub certificate: PathBuf,
    /// PEM file of its key.
    pub key: PathBuf,
    /// Told to clients, who make their key with it.
    pub realm: String,
    /// What passwords are made from.
    pub secret: String,
    /// The media addresses of this node.
    pub routes: Vec<Route>,
    /// What clients may take.
    pub limits: turn::Limits,
}

/// A running TURN server. Dropping it closes it.
#[derive(Debug)]
pub struct TurnServer {
    shared: Arc<Shared>,
    /// Certificate and key, where there is TLS.
    files: Option<(PathBuf, PathBuf)>,
    addresses: Vec<SocketAddr>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread and its owner both hold.
#[derive(Debug)]
pub(crate) struct Shared {
    closing: AtomicBool,
    /// Wakes the thread.
    pub(crate) work: sys::Pipe,
    /// Readable while connections of HTTPS wait.
    wake: sys::Pipe,
    handed: Mutex<Vec<OwnedFd>>,
    /// What the next connection by TLS is served with.
    tls: Mutex<Option<Arc<ServerConfig>>>,
    counts: Mutex<Vec<(&'static str, u64)>>,
}

impl Shared {
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Gives a connection of HTTPS, of which nothing was read, to its server.
    pub(crate) fn hand_over(&self, connection: OwnedFd) {
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        handed.push(connection);
        if handed.len() == 1 {
            self.wake.set();
        }
    }

    pub(crate) fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.tls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn publish(&self, counts: impl Iterator<Item = (&'static str, u64)>) {
        let mut shared = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        shared.clear();
        shared.extend(counts);
    }
}

impl TurnServer {
    /// Opens the listeners and starts the thread.
    pub fn start(settings: TurnSettings) -> Result<Self, StartError> {
        // Owned first, so that it is closed whatever follows.
        let shared = settings.shared.map(sys::owned_fd);
        let files = (settings.certificate, settings.key);
        let files = (!files.0.as_os_str().is_empty()).then_some(files);
        let tls = files.as_ref().map(|(certificate, key)| tls_config(certificate, key)).transpose()?;
        if tls.is_none() && (shared.is_some() || !settings.listen.is_empty()) {
            return Err(StartError::Address("TURN over TLS needs a certificate".to_owned()));
        }
        let mut addresses = Vec::new();
        let mut listen = |text: &str| -> Result<Option<TcpListener>, StartError> {
            if text.is_empty() {
                return Ok(None);
            }
            let address = parse_listen(text)?;
            let failed = |source| cannot_listen(address, "TCP", source);
            let listener = sys::tcp_listener(address).map_err(failed)?;
            addresses.push(listener.local_addr().map_err(failed)?);
            Ok(Some(listener))
        };
        let by_tls = listen(&settings.listen)?;
        let plain = listen(&settings.plain_listen)?;
        let handles = move || -> io::Result<Shared> {
            Ok(Shared {
                closing: AtomicBool::new(false),
                work: sys::Pipe::new()?,
                wake: sys::Pipe::new()?,
                handed: Mutex::default(),
                tls: Mutex::new(tls),
                counts: Mutex::default(),
            })
        };
        let failed = |source: io::Error| {
            let message = format!("cannot start TURN ({source}): check the limit of open files");
            StartError::Listen { source, message }
        };
        let handles = Arc::new(handles().map_err(failed)?);
        let config = turn::Config {
            realm: settings.realm,
            secret: settings.secret,
            destinations: settings.routes.iter().map(|route| route.advertised).collect(),
            seed: sys::seed().map_err(failed)?,
            wall_clock: SystemTime::now(),
            limits: settings.limits.clone(),
        };
        let listeners = [
            by_tls.map(|it| (it, front::Kind::Tls)),
            plain.map(|it| (it, front::Kind::Plain)),
            shared.map(|it| (TcpListener::from(it), front::Kind::Shared)),
        ];
        let server = turn::Server::new(config, Instant::now());
        let run = Run::new(
            server,
            listeners.into_iter().flatten().collect(),
            settings.host,
            settings.routes,
            settings.limits.allocations,
            Arc::clone(&handles),
        )
        .map_err(failed)?;
        let thread = std::thread::Builder::new().name("turn".into()).spawn(|| run.until_closed());
        let thread = thread.map_err(failed)?;
        Ok(Self { shared: handles, files, addresses, thread: Mutex::new(Some(thread)) })
    }

    /// Where it listens: by TLS, without, as far as they are set.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Reads certificate and key anew: connections from now on are served with them. Where they cannot be used, all stays as it
    /// was.
    pub fn renew(&self) -> Result<(), StartError> {
        let Some((certificate, key)) = &self.files else { return Ok(()) };
        let config = tls_config(certificate, key)?;
        *self.shared.tls.lock().unwrap_or_else(PoisonError::into_inner) = Some(config);
        Ok(())
    }

    /// Readable while connections of HTTPS wait to be taken. Owned by the server.
    pub fn wake_fd(&self) -> RawFd {
        self.shared.wake.fd()
    }

    /// Connections to the shared port that are HTTPS, untouched; the caller owns them.
    pub fn take(&self) -> Vec<RawFd> {
        let mut handed = self.shared.handed.lock().unwrap_or_else(PoisonError::into_inner);
        if !handed.is_empty() {
            self.shared.wake.clear();
        }
        handed.drain(..).map(IntoRawFd::into_raw_fd).collect()
    }

    /// What was turned away or lost, and how many relayed addresses there are, as of a second ago.
    pub fn counts(&self) -> Vec<(&'static str, u64)> {
        self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stops the thread and closes every socket. Doing it again does nothing.
    pub fn close(&self) {
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        self.shared.closing.store(true, Ordering::Release);
        self.shared.work.set();
        let _ = thread.join(); // a panic ends TURN and nothing else
    }
}

impl Drop for TurnServer {
    fn drop(&mut self) {
        self.close();
    }
}

fn tls_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, StartError> {
    let unusable = |path: &Path, error: &dyn std::fmt::Display| {
        StartError::Address(format!("TURN cannot use {}: {error}", path.display()))
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|it| it.with_no_client_auth().with_single_cert(chain, private))
        .map_err(|error| unusable(certificate, &error))?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}
