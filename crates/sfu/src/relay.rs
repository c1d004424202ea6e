//! What an engine knows of those that have other parts of its rooms ([decision 12]): what is to be said to them, and what their
//! numbers stand for. What follows from what they say is in `engine/parts.rs`.
//!
//! [decision 12]: ../../../docs/decisions/0012-relays.md

mod frame;

use std::collections::{BTreeMap, HashMap};

use crate::sdp::MAX_LAYERS;

pub use frame::without_packets;
pub(crate) use frame::{Frame, MAX_LEVELS, Name, Offered, Told, frames};

/// The engine's end of all relays.
#[derive(Debug, Default)]
pub(crate) struct Relays {
    /// Which part this engine is of every room that it shares.
    pub(crate) own: u32,
    /// Frames that wait to be taken to another engine.
    waiting: BTreeMap<u32, Vec<u8>>,
    /// Keys of rooms, by the part and its number for the room.
    pub(crate) rooms: HashMap<(u32, u32), u32>,
    /// Keys of streams of other parts, by the part and its number for the stream.
    pub(crate) streams: HashMap<(u32, u32), u32>,
    /// Keys of streams of this engine that are on, by the number in the last offer.
    pub(crate) offered: HashMap<u32, u32>,
    /// Numbers are never used again: what is still under way to an ended stream meets no other one.
    numbers: u32,
}

impl Relays {
    /// Says something to a part.
    pub(crate) fn say(&mut self, part: u32, frame: &Frame<'_>) {
        frame.write(self.waiting.entry(part).or_default());
    }

    /// A number for a stream that was switched on.
    pub(crate) fn offer(&mut self, stream: u32) -> u32 {
        self.numbers += 1;
        self.offered.insert(self.numbers, stream);
        self.numbers
    }

    /// Something to take to a part.
    pub(crate) fn take(&mut self) -> Option<(u32, Vec<u8>)> {
        let (part, bytes) = self.waiting.iter_mut().find(|(_, bytes)| !bytes.is_empty())?;
        let next = Vec::with_capacity(bytes.len());
        Some((*part, std::mem::replace(bytes, next)))
    }

    /// The stream of this name, here.
    pub(crate) fn find(&self, name: Name) -> Option<u32> {
        let found = if name.part == self.own {
            self.offered.get(&name.stream)
        } else {
            self.streams.get(&(name.part, name.stream))
        };
        found.copied()
    }
}

/// A part that gets a stream from here, and which layers of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outlet {
    pub(crate) part: u32,
    pub(crate) layers: [bool; MAX_LAYERS],
}

/// A bit for each layer, from the lowest number on.
pub(crate) fn bits(layers: [bool; MAX_LAYERS]) -> u8 {
    layers.iter().rev().fold(0, |bits, it| bits << 1 | u8::from(*it))
}

/// The layers of these bits.
pub(crate) fn layers(bits: u8) -> [bool; MAX_LAYERS] {
    std::array::from_fn(|at| bits >> at & 1 == 1)
}
