//! Media on their way up: pictures at a rate, sound, sender reports; answers to what is asked for.

use std::time::{Duration, Instant, SystemTime};

use sfu::srtp::{Inbound, Outbound};
use wire::rtcp::{Packet, SenderInfo, packets, write_cname, write_sender_report};
use wire::rtp::{Outgoing, write_header};

use crate::film::{Clock, Mark, Piece, write_picture, write_sound};
use crate::sdp::{Answer, RIDS};

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
    /// Two smaller layers more: one with every third frame, and one with every ninth.
    pub simulcast: bool,
}

/// One stream.
#[derive(Debug)]
struct Stream {
    payload_type: u8,
    ssrc: u32,
    mid: &'static [u8],
    rid: &'static str,
    sequence: u64,
    bytes: u64,
    timestamp: u32,
}

/// One stream of pictures.
#[derive(Debug)]
struct Layer {
    stream: Stream,
    /// One frame in so many is of this layer too.
    every: u64,
    frames: u64,
    key_frame_wanted: bool,
    last_key_frame: Option<Instant>,
    kept: Vec<(u64, Vec<u8>)>,
}

/// Ids of mid, transport-wide number and layer's name; those that the server does not know are left out.
#[derive(Debug, Clone, Copy)]
struct Extensions {
    mid: Option<u8>,
    transport: Option<u8>,
    rid: Option<u8>,
}

/// What one client sends.
#[derive(Debug)]
pub struct Publisher {
    style: Style,
    clock: Clock,
    outbound: Outbound,
    inbound: Inbound,
    extensions: Extensions,
    /// Smallest first.
    layers: Vec<Layer>,
    sound: Option<Stream>,
    transport: u16,
    frames: u64,
    next_frame: Instant,
    next_sound: Instant,
    next_report: Instant,
    buffer: Vec<u8>,
    /// Pictures and sound.
    pub sent: u64,
    /// Sound alone.
    pub sounds: u64,
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
        let stream = |payload_type, ssrc, mid, rid| Stream {
            payload_type,
            ssrc,
            mid,
            rid,
            sequence: 1,
            bytes: 0,
            timestamp: 0,
        };
        let sound =
            answer.opus.filter(|_| style.audio).map(|opus| stream(opus, ssrcs.0, b"0".as_slice(), ""));
        let rids: &[&str] = if style.simulcast { &RIDS } else { &[""] };
        let layer = |(at, rid): (usize, &&'static str)| Layer {
            stream: stream(answer.vp8.unwrap_or_default(), ssrcs.1 + ((at as u32) << 28), b"1", *rid),
            every: 3_u64.pow((rids.len() - 1 - at) as u32),
            frames: 0,
            key_frame_wanted: true,
            last_key_frame: None,
            kept: vec![(0, Vec::new()); KEPT],
        };
        Self {
            style,
            clock,
            outbound,
            inbound,
            extensions: Extensions { mid: answer.mid, transport: answer.transport, rid: answer.rid },
            layers: rids.iter().enumerate().map(layer).collect(),
            sound,
            transport: 0,
            frames: 0,
            next_frame: now,
            next_sound: now,
            next_report: now + REPORT_INTERVAL / 10,
            buffer: Vec::new(),
            sent: 0,
            sounds: 0,
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
                Packet::Pli { media, .. } => self.want_key_frame(|ssrc| ssrc == media),
                Packet::Fir(fir) => {
                    self.want_key_frame(|ssrc| fir.entries().any(|entry| entry.media == ssrc));
                }
                Packet::Nack(nack) => {
                    let Some(layer) = self.layers.iter().find(|layer| layer.stream.ssrc == nack.media) else {
                        continue;
                    };
                    for sequence in nack.sequences() {
                        let (number, datagram) = &layer.kept[usize::from(sequence) % KEPT];
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

    /// Of those streams; where there is one, not every server names it.
    fn want_key_frame(&mut self, of: impl Fn(u32) -> bool) {
        let is_one = self.layers.len() == 1;
        let wanted = self.layers.iter_mut().filter(|layer| is_one || of(layer.stream.ssrc));
        wanted.for_each(|layer| layer.key_frame_wanted = true);
    }

    /// One frame of each layer that has one now.
    fn send_frame(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        for at in 0..self.layers.len() {
            if self.frames.is_multiple_of(self.layers[at].every) {
                self.send_picture(now, at, send);
            }
        }
        self.frames += 1;
    }

    fn send_picture(&mut self, now: Instant, at: usize, send: &mut dyn FnMut(&[u8])) {
        let Self { style, clock, extensions, outbound, buffer, .. } = self;
        let Layer { stream, frames, key_frame_wanted, last_key_frame, kept, .. } = &mut self.layers[at];
        let allowed = last_key_frame.is_none_or(|at| now >= at + KEY_FRAME_INTERVAL);
        let key_frame = *key_frame_wanted && allowed;
        if key_frame {
            *key_frame_wanted = false;
            *last_key_frame = Some(now);
        }
        let sent = clock.at(now);
        stream.timestamp = (sent.as_micros() * 9 / 100) as u32;
        for packet in 0..style.packets_per_frame {
            let marker = packet + 1 == style.packets_per_frame;
            let piece = Piece { frame: *frames, begins: packet == 0, key_frame, doublings: at as u8 };
            let mark = Mark { sent, number: stream.sequence, layer: at as u8 };
            let written = |out: &mut Vec<u8>| write_picture(out, piece, mark, style.payload_bytes);
            seal(buffer, stream, (*extensions, self.transport), marker, outbound, written);
            let (number, kept) = &mut kept[stream.sequence as u16 as usize % KEPT];
            *number = stream.sequence;
            kept.clone_from(buffer);
            stream.sequence += 1;
            self.transport = self.transport.wrapping_add(1);
            self.sent += 1;
            send(buffer);
        }
        *frames += 1;
    }

    fn send_sound(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        let Some(sound) = &mut self.sound else { return };
        let mark = Mark { sent: self.clock.at(now), number: sound.sequence, layer: 0 };
        sound.timestamp = sound.timestamp.wrapping_add(SOUND_TICKS);
        let (extensions, transport) = (self.extensions, self.transport);
        let written = |out: &mut Vec<u8>| write_sound(out, mark);
        seal(&mut self.buffer, sound, (extensions, transport), false, &mut self.outbound, written);
        sound.sequence += 1;
        self.transport = self.transport.wrapping_add(1);
        self.sent += 1;
        self.sounds += 1;
        send(&self.buffer);
    }

    fn report(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        #[allow(clippy::disallowed_methods, reason = "a program's report says what the wall clock shows")]
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let ntp = (since_1970.as_nanos() << 32) / 1_000_000_000 + (2_208_988_800 << 32);
        let ticks = (self.clock.at(now).as_micros() * 9 / 100) as u32;
        for stream in self.sound.iter().chain(self.layers.iter().map(|layer| &layer.stream)) {
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
    (ids, transport): (Extensions, u16),
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
    let named = ids.rid.filter(|_| !stream.rid.is_empty());
    let extensions = [(ids.mid, stream.mid), (ids.transport, &number), (named, stream.rid.as_bytes())];
    let mut known: [(u8, &[u8]); 3] = [(0, &[]); 3];
    let all = extensions.into_iter().filter_map(|(id, value)| Some((id?, value)));
    let count = known.iter_mut().zip(all).map(|(place, one)| *place = one).count();
    let clear = write_header(buffer, &header, &known[..count]);
    write(buffer);
    stream.bytes += (buffer.len() - clear) as u64;
    outbound.seal_rtp(buffer, 0, clear, stream.sequence);
}
