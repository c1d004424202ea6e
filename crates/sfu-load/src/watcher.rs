//! Media on their way down: headers of all packets, the inside of one in 16, and the feedback of a browser.

use std::time::{Duration, Instant};

use sfu::srtp::{Inbound, Outbound};
use wire::rtcp::{ReportBlock, write_nack, write_pli, write_receiver_report, write_transport_feedback};
use wire::rtp::Header;
use wire::seq::Unwrapper;

use crate::film::{Clock, Mark, read_picture};
use crate::sdp::Answer;

/// One packet in so many is decrypted.
const SAMPLED: u32 = 16;
/// Between two feedback packets: what Chromium does at these rates.
const FEEDBACK_INTERVAL: Duration = Duration::from_millis(50);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Until the first picture, a key frame is asked for this often.
const KEY_FRAME_AGAIN: Duration = Duration::from_millis(500);
/// A gap up to this is asked for; a larger one is an outage, and is answered by a key frame.
const LARGEST_GAP: u64 = 64;
/// Who reports. A receiver's SSRC is seen by nobody else.
const OWN_SSRC: u32 = 1;

/// What is counted of one watcher; differences of two are what happened between.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Packets of sound and picture, retransmitted ones apart.
    pub delivered: u64,
    /// Bytes of those datagrams.
    pub bytes: u64,
    /// Of the packets, those of sound.
    pub sounds: u64,
    /// Of the bytes, those of pictures.
    pub picture_bytes: u64,
    /// On the line for retransmissions: those, and the padding by which a server finds out what the way carries.
    pub retransmitted: u64,
    /// Sequence numbers asked for again.
    pub asked_again: u64,
    /// Packets that did not open or were not RTP.
    pub damaged: u64,
}

/// When things came first.
#[derive(Debug, Default, Clone, Copy)]
pub struct Firsts {
    /// An authentic packet.
    pub packet: Option<Instant>,
    /// The head of a key frame.
    pub frame: Option<Instant>,
}

/// Numbers of the pictures' packets between the first and the last mark that was read, of one layer after the other.
#[derive(Debug, Default, Clone, Copy)]
struct Span {
    layer: u8,
    /// Mark, and packets that had come with it.
    first: Option<(u64, u64)>,
    last: (u64, u64),
    /// Expected and received, of layers before.
    before: (u64, u64),
}

impl Span {
    fn note(&mut self, mark: Mark, pictures: u64) {
        let seen = (mark.number, pictures);
        if mark.layer != self.layer {
            *self = Self { layer: mark.layer, first: None, last: seen, before: self.all() };
        }
        self.first.get_or_insert(seen);
        self.last = seen;
    }

    /// Expected and received.
    fn all(&self) -> (u64, u64) {
        let Some((number, received)) = self.first else { return self.before };
        let (expected, came) = (self.last.0.saturating_sub(number), self.last.1 - received);
        (self.before.0 + expected, self.before.1 + came)
    }
}

/// What one client receives.
#[derive(Debug)]
pub struct Watcher {
    clock: Clock,
    outbound: Outbound,
    inbound: Inbound,
    formats: (Option<u8>, Option<u8>, Option<u8>),
    transport: Option<u8>,
    transport_numbers: Unwrapper,
    arrivals: Vec<(u64, i64)>,
    /// What the next feedback begins with.
    feedback_base: u64,
    feedback_count: u8,
    video_ssrc: u32,
    numbers: Unwrapper,
    /// First number, and pictures that had come before it.
    first: (u64, u64),
    /// Highest number at the last report, and pictures that had come by then.
    reported: (u64, u64),
    after_marker: bool,
    unread: u32,
    pictures: u64,
    span: Span,
    next_feedback: Instant,
    next_report: Instant,
    next_key_frame: Instant,
    missing: Vec<u16>,
    buffer: Vec<u8>,
    /// See [`Counts`].
    pub counts: Counts,
    /// See [`Firsts`].
    pub firsts: Firsts,
}

impl Watcher {
    /// Waits for media.
    pub fn new(
        now: Instant,
        clock: Clock,
        answer: &Answer,
        (outbound, inbound): (Outbound, Inbound),
    ) -> Self {
        Self {
            clock,
            outbound,
            inbound,
            formats: (answer.vp8, answer.opus, answer.rtx),
            transport: answer.transport,
            transport_numbers: Unwrapper::new(),
            arrivals: Vec::new(),
            feedback_base: 0,
            feedback_count: 0,
            video_ssrc: 0,
            numbers: Unwrapper::new(),
            first: (1, 0),
            reported: (0, 0),
            after_marker: true,
            unread: SAMPLED,
            pictures: 0,
            span: Span::default(),
            next_feedback: now + FEEDBACK_INTERVAL,
            next_report: now + REPORT_INTERVAL,
            next_key_frame: now + KEY_FRAME_AGAIN,
            missing: Vec::new(),
            buffer: Vec::new(),
            counts: Counts::default(),
            firsts: Firsts::default(),
        }
    }

    /// Takes one RTP packet. How long it was on its way, if it was one of those that are looked into.
    pub fn receive(
        &mut self,
        now: Instant,
        datagram: &mut [u8],
        send: &mut dyn FnMut(&[u8]),
    ) -> Option<Duration> {
        let Ok(header) = Header::parse(datagram) else {
            self.counts.damaged += 1;
            return None;
        };
        let (vp8, opus, rtx) = self.formats;
        let format = Some(header.payload_type);
        if let Some(value) = self.transport.and_then(|id| header.extension(datagram, id))
            && let Some(number) = wire::extension::transport_sequence(value)
        {
            let number = self.transport_numbers.unwrap(number);
            self.arrivals.push((number, self.clock.at(now).as_micros() as i64));
        }
        if format == rtx {
            self.counts.retransmitted += 1;
            return None;
        }
        if format != vp8 && format != opus {
            self.counts.damaged += 1;
            return None;
        }
        self.counts.delivered += 1;
        self.counts.bytes += datagram.len() as u64;
        let is_picture = format == vp8;
        if is_picture {
            self.counts.picture_bytes += datagram.len() as u64;
        } else {
            self.counts.sounds += 1;
        }
        let head = is_picture && self.picture_came(&header, send);
        let wanted = is_picture && (self.firsts.frame.is_none() || head && self.unread >= SAMPLED);
        if !wanted && self.firsts.packet.is_some() {
            return None;
        }
        let Ok((_, end)) = self.inbound.open_rtp(datagram, header.len) else {
            self.counts.damaged += 1;
            return None;
        };
        self.firsts.packet.get_or_insert(now);
        let payload = header.payload(&datagram[..end]).ok().filter(|_| is_picture)?;
        let (mark, key_frame) = read_picture(&datagram[payload])?;
        self.unread = 0;
        if key_frame {
            self.firsts.frame.get_or_insert(now);
        }
        self.span.note(mark, self.pictures);
        Some(self.clock.at(now).saturating_sub(mark.sent))
    }

    /// Counts it and asks for what is missing before it. Whether it begins a frame.
    fn picture_came(&mut self, header: &Header, send: &mut dyn FnMut(&[u8])) -> bool {
        if self.video_ssrc != header.ssrc {
            self.video_ssrc = header.ssrc;
            self.numbers = Unwrapper::new();
        }
        let before = self.numbers.highest();
        let number = self.numbers.unwrap(header.sequence);
        match before {
            None => {
                self.first = (number, self.pictures);
                self.reported = (number - 1, self.pictures);
            }
            Some(before) if number > before + 1 => self.ask_again(before + 1..number, send),
            Some(_) => {}
        }
        self.pictures += 1;
        self.unread += 1;
        std::mem::replace(&mut self.after_marker, header.marker)
    }

    fn ask_again(&mut self, numbers: std::ops::Range<u64>, send: &mut dyn FnMut(&[u8])) {
        let gap = numbers.end - numbers.start;
        if gap > LARGEST_GAP {
            return self.send_rtcp(send, |out, ssrc| write_pli(out, OWN_SSRC, ssrc));
        }
        self.counts.asked_again += gap;
        let mut missing = std::mem::take(&mut self.missing);
        missing.clear();
        missing.extend(numbers.map(|number| number as u16));
        self.send_rtcp(send, |out, ssrc| write_nack(out, OWN_SSRC, ssrc, &missing));
        self.missing = missing;
    }

    /// Packets of pictures that were sent to it and those that came, since [`Watcher::begin`].
    pub fn expected_and_received(&self) -> (u64, u64) {
        self.span.all()
    }

    /// Counting what was sent begins anew.
    pub fn begin(&mut self) {
        self.span = Span::default();
    }

    /// When [`Watcher::timeout`] is next to be called.
    pub fn next_timeout(&self) -> Instant {
        self.next_feedback.min(self.next_report)
    }

    /// Gives the feedback that is due.
    pub fn timeout(&mut self, now: Instant, send: &mut dyn FnMut(&[u8])) {
        if self.next_feedback <= now {
            self.next_feedback = now + FEEDBACK_INTERVAL;
            self.send_feedback(send);
        }
        if self.video_ssrc != 0 && self.firsts.frame.is_none() && self.next_key_frame <= now {
            self.next_key_frame = now + KEY_FRAME_AGAIN;
            self.send_rtcp(send, |out, ssrc| write_pli(out, OWN_SSRC, ssrc));
        }
        if self.next_report <= now {
            self.next_report = now + REPORT_INTERVAL;
            self.send_report(send);
        }
    }

    fn send_feedback(&mut self, send: &mut dyn FnMut(&[u8])) {
        let mut arrivals = std::mem::take(&mut self.arrivals);
        arrivals.sort_unstable();
        arrivals.dedup_by_key(|(number, _)| *number);
        let mut rest = &arrivals[..];
        while !rest.is_empty() {
            let (base, count) = (self.feedback_base, self.feedback_count);
            let mut covered = 0;
            self.send_rtcp(send, |out, ssrc| {
                covered = write_transport_feedback(out, OWN_SSRC, ssrc, count, base, rest);
            });
            if covered == 0 {
                break;
            }
            self.feedback_count = count.wrapping_add(1);
            self.feedback_base = rest[covered - 1].0 + 1;
            rest = &rest[covered..];
        }
        arrivals.clear();
        self.arrivals = arrivals;
    }

    fn send_report(&mut self, send: &mut dyn FnMut(&[u8])) {
        let Some(highest) = self.numbers.highest() else { return };
        let lost =
            |(number, pictures): (u64, u64)| (highest - number).saturating_sub(self.pictures - pictures);
        let expected = highest - self.reported.0;
        let block = ReportBlock {
            ssrc: self.video_ssrc,
            fraction_lost: (lost(self.reported) * 256 / expected.max(1)).min(255) as u8,
            cumulative_lost: lost((self.first.0 - 1, self.first.1)) as i32,
            highest_sequence: highest as u32,
            ..ReportBlock::default()
        };
        self.reported = (highest, self.pictures);
        self.send_rtcp(send, |out, _| write_receiver_report(out, OWN_SSRC, &[block]));
    }

    fn send_rtcp(&mut self, send: &mut dyn FnMut(&[u8]), write: impl FnOnce(&mut Vec<u8>, u32)) {
        self.buffer.clear();
        write(&mut self.buffer, self.video_ssrc);
        if !self.buffer.is_empty() {
            self.outbound.seal_rtcp(&mut self.buffer, 0);
            send(&self.buffer);
        }
    }
}
