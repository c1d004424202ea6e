//! From the seam's classes to the engine's values and back, field by field.

use std::collections::BTreeMap;

use sfu::CommandKind as Kind;

use crate::values::{
    Accepted, AddPeer, Answered, Command, Event, LayersWanted, PeerConnected, PeerFailed, PeerSnapshot,
    PeerStatistics, Rejected, RoomSnapshot, Slot, SlotsChanged, Source, SpeakersChanged, Statistics,
    StreamStarted, StreamStatistics, Tile,
};

impl From<Command> for sfu::Command {
    fn from(command: Command) -> Self {
        let (id, room, kind) = match command {
            Command::AddPeer(c) => {
                let AddPeer { id, room, peer, offer, publish, subscribe, one_way } = c;
                (id, room, Kind::AddPeer { peer: peer.into(), offer, publish, subscribe, one_way })
            }
            Command::Renegotiate(c) => {
                (c.id, c.room, Kind::Renegotiate { peer: c.peer.into(), offer: c.offer })
            }
            Command::RemovePeer(c) => (c.id, c.room, Kind::RemovePeer { peer: c.peer.into() }),
            Command::SetView(c) => {
                let tiles = c.tiles.into_iter().map(Into::into).collect();
                (c.id, c.room, Kind::SetView { peer: c.peer.into(), tiles })
            }
            Command::SetSources(c) => {
                let sources = c.sources.into_iter().map(|source| source.0).collect();
                (c.id, c.room, Kind::SetSources { peer: c.peer.into(), sources })
            }
            Command::CloseRoom(c) => (c.id, c.room, Kind::CloseRoom),
        };
        Self { id, room: room.into(), kind }
    }
}

impl From<Tile> for sfu::Tile {
    fn from(tile: Tile) -> Self {
        let Tile { peer, source, width, height, pinned } = tile;
        Self { peer: peer.into(), source: source.0, width, height, pinned }
    }
}

impl From<sfu_io::Told> for Event {
    fn from(told: sfu_io::Told) -> Self {
        use sfu::Event as E;
        let sfu_io::Told { sequence, event } = told;
        match event {
            E::Accepted { id } => Self::Accepted(Accepted { id }),
            E::Rejected { id, code, message } => {
                Self::Rejected(Rejected { id, code: name(code).to_owned(), message })
            }
            E::Answered { room, peer, sdp } => {
                let (room, peer) = (room.to_string(), peer.to_string());
                Self::Answered(Answered { room, sequence, peer, sdp })
            }
            E::PeerConnected { room, peer } => {
                let (room, peer) = (room.to_string(), peer.to_string());
                Self::PeerConnected(PeerConnected { room, sequence, peer })
            }
            E::PeerFailed { room, peer, reason } => {
                let (room, peer, reason) = (room.to_string(), peer.to_string(), reason.to_owned());
                Self::PeerFailed(PeerFailed { room, sequence, peer, reason })
            }
            E::StreamStarted { room, peer, source, codec } => {
                let (room, peer, codec) = (room.to_string(), peer.to_string(), codec.to_owned());
                Self::StreamStarted(StreamStarted { room, sequence, peer, source: Source(source), codec })
            }
            E::SlotsChanged { room, peer, slots } => {
                let (room, peer, slots) = (room.to_string(), peer.to_string(), list(slots));
                Self::SlotsChanged(SlotsChanged { room, sequence, peer, slots })
            }
            E::LayersWanted { room, peer, source, layers } => {
                let (room, peer) = (room.to_string(), peer.to_string());
                let layers = layers.iter().map(ToString::to_string).collect();
                Self::LayersWanted(LayersWanted { room, sequence, peer, source: Source(source), layers })
            }
            E::SpeakersChanged { room, speakers } => {
                let speakers = speakers.iter().map(ToString::to_string).collect();
                Self::SpeakersChanged(SpeakersChanged { room: room.to_string(), sequence, speakers })
            }
            E::Statistics { worker, interval_ms, peers, drops } => {
                let (peers, drops) = (list(peers), counts(drops));
                Self::Statistics(Statistics { worker, interval_ms, peers, drops })
            }
        }
    }
}

impl From<sfu::Slot> for Slot {
    fn from(slot: sfu::Slot) -> Self {
        Self {
            mid: slot.mid.to_string(),
            peer: slot.peer.as_deref().map(ToOwned::to_owned),
            source: Source(slot.source),
            rtp_timestamp: slot.rtp_timestamp,
            cannot_decode: slot.cannot_decode,
            paused: slot.paused,
        }
    }
}

impl From<sfu::PeerStatistics> for PeerStatistics {
    fn from(peer: sfu::PeerStatistics) -> Self {
        Self {
            room: peer.room.to_string(),
            peer: peer.peer.to_string(),
            rtt_ms: peer.rtt_ms,
            estimate_bps: peer.estimate_bps,
            target_bps: peer.target_bps,
            pacer_delay_ms: peer.pacer_delay_ms,
            up: list(peer.up),
            down: list(peer.down),
            drops: counts(peer.drops),
        }
    }
}

impl From<sfu::StreamStatistics> for StreamStatistics {
    fn from(stream: sfu::StreamStatistics) -> Self {
        Self {
            peer: stream.peer.to_string(),
            source: Source(stream.source),
            packets: stream.packets,
            bytes: stream.bytes,
            lost: stream.lost,
            retransmitted: stream.retransmitted,
            jitter_ms: stream.jitter_ms,
            bitrate_bps: stream.bitrate_bps,
            layer: stream.layer.as_deref().map(ToOwned::to_owned),
            reason: stream.reason.map(|reason| reason.name().to_owned()),
        }
    }
}

impl From<(u64, sfu::RoomSnapshot)> for RoomSnapshot {
    fn from((sequence, room): (u64, sfu::RoomSnapshot)) -> Self {
        Self { room: room.room.to_string(), sequence, peers: list(room.peers) }
    }
}

impl From<sfu::PeerSnapshot> for PeerSnapshot {
    fn from(peer: sfu::PeerSnapshot) -> Self {
        Self {
            peer: peer.peer.to_string(),
            connected: peer.connected,
            publish: peer.publish,
            subscribe: peer.subscribe,
            sources: peer.sources.into_iter().map(Source).collect(),
            slots: list(peer.slots),
        }
    }
}

fn list<A, B: From<A>>(values: Vec<A>) -> Vec<B> {
    values.into_iter().map(Into::into).collect()
}

fn counts(drops: Vec<(&'static str, u64)>) -> BTreeMap<String, u64> {
    drops.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect()
}

fn name(code: sfu::RejectCode) -> &'static str {
    match code {
        sfu::RejectCode::UnknownPeer => "unknown_peer",
        sfu::RejectCode::UnknownRoom => "unknown_room",
        sfu::RejectCode::DuplicatePeer => "duplicate_peer",
        sfu::RejectCode::BadOffer => "bad_offer",
        sfu::RejectCode::LimitReached => "limit_reached",
    }
}
