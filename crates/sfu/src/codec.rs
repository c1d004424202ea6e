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
    /// Present in VP8 payloads that are more than padding.
    pub(crate) vp8: Option<vp8::Descriptor>,
}

impl Frame {
    /// Malformed payloads begin nothing; they are forwarded, since the decoder knows better what to do with them.
    pub(crate) fn parse(codec: CodecKind, payload: &[u8]) -> Self {
        match codec {
            CodecKind::Opus => Self { begins_decoding: true, vp8: None },
            CodecKind::Vp8 => {
                let descriptor = vp8::Descriptor::parse(payload).ok();
                Self { begins_decoding: descriptor.is_some_and(|it| it.key_frame), vp8: descriptor }
            }
            CodecKind::H264 => Self { begins_decoding: h264::is_key_frame(payload), vp8: None },
        }
    }
}
