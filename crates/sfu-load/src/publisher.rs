//! Media on their way up: pictures at a rate, sound, sender reports; answers to what is asked for.

use std::time::{Duration, Instant, SystemTime};

use sfu::srtp::{Inbound, Outbound};
use wire::rtcp::{Packet, SenderInfo, packets, write_cname, write_sender_report};
use wire::rtp::{Outgoing, write_header};

use crate::film::{Clock, Mark, Piece, write_picture, write_sound};
use crate::sdp::Answer;

/// Packets kept for retransmission: a second of 500 a second.
const KEPT: usize = 512;
const SOUND_INTERVAL: Duration = Duration::from_millis(20);
const SOUND_TICKS: u32 = 960;
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Sends that are late by more are left out: a process that stood still would flood the server.
const LATEST: Duration = Duration::from_millis(250);
/// Key frames on request, at most one in this time; requests of many watchers come together.
const KEY_FRAME_INTERVAL: Duration = Duration::from_millis(50);

/// What a publisher sends.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Packets of pictures a second.
    pub packets_per_second: u32,
    /// Packets of one frame, which leave together.
    pub packets_per_frame: u32,
    /// Of each packet, without header and tag.
    pub payload_bytes: usize,
    /// Fifty packets a second more.
    pub audio: bool,
}

/// One stream.
#[derive(Debug)]
struct Stream {
    payload_type: u8,
    ssrc: u32,
    mid: &'static [u8],
    sequence: u64,
    bytes: u64,
    timestamp: u32,
}

/// What one client sends.
#[derive(Debug)]
pub struct Publisher {
    style: Style,
    clock: Clock,
    outbound: Outbound,
    inbound: Inbound,
    /// Ids of mid and transport-wide number.
    extensions: (Option<u8>, Option<u8>),
    picture: Stream,
    sound: Option<Stream>,
    transport: u16,
    frames: u64,
    key_frame_wanted: bool,
    last_key_frame: Option<Instant>,
    next_frame: Instant,
    next_sound: Instant,
    next_report: Instant,
    kept: Vec<(u64, Vec<u8>)>,
    buffer: Vec<u8>,
    /// Pictures and sound.
    pub sent: u64,
    /// On request.
    pub resent: u64,
}

impl Publisher {
    /// Begins to send now. `ssrcs` are those of the offer.
    pub fn new(
        now: Instant,
        style: Style,
        clock: Clock,
        answer: &Answer,
        (outbound, inbound): (Outbound, Inbound),
        ssrcs: (u32, u32),
    ) -> Self {
        let stream =
            |payload_type, ssrc, mid| Stream { payload_type, ssrc, mid, sequence: 1, bytes: 0, timestamp: 0 };
        let sound = answer.opus.filter(|_| style.audio).map(|opus| stream(opus, ssrcs.0, b"0".as_slice()));
        Self {
            style,
            clock,
            outbound,
            inbound,
            extensions: (answer.mid, answer.transport),
            picture: stream(answer.vp8.unwrap_or_default(), ssrcs.1, b"1"),
            sound,
            transport: 0,
            frames: 0,
            key_frame_wanted: true,
            last_key_frame: None,
            next_frame: now,
            next_sound: now,
            next_report: now + REPORT_INTERVAL / 10,
            kept: vec![(0, Vec::new()); KEPT],
            buffer: Vec::new(),
            sent: 0,
            resent: 0,
        }
    }

    /// When [`Publisher::timeout`] is next to be called.
    pub fn next_timeout(&self) -> Instant {
        let sound = self.sound.as_ref().map(|_| self.next_sound);
        sound.into_iter().fold(self.next_frame.min(self.next_report), Instant::min)
    }

    /// Sends what is due.
    pub fn timeout(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        let interval = Duration::from_secs(1) * self.style.packets_per_frame / self.style.packets_per_second;
        while self.next_frame <= now {
            self.next_frame = (self.next_frame + interval).max(now.checked_sub(LATEST).unwrap_or(now));
            self.send_frame(now, send);
        }
        while self.sound.is_some() && self.next_sound <= now {
            self.next_sound = (self.next_sound + SOUND_INTERVAL).max(now.checked_sub(LATEST).unwrap_or(now));
            self.send_sound(now, send);
        }
        if self.next_report <= now {
            self.next_report = now + REPORT_INTERVAL;
            self.report(now, send);
        }
    }

    /// Takes RTCP. What is forged or damaged is passed over.
    pub fn receive(&mut self, datagram: &mut [u8], send: &mut dyn FnMut(&[u8])) {
        let Ok(end) = self.inbound.open_rtcp(datagram) else { return };
        for packet in packets(&datagram[..end]).map_while(Result::ok) {
            match packet {
                Packet::Pli { .. } | Packet::Fir(_) => self.key_frame_wanted = true,
                Packet::Nack(nack) if nack.media == self.picture.ssrc => {
                    for sequence in nack.sequences() {
                        let (number, datagram) = &self.kept[usize::from(sequence) % KEPT];
                        if *number as u16 == sequence && !datagram.is_empty() {
                            self.resent += 1;
                            send(datagram);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn send_frame(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        let allowed = self.last_key_frame.is_none_or(|at| now >= at + KEY_FRAME_INTERVAL);
        let key_frame = self.key_frame_wanted && allowed;
        if key_frame {
            self.key_frame_wanted = false;
            self.last_key_frame = Some(now);
        }
        let sent = self.clock.at(now);
        self.picture.timestamp = (sent.as_micros() * 9 / 100) as u32;
        for packet in 0..self.style.packets_per_frame {
            let marker = packet + 1 == self.style.packets_per_frame;
            let piece = Piece { frame: self.frames, begins: packet == 0, key_frame };
            let mark = Mark { sent, number: self.picture.sequence };
            let bytes = self.style.payload_bytes;
            let (stream, extensions) = (&mut self.picture, self.extensions);
            let written = |out: &mut Vec<u8>| write_picture(out, piece, mark, bytes);
            seal(&mut self.buffer, stream, (extensions, self.transport), marker, &mut self.outbound, written);
            let (number, kept) = &mut self.kept[self.picture.sequence as u16 as usize % KEPT];
            *number = self.picture.sequence;
            kept.clone_from(&self.buffer);
            self.picture.sequence += 1;
            self.count(send);
        }
        self.frames += 1;
    }

    fn send_sound(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        let Some(sound) = &mut self.sound else { return };
        let mark = Mark { sent: self.clock.at(now), number: sound.sequence };
        sound.timestamp = sound.timestamp.wrapping_add(SOUND_TICKS);
        let (extensions, transport) = (self.extensions, self.transport);
        let written = |out: &mut Vec<u8>| write_sound(out, mark);
        seal(&mut self.buffer, sound, (extensions, transport), false, &mut self.outbound, written);
        sound.sequence += 1;
        self.count(send);
    }

    fn count(&mut self, send: &mut dyn FnMut(&[u8])) {
        self.transport = self.transport.wrapping_add(1);
        self.sent += 1;
        send(&self.buffer);
    }

    fn report(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        #[allow(clippy::disallowed_methods, reason = "a program's report says what the wall clock shows")]
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let ntp = (since_1970.as_nanos() << 32) / 1_000_000_000 + (2_208_988_800 << 32);
        let ticks = (self.clock.at(now).as_micros() * 9 / 100) as u32;
        for stream in self.sound.iter().chain([&self.picture]) {
            let info = SenderInfo {
                ntp: ntp as u64,
                rtp_timestamp: if stream.mid == b"1" { ticks } else { stream.timestamp },
                packets: (stream.sequence - 1) as u32,
                bytes: stream.bytes as u32,
            };
            self.buffer.clear();
            write_sender_report(&mut self.buffer, stream.ssrc, &info, &[]);
            write_cname(&mut self.buffer, stream.ssrc, b"load");
            self.outbound.seal_rtcp(&mut self.buffer, 0);
            send(&self.buffer);
        }
    }
}

/// Fills `buffer` with the next packet of a stream.
fn seal(
    buffer: &mut Vec<u8>,
    stream: &mut Stream,
    ((mid, transport_id), transport): ((Option<u8>, Option<u8>), u16),
    marker: bool,
    outbound: &mut Outbound,
    write: impl FnOnce(&mut Vec<u8>),
) {
    buffer.clear();
    let header = Outgoing {
        marker,
        payload_type: stream.payload_type,
        sequence: stream.sequence as u16,
        timestamp: stream.timestamp,
        ssrc: stream.ssrc,
        csrc: None,
    };
    let number = transport.to_be_bytes();
    // Id 0 is left out (RFC 8285).
    let extensions: [(u8, &[u8]); 2] = [(mid.unwrap_or(0), stream.mid), (transport_id.unwrap_or(0), &number)];
    let clear = match (mid, transport_id) {
        (None, None) => write_header(buffer, &header, &[]),
        (Some(_), None) => write_header(buffer, &header, &extensions[..1]),
        (None, Some(_)) => write_header(buffer, &header, &extensions[1..]),
        (Some(_), Some(_)) => write_header(buffer, &header, &extensions),
    };
    write(buffer);
    stream.bytes += (buffer.len() - clear) as u64;
    outbound.seal_rtp(buffer, 0, clear, stream.sequence);
}
