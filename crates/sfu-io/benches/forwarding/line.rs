//! How a client reaches the engine: datagrams, or the same in a stream (RFC 4571).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

/// The client's end.
pub(crate) enum Line {
    Udp(UdpSocket),
    /// With what was read and is no whole frame yet.
    Tcp(TcpStream, Vec<u8>),
}

impl Line {
    pub(crate) fn connect(&mut self, server: SocketAddr) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.connect(server),
            Self::Tcp(..) => Ok(()),
        }
    }

    /// How long [`Line::recv`] waits; `None`: not at all.
    pub(crate) fn patience(&self, patience: Option<Duration>) -> io::Result<()> {
        match self {
            Self::Udp(socket) if patience.is_some() => socket.set_read_timeout(patience),
            Self::Udp(socket) => socket.set_nonblocking(true),
            Self::Tcp(stream, _) if patience.is_some() => stream.set_read_timeout(patience),
            Self::Tcp(stream, _) => stream.set_nonblocking(true),
        }
    }

    pub(crate) fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(datagram).map(drop),
            Self::Tcp(stream, _) => {
                let head = (datagram.len() as u16).to_be_bytes();
                stream.write_all(&[&head, datagram].concat())
            }
        }
    }

    pub(crate) fn recv(&mut self, datagram: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Udp(socket) => socket.recv(datagram),
            Self::Tcp(stream, read) => loop {
                if let [a, b, rest @ ..] = &read[..]
                    && let len = usize::from(u16::from_be_bytes([*a, *b]))
                    && let Some(frame) = rest.get(..len)
                {
                    datagram[..len].copy_from_slice(frame);
                    read.drain(..2 + len);
                    return Ok(len);
                }
                let mut piece = [0; 16 << 10];
                match stream.read(&mut piece)? {
                    0 => return Err(ErrorKind::UnexpectedEof.into()),
                    count => read.extend_from_slice(&piece[..count]),
                }
            },
        }
    }

    pub(crate) fn port(&self) -> io::Result<u16> {
        let local = match self {
            Self::Udp(socket) => socket.local_addr(),
            Self::Tcp(stream, _) => stream.local_addr(),
        };
        Ok(local?.port())
    }
}
