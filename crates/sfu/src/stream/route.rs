//! Who gets a stream, and what of it.

use crate::LayerReason;
use crate::allocate::Quality;
use crate::forward::{ALL_TEMPORAL, Limit};
use crate::layers::Layer;

/// One receiver of a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    /// Key of the peer.
    pub(crate) peer: u32,
    /// Index of its slot.
    pub(crate) slot: usize,
    /// Pixels of its tile.
    pub(super) tile: u32,
    /// What there is enough for; `None` is no picture.
    pub(super) granted: Option<Quality>,
    /// That is less than the tile asks for, by a measured way.
    pub(super) is_short: bool,
    /// The layer that it is to get: the granted one, or what stands in for it.
    pub(super) target: Option<usize>,
    /// The layer that it gets: the target, from the target's next key frame on.
    pub(super) current: Option<usize>,
    /// A key frame of this layer is here: it is what it gets from there on, once the picture that is being sent has its end.
    pub(crate) next: Option<usize>,
    /// What of that it gets.
    pub(crate) limit: Limit,
}

impl Route {
    /// Key `peer` is a new receiver, whose tile is not known yet. With a single layer there is nothing to choose.
    pub(super) fn new((peer, slot): (u32, usize), only: Option<usize>) -> Self {
        Self {
            peer,
            slot,
            tile: 0,
            granted: only.map(Quality::whole),
            is_short: false,
            target: only,
            current: only,
            next: None,
            limit: Limit::ALL,
        }
    }

    /// The layer that it gets, and why, of a stream of `layers`.
    pub(crate) fn chosen(&self, layers: usize) -> (Option<usize>, LayerReason) {
        let reason = match (self.granted, self.target) {
            (None, _) => LayerReason::NoRoom,
            (_, target) if target.is_some() && target != self.current => LayerReason::KeyFrame,
            (Some(granted), target) if target != Some(granted.layer) => LayerReason::NotSent,
            _ if self.is_short => LayerReason::Bandwidth,
            _ if layers == 1 => LayerReason::Only,
            _ => LayerReason::Tile,
        };
        (self.current, reason)
    }

    /// Sets what it gets of its layer by what was granted. Until a layer comes that costs less, only the pictures go on that
    /// the others build on.
    pub(super) fn set_limit(&mut self, layers: &[Layer], is_within: bool) {
        let is_larger = |one: usize, other: usize| layers[one].pixels(one) > layers[other].pixels(other);
        let temporal = match (self.granted, self.current) {
            (Some(granted), Some(current)) if granted.layer == current => granted.temporal,
            (Some(granted), Some(current)) if self.is_short && is_larger(current, granted.layer) => 0,
            _ => ALL_TEMPORAL,
        };
        self.limit = match self.current {
            Some(current) if is_within => layers[0].dependencies.limit(current as u8, temporal),
            Some(current) => layers[current].dependencies.limit(u8::MAX, temporal),
            None => Limit::temporal(temporal),
        };
    }
}
