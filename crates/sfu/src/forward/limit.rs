//! Up to where a stream is sent to one receiver.

/// Every temporal layer: VP8 and the dependency descriptor name fewer.
pub(crate) const ALL_TEMPORAL: u8 = u8::MAX;

/// The best that is sent of a stream of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    /// The highest temporal layer.
    pub(crate) temporal: u8,
    /// The highest spatial layer, where several are in one stream of packets …
    pub(crate) spatial: u8,
    /// … both together as a decode target …
    pub(crate) target: u8,
    /// … and the targets of which then nothing is missing.
    pub(crate) within: u32,
}

impl Limit {
    /// Nothing is left out.
    pub(crate) const ALL: Self = Self::temporal(ALL_TEMPORAL);
    /// All decode targets.
    pub(crate) const EVERYTHING: u32 = u32::MAX;

    /// Pictures up to this temporal layer, in a stream without descriptors.
    pub(crate) const fn temporal(temporal: u8) -> Self {
        Self { temporal, spatial: 0, target: 0, within: Self::EVERYTHING }
    }
}
