//! What goes through a slot.

use wire::dependency::Descriptor;
use wire::extension::AudioLevel;
use wire::h264;

use crate::codec::Frame;
use crate::sdp::CodecKind;

/// A publisher's packet, parsed once for all its receivers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MediaPacket<'a> {
    pub(crate) codec: CodecKind,
    /// Which stream of packets of its line, in the order of the offer.
    pub(crate) layer: u8,
    /// Changes when the publisher's numbering begins anew: another layer, another SSRC, or back after a
    /// pause.
    pub(crate) epoch: u32,
    /// Extended.
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    /// As sent (RFC 6464 §3).
    pub(crate) audio_level: Option<AudioLevel>,
    pub(crate) frame: Frame,
    pub(crate) description: Option<Description<'a>>,
    pub(crate) payload: &'a [u8],
}

/// The dependency descriptor of a packet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Description<'a> {
    /// As sent.
    pub(crate) value: &'a [u8],
    /// What it says; `None` where it names what the last key frame did not tell.
    pub(crate) read: Option<Descriptor>,
}

impl MediaPacket<'_> {
    /// What is said of its frame.
    pub(crate) fn descriptor(&self) -> Option<&Descriptor> {
        self.description.as_ref()?.read.as_ref()
    }

    /// It has a descriptor that cannot be understood.
    pub(crate) fn is_riddle(&self) -> bool {
        self.description.as_ref().is_some_and(|it| it.read.is_none())
    }

    /// Of its picture, where the packet tells.
    pub(crate) fn pixels(&self) -> Option<u32> {
        let (width, height) = match self.codec {
            CodecKind::Vp8 => self.frame.vp8()?.frame_size(self.payload)?,
            CodecKind::H264(_) => h264::frame_size(self.payload)?,
            CodecKind::Opus | CodecKind::Vp9 | CodecKind::Av1 => return None,
        };
        Some(u32::from(width) * u32::from(height))
    }
}
