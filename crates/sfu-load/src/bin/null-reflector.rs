//! What the machine itself can do: a server that sends on to everybody what it receives, and nothing else. It looks into no
//! packet, encrypts nothing, and keeps nothing of anybody. Saturation is told as a ratio to it, since machines differ.
//!
//! `null-reflector serve` prints its address, and `null-reflector load` with what [`USAGE`] says prints a line of JSON;
//! `benches/load/reflector.py` runs both, each on a core of its own. It reads and sends as our server does: runs that the kernel
//! has joined, at most 64 datagrams before what they cause is sent, as runs of at most eight.

#![allow(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]

use std::io::{self, ErrorKind, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use sfu_io::sys::{self, Epoll, RawAddress, Ready};
use sfu_load::process::usage;

const USAGE: &str = "Write serve, or load ADDRESS PID WATCHERS PACKETS_PER_SECOND PACKETS_PER_FRAME SECONDS with|without sound.";

/// As the engine's worker does it.
const RECEIVE_BATCH: usize = 64;
const MAX_SEGMENTS: usize = 8;
const BUFFER_BYTES: i32 = 4 << 20;
/// A watcher's, as in `seat.rs`.
const WATCHER_BUFFER_BYTES: i32 = 1 << 20;
const READ_BYTES: usize = 64 << 10;
/// What a packet of 1100 bytes of payload is on the wire, encrypted.
const PACKET_BYTES: usize = 1140;
/// The same, of sound, and how often.
const SOUND_BYTES: usize = 72;
const SOUND_INTERVAL: Duration = Duration::from_millis(20);
/// Who says so much is to be sent everything from then on.
const HELLO: &[u8] = b"hello";
/// Sends that are late by more are left out, as in `publisher.rs`.
const LATEST: Duration = Duration::from_millis(250);
/// After the last packet, for what is still on its way.
const REST: Duration = Duration::from_millis(300);

fn main() -> io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => serve(),
        ["load", server, pid, watchers, rate, frame, seconds, sound @ ("with" | "without"), "sound"] => {
            let number = |text: &str| text.parse::<u32>().map_err(io::Error::other);
            let load = Load {
                server: server.parse().map_err(io::Error::other)?,
                pid: number(pid)?,
                watchers: number(watchers)?,
                rate: number(rate)?.max(1),
                frame: number(frame)?.max(1),
                duration: Duration::from_secs(number(seconds)?.into()),
                sound: sound == "with",
            };
            println!("{}", load.run()?);
            Ok(())
        }
        _ => Err(io::Error::other(USAGE)),
    }
}

/// Until it is ended from outside.
fn serve() -> io::Result<()> {
    let socket = bound(BUFFER_BYTES)?;
    println!("{}", socket.local_addr()?);
    let mut watchers: Vec<RawAddress> = Vec::new();
    let mut buffer = vec![0; READ_BYTES];
    // What was read in this turn, as runs of one size.
    let mut held: Vec<u8> = Vec::new();
    loop {
        sys::wait([socket.as_raw_fd()], None)?;
        let (mut count, mut size) = (0, 0);
        while count < RECEIVE_BATCH {
            let received = match sys::receive(&socket, &mut buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => continue, // an earlier send's, which nobody takes any more
            };
            let bytes = &buffer[..received.len];
            if bytes == HELLO {
                watchers.extend(received.from.map(sys::to_raw));
                continue;
            }
            if received.segment != size {
                reflect(&socket, &watchers, &held, size);
                held.clear();
                size = received.segment;
            }
            held.extend_from_slice(bytes);
            count += received.len.div_ceil(received.segment);
        }
        reflect(&socket, &watchers, &held, size);
        held.clear();
    }
}

/// What the kernel refuses is lost, and the watchers count it.
fn reflect(socket: &UdpSocket, watchers: &[RawAddress], packets: &[u8], size: usize) {
    for run in packets.chunks((size * MAX_SEGMENTS).max(1)) {
        for watcher in watchers {
            let segment = (run.len() > size).then_some(size as u16);
            let _ = sys::send(socket, watcher, None, &[IoSlice::new(run)], segment);
        }
    }
}

struct Load {
    server: SocketAddr,
    pid: u32,
    watchers: u32,
    rate: u32,
    frame: u32,
    duration: Duration,
    sound: bool,
}

impl Load {
    fn run(&self) -> io::Result<String> {
        let epoll = Epoll::new()?;
        let watchers = (0..self.watchers)
            .map(|number| {
                let socket = bound(WATCHER_BUFFER_BYTES)?;
                socket.connect(self.server)?;
                socket.send(HELLO)?;
                epoll.add(socket.as_raw_fd(), number.into())?;
                Ok(socket)
            })
            .collect::<io::Result<Vec<_>>>()?;
        let publisher = bound(BUFFER_BYTES)?;
        publisher.connect(self.server)?;
        let (mut buffer, mut ready): (_, Vec<Ready>) = (vec![0; READ_BYTES], Vec::new());
        let (mut sent, mut received) = (0_u64, 0_u64);
        let interval = Duration::from_secs(1) * self.frame / self.rate;
        let begin = Instant::now() + REST; // until then the greetings have come
        let (end, mut next, mut next_sound) = (begin + self.duration, begin, begin);
        let cpu = || [self.pid, std::process::id()].map(|pid| usage(pid).unwrap_or_default().cpu_seconds);
        let before = cpu();
        loop {
            let now = Instant::now();
            let latest = now.checked_sub(LATEST).unwrap_or(now);
            while next <= now && next < end {
                next = (next + interval).max(latest);
                for _ in 0..self.frame {
                    publisher.send(&[0x5a; PACKET_BYTES])?;
                    sent += 1;
                }
            }
            while self.sound && next_sound <= now && next_sound < end {
                next_sound = (next_sound + SOUND_INTERVAL).max(latest);
                publisher.send(&[0x5a; SOUND_BYTES])?;
                sent += 1;
            }
            if now >= end + REST {
                break;
            }
            let due = if next < end { next } else { end + REST };
            let due = if self.sound && next_sound < end { due.min(next_sound) } else { due };
            sys::wait([epoll.fd()], Some(due.saturating_duration_since(Instant::now())))?;
            ready.clear();
            epoll.take(&mut ready);
            for one in &ready {
                let Ok(read) = sys::receive(&watchers[one.token as usize], &mut buffer) else { continue };
                received += read.len.div_ceil(read.segment.max(1)) as u64;
            }
        }
        let after = cpu();
        let share = |at: usize| (after[at] - before[at]) / self.duration.as_secs_f64();
        let expected = sent * u64::from(self.watchers);
        let lost = expected.saturating_sub(received);
        Ok(format!(
            r#"{{"sent": {sent}, "expected": {expected}, "delivered": {received}, "share_lost": {:.6}, "kpps": {:.3},
 "server_share": {:.3}, "client_share": {:.3}}}"#,
            lost as f64 / expected.max(1) as f64,
            received as f64 / self.duration.as_secs_f64() / 1000.0,
            share(0),
            share(1),
        ))
    }
}

fn bound(buffer_bytes: i32) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    sys::receive_joined(&socket, buffer_bytes)?;
    Ok(socket)
}
