//! The layers of a stream (DESIGN §2): what each of them is, and which one serves a tile.

mod opening;

use std::time::{Duration, Instant};

use crate::allocate::{Quality, Step};
use crate::cache::PacketCache;
use crate::clock::ntp_to_ticks;
use crate::dependencies::Dependencies;
use crate::forward::MediaPacket;
use crate::key_frames::KeyFrameRequests;
use crate::relay::Told;
use crate::sdp::CodecKind;

pub(crate) use opening::Opening;

/// A layer is gone when so many pictures of the others came without one of its own …
const STALLED_FRAMES: u32 = 10;
/// … in so much time. Browsers stop their upper layers without a word when the uplink is short: longer leaves those who
/// watch one with a frozen picture, shorter takes a pause between two pictures for an end.
const STALLED: Duration = Duration::from_millis(500);

/// Pixels of the lowest layer before its first key frame tells; each further one is taken for four times the last.
const GUESSED_PIXELS: u32 = 320 * 180;

/// Half a second has about 15 pictures: one key frame among them does not make a layer look twice as dear.
const RATE_WINDOW: Duration = Duration::from_millis(500);

/// Over so much time a key frame counts, and for no more than half of what comes beside it. A shared page of text begins with a
/// second and more of what a narrow way carries, and rests then: counted at once, it would look too dear as often as it begins.
/// Longer finds layers too cheap of which many key frames are wanted.
const KEY_FRAME_SECONDS: f64 = 3.0;

/// Bits a second of a layer that never came, by its pixels: what browsers give 180, 360 and 720 lines, roughly.
const GUESSED_BPS: u64 = 100_000;
const GUESSED_BPS_PER_PIXEL: f64 = 1.8;

/// What a header, its extensions and the tag of encryption add to a payload.
const OVERHEAD: usize = 44;

/// One layer of a stream.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub(crate) key_frames: KeyFrameRequests,
    pub(crate) cache: PacketCache,
    /// Of the layers in its stream of packets.
    pub(crate) dependencies: Dependencies,
    /// The layer's clock against ours.
    reference: Option<Reference>,
    /// Of the last key frame that told it.
    pixels: Option<u32>,
    /// Of the last packet, while the layer is sent.
    last: Option<Instant>,
    /// Of other layers, since then.
    frames_without: u32,
    /// It stopped by itself: the publisher was asked for it.
    stalled: bool,
    rate: Rate,
    /// As another part measured it, which has the layer.
    told_bps: Option<u64>,
    opening: Option<Opening>,
}

/// Temporal layers that are told apart; VP8 can name four.
const MAX_TEMPORAL: usize = 4;

/// Bits a second of what comes, by temporal layer.
#[derive(Debug, Default)]
struct Rate {
    since: Option<Instant>,
    bytes: [usize; MAX_TEMPORAL],
    /// Time stamp of the last key frame, and bytes of all of them that are not counted yet.
    key_frame: Option<u32>,
    uncounted: f64,
    bps: Option<[u64; MAX_TEMPORAL]>,
    /// Temporal layers that came in the last window.
    temporal: usize,
}

impl Rate {
    fn count(&mut self, now: Instant, packet: &MediaPacket<'_>) {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= RATE_WINDOW {
            let counted = self.uncounted * (passed.as_secs_f64() / KEY_FRAME_SECONDS).min(1.0);
            self.uncounted -= counted;
            let others = self.bytes.iter().sum::<usize>();
            self.bytes[0] += (counted as usize).min(if others > 0 { others / 2 } else { usize::MAX });
            // A longer window had a pause in it.
            if passed < 2 * RATE_WINDOW {
                let bps = self.bytes.map(|bytes| (bytes as f64 * 8.0 / passed.as_secs_f64()) as u64);
                let average = |at| self.bps.map_or(bps[at], |before| u64::midpoint(before[at], bps[at]));
                self.bps = Some(std::array::from_fn(average));
                self.temporal = self.bytes.iter().rposition(|bytes| *bytes > 0).map_or(0, |top| top + 1);
            }
            self.bytes = [0; MAX_TEMPORAL];
            self.since = Some(now);
        }
        let bytes = packet.payload.len() + OVERHEAD;
        if packet.frame.begins_decoding && packet.codec != CodecKind::Opus {
            self.key_frame = Some(packet.timestamp);
        }
        if self.key_frame == Some(packet.timestamp) {
            self.uncounted += bytes as f64;
        } else {
            self.bytes[usize::from(packet.frame.temporal).min(MAX_TEMPORAL - 1)] += bytes;
        }
    }

    /// Of all temporal layers.
    fn total(&self) -> Option<u64> {
        Some(self.bps?.iter().sum())
    }
}

/// A moment in our wall clock and in the layer's time stamps.
#[derive(Debug, Clone, Copy)]
struct Reference {
    ntp: u64,
    timestamp: u32,
}

impl Layer {
    /// Notes a packet of sound.
    pub(crate) fn sound(&mut self, packet: &MediaPacket<'_>, now: Instant) {
        self.cache.insert(packet, now);
        self.rate.count(now, packet);
    }

    /// Notes a packet of video; returns whether it tells something new of the layer.
    pub(crate) fn packet(&mut self, packet: &MediaPacket<'_>, now: Instant) -> bool {
        self.carry(packet, now);
        Opening::note(&mut self.opening, packet, now);
        self.count(packet, now);
        let mut news = self.comes(now);
        if packet.frame.begins_decoding
            && let Some(pixels) = packet.pixels()
        {
            news |= self.pixels.replace(pixels) != Some(pixels);
        }
        news
    }

    /// Keeps a packet for repair, whichever layer within it is this one.
    pub(crate) fn carry(&mut self, packet: &MediaPacket<'_>, now: Instant) {
        self.cache.insert(packet, now);
        if packet.frame.begins_decoding {
            self.key_frames.came(now);
        }
    }

    /// Counts a packet that who gets this layer is sent.
    pub(crate) fn count(&mut self, packet: &MediaPacket<'_>, now: Instant) {
        self.rate.count(now, packet);
    }

    /// A packet of it came; returns whether it did not come before.
    pub(crate) fn comes(&mut self, now: Instant) -> bool {
        self.stalled = false;
        self.frames_without = 0;
        self.last.replace(now).is_none()
    }

    /// It does not come any more, as far as is told; returns whether that is news.
    pub(crate) fn ends(&mut self) -> bool {
        self.last = None;
        !std::mem::replace(&mut self.stalled, true)
    }

    /// Its size was told.
    pub(crate) fn measured(&mut self, pixels: Option<u32>) {
        self.pixels = pixels;
    }

    /// The last key frame and what followed, if it came lately.
    pub(crate) fn opening(&self, now: Instant) -> Option<&Opening> {
        self.opening.as_ref().filter(|it| it.is_young(now))
    }

    /// The same, if everything is at hand: whoever gets it shows the same picture as everybody else in a moment.
    pub(crate) fn whole_opening(&self, now: Instant) -> Option<&Opening> {
        self.opening(now).filter(|it| it.is_whole(&self.cache, now))
    }

    /// What another part of the room is told.
    pub(crate) fn told(&self) -> Told {
        let Self { pixels, last, stalled, .. } = self;
        let bps = u32::try_from(self.measured_bps()).unwrap_or(u32::MAX);
        Told { pixels: pixels.unwrap_or(0), bps, is_live: last.is_some(), is_offered: !stalled }
    }

    /// What another part of the room, which has the layer, tells of it; returns whether that is new.
    pub(crate) fn hear(&mut self, told: Told, now: Instant) -> bool {
        let before = self.told();
        let news = Told { bps: told.bps, ..before } != told;
        self.told_bps = (told.bps > 0).then_some(told.bps.into());
        self.pixels = (told.pixels > 0).then_some(told.pixels);
        self.last = told.is_live.then_some(now);
        self.stalled = !told.is_offered;
        news
    }

    /// Notes that another layer's picture is complete; returns whether this one is to be taken for gone.
    pub(crate) fn is_without(&mut self, now: Instant) -> bool {
        self.frames_without += 1;
        let is_late = self.last.is_some_and(|at| now.saturating_duration_since(at) >= STALLED);
        let gone = is_late && self.frames_without >= STALLED_FRAMES;
        if gone {
            self.last = None;
            self.stalled = true;
        }
        gone
    }

    /// Forgets everything that may not hold for the next camera.
    pub(crate) fn reset(&mut self) {
        self.reference = None;
        self.pixels = None;
        self.last = None;
        self.stalled = false;
        self.rate = Rate::default();
        self.key_frames.cancel();
        self.dependencies.forget();
        self.opening = None;
    }

    /// What it costs to send: as measured, else as guessed for who is the layer number `at`.
    pub(crate) fn bps(&self, at: usize) -> u64 {
        let guess = || GUESSED_BPS + (f64::from(self.pixels(at)) * GUESSED_BPS_PER_PIXEL) as u64;
        self.rate.total().or(self.told_bps).unwrap_or_else(guess)
    }

    /// As measured; 0 before.
    pub(crate) fn measured_bps(&self) -> u64 {
        self.rate.total().unwrap_or(0)
    }

    /// The frame rates in which it can be sent, slowest first: up to which temporal layer, and what that costs. Every
    /// picture comes last.
    ///
    /// For who is `lowest` a quarter of the pictures is better than none. A larger layer with less than half of them is
    /// not taken for better than the next smaller one with all.
    pub(crate) fn steps(&self, at: usize, is_lowest: bool) -> impl Iterator<Item = Step> {
        let bps = self.rate.bps.unwrap_or_default();
        let partial = self.rate.temporal.saturating_sub(1);
        let from = if is_lowest { 0 } else { partial.saturating_sub(1) };
        let partial = (from..partial).map(move |top| Step {
            quality: Quality { layer: at, temporal: top as u8 },
            bps: bps[..=top].iter().sum(),
        });
        partial.chain([Step { quality: Quality::whole(at), bps: self.bps(at) }])
    }

    /// Whether it can be had: it comes, or would when it was asked for.
    pub(crate) fn is_offered(&self) -> bool {
        !self.stalled
    }

    /// The publisher was asked for it anew, or told that nobody wants it.
    pub(crate) fn asked(&mut self) {
        self.stalled = false;
    }

    /// What is known of the size, for who is the layer number `at`.
    pub(crate) fn pixels(&self, at: usize) -> u32 {
        self.pixels.unwrap_or(GUESSED_PIXELS << (2 * at))
    }

    /// Packets of it come.
    pub(crate) fn is_live(&self) -> bool {
        self.last.is_some()
    }

    /// The publisher's report says that `timestamp` was at `ntp` of our clock. Returns whether that was not known.
    pub(crate) fn reported(&mut self, ntp: u64, timestamp: u32) -> bool {
        self.reference.replace(Reference { ntp, timestamp }).is_none()
    }

    /// A moment of our clock, and the time stamp that it has here, once one was reported.
    pub(crate) fn reference(&self) -> Option<(u64, u32)> {
        self.reference.map(|it| (it.ntp, it.timestamp))
    }

    /// The layer's time stamp at `ntp` of our clock.
    ///
    /// Nothing before its first sender report: a guess from arrivals would be off by what capture and encoding took,
    /// and receivers mix it into their estimate for as long as 20 reports.
    pub(crate) fn timestamp_at(&self, ntp: u64, clock_rate: u32) -> Option<u32> {
        let reference = self.reference?;
        let elapsed = ntp_to_ticks(ntp.wrapping_sub(reference.ntp).cast_signed(), clock_rate);
        Some(reference.timestamp.wrapping_add(elapsed as u32))
    }

    /// The time stamp in `other` of the moment that has `timestamp` here.
    pub(crate) fn translate(&self, timestamp: u32, other: &Self, clock_rate: u32) -> Option<u32> {
        let here = self.reference?;
        let there = other.timestamp_at(here.ntp, clock_rate)?;
        Some(there.wrapping_add(timestamp.wrapping_sub(here.timestamp)))
    }
}

/// Which of the layers stands in for the one of number `wanted` and so many pixels, if that is not among them: the largest
/// that is not larger, else the smallest.
pub(crate) fn nearest(
    layers: impl Iterator<Item = (usize, u32)> + Clone,
    wanted: usize,
    pixels: u32,
) -> Option<usize> {
    let itself = layers.clone().find(|(at, _)| *at == wanted);
    let lower = || layers.clone().filter(|it| it.1 <= pixels).max_by_key(|it| it.1);
    let found = itself.or_else(lower);
    found.or_else(|| layers.min_by_key(|it| it.1)).map(|(at, _)| at)
}

/// Which of the layers serves a tile of `tile` pixels: the smallest that is not seen to be enlarged, else the largest.
///
/// `layers` are the pixels of those that can be had. A tile that shrinks keeps `current` until a smaller layer is well
/// enough, so that a layout on the edge does not switch to and fro.
pub(crate) fn choose(
    layers: impl Iterator<Item = (usize, u32)> + Clone,
    tile: u32,
    current: Option<usize>,
) -> Option<usize> {
    let now = current.and_then(|at| layers.clone().find(|(it, _)| *it == at)).map_or(0, |(_, pixels)| pixels);
    // A picture drawn 1.2 times as wide and high as it is still looks sharp; going down asks for 1.1.
    let is_enough = |pixels: u32| {
        let share = if pixels < now { 12 } else { 15 };
        u64::from(pixels) * share >= u64::from(tile) * 10
    };
    let smallest = layers.clone().filter(|(_, pixels)| is_enough(*pixels)).min_by_key(|(_, pixels)| *pixels);
    smallest.or_else(|| layers.max_by_key(|(_, pixels)| *pixels)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOW: u32 = 320 * 180;
    const MIDDLE: u32 = 640 * 360;
    const HIGH: u32 = 1280 * 720;

    fn chosen(layers: &[u32], tile: u32, current: Option<usize>) -> Option<usize> {
        choose(layers.iter().copied().enumerate(), tile, current)
    }

    #[test]
    fn the_smallest_that_is_enough() {
        let layers = [LOW, MIDDLE, HIGH];
        let at = |tile| chosen(&layers, tile, None);
        assert_eq!((at(160 * 90), at(320 * 180), at(380 * 214)), (Some(0), Some(0), Some(0)));
        assert_eq!((at(480 * 270), at(640 * 360), at(1280 * 720)), (Some(1), Some(1), Some(2)));
        assert_eq!(at(3840 * 2160), Some(2), "nothing larger is there");
        assert_eq!(chosen(&[HIGH, LOW], 0, None), Some(1), "whatever the order of the offer");
        assert_eq!(chosen(&[], 0, None), None);
    }

    #[test]
    fn what_does_not_come_is_replaced_by_the_next_lower_one() {
        let replaced = |layers: &[usize], wanted| {
            let pixels = |at: usize| [LOW, MIDDLE, HIGH][at];
            nearest(layers.iter().map(|at| (*at, pixels(*at))), wanted, pixels(wanted))
        };
        assert_eq!((replaced(&[0, 1, 2], 2), replaced(&[0, 1], 2)), (Some(2), Some(1)));
        assert_eq!((replaced(&[1, 2], 0), replaced(&[], 0)), (Some(1), None));
    }

    #[test]
    fn an_edge_is_not_crossed_to_and_fro() {
        let layers = [LOW, MIDDLE];
        assert_eq!(chosen(&layers, LOW * 14 / 10, Some(0)), Some(0));
        assert_eq!(chosen(&layers, LOW * 16 / 10, Some(0)), Some(1));
        assert_eq!(chosen(&layers, LOW * 14 / 10, Some(1)), Some(1), "it stays");
        assert_eq!(chosen(&layers, LOW, Some(1)), Some(0));
    }
}
