//! The dependency descriptor (AV1 RTP specification, appendix A): which receivers need a frame, and what the frame needs, told
//! beside a payload that a forwarder need not read.
//!
//! A key frame brings the [`Structure`], a table of *templates*; every packet names one of them in its [`Descriptor`]. Receivers
//! are served by *decode target*: each is the frames that make one spatial and temporal quality.

mod outgoing;

pub use outgoing::{OutgoingDescriptor, Row, Table};

use crate::Error;
use crate::bits::Bits;

/// §A.4.1: templates are named in six bits …
const MAX_TEMPLATES: usize = 64;
/// … decode targets counted in five.
pub const MAX_TARGETS: usize = 32;
/// Layers of size: ids are 0 to 3.
pub const MAX_SPATIAL: usize = 4;
/// Layers of frame rate: ids are 0 to 7.
const MAX_TEMPORAL: u8 = 8;

/// Bytes of a descriptor: what an element of a header extension can hold.
pub const MAX_BYTES: usize = 255;
/// Bits of the fields that each has, and of the flags after them.
const MANDATORY_BITS: usize = 24;
const FLAG_BITS: usize = 5;

/// What frames of one kind have in common. The masks have a bit for each decode target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Template {
    spatial: u8,
    temporal: u8,
    present: u32,
    switch: u32,
    needs: Needs,
}

/// The frames to which a frame refers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Bit `n` is the frame whose number is `n + 1` less.
    pub near: u64,
    /// One is more than 64 back.
    pub far: bool,
}

impl Needs {
    /// It refers to none.
    pub fn is_empty(self) -> bool {
        self.near == 0 && !self.far
    }

    fn insert(&mut self, minus_one: u32) {
        if minus_one < u64::BITS {
            self.near |= 1 << minus_one;
        } else {
            self.far = true;
        }
    }
}

/// What a coded video sequence is made of; about 1.6 kB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    id_offset: u8,
    targets: u8,
    templates: [Template; MAX_TEMPLATES],
    template_count: u8,
    chains: u8,
    sizes: [Option<(u32, u32)>; MAX_SPATIAL],
    /// That it takes in a descriptor.
    bits: u16,
}

impl Structure {
    /// The structure in a descriptor, if there is one.
    ///
    /// Errors: [`Error::Truncated`]; [`Error::TooMany`] templates or layers.
    pub fn attached(value: &[u8]) -> Result<Option<Self>, Error> {
        if !is_attached(value) {
            return Ok(None);
        }
        let mut bits = Bits::plain(value);
        let head = bits.number((MANDATORY_BITS + FLAG_BITS) as u32);
        head.ok_or(Error::Truncated)?;
        let before = bits.remaining();
        let mut it = Self {
            id_offset: 0,
            targets: 0,
            templates: [Template::default(); MAX_TEMPLATES],
            template_count: 0,
            chains: 0,
            sizes: [None; MAX_SPATIAL],
            bits: 0,
        };
        it.read(&mut bits).ok_or(Error::Truncated)??;
        it.bits = (before - bits.remaining()) as u16;
        Ok(Some(it))
    }

    /// How many decode targets there are, at most [`MAX_TARGETS`].
    pub fn targets(&self) -> u8 {
        self.targets
    }

    /// A bit for each decode target.
    pub fn all(&self) -> u32 {
        u32::MAX >> (MAX_TARGETS as u32 - u32::from(self.targets))
    }

    /// How many layers of size there are, at most [`MAX_SPATIAL`].
    pub fn spatial_layers(&self) -> usize {
        self.used().iter().map(|it| usize::from(it.spatial) + 1).max().unwrap_or(1)
    }

    /// Width and height of a layer, where they are told.
    pub fn size(&self, spatial: usize) -> Option<(u32, u32)> {
        *self.sizes.get(spatial)?
    }

    /// The best decode target up to these layers, and what it is.
    pub fn target(&self, spatial: u8, temporal: u8) -> Option<Target> {
        let all = (0..self.targets).map(|at| self.layers_of(at));
        let fit = all.filter(|it| it.spatial <= spatial && it.temporal <= temporal);
        fit.max_by_key(|it| (it.spatial, it.temporal))
    }

    /// The decode targets for which everything is there that `target` has.
    pub fn within(&self, target: u8) -> u32 {
        // A target is not within when some template belongs to it and not to `target`.
        let others = self.used().iter().filter(|it| it.present >> target & 1 == 0);
        self.all() & !others.fold(0, |missed, it| missed | it.present)
    }

    /// Its layers are the highest of any frame that belongs to it (§A.4.1, decode target layers).
    fn layers_of(&self, target: u8) -> Target {
        let own = self.used().iter().filter(|it| it.present >> target & 1 == 1);
        own.fold(Target { index: target, spatial: 0, temporal: 0 }, |it, template| Target {
            spatial: it.spatial.max(template.spatial),
            temporal: it.temporal.max(template.temporal),
            ..it
        })
    }

    fn used(&self) -> &[Template] {
        &self.templates[..usize::from(self.template_count)]
    }

    /// `None` is the end of the input.
    fn read(&mut self, bits: &mut Bits<'_>) -> Option<Result<(), Error>> {
        self.id_offset = bits.number(6)? as u8;
        self.targets = bits.number(5)? as u8 + 1;
        if !self.read_layers(bits)? {
            return Some(Err(Error::TooMany));
        }
        let (targets, count) = (self.targets, usize::from(self.template_count));
        for template in &mut self.templates[..count] {
            (template.present, template.switch) = read_indications(bits, targets)?;
        }
        for template in &mut self.templates[..count] {
            while bits.bit()? {
                template.needs.insert(bits.number(4)?);
            }
        }
        self.chains = bits.one_of(u32::from(targets) + 1)? as u8;
        if self.chains > 0 {
            for _ in 0..targets {
                bits.one_of(u32::from(self.chains))?;
            }
            for _ in 0..count * usize::from(self.chains) {
                bits.number(4)?;
            }
        }
        if bits.bit()? {
            for spatial in 0..self.spatial_layers() {
                self.sizes[spatial] = Some((bits.number(16)? + 1, bits.number(16)? + 1));
            }
        }
        Some(Ok(()))
    }

    /// Whether there are no more than can be named.
    fn read_layers(&mut self, bits: &mut Bits<'_>) -> Option<bool> {
        let (mut spatial, mut temporal) = (0, 0);
        for at in 0..MAX_TEMPLATES {
            self.templates[at] = Template { spatial, temporal, ..Template::default() };
            self.template_count = at as u8 + 1;
            match bits.number(2)? {
                0 => {}
                1 => temporal += 1,
                2 => (spatial, temporal) = (spatial + 1, 0),
                _ => return Some(true),
            }
            if usize::from(spatial) >= MAX_SPATIAL || temporal >= MAX_TEMPORAL {
                break;
            }
        }
        Some(false)
    }
}

/// A decode target and its layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Its bit.
    pub index: u8,
    /// The size that it shows.
    pub spatial: u8,
    /// The frame rate.
    pub temporal: u8,
}

/// Present and switch masks: two bits a target (table A.2).
fn read_indications(bits: &mut Bits<'_>, targets: u8) -> Option<(u32, u32)> {
    let (mut present, mut switch) = (0, 0);
    for target in 0..targets {
        let indication = bits.number(2)?;
        present |= u32::from(indication != 0) << target;
        switch |= u32::from(indication == 2) << target;
    }
    Some((present, switch))
}

/// Whether a decoder can begin with this packet: it is the first of a frame and brings a structure.
pub fn begins_sequence(value: &[u8]) -> bool {
    is_attached(value) && value.first().is_some_and(|first| first & 0x80 != 0)
}

/// Whether a descriptor brings a structure.
fn is_attached(value: &[u8]) -> bool {
    value.get(3).is_some_and(|flags| flags & 0x80 != 0)
}

/// What a packet says of its frame. The masks have a bit for each decode target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// The first packet of its frame.
    pub starts: bool,
    /// The last one.
    pub ends: bool,
    /// Brings a structure.
    pub is_attached: bool,
    /// Counts frames, with gaps where some were left out.
    pub frame_number: u16,
    /// Layer of size.
    pub spatial: u8,
    /// Layer of frame rate.
    pub temporal: u8,
    /// Targets that the frame belongs to.
    pub present: u32,
    /// Targets that can be decoded from here on, if this frame can.
    pub switch: u32,
    /// What it refers to.
    pub needs: Needs,
    /// The targets that are sent, where the packet says that.
    pub active: Option<u32>,
    targets: u8,
    /// Where the mask of active targets is or would be, and where the last field ends.
    active_at: u16,
    end: u16,
}

impl Descriptor {
    /// Reads a descriptor of a sequence of this structure: the one that is attached to it, else the last one.
    ///
    /// Errors: [`Error::Truncated`]; [`Error::Kind`] where it names a template that the structure does not have.
    pub fn parse(value: &[u8], structure: &Structure) -> Result<Self, Error> {
        let mut bits = Bits::plain(value);
        Self::read(&mut bits, value, structure).ok_or(Error::Truncated)?
    }

    /// `None` is the end of the input.
    fn read(bits: &mut Bits<'_>, value: &[u8], structure: &Structure) -> Option<Result<Self, Error>> {
        let whole = bits.remaining();
        let (starts, ends) = (bits.bit()?, bits.bit()?);
        let template = bits.number(6)? as u8;
        let frame_number = bits.number(16)? as u16;
        let has_more = value.len() > MANDATORY_BITS / 8;
        let mut flag = || if has_more { bits.bit() } else { Some(false) };
        let [is_attached, has_active] = [flag()?, flag()?];
        let [custom_indications, custom_needs, custom_chains] = [flag()?, flag()?, flag()?];
        if is_attached {
            skip(bits, structure.bits.into())?;
        }
        let active_at = (whole - bits.remaining()) as u16;
        let active = if has_active { Some(bits.number(structure.targets.into())?) } else { None };
        let index = usize::from(template.wrapping_sub(structure.id_offset)) % MAX_TEMPLATES;
        let Some(template) = structure.used().get(index) else { return Some(Err(Error::Kind)) };
        let (present, switch) = if custom_indications {
            read_indications(bits, structure.targets)?
        } else {
            (template.present, template.switch)
        };
        let needs = if custom_needs { read_needs(bits)? } else { template.needs };
        if custom_chains {
            skip(bits, 8 * usize::from(structure.chains))?;
        }
        Some(Ok(Self {
            starts,
            ends,
            is_attached,
            frame_number,
            spatial: template.spatial,
            temporal: template.temporal,
            present,
            switch,
            needs,
            active,
            targets: structure.targets,
            active_at,
            end: (whole - bits.remaining()) as u16,
        }))
    }

    /// The descriptor of `value`, from which this was parsed, with another number of the frame, and which targets are sent: where
    /// that is `None` it is left as it is.
    pub fn rewrite(&self, value: &[u8], frame_number: u16, active: Option<u32>) -> Rewritten {
        let mut out = Rewritten { bytes: [0; MAX_BYTES], len: value.len().min(MAX_BYTES) };
        let longest = usize::from(self.end).max(MANDATORY_BITS + FLAG_BITS) + usize::from(self.targets);
        let fits = longest <= MAX_BYTES * 8;
        match active.filter(|active| fits && self.active != Some(*active)) {
            Some(active) => self.write_active(value, active, &mut out),
            None => out.bytes[..out.len].copy_from_slice(&value[..out.len]),
        }
        out.bytes[1..3].copy_from_slice(&frame_number.to_be_bytes());
        out
    }

    fn write_active(&self, value: &[u8], active: u32, out: &mut Rewritten) {
        let mut at = 0;
        let mut put = |bit: bool| {
            out.bytes[at / 8] |= u8::from(bit) << (7 - at % 8);
            at += 1;
        };
        let bit = |at: usize| value.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
        let (own, end) = (usize::from(self.active_at), usize::from(self.end));
        let after = own + if self.active.is_some() { usize::from(self.targets) } else { 0 };
        // Beyond the end of a short value lie flags that are not set.
        (0..own.max(MANDATORY_BITS + FLAG_BITS)).for_each(|at| put(bit(at) || at == MANDATORY_BITS + 1));
        (0..self.targets).rev().for_each(|target| put(active >> target & 1 == 1));
        (after..end).for_each(|at| put(bit(at)));
        out.len = at.div_ceil(8);
    }
}

/// A descriptor to send.
#[derive(Debug, Clone, Copy)]
pub struct Rewritten {
    bytes: [u8; MAX_BYTES],
    len: usize,
}

impl Rewritten {
    /// The element of the header extension.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// References in up to twelve bits each.
fn read_needs(bits: &mut Bits<'_>) -> Option<Needs> {
    let mut needs = Needs::default();
    loop {
        match bits.number(2)? {
            0 => return Some(needs),
            nibbles => needs.insert(bits.number(4 * nibbles)?),
        }
    }
}

fn skip(bits: &mut Bits<'_>, count: usize) -> Option<()> {
    (0..count).try_for_each(|_| bits.bit().map(|_| ()))
}

#[cfg(test)]
mod tests;
