//! A client's stream, by TLS or without. What the kernel does not take at once waits here, within bounds.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use rustls::ServerConnection;

use crate::sys;

/// Bytes that wait for the kernel: half a second of 1 Mbit/s. Beyond that a picture is old when it arrives.
const MAX_WAITING: usize = 64 << 10;

/// Unsent bytes in the kernel at which it takes no more (`TCP_NOTSENT_LOWAT`): the queue is here, where it is bounded.
const UNSENT: i32 = 16 << 10;

/// Read at a time.
const PIECE_BYTES: usize = 16 << 10;

/// The stream has ended, or cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended;

#[derive(Debug)]
pub(crate) struct Stream {
    tcp: TcpStream,
    tls: Option<Box<ServerConnection>>,
    /// What the kernel has not taken yet.
    waiting: Vec<u8>,
}

impl Stream {
    pub(crate) fn new(tcp: TcpStream, tls: Option<ServerConnection>) -> io::Result<Self> {
        sys::set_option(&tcp, libc::IPPROTO_TCP, libc::TCP_NOTSENT_LOWAT, UNSENT)?;
        Ok(Self { tcp, tls: tls.map(Box::new), waiting: Vec::new() })
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.tcp.as_raw_fd()
    }

    pub(crate) fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// The connection itself, of which nothing was read.
    pub(crate) fn into_fd(self) -> OwnedFd {
        self.tcp.into()
    }

    /// From now on by TLS.
    pub(crate) fn secure(&mut self, tls: ServerConnection) {
        self.tls = Some(Box::new(tls));
    }

    /// Whether so many bytes more may wait.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.waiting.len() + bytes <= MAX_WAITING
    }

    /// Reads once and appends what the client said to `said`.
    pub(crate) fn read(&mut self, said: &mut Vec<u8>) -> Result<(), Ended> {
        let mut piece = [0; PIECE_BYTES];
        let Some(tls) = &mut self.tls else {
            return match self.tcp.read(&mut piece) {
                Ok(count) if count > 0 => {
                    said.extend_from_slice(&piece[..count]);
                    Ok(())
                }
                Err(error) if is_passing(&error) => Ok(()),
                _ => Err(Ended),
            };
        };
        match tls.read_tls(&mut self.tcp) {
            Ok(count) if count > 0 => {}
            Err(error) if is_passing(&error) => return Ok(()),
            _ => return Err(Ended),
        }
        let state = tls.process_new_packets();
        // Who says that it closes is answered, and waits for no more (RFC 8446 §6.1).
        let has_closed = state.as_ref().is_ok_and(rustls::IoState::peer_has_closed);
        if has_closed {
            tls.send_close_notify();
        }
        let is_over = has_closed || state.is_err();
        while let Ok(count) = tls.reader().read(&mut piece)
            && count > 0
        {
            said.extend_from_slice(&piece[..count]);
        }
        // Also where it went wrong: the client is told why, in its terms.
        let flushed = self.flush();
        if is_over { Err(Ended) } else { flushed }
    }

    /// Says `words`.
    pub(crate) fn write(&mut self, words: &[u8]) -> Result<(), Ended> {
        match &mut self.tls {
            None => self.waiting.extend_from_slice(words),
            Some(tls) => tls.writer().write_all(words).map_err(|_| Ended)?,
        }
        self.flush()
    }

    /// Gives the kernel what it takes.
    pub(crate) fn flush(&mut self) -> Result<(), Ended> {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                tls.write_tls(&mut self.waiting).map_err(|_| Ended)?;
            }
        }
        let mut written = 0;
        while written < self.waiting.len() {
            match self.tcp.write(&self.waiting[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Err(Ended),
            }
        }
        self.waiting.drain(..written);
        Ok(())
    }

    /// Whether something waits for the kernel.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
