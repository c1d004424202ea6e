//! What of a payload matters to a forwarder.

use wire::{h264, vp8};

use crate::sdp::CodecKind;

/// RFC 7587 §4.1: always, whatever is coded.
pub(crate) const AUDIO_CLOCK: u32 = 48_000;
/// RFC 7741 §4.1, RFC 6184 §5.1.
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
    /// Present in VP8 payloads that are more than padding.
    pub(crate) vp8: Option<vp8::Descriptor>,
}

impl Frame {
    const NOTHING: Self =
        Self { begins_decoding: false, begins_picture: false, temporal: 0, layer_sync: false, vp8: None };

    /// Malformed payloads begin nothing; they are forwarded, since the decoder knows better what to do with them.
    pub(crate) fn parse(codec: CodecKind, payload: &[u8]) -> Self {
        match codec {
            CodecKind::Opus => Self { begins_decoding: true, ..Self::NOTHING },
            CodecKind::Vp8 => vp8::Descriptor::parse(payload).map_or(Self::NOTHING, |it| Self {
                begins_decoding: it.key_frame,
                begins_picture: it.begins_frame(),
                temporal: it.temporal_layer.unwrap_or(0),
                layer_sync: it.layer_sync,
                vp8: Some(it),
            }),
            CodecKind::H264 => Self { begins_decoding: h264::is_key_frame(payload), ..Self::NOTHING },
        }
    }
}
