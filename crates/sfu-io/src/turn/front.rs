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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::sync::Arc;

    use rustls::crypto::aws_lc_rs::default_provider;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};

    use super::{Verdict, judge, look};
    use crate::sys::{Epoll, wait};

    /// The first message of a client that connects to `name` and speaks `protocols`.
    fn hello(name: &str, protocols: &[&[u8]]) -> Vec<u8> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|it| it.to_vec()).collect();
        let name = name.to_owned().try_into().expect("a name");
        let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).expect("a message");
        bytes
    }

    /// One first message that is kept in `fuzz/`: cut anywhere it is waited for, changed anywhere it is somebody's.
    #[test]
    fn no_hello_is_too_short_or_too_strange() {
        let kept = include_bytes!("../../../../fuzz/corpus/tls/client-hello-for-turn.bin");
        assert_eq!(judge(kept, "turn.example.org"), Verdict::Turn);
        for end in 0..kept.len() {
            assert_eq!(judge(&kept[..end], "turn.example.org"), Verdict::Wait, "{end}");
        }
        for at in 0..kept.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = kept.to_vec();
                changed[at] = value;
                judge(&changed, "turn.example.org");
            }
        }
    }

    #[test]
    fn the_name_or_the_protocol_decides() {
        let turn = |name, protocols| judge(&hello(name, protocols), "turn.example.org");
        assert_eq!(turn("turn.example.org", &[]), Verdict::Turn);
        assert_eq!(turn("Turn.Example.Org", &[b"http/1.1"]), Verdict::Turn);
        assert_eq!(turn("meet.example.org", &[b"stun.turn"]), Verdict::Turn);
        assert_eq!(turn("meet.example.org", &[b"h2", b"http/1.1"]), Verdict::Https);
        assert_eq!(turn("192.0.2.1", &[]), Verdict::Https, "an address is no name");
        let whole = hello("turn.example.org", &[]);
        for len in 1..whole.len() {
            assert_eq!(judge(&whole[..len], "turn.example.org"), Verdict::Wait, "{len} bytes");
        }
        for noise in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0; 40], &[0x16, 3, 1, 0xff, 0xff, 1, 1, 1]] {
            assert_ne!(judge(noise, "turn.example.org"), Verdict::Turn);
        }
    }

    /// A half message would otherwise keep the thread awake until the other half comes, or for ten seconds.
    #[test]
    fn half_a_message_wakes_nobody_until_more_comes() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let mut client = TcpStream::connect(listener.local_addr().expect("bound")).expect("a connection");
        let (server, _) = listener.accept().expect("a connection");
        server.set_nonblocking(true).expect("a socket");
        let epoll = Epoll::new().expect("a set");
        epoll.add(server.as_raw_fd(), 7).expect("added");
        let is_ready = || {
            let mut ready = Vec::new();
            epoll.take(&mut ready);
            !ready.is_empty()
        };
        let whole = hello("turn.example.org", &[]);
        let (half, rest) = whole.split_at(100);
        let mut seen = 0;
        client.write_all(half).expect("sent");
        wait([epoll.fd()], None).expect("readable");
        assert_eq!(look(&server, "turn.example.org", &mut seen), Verdict::Wait);
        assert!(!is_ready());
        client.write_all(rest).expect("sent");
        wait([epoll.fd()], None).expect("readable");
        let mut verdict = look(&server, "turn.example.org", &mut seen);
        while verdict == Verdict::Wait {
            wait([epoll.fd()], None).expect("readable");
            verdict = look(&server, "turn.example.org", &mut seen);
        }
        assert_eq!(verdict, Verdict::Turn);
        let mut all = vec![0; whole.len()];
        assert_eq!(server.peek(&mut all).expect("all"), whole.len(), "nothing was taken");

        drop(client);
        let mut other = TcpStream::connect(listener.local_addr().expect("bound")).expect("a connection");
        let (server, _) = listener.accept().expect("a connection");
        other.write_all(half).expect("sent");
        other.shutdown(std::net::Shutdown::Write).expect("ended");
        let mut seen = 0;
        let mut verdict = Verdict::Wait;
        while verdict == Verdict::Wait {
            verdict = look(&server, "turn.example.org", &mut seen);
        }
        assert_eq!(verdict, Verdict::Gone, "no more comes");
    }
}
