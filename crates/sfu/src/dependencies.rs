//! What a publisher's key frames tell of the layers within one stream of packets (AV1 RTP specification, appendix A).

use wire::dependency::{Descriptor, Structure};

use crate::forward::{Limit, MediaPacket};
use crate::sdp::MAX_LAYERS;

/// The structure of the present sequence, if its frames are described.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    sequence: Option<Box<Sequence>>,
}

#[derive(Debug)]
struct Sequence {
    structure: Structure,
    epoch: u32,
    /// Number of the packet that brought it.
    from: u64,
    /// The decode target with every picture, by spatial layer.
    tops: [u8; MAX_LAYERS],
}

/// What a packet told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nothing that was not known.
    Nothing,
    /// Another structure: sizes and layers may be others.
    Structure,
    /// Something that cannot be understood: the key frame that would tell it is missing.
    Riddle,
}

impl Dependencies {
    /// Reads the packet's descriptor, if it has one, and writes into the packet what it says.
    pub(crate) fn read(&mut self, packet: &mut MediaPacket<'_>) -> Told {
        let MediaPacket { sequence: number, epoch, .. } = *packet;
        let Some(description) = &mut packet.description else { return Told::Nothing };
        let present = self.sequence.as_deref().filter(|it| it.epoch == epoch);
        let is_old = present.is_some_and(|it| number < it.from);
        let attached = Structure::attached(description.value).ok().flatten();
        let structure = attached.as_ref().or(present.map(|it| &it.structure));
        description.read = structure.and_then(|it| Descriptor::parse(description.value, it).ok());
        let Some(read) = description.read else { return if is_old { Told::Nothing } else { Told::Riddle } };
        packet.frame.temporal = read.temporal;
        let Some(structure) = attached.filter(|_| packet.frame.begins_decoding && !is_old) else {
            return Told::Nothing;
        };
        let is_same = present.is_some_and(|it| it.structure == structure);
        if is_same && let Some(sequence) = &mut self.sequence {
            sequence.from = number;
            return Told::Nothing;
        }
        let top = |spatial| structure.target(spatial, u8::MAX).map_or(0, |it| it.index);
        let tops = std::array::from_fn(|at| top(at as u8));
        self.sequence = Some(Box::new(Sequence { structure, epoch, from: number, tops }));
        Told::Structure
    }

    /// The next key frame tells all anew.
    pub(crate) fn forget(&mut self) {
        self.sequence = None;
    }

    /// How many spatial layers there are that are told apart; 1 where nothing says more.
    pub(crate) fn spatial_layers(&self) -> usize {
        self.sequence.as_ref().map_or(1, |it| it.structure.spatial_layers().min(MAX_LAYERS))
    }

    /// Pixels of a spatial layer, where they are told.
    pub(crate) fn pixels(&self, spatial: usize) -> Option<u32> {
        let (width, height) = self.sequence.as_ref()?.structure.size(spatial)?;
        width.checked_mul(height)
    }

    /// A bit for the decode target of a spatial layer with every picture.
    pub(crate) fn top(&self, spatial: usize) -> u32 {
        self.sequence.as_ref().map_or(0, |it| 1 << it.tops[spatial.min(MAX_LAYERS - 1)])
    }

    /// Whether who is sent all of one spatial layer has all that another one needs.
    pub(crate) fn includes(&self, spatial: usize, other: usize) -> bool {
        let target = self.top(spatial).trailing_zeros() as u8;
        self.sequence.as_ref().is_some_and(|it| it.structure.within(target) & self.top(other) != 0)
    }

    /// What goes on up to these layers; where nothing is described, by temporal layer alone.
    pub(crate) fn limit(&self, spatial: u8, temporal: u8) -> Limit {
        let structure = self.sequence.as_ref().map(|it| &it.structure);
        let Some((structure, target)) = structure.and_then(|it| Some((it, it.target(spatial, temporal)?)))
        else {
            return Limit::temporal(temporal);
        };
        let within = structure.within(target.index);
        Limit {
            temporal: target.temporal,
            spatial: target.spatial,
            target: target.index,
            within: if within == structure.all() { Limit::EVERYTHING } else { within },
        }
    }
}
