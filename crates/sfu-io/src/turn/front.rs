//! Whose is a connection to a port that HTTPS and TURN share? The first message of TLS says so, and is only looked at.

use std::io::{self, ErrorKind};
use std::net::TcpStream;

use rustls::server::Acceptor;

use super::ALPN;
use crate::sys;

/// A first message that is longer is not waited for: with keys against quantum computers it has 2 kB, with what a server
/// remembers with its client some more.
const MAX_HELLO: usize = 16 << 10;

/// What a listener takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// TURN by TLS.
    Tls,
    /// TURN without.
    Plain,
    /// Both TURN by TLS and HTTPS.
    Shared,
}

/// What a look at a connection says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It names our host, or TURN itself (RFC 7443).
    Turn,
    /// Anything else, also what is no TLS: its server knows how to say no.
    Https,
    /// More has to come first.
    Wait,
    /// Nothing more will.
    Gone,
}

/// Looks at what came without taking it; `seen` is what had come at the last look.
pub(crate) fn look(stream: &TcpStream, host: &str, seen: &mut usize) -> Verdict {
    let mut hello = [0; MAX_HELLO];
    let len = match stream.peek(&mut hello) {
        Ok(0) => return Verdict::Gone,
        Ok(len) => len,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            return Verdict::Wait;
        }
        Err(_) => return Verdict::Gone,
    };
    let verdict = judge(&hello[..len], host);
    if verdict != Verdict::Wait {
        // Whoever reads next wants to hear of every byte again.
        return if wake_at(stream, 1).is_ok() { verdict } else { Verdict::Gone };
    }
    // Half a message keeps the socket readable: without a mark above it we would be told so for ever.
    if len <= *seen || wake_at(stream, len + 1).is_err() {
        return Verdict::Gone;
    }
    *seen = len;
    Verdict::Wait
}

fn wake_at(stream: &TcpStream, bytes: usize) -> io::Result<()> {
    sys::set_option(stream, libc::SOL_SOCKET, libc::SO_RCVLOWAT, bytes as i32)
}

fn judge(mut hello: &[u8], host: &str) -> Verdict {
    let is_full = hello.len() >= MAX_HELLO;
    let mut acceptor = Acceptor::default();
    while !hello.is_empty() {
        if acceptor.read_tls(&mut hello).is_err() {
            return Verdict::Https;
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                let hello = accepted.client_hello();
                let named = hello.server_name().is_some_and(|name| name.eq_ignore_ascii_case(host));
                let asked = hello.alpn().is_some_and(|mut all| all.any(|it| it == ALPN));
                return if named || asked { Verdict::Turn } else { Verdict::Https };
            }
            Ok(None) => {}
            Err(_) => return Verdict::Https,
        }
    }
    if is_full { Verdict::Https } else { Verdict::Wait }
}
