//! From the network: one function per kind of datagram, each an ordered list of steps with counted exits.

use std::time::Instant;

use wire::demux::{Kind, classify};
use wire::rtcp::{Packet, packets};
use wire::stun::BindingRequest;

use super::Engine;
use crate::drops::Drop;
use crate::forward::MediaPacket;
use crate::peer::Transition;
use crate::receive::Received;
use crate::relay::Frame;
use crate::timers::Due;
use crate::{Event, Outbox, Remote};

/// Sequence numbers of one NACK that are looked at; a datagram could name 6000.
const MAX_NACKED: usize = 256;

impl Engine {
    /// Takes one datagram.
    pub(super) fn take(&mut self, now: Instant, from: Remote, datagram: &mut [u8], out: &mut Outbox) {
        let Some(kind) = classify(datagram) else { return self.drops.count(Drop::UnknownProtocol) };
        if kind == Kind::Stun {
            return self.stun(now, from, datagram, out);
        }
        let Some(key) = self.demux.peer_at(from) else { return self.drops.count(Drop::UnknownAddress) };
        self.blamed = Some(key);
        match kind {
            Kind::Dtls => self.dtls(now, key, from, datagram, out),
            Kind::Rtp => self.rtp(now, key, datagram, out),
            Kind::Rtcp => self.rtcp(now, key, datagram, out),
            Kind::Stun => {}
        }
    }

    fn stun(&mut self, now: Instant, from: Remote, datagram: &[u8], out: &mut Outbox) {
        let Ok(request) = BindingRequest::parse(datagram) else {
            return self.drops.count(Drop::StunMalformed);
        };
        let Some(key) = self.demux.peer_of(request.local_ufrag()) else {
            return self.drops.count(Drop::StunUnknownUser);
        };
        let Some(peer) = self.peers.get_mut(key) else { return };
        self.blamed = Some(key);
        let had_consent = peer.transport.has_consent(now);
        let checked = match peer.transport.ice.check(now, from, &request, out) {
            Ok(checked) => checked,
            Err(reason) => return peer.drops.count(reason),
        };
        for address in checked.forgotten {
            self.demux.forget(address, key);
        }
        if let Some(ufrag) = checked.retired_ufrag {
            self.demux.retire(&ufrag);
        }
        // A NAT may have given the address to another peer meanwhile: the last who proved it has it.
        if self.demux.peer_at(from) != Some(key) && peer.transport.ice.addresses().contains(&from) {
            self.demux.learn(from, key);
        }
        if !had_consent {
            // Back after a silence: the reports go on, and the pictures begin anew.
            self.want_key_frames(now, key);
        }
        if !had_consent || checked.learned {
            self.arm(now, key);
        }
    }

    fn dtls(&mut self, now: Instant, key: u32, from: Remote, datagram: &[u8], out: &mut Outbox) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let transition = peer.dtls(now, from, datagram, out);
        self.follow(now, key, transition);
        self.arm(now, key);
    }

    /// Draws the consequences of what moved in a peer's transport.
    pub(super) fn follow(&mut self, now: Instant, key: u32, transition: Transition) {
        match transition {
            Transition::None => {}
            Transition::Failed(failure) => self.fail(now, key, failure),
            Transition::Connected => {
                let Some(peer) = self.peers.get(key) else { return };
                let (id, room) = (peer.id.clone(), peer.room);
                self.tell(room, |room| Event::PeerConnected { room, peer: id });
                self.want_key_frames(now, key);
            }
        }
    }

    fn rtp(&mut self, now: Instant, key: u32, datagram: &mut [u8], out: &mut Outbox) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let received = match peer.open_rtp(now, datagram) {
            Ok(received) => received,
            Err(reason) => return peer.drops.count(reason),
        };
        if let Some(at) = peer.uplink.feedback_due() {
            peer.alarm.no_later_than(at, Due::Peer(key), &mut self.timers);
        }
        let Received { stream, packet, outage, earlier } = received;
        if let Some(earlier) = &earlier {
            for at in 0..earlier.count() {
                let Some(peer) = self.peers.get_mut(key) else { return };
                if let Some(missed) = peer.uplink.recovered(now, (&packet, earlier), at) {
                    self.publish(now, key, stream, missed, out);
                }
            }
        }
        if outage && let Some(stream) = self.streams.get_mut(stream).filter(|stream| stream.on) {
            stream.layers[usize::from(packet.layer)].key_frames.want();
        }
        let is_lost = self.publish(now, key, stream, packet, out);
        if outage || is_lost {
            self.arm(now, key);
        }
    }

    /// A packet of a peer's stream: to everybody who wants it. Returns whether only a key frame helps the stream.
    fn publish(
        &mut self,
        now: Instant,
        peer: u32,
        key: u32,
        mut packet: MediaPacket<'_>,
        out: &mut Outbox,
    ) -> bool {
        let Some(stream) = self.streams.get_mut(key) else { return false };
        if !stream.on {
            if let Some(peer) = self.peers.get_mut(peer) {
                peer.drops.count(Drop::SourceOff);
            }
            return false;
        }
        let is_lost = self.media(now, key, &mut packet, out);
        self.blamed = Some(peer);
        is_lost
    }

    /// Takes a packet of a stream that is on, whoever brings it. Returns whether only a key frame helps the stream.
    pub(super) fn media(
        &mut self,
        now: Instant,
        key: u32,
        packet: &mut MediaPacket<'_>,
        out: &mut Outbox,
    ) -> bool {
        let Some(stream) = self.streams.get_mut(key) else { return false };
        let codec = stream.codec;
        let news = stream.packet(packet, now);
        if news.lost {
            stream.layers[usize::from(packet.layer)].key_frames.want();
        }
        if news.starts || codec != Some(packet.codec) {
            self.stream_started(key, news.starts);
        }
        if news.layers {
            self.layers_changed(now, key);
            self.relay_layers(key, None);
        }
        if packet.description.is_some()
            && packet.frame.begins_decoding
            && let Some(stream) = self.streams.get_mut(key)
        {
            stream.begin_within();
        }
        self.deliver(now, key, packet, out);
        if self.streams.get(key).is_some_and(|it| it.is_turning) {
            self.turn(now, key);
        }
        news.lost
    }

    /// Gives those another layer for whom a key frame of it is here, as soon as their picture has its end: this packet may have
    /// been that.
    fn turn(&mut self, now: Instant, key: u32) {
        let moment = self.clock.moment(now);
        let Some(stream) = self.streams.get_mut(key) else { return };
        stream.is_turning = false;
        let mut turned = Vec::new();
        for at in 0..stream.routes.len() {
            let route = &stream.routes[at];
            if let Some(peer) = self.peers.get_mut(route.peer).filter(|_| route.next.is_some()) {
                let key_of_peer = route.peer;
                if peer.turn(moment, at, (key, stream)) {
                    turned.push(key_of_peer);
                }
            }
            stream.is_turning |= stream.routes[at].next.is_some();
        }
        for peer in turned {
            self.arm(now, peer);
        }
        self.serve(now, key); // where too late, another key frame is wanted
    }

    /// Sends a packet to everybody who has its stream in a slot and gets its layer.
    fn deliver(&mut self, now: Instant, key: u32, packet: &MediaPacket<'_>, out: &mut Outbox) {
        let Some(stream) = self.streams.get(key) else { return };
        for outlet in stream.outlets.iter().filter(|it| it.layers[usize::from(packet.layer)]) {
            self.relays.say(outlet.part, &Frame::Packet { stream: stream.number, packet: *packet });
        }
        let (moment, mut awaited) = (self.clock.moment(now), false);
        self.plain.clear();
        self.plain.extend_from_slice(packet.payload);
        for route in stream.routes.iter().filter(|route| stream.goes_to(route, packet.layer)) {
            let Some(peer) = self.peers.get_mut(route.peer) else { continue };
            self.blamed = Some(route.peer);
            match peer.forward(moment, route, stream, (packet, &mut self.plain), out) {
                Ok(false) => {}
                Ok(true) => peer.report_slot(now, route.slot, &self.streams, self.clock, out),
                Err(reason) => {
                    awaited |= reason == Drop::AwaitingKeyFrame;
                    peer.drops.count(reason);
                }
            }
            if let Some(at) = peer.downlink.waits_until() {
                peer.alarm.no_later_than(at, Due::Peer(route.peer), &mut self.timers);
            }
        }
        if awaited && let Some(stream) = self.streams.get_mut(key) {
            stream.layers[usize::from(packet.layer)].key_frames.want();
            self.serve(now, key);
        }
    }

    fn rtcp(&mut self, now: Instant, key: u32, datagram: &mut [u8], out: &mut Outbox) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let compound = match peer.open_rtcp(datagram) {
            Ok(compound) => compound,
            Err(reason) => return peer.drops.count(reason),
        };
        for packet in packets(compound) {
            let Ok(packet) = packet else {
                if let Some(peer) = self.peers.get_mut(key) {
                    peer.drops.count(Drop::RtcpMalformed);
                }
                return;
            };
            self.feedback(now, key, &packet, out);
        }
        if self.peers.get(key).is_some_and(|peer| peer.downlink.is_to_allocate(now)) {
            self.allocate(now, key);
            self.arm(now, key);
        }
    }

    fn feedback(&mut self, now: Instant, key: u32, packet: &Packet<'_>, out: &mut Outbox) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        match packet {
            Packet::SenderReport { ssrc, info, blocks } => {
                peer.reception_report(now, blocks.clone(), self.clock);
                if let Some((stream, layer, ntp)) = peer.sender_report(now, *ssrc, info, self.clock) {
                    self.clock_reported(now, (stream, layer), ntp, info.rtp_timestamp, out);
                }
            }
            Packet::ReceiverReport { blocks, .. } => {
                peer.reception_report(now, blocks.clone(), self.clock);
            }
            Packet::Nack(nack) => {
                peer.repair(
                    self.clock.moment(now),
                    nack.media,
                    nack.sequences().take(MAX_NACKED),
                    &self.streams,
                    out,
                );
            }
            Packet::Pli { media, .. } => self.picture_lost(now, key, *media),
            Packet::Fir(fir) => {
                for entry in fir.entries().take(MAX_NACKED) {
                    self.picture_lost(now, key, entry.media);
                }
            }
            Packet::TransportFeedback(feedback) => peer.transport_feedback(now, feedback),
            Packet::Remb(remb) => peer.downlink.bandwidth.remb(remb.bitrate_bps),
            // Descriptions and goodbyes tell nothing that signalling does not.
            Packet::SourceDescription(_) | Packet::Goodbye(_) | Packet::Other { .. } => {}
        }
    }

    /// A publisher told the time of day of its `timestamp`; who waits for the first such report gets one at once.
    pub(super) fn clock_reported(
        &mut self,
        now: Instant,
        (key, layer): (u32, usize),
        ntp: u64,
        timestamp: u32,
        out: &mut Outbox,
    ) {
        let Some(stream) = self.streams.get_mut(key) else { return };
        let is_first = stream.layers[layer].reported(ntp, timestamp);
        self.relay_clock(now, key, layer, ntp, timestamp);
        if !is_first {
            return;
        }
        let Some(stream) = self.streams.get(key) else { return };
        for route in stream.routes.iter().filter(|route| stream.goes_to(route, layer as u8)) {
            if let Some(peer) = self.peers.get_mut(route.peer) {
                self.blamed = Some(route.peer);
                peer.report_slot(now, route.slot, &self.streams, self.clock, out);
            }
        }
    }

    /// The peer cannot go on decoding what comes on `media`.
    fn picture_lost(&mut self, now: Instant, key: u32, media: u32) {
        let Some(peer) = self.peers.get(key) else { return };
        if let Some(slot) = peer.downlink.slots.iter().position(|slot| slot.ssrc == media) {
            self.want_key_frame(now, key, slot);
        }
    }
}
