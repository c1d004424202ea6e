//! Which of the offered formats we take.

use super::MediaKind;
use super::section::{Feedback, Format};

/// What we forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CodecKind {
    /// RFC 7587, 48 kHz.
    Opus,
    /// RFC 7741, 90 kHz.
    Vp8,
    /// RFC 6184, 90 kHz.
    H264,
}

impl CodecKind {
    /// As events and statistics name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Vp8 => "vp8",
            Self::H264 => "h264",
        }
    }

    /// Ticks of the RTP clock per second.
    pub fn clock_rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Vp8 | Self::H264 => 90_000,
        }
    }
}

/// Families of H.264 profiles: what an encoder of one writes, a decoder of the same reads.
///
/// Ordered by preference: constrained baseline is what every browser with H.264 has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum H264Profile {
    /// 42 with constraint 1.
    ConstrainedBaseline,
    /// 42.
    Baseline,
    /// 4d.
    Main,
    /// 64.
    High,
}

impl H264Profile {
    /// Reads a `profile-level-id` (RFC 6184 §8.1); `None` for families that no browser sends by default.
    fn parse(id: &str) -> Option<Self> {
        let bytes = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 6)?.to_be_bytes();
        match (bytes[1], bytes[2] & 0x40 != 0) {
            (0x42, true) => Some(Self::ConstrainedBaseline),
            (0x42, false) => Some(Self::Baseline),
            (0x4d, _) => Some(Self::Main),
            (0x64, _) => Some(Self::High),
            _ => None,
        }
    }
}

/// A format that we take, with its retransmissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec {
    /// Which.
    pub kind: CodecKind,
    /// The client's number for it.
    pub payload_type: u8,
    /// The client's number for its retransmissions (RFC 4588).
    pub rtx_payload_type: Option<u8>,
    /// Of H264.
    pub profile: Option<H264Profile>,
    /// The client serves NACK.
    pub nack: bool,
    /// The client serves picture loss indications.
    pub pli: bool,
    /// The client serves full intra requests.
    pub fir: bool,
    /// The client gives or takes transport-wide feedback.
    pub transport_feedback: bool,
    /// Format parameters, repeated in the answer where they must match (H264).
    pub(super) parameters: String,
}

/// The formats of `offered` that we take, best first: Opus; VP8 before H264, because everybody decodes it.
///
/// Of the H264 variants one is taken: packetization mode 1 before 0, then by [`H264Profile`], then as offered.
pub(super) fn choose(kind: MediaKind, offered: &[Format<'_>]) -> Vec<Codec> {
    let wanted: &[CodecKind] = match kind {
        MediaKind::Audio => &[CodecKind::Opus],
        MediaKind::Video => &[CodecKind::Vp8, CodecKind::H264],
    };
    wanted
        .iter()
        .filter_map(|wanted| {
            let (_, best) = offered
                .iter()
                .filter(|format| kind_of(format.map) == Some(*wanted))
                .filter_map(|format| Some((rank(*wanted, format)?, format)))
                .min_by_key(|(rank, _)| *rank)?;
            Some(codec(*wanted, best, offered))
        })
        .collect()
}

fn kind_of(map: &str) -> Option<CodecKind> {
    let is = |name: &str| map.eq_ignore_ascii_case(name);
    match () {
        () if is("opus/48000/2") => Some(CodecKind::Opus),
        () if is("VP8/90000") => Some(CodecKind::Vp8),
        () if is("H264/90000") => Some(CodecKind::H264),
        () => None,
    }
}

/// Lower is better; `None` is not taken at all.
fn rank(kind: CodecKind, format: &Format<'_>) -> Option<(bool, H264Profile)> {
    if kind != CodecKind::H264 {
        return Some((false, H264Profile::ConstrainedBaseline));
    }
    let single_unit = parameter(format.parameters, "packetization-mode") != Some("1");
    Some((single_unit, h264_profile(format)?))
}

/// RFC 6184 §8.1: without the parameter the profile is baseline at level 1.
fn h264_profile(format: &Format<'_>) -> Option<H264Profile> {
    parameter(format.parameters, "profile-level-id").map_or(Some(H264Profile::Baseline), H264Profile::parse)
}

fn codec(kind: CodecKind, format: &Format<'_>, offered: &[Format<'_>]) -> Codec {
    let Feedback { nack, pli, fir, transport } = format.feedback;
    let rtx = offered.iter().find(|rtx| {
        rtx.map.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("rtx/"))
            && parameter(rtx.parameters, "apt").and_then(|apt| apt.parse().ok()) == Some(format.payload_type)
    });
    Codec {
        kind,
        payload_type: format.payload_type,
        rtx_payload_type: rtx.map(|rtx| rtx.payload_type),
        profile: if kind == CodecKind::H264 { h264_profile(format) } else { None },
        nack,
        pli,
        fir,
        transport_feedback: transport,
        parameters: format.parameters.to_owned(),
    }
}

/// The value of `name` among `name=value;name=value`.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format<'a>(payload_type: u8, map: &'a str, parameters: &'a str) -> Format<'a> {
        Format { payload_type, map, parameters, ..Format::default() }
    }

    #[test]
    fn constrained_baseline_in_mode_1_is_the_h264_of_choice() {
        let offered = [
            format(102, "H264/90000", "packetization-mode=1;profile-level-id=42001f"),
            format(104, "H264/90000", "packetization-mode=0;profile-level-id=42e01f"),
            format(
                108,
                "H264/90000",
                "level-asymmetry-allowed=1; packetization-mode=1; profile-level-id=42e01f",
            ),
            format(109, "rtx/90000", "apt=108"),
            format(96, "VP8/90000", ""),
        ];
        let chosen = choose(MediaKind::Video, &offered);
        assert_eq!(chosen.iter().map(|codec| codec.payload_type).collect::<Vec<_>>(), [96, 108]);
        assert_eq!(chosen[1].rtx_payload_type, Some(109));
        assert_eq!(chosen[1].profile, Some(H264Profile::ConstrainedBaseline));
        assert_eq!(chosen[0].rtx_payload_type, None);
    }

    #[test]
    fn strange_formats_are_passed_over() {
        let offered = [
            format(1, "H264/90000", "profile-level-id=zz"),
            format(2, "H264/90000", "profile-level-id=f4001f"),
            format(3, "AV1/90000", ""),
            format(4, "", ""),
        ];
        assert_eq!(choose(MediaKind::Video, &offered), []);
        assert_eq!(choose(MediaKind::Audio, &[format(0, "PCMU/8000", "")]), []);
    }
}
