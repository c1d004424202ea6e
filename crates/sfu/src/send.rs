//! What a peer receives: its slots, numbered, encrypted in the outgoing buffer, repaired and reported.

mod budget;
mod pacer;
mod packet;
mod probing;
mod redundancy;
mod resent;
mod slot;
mod sound;

pub(crate) use self::slot::DownSlot;

use std::time::{Duration, Instant};

use wire::rtcp::{ReportBlock, write_cname, write_receiver_report, write_sender_report};

use self::budget::RepairBudget;
use self::pacer::{Pacer, Waiting};
use self::packet::Leaving;
use self::probing::Probing;
use self::redundancy::Redundancy;
use crate::allocate::{Ask, Budget, Hold, allocate, demand, granted};
use crate::bwe::Bandwidth;
use crate::clock::{Clock, Now};
use crate::drops::Drop;
use crate::forward::{Admitted, Limit, MediaPacket};
use crate::random::Random;
use crate::sdp::{CNAME, Line, Role, SlotKind};
use crate::shedding::Pictures;
use crate::slab::Slab;
use crate::srtp::Outbound;
use crate::stream::{Begin, Stream};
use crate::{Outbox, Remote};

/// Between two looks at who gets what, unless what is wanted changes: feedback comes about as often.
const ALLOCATION_INTERVAL: Duration = Duration::from_millis(100);

/// The first picture is tried for so long, whatever padding found before it.
const TRIAL: Duration = Duration::from_secs(1);

/// Of what is asked for, the way should carry so much: the margin that rising asks for, and a little.
const WANTED_PERCENT: u64 = 125;

/// Where and how to send to one peer, for the time of one call.
pub(crate) struct Path<'a> {
    pub(crate) to: Remote,
    pub(crate) keys: &'a mut Outbound,
    pub(crate) out: &'a mut Outbox,
}

impl Path<'_> {
    /// Sends what `write` appends as one RTCP datagram.
    pub(crate) fn rtcp(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let keys = &mut *self.keys;
        self.out.push(self.to, |bytes| {
            let start = bytes.len();
            write(bytes);
            if bytes.len() > start {
                keys.seal_rtcp(bytes, start);
            }
        });
    }
}

/// All receive-only lines of one peer.
#[derive(Debug)]
pub(crate) struct Downlink {
    pub(crate) slots: Vec<DownSlot>,
    /// What the way down carries.
    pub(crate) bandwidth: Bandwidth,
    /// When more may be sent again.
    hold: Hold,
    /// When what it carries was last given to the slots.
    allocated: Option<Instant>,
    /// What was asked for and given then.
    pub(crate) pictures: Pictures,
    pacer: Pacer,
    /// A probe under way.
    probing: Option<Probing>,
    budget: RepairBudget,
    redundancy: Redundancy,
    /// A packet of sound with earlier ones; kept for its memory.
    redundant: Vec<u8>,
    /// Until when the first picture is tried; `None` before it has begun to leave.
    tried_until: Option<Instant>,
}

impl Downlink {
    pub(crate) fn new(lines: &[Line], random: &mut Random, now: Now) -> Self {
        let mut downlink = Self {
            slots: Vec::new(),
            bandwidth: Bandwidth::new(now),
            hold: Hold::default(),
            allocated: None,
            pictures: Pictures::default(),
            pacer: Pacer::new(now),
            probing: None,
            budget: RepairBudget::default(),
            redundancy: Redundancy::default(),
            redundant: Vec::new(),
            tried_until: None,
        };
        downlink.add(lines, random, now.at);
        downlink
    }

    /// Gives what the way carries to those who ask, after sound of `audio_bps`, and pictures of no more than `bound`.
    pub(crate) fn allocate(&mut self, now: Instant, audio_bps: u64, bound: Option<u64>, asks: &mut [Ask]) {
        self.allocated = Some(now);
        let target = self.bandwidth.target_bps(now);
        let room = if self.bandwidth.is_free() { u64::MAX } else { target };
        let audio_bps = audio_bps * (1 + self.redundancy.fit(audio_bps, room));
        let bps = target.saturating_sub(audio_bps).min(bound.unwrap_or(u64::MAX));
        let is_guess = !self.bandwidth.is_measured() || self.is_on_trial(now);
        let rise = self.hold.rise(now, bps);
        allocate(Budget { bps, is_guess, rise }, asks);
        self.hold.learn(now, bps, asks);
        self.pictures = Pictures { wanted: demand(asks), given: granted(asks) };
        self.bandwidth.set_demand(WANTED_PERCENT * (audio_bps + self.pictures.wanted) / 100);
    }

    /// Whether it is time to look again at who gets what.
    pub(crate) fn is_to_allocate(&self, now: Instant) -> bool {
        self.allocated.is_none_or(|at| now.saturating_duration_since(at) >= ALLOCATION_INTERVAL)
    }

    /// Adds slots for those of `lines` that are slots.
    pub(crate) fn add(&mut self, lines: &[Line], random: &mut Random, now: Instant) {
        for line in lines {
            let Role::Slot(kind) = line.role else { continue };
            let ssrc = self.unused_ssrc(None, random);
            let ssrcs = [ssrc, self.unused_ssrc(Some(ssrc), random)];
            self.slots.push(DownSlot::new(line, kind, ssrcs, random, now));
        }
    }

    /// Two slots with one SSRC would share nonces, and nobody could tell them apart.
    fn unused_ssrc(&self, taken: Option<u32>, random: &mut Random) -> u32 {
        loop {
            let ssrc = random.u32();
            let is_used = |slot: &DownSlot| slot.ssrc == ssrc || slot.rtx_ssrc == ssrc;
            if taken != Some(ssrc) && !self.slots.iter().any(is_used) {
                return ssrc;
            }
        }
    }

    /// Sends a packet of the stream in slot `slot`, now or when it is its turn, if it is of what goes on up to `limit`.
    /// Returns whether the stream begins with it. `plain` is a copy of its payload that may be changed.
    pub(crate) fn media(
        &mut self,
        now: Now,
        (slot, limit): (usize, Limit),
        stream: &Stream,
        (packet, plain): (&MediaPacket<'_>, &mut [u8]),
        path: &mut Path<'_>,
    ) -> Result<bool, Drop> {
        let place = &mut self.slots[slot];
        let payload_type = place.payload_types(packet.codec).ok_or(Drop::CannotDecode)?.0;
        if place.kind != SlotKind::Video {
            return self.sound(now, slot, stream, (packet, plain), path);
        }
        let waits = !(self.pacer.is_open(now) && self.bandwidth.has_room(now.at));
        if waits && self.pacer.is_full() {
            self.give_up(slot); // the next key frame goes on without a gap
            return Err(Drop::PacerFull);
        }
        let admitted =
            place.rewriter.admit(packet, limit, now.at, |layer| stream.translate(packet, layer))?;
        if waits {
            let content = place.content.as_ref().map_or(0, |it| it.stream);
            let waiting = Waiting::new((slot, content), packet, admitted, None, now.at);
            if place.rewriter.is_opening(packet) {
                self.pacer.push_opening(waiting);
            } else {
                self.pacer.push(waiting);
            }
        } else {
            let sent = (packet, Some(plain), admitted, None);
            self.leave(now, (slot, payload_type), stream.stable_id, sent, path);
        }
        Ok(admitted.begins)
    }

    /// Whether a stream can begin in a slot with what followed its last key frame: nothing was ever sent there.
    pub(crate) fn is_unused(&self, slot: usize) -> bool {
        let place = &self.slots[slot];
        place.packets == 0 && place.rewriter.layer().is_none() && self.pacer.is_empty()
    }

    /// Whether a slot can go on with another layer: what flows has come to the end of a picture; `None` while too much waits.
    pub(crate) fn is_at_end(&self, slot: usize) -> Option<bool> {
        (!self.pacer.is_full()).then(|| self.slots[slot].rewriter.is_at_end())
    }

    /// Lets a slot go on with a layer's last key frame and what followed: all that waits until it may leave.
    pub(crate) fn replay(&mut self, now: Now, slot: usize, (key, stream): (u32, &Stream), begin: &Begin) {
        let Begin { layer, opening, limit } = begin;
        let (place, cache) = (&mut self.slots[slot], &stream.layers[*layer].cache);
        for packet in opening.sequences.clone().filter_map(|it| cache.get(opening.epoch, it, now.at)) {
            if place.payload_types(packet.codec).is_none() {
                return; // the slot's owner was told
            }
            let translate = |layer| stream.translate(&packet, layer);
            if let Ok(admitted) = place.rewriter.admit(&packet, *limit, now.at, translate) {
                self.pacer.push_opening(Waiting::new((slot, key), &packet, admitted, None, now.at));
            }
        }
    }

    /// Throws away what waits for a slot: its stream goes on with a key frame, and the receiver misses nothing.
    pub(crate) fn give_up(&mut self, slot: usize) {
        let rewriter = &mut self.slots[slot].rewriter;
        let kept = self.pacer.discard(slot, rewriter.begun());
        rewriter.rewind(kept);
    }

    /// So much waits that the way must carry less than a moment ago.
    pub(crate) fn is_behind(&self, now: Instant) -> bool {
        self.pacer.is_behind(now)
    }

    /// Answers a request for packets of the slot with SSRC `media` of a receiver so far away; `drop` counts those that are not
    /// sent again.
    pub(crate) fn repair(
        &mut self,
        now: Now,
        (media, rtt): (u32, Option<Duration>),
        sequences: impl Iterator<Item = u16>,
        streams: &Slab<Stream>,
        path: &mut Path<'_>,
        mut drop: impl FnMut(Drop),
    ) {
        let Some(at) = self.slots.iter().position(|slot| slot.ssrc == media) else { return };
        let Some(key) = self.slots[at].content.as_ref().map(|it| it.stream) else { return };
        let Some(stream) = streams.get(key) else { return };
        for sequence in sequences {
            let slot = &mut self.slots[at];
            let Some((packet, admitted, payload_type)) = slot.kept(sequence, stream, now.at) else {
                drop(Drop::NackExpired);
                continue;
            };
            let len = packet.payload.len();
            if !self.budget.allows(len) || self.pacer.is_full() {
                drop(Drop::NackLimited);
                continue;
            }
            let Some(before) = slot.resent.again(sequence, now.at, rtt) else {
                drop(Drop::NackLimited);
                continue;
            };
            if before == 0 {
                self.bandwidth.missed();
            }
            self.budget.spend(len);
            if self.pacer.is_open(now) && self.bandwidth.has_room(now.at) {
                let sent = (&packet, None, admitted, Some(sequence));
                self.leave(now, (at, payload_type), stream.stable_id, sent, path);
            } else {
                self.pacer.push(Waiting::new((at, key), &packet, admitted, Some(sequence), now.at));
            }
            self.slots[at].retransmitted += 1;
        }
    }

    /// Sends what waited until now, and what a probe asks for.
    pub(crate) fn work(
        &mut self,
        now: Now,
        streams: &Slab<Stream>,
        path: &mut Path<'_>,
        mut drop: impl FnMut(Drop),
    ) {
        let target = self.bandwidth.is_measured().then(|| self.bandwidth.target_bps(now.at));
        self.pacer.set_target(target);
        if self.probing.is_none() {
            self.probing = self.bandwidth.probe(now.at).map(|probe| Probing::new(probe, now.at));
        }
        while self.bandwidth.has_room(now.at)
            && let Some(waiting) = self.pacer.pop(now, false)
        {
            self.let_go(now, &waiting, streams, path).unwrap_or_else(&mut drop);
        }
        while self.probing.as_mut().is_some_and(|probing| probing.asks(now.at)) {
            match self.pacer.pop(now, true) {
                Some(waiting) => self.let_go(now, &waiting, streams, path).unwrap_or_else(&mut drop),
                None if self.pad(now, streams, path) => {}
                None => self.probing = None, // nothing to probe with
            }
        }
        if self.probing.as_ref().is_some_and(Probing::is_done) {
            self.probing = None;
        }
    }

    /// When [`Self::work`] is to be called.
    pub(crate) fn due(&self, now: Instant) -> Option<Instant> {
        let probing = self.probing.as_ref().map(|_| now + probing::STEP);
        let probe = self.probing.is_none().then(|| self.bandwidth.probe_due()).flatten();
        [self.pacer.due(), probing, probe].into_iter().flatten().min()
    }

    /// Only padding has told of the way, or hardly more: a busy receiver that reads it late would be taken for a way without room,
    /// and see nothing for as long as that takes to be found out.
    fn is_on_trial(&self, now: Instant) -> bool {
        self.tried_until.is_none_or(|until| now < until)
    }

    /// When the next of the packets that wait may leave.
    pub(crate) fn waits_until(&self) -> Option<Instant> {
        self.pacer.due()
    }

    /// The longest that a packet waited here since the last call.
    pub(crate) fn take_longest_wait(&mut self) -> Duration {
        self.pacer.take_longest()
    }

    /// Sends a packet that waited, if its payload is still there.
    fn let_go(
        &mut self,
        now: Now,
        waiting: &Waiting,
        streams: &Slab<Stream>,
        path: &mut Path<'_>,
    ) -> Result<(), Drop> {
        let Waiting { slot, stream, layer, epoch, sequence, admitted, original, .. } = *waiting;
        let stream = streams.get(stream).ok_or(Drop::PacerExpired)?;
        let layer = stream.layers.get(usize::from(layer)).ok_or(Drop::PacerExpired)?;
        let packet = layer.cache.held(epoch, sequence).ok_or(Drop::PacerExpired)?;
        let (media, rtx) = self.slots[slot].payload_types(packet.codec).ok_or(Drop::CannotDecode)?;
        let payload_type = if original.is_some() { rtx.ok_or(Drop::CannotDecode)? } else { media };
        self.leave(now, (slot, payload_type), stream.stable_id, (&packet, None, admitted, original), path);
        Ok(())
    }

    /// Writes a packet into the outgoing buffer and counts it everywhere. Its payload is copied where no copy is given.
    fn leave(
        &mut self,
        now: Now,
        (slot, payload_type): (usize, u8),
        stream_id: u32,
        (packet, plain, admitted, original): (&MediaPacket<'_>, Option<&mut [u8]>, Admitted, Option<u16>),
        path: &mut Path<'_>,
    ) {
        let slot = &mut self.slots[slot];
        let repair = original.is_some();
        let (ssrc, index) =
            if repair { (slot.rtx_ssrc, slot.rtx_sequence) } else { (slot.ssrc, admitted.sequence) };
        let transport_sequence = self.bandwidth.next_sequence();
        let leaving =
            Leaving { payload_type, ssrc, index, original, stream_id, transport_sequence, admitted, packet };
        let plain = plain.filter(|_| !repair && !admitted.empty);
        let sent = plain.and_then(|plain| slot.write_media(&leaving, plain, path));
        let sent = sent.unwrap_or_else(|| slot.write(&leaving, path));
        if repair {
            slot.rtx_sequence += 1;
        } else {
            slot.packets += 1;
            slot.bytes += sent as u64;
            slot.octets = slot.octets.wrapping_add(packet.payload.len() as u32);
            slot.rewriter.left(&admitted, now.at);
            if slot.kind == SlotKind::Video {
                let trial = if self.bandwidth.is_measured() { TRIAL } else { Duration::ZERO };
                self.tried_until.get_or_insert_with(|| now.at + trial);
            }
            self.bandwidth.sent_media(sent);
            self.budget.earn(sent);
        }
        let numbered = slot.is_numbered();
        self.count(now, sent, numbered);
    }

    /// Sends a packet that only fills a probe: the last ones once more, else padding. False where the client takes
    /// neither.
    fn pad(&mut self, now: Now, streams: &Slab<Stream>, path: &mut Path<'_>) -> bool {
        let takes_padding =
            |slot: &DownSlot| slot.kind == SlotKind::Video && slot.is_numbered() && slot.rtx().is_some();
        let Some(at) = self.slots.iter().position(takes_padding) else { return false };
        let (turn, repeats) = self.probing.as_ref().map_or((0, true), |it| (it.packets(), it.repeats()));
        let slot = &mut self.slots[at];
        let stream = slot.content.as_ref().and_then(|it| streams.get(it.stream));
        let last = slot
            .rewriter
            .newest()
            .filter(|_| repeats)
            .map(|newest| newest.wrapping_sub(turn % probing::REPEATED));
        if let (Some(stream), Some(sequence)) = (stream, last)
            && let Some((packet, admitted, payload_type)) = slot.kept(sequence, stream, now.at)
        {
            let sent = (&packet, None, admitted, Some(sequence));
            self.leave(now, (at, payload_type), stream.stable_id, sent, path);
            return true;
        }
        let sent = slot.write_padding(self.bandwidth.next_sequence(), path);
        slot.rtx_sequence += 1;
        self.count(now, sent, true);
        true
    }

    /// A packet of `sent` bytes has left.
    fn count(&mut self, now: Now, sent: usize, numbered: bool) {
        let probe = self.probing.as_mut().filter(|_| numbered).map_or(0, |probing| probing.spend(sent));
        self.bandwidth.sent(now, sent, numbered.then_some(probe));
        self.pacer.spend(sent);
    }

    /// Sends the sender report of one slot, if its stream flows.
    pub(crate) fn report_slot(
        &self,
        now: Instant,
        slot: usize,
        streams: &Slab<Stream>,
        clock: Clock,
        path: &mut Path<'_>,
    ) {
        let slot = &self.slots[slot];
        if let Some(info) = slot.sender_info(now, streams, clock) {
            path.rtcp(|bytes| {
                write_sender_report(bytes, slot.ssrc, &info, &[]);
                write_cname(bytes, slot.ssrc, CNAME.as_bytes());
            });
        }
    }

    /// Sends the reports of all slots in one compound, with `blocks` about what the peer itself publishes.
    pub(crate) fn reports(
        &self,
        now: Instant,
        own_ssrc: u32,
        blocks: &[ReportBlock],
        streams: &Slab<Stream>,
        clock: Clock,
        path: &mut Path<'_>,
    ) {
        path.rtcp(|bytes| {
            // A compound begins with a report (RFC 3550 §6.1).
            write_receiver_report(bytes, own_ssrc, blocks);
            write_cname(bytes, own_ssrc, CNAME.as_bytes());
            for slot in &self.slots {
                if let Some(info) = slot.sender_info(now, streams, clock) {
                    write_sender_report(bytes, slot.ssrc, &info, &[]);
                }
            }
        });
    }
}
