//! What a slot leaves out of a stream: pictures of upper temporal layers, frames of spatial ones, and what that does to the
//! numbers around them.
//!
//! A picture is left out when it comes in order. Packets that are missing then keep a number each, since nobody knows whose
//! they are; one of them that comes late and is of a picture that is left out is sent as an empty packet, so that the
//! receiver does not ask for it.

use std::collections::VecDeque;

use wire::vp8::PictureId;

use super::{Limit, MediaPacket};

/// Pictures remembered: of 30 a second, three quarters of which are left out, nearly three seconds; what comes late or is
/// asked for again is younger.
const PICTURES: usize = 64;

/// Changes of what is left out that are remembered: each takes a look at what the way down carries, ten a second.
const CHANGES: usize = 16;

/// A picture that was left out, by the publisher's numbers; where frames are described, frames without another one between.
#[derive(Debug, Clone, Copy)]
struct Picture {
    first: u64,
    last: u64,
    timestamp: u32,
    id: Option<PictureId>,
    /// Of the last one that is described.
    frame: Option<u16>,
}

impl Picture {
    fn len(&self) -> u64 {
        self.last - self.first + 1
    }
}

/// What one flow through a slot leaves out; takes no memory before the first picture.
#[derive(Debug, Default)]
pub(super) struct Skips {
    /// Oldest first.
    pictures: VecDeque<Picture>,
    /// (from which number on, what is sent), oldest first.
    levels: VecDeque<(u64, Limit)>,
}

/// What leaving out one packet frees.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Freed {
    /// Sequence numbers: its own, and those missing before it within the picture.
    pub(super) numbers: u64,
    /// It is the first of a picture with an id.
    pub(super) picture_id: bool,
    /// Nothing is known any more of what is older than this.
    pub(super) known_from: Option<u64>,
}

impl Skips {
    /// Begins anew, with another flow.
    pub(super) fn clear(&mut self) {
        self.pictures.clear();
        self.levels.clear();
    }

    /// From `sequence` on `level` is what is sent; until then it was `before`.
    pub(super) fn change(&mut self, sequence: u64, before: Limit, level: Limit) {
        if self.levels.is_empty() {
            self.levels.reserve_exact(CHANGES);
            self.levels.push_back((0, before));
        }
        if self.levels.len() == CHANGES {
            self.levels.pop_front();
        }
        self.levels.push_back((sequence, level));
    }

    /// Leaves out a packet that came in order, after the number `newest`.
    pub(super) fn skip(&mut self, packet: &MediaPacket<'_>, newest: u64) -> Freed {
        let MediaPacket { sequence, timestamp, .. } = *packet;
        let frame = packet.descriptor().map(|it| it.frame_number);
        let mut is_same = false;
        if let Some(last) = self.pictures.back_mut() {
            is_same = last.timestamp == timestamp;
            // Of a picture with several frames, what is missing between two of them may be wanted.
            let joins = if frame.is_some() { last.frame == frame || sequence == newest + 1 } else { is_same };
            if joins && last.last == newest {
                (last.last, last.timestamp, last.frame) = (sequence, timestamp, frame);
                return Freed { numbers: sequence - newest, picture_id: false, known_from: None };
            }
        }
        let mut known_from = None;
        if self.pictures.is_empty() {
            self.pictures.reserve_exact(PICTURES);
        } else if self.pictures.len() == PICTURES {
            known_from = self.pictures.pop_front().map(|oldest| oldest.last + 1);
        }
        let id = packet.frame.vp8().and_then(|it| it.picture_id).filter(|_| !is_same);
        self.pictures.push_back(Picture { first: sequence, last: sequence, timestamp, id, frame });
        Freed { numbers: 1, picture_id: id.is_some(), known_from }
    }

    /// How many numbers more a late packet's offset has than that of the newest; `None` when it has no number at all.
    pub(super) fn numbers_after(&self, sequence: u64) -> Option<u64> {
        let mut numbers = 0;
        for picture in self.pictures.iter().rev() {
            if sequence > picture.last {
                break;
            }
            if sequence >= picture.first {
                return None;
            }
            numbers += picture.len();
        }
        Some(numbers)
    }

    /// The same for picture ids.
    pub(super) fn pictures_after(&self, id: PictureId) -> u16 {
        let circle: u16 = if id.wide { 0x8000 } else { 0x80 };
        let is_newer = |other: PictureId| {
            let ahead = other.value.wrapping_sub(id.value) & (circle - 1);
            ahead != 0 && ahead < circle / 2
        };
        self.pictures.iter().filter_map(|it| it.id).filter(|other| is_newer(*other)).count() as u16
    }

    /// What was sent at this number, if that has changed since.
    pub(super) fn level_at(&self, sequence: u64) -> Option<Limit> {
        let then = self.levels.iter().rev().find(|(from, _)| sequence >= *from);
        then.or(self.levels.front()).map(|(_, level)| *level)
    }

    /// Whether a late packet is of what is left out at this level.
    pub(super) fn is_left_out(&self, packet: &MediaPacket<'_>, level: Limit) -> bool {
        if let Some(description) = &packet.description {
            return description.read.is_none_or(|it| it.present >> level.target & 1 == 0);
        }
        let is_picture = |it: &Picture| it.timestamp == packet.timestamp;
        packet.frame.temporal > level.temporal || self.pictures.iter().any(is_picture)
    }

    /// The publisher's number of what would be `sequence` if nothing had been left out before the newest.
    pub(super) fn original(&self, sequence: u64) -> Option<u64> {
        let mut original = sequence;
        for picture in self.pictures.iter().rev() {
            if original > picture.last {
                break;
            }
            original = original.checked_sub(picture.len())?;
        }
        Some(original)
    }
}
