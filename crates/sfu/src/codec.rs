//! What of a payload matters to a forwarder.

use wire::{av1, h264, vp8, vp9};

use crate::sdp::CodecKind;

/// RFC 7587 §4.1: always, whatever is coded.
pub(crate) const AUDIO_CLOCK: u32 = 48_000;
/// RFC 7741 §4.1, RFC 6184 §5.1, RFC 9628 §4.1, AV1 RTP specification §4.1.
pub(crate) const VIDEO_CLOCK: u32 = 90_000;

/// What a payload says about its frame. A new codec is one more arm in [`Frame::parse`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    /// A decoder can begin with this packet.
    pub(crate) begins_decoding: bool,
    /// The first packet of its picture; false where the codec does not tell.
    pub(crate) begins_picture: bool,
    /// Pictures of a lower temporal layer never refer to those of a higher one; 0 where the codec tells none.
    pub(crate) temporal: u8,
    /// It refers to the lowest temporal layer only: from here on its own layer can be decoded.
    pub(crate) layer_sync: bool,
    /// What stands before the picture's data.
    pub(crate) head: Head,
}

/// A payload descriptor with numbers that are to run on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Head {
    /// The codec has none, or it is malformed.
    None,
    Vp8(vp8::Descriptor),
    Vp9(vp9::Descriptor),
}

impl Frame {
    const NOTHING: Self = Self {
        begins_decoding: false,
        begins_picture: false,
        temporal: 0,
        layer_sync: false,
        head: Head::None,
    };

    /// Of VP8 payloads that are more than padding.
    pub(crate) fn vp8(&self) -> Option<&vp8::Descriptor> {
        if let Head::Vp8(it) = &self.head { Some(it) } else { None }
    }

    /// Picture id and TL0 index, where the codec has them; what is absent is 0.
    pub(crate) fn picture(&self) -> Option<(u16, u8)> {
        let (id, tl0) = match &self.head {
            Head::None => return None,
            Head::Vp8(it) => (it.picture_id, it.tl0_picture_index),
            Head::Vp9(it) => (it.picture_id, it.tl0_picture_index),
        };
        Some((id.map_or(0, |id| id.value), tl0.unwrap_or(0)))
    }

    /// Writes other ones into a copy of the payload.
    pub(crate) fn rewrite(&self, payload: &mut [u8], (id, tl0): (u16, u8)) {
        match &self.head {
            Head::None => {}
            Head::Vp8(it) => it.rewrite(payload, id, tl0),
            Head::Vp9(it) => it.rewrite(payload, id, tl0),
        }
    }

    /// Malformed payloads begin nothing; they are forwarded, since the decoder knows better what to do with them.
    pub(crate) fn parse(codec: CodecKind, payload: &[u8]) -> Self {
        match codec {
            CodecKind::Opus => Self { begins_decoding: true, ..Self::NOTHING },
            CodecKind::Vp8 => vp8::Descriptor::parse(payload).map_or(Self::NOTHING, |it| Self {
                begins_decoding: it.key_frame,
                begins_picture: it.begins_frame(),
                temporal: it.temporal_layer.unwrap_or(0),
                layer_sync: it.layer_sync,
                head: Head::Vp8(it),
            }),
            CodecKind::H264(_) => Self { begins_decoding: h264::is_key_frame(payload), ..Self::NOTHING },
            CodecKind::Vp9 => vp9::Descriptor::parse(payload).map_or(Self::NOTHING, |it| Self {
                begins_decoding: it.begins_decoding(),
                head: Head::Vp9(it),
                ..Self::NOTHING
            }),
            CodecKind::Av1 => Self { begins_decoding: av1::begins_sequence(payload), ..Self::NOTHING },
        }
    }
}
