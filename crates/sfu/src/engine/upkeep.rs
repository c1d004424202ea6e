//! What time brings: reports, requests, speakers, statistics.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Engine;
use super::slots::is_picture;
use crate::drops::Drops;
use crate::peer::Peer;
use crate::sdp::SlotKind;
use crate::stream::Publisher;
use crate::timers::Due;
use crate::{Event, LayerReason, Outbox, PeerStatistics, Source, StreamStatistics, speech};

/// Between two turns for the same peer: finer timing than the kernel's wakes for nothing.
pub(super) const RESOLUTION: Duration = Duration::from_millis(1);

/// Since when the next batch of statistics counts.
#[derive(Debug)]
pub(super) struct StatisticsState {
    since: Instant,
}

impl StatisticsState {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now }
    }
}

impl Engine {
    /// One entry of the timers came due, which was armed for `at`.
    pub(super) fn wake(&mut self, now: Instant, at: Instant, due: Due, out: &mut Outbox) {
        match due {
            Due::Peer(key) => self.wake_peer(now, at, key, out),
            Due::Room(key) => self.wake_room(now, at, key),
            Due::Relayed(key) => self.wake_relayed(now, at, key),
            Due::Statistics => self.tell_statistics(now),
        }
    }

    fn wake_peer(&mut self, now: Instant, at: Instant, key: u32, out: &mut Outbox) {
        let Some(peer) = self.peers.get_mut(key).filter(|peer| peer.alarm.is_set_for(at)) else { return };
        self.blamed = Some(key);
        peer.alarm.clear();
        let transition = peer.tick(now, &mut self.streams, self.clock, out);
        self.follow(now, key, transition);
        for source in [Source::Camera, Source::Screen] {
            if let Some(stream) = self.peers.get(key).and_then(|peer| peer.stream(source)) {
                self.tell_layers(now, stream);
            }
        }
        self.arm(now, key);
    }

    fn wake_room(&mut self, now: Instant, at: Instant, key: u32) {
        let Some(room) = self.rooms.get_mut(key).filter(|room| room.alarm.is_set_for(at)) else { return };
        room.alarm.clear();
        let (streams, is_shared) = (&mut self.streams, !room.parts.is_empty());
        let mut loud = Vec::new();
        let changes = room.speech.tick(|key| {
            let stream = streams.get_mut(key)?;
            let peak = stream.take_peak();
            if is_shared && matches!(stream.publisher, Publisher::Peer(_)) {
                loud.extend(peak.map(|peak| (peak, key)));
            }
            peak
        });
        // With every microphone off nothing can change until one is switched on.
        if !room.speech.is_empty() {
            room.alarm.no_later_than(now + speech::TICK, Due::Room(key), &mut self.timers);
        }
        self.tell_levels(key, &mut loud);
        if changes.speakers {
            self.tell_speakers(key);
        }
        if changes.elected {
            self.fill_room(now, key, &[SlotKind::Speech]);
        }
        self.tell_heard(key);
    }

    /// Tells who speaks in a room, where that is decided.
    pub(super) fn tell_speakers(&mut self, key: u32) {
        let Some(room) = self.rooms.get(key).filter(|room| room.leads(self.relays.own)) else { return };
        let speakers = room.speech.speakers().iter().filter_map(|stream| self.streams.get(*stream));
        let speakers = speakers.map(|stream| Arc::clone(&stream.owner)).collect();
        self.tell(key, |room| Event::SpeakersChanged { room, speakers });
    }

    fn tell_statistics(&mut self, now: Instant) {
        self.timers.arm(now + self.config.statistics_interval, Due::Statistics);
        let interval = now.saturating_duration_since(self.statistics.since);
        self.statistics.since = now;
        self.note_layers();
        let rooms = &self.rooms;
        let peers = self
            .peers
            .values_mut()
            .filter(|peer| peer.transport.is_connected())
            .filter_map(|peer| Some(measure(peer, &rooms.get(peer.room)?.name, (now, interval))))
            .collect();
        let interval_ms = interval.as_millis() as u32;
        self.events.push_back(Event::Statistics { worker: 0, interval_ms, peers, drops: self.drops.named() });
    }

    /// Writes into the slots which layer they get, and why.
    fn note_layers(&mut self) {
        let Self { streams, peers, .. } = self;
        for (_, stream) in streams.iter().filter(|(_, stream)| is_picture(stream.source)) {
            for route in &stream.routes {
                let (layer, reason) = route.chosen(stream.layers.len());
                // One alone has no name.
                let layer = layer.map(|at| stream.names.get(at).cloned().unwrap_or_default());
                if let Some(peer) = peers.get_mut(route.peer)
                    && let Some(content) = &mut peer.downlink.slots[route.slot].content
                {
                    content.reason =
                        Some(if content.cannot_decode { LayerReason::CannotDecode } else { reason });
                    content.layer = layer;
                }
            }
        }
    }
}

fn measure(peer: &mut Peer, room: &Arc<str>, (now, interval): (Instant, Duration)) -> PeerStatistics {
    let id = Arc::clone(&peer.id);
    let up = peer.uplink.lines_mut().filter(|line| line.packets() > 0).map(|line| StreamStatistics {
        peer: Arc::clone(&id),
        source: line.source,
        packets: line.packets().saturating_sub(line.recovered()),
        bytes: line.bytes(),
        lost: line.lost(),
        retransmitted: line.recovered(),
        jitter_ms: line.jitter_ms(),
        bitrate_bps: rate(line.bytes(), &mut line.counted_bytes, interval),
        layer: None,
        reason: None,
    });
    let up = up.collect();
    let rtt_ms = peer.rtt().map(|rtt| rtt.as_secs_f64() * 1000.0);
    let down = peer.downlink.slots.iter_mut().filter_map(|slot| {
        let content = slot.content.as_ref()?;
        Some(StreamStatistics {
            peer: Arc::clone(&content.peer),
            source: content.source,
            packets: slot.packets,
            bytes: slot.bytes,
            lost: slot.lost,
            retransmitted: slot.retransmitted,
            jitter_ms: slot.jitter_ms,
            bitrate_bps: rate(slot.bytes, &mut slot.counted_bytes, interval),
            layer: content.layer.clone(),
            reason: content.reason,
        })
    });
    let down = down.collect();
    PeerStatistics {
        room: Arc::clone(room),
        peer: id,
        rtt_ms,
        estimate_bps: peer.downlink.bandwidth.estimate_bps(),
        target_bps: peer.downlink.bandwidth.target_bps(now),
        pacer_delay_ms: peer.downlink.take_longest_wait().as_secs_f64() * 1000.0,
        up,
        down,
        drops: Drops::named(&peer.drops),
    }
}

/// Bits a second since the last call, which left its byte count in `counted`.
fn rate(bytes: u64, counted: &mut u64, interval: Duration) -> u64 {
    let since = bytes.saturating_sub(std::mem::replace(counted, bytes));
    let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    (since * 8000).checked_div(millis).unwrap_or(0)
}
