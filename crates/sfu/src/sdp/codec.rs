//! Which of the offered formats we take.

use super::MediaKind;
use super::section::{Feedback, Format};

/// What we forward, in the order in which we want it: VP8 first, because everybody decodes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodecKind {
    /// RFC 7587, 48 kHz.
    Opus,
    /// RFC 7741, 90 kHz.
    Vp8,
    /// RFC 6184, 90 kHz.
    H264(H264Format),
    /// RFC 9628, 90 kHz; profile 0, which is what cameras send.
    Vp9,
    /// AV1 RTP specification, 90 kHz; the main profile.
    Av1,
}

impl CodecKind {
    /// As events and statistics name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Opus => "opus",
            Self::Vp8 => "vp8",
            Self::H264(_) => "h264",
            Self::Vp9 => "vp9",
            Self::Av1 => "av1",
        }
    }

    /// Ticks of the RTP clock per second.
    pub fn clock_rate(self) -> u32 {
        if self == Self::Opus { 48_000 } else { 90_000 }
    }

    /// Whether who takes this format can decode a stream of that one (RFC 6184 §8.2.2: H264 has several).
    pub fn decodes(self, stream: Self) -> bool {
        match (self, stream) {
            (Self::H264(taken), Self::H264(sent)) => taken.decodes(sent),
            _ => self == stream,
        }
    }

    /// Its layers are told by the dependency descriptor, and need not be streams of their own.
    pub(crate) fn is_described(self) -> bool {
        matches!(self, Self::Vp9 | Self::Av1)
    }

    fn is_of(self, kind: MediaKind) -> bool {
        (self == Self::Opus) == (kind == MediaKind::Audio)
    }
}

/// What must match between who sends H264 and who decodes it, most wanted first. Levels need not: browsers state one and decode
/// all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct H264Format {
    /// Packetization mode 0: units are neither cut nor put together (RFC 6184 §6.2).
    pub single_units: bool,
    /// Which tools the encoder uses.
    pub profile: H264Profile,
}

impl H264Format {
    fn decodes(self, sent: Self) -> bool {
        let is_cut = !sent.single_units;
        !(self.single_units && is_cut) && self.profile.decodes(sent.profile)
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

    /// Everybody reads the constrained baseline; high has all tools of main, and neither those that only baseline has
    /// (H.264 §A.2).
    fn decodes(self, sent: Self) -> bool {
        self == sent || sent == Self::ConstrainedBaseline || (self, sent) == (Self::High, Self::Main)
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
    /// The client's number for packets that carry earlier ones once more (RFC 2198); of Opus.
    pub red_payload_type: Option<u8>,
    /// The client serves NACK.
    pub nack: bool,
    /// The client serves picture loss indications.
    pub pli: bool,
    /// The client serves full intra requests.
    pub fir: bool,
    /// The client gives or takes transport-wide feedback.
    pub transport_feedback: bool,
    /// Format parameters, repeated in the answer where they must match.
    pub(super) parameters: String,
}

/// The formats of `offered` that we take, best first; those for which an earlier one will do are passed over.
pub(super) fn choose(kind: MediaKind, offered: &[Format<'_>]) -> Vec<Codec> {
    let known = offered.iter().filter_map(|format| Some((kind_of(format)?, format)));
    let taken = known.filter(|(it, _)| it.is_of(kind));
    let mut chosen: Vec<Codec> = taken.map(|(it, format)| codec(it, format, offered)).collect();
    chosen.sort_by_key(|it| it.kind);
    let mut best: Vec<Codec> = Vec::with_capacity(chosen.len());
    for codec in chosen {
        if !best.iter().any(|earlier| earlier.kind.decodes(codec.kind)) {
            best.push(codec);
        }
    }
    best
}

/// Of what a client sends one format of a codec is enough: the best.
pub(super) fn keep_best(chosen: &mut Vec<Codec>) {
    chosen.dedup_by_key(|it| std::mem::discriminant(&it.kind));
}

fn kind_of(format: &Format<'_>) -> Option<CodecKind> {
    let is = |name: &str| format.map.eq_ignore_ascii_case(name);
    // Absent is 0 (RFC 9628 §6, AV1 RTP specification §7.2.3).
    let has_profile_0 = |name| parameter(format.parameters, name).is_none_or(|profile| profile == "0");
    match () {
        () if is("opus/48000/2") => Some(CodecKind::Opus),
        () if is("VP8/90000") => Some(CodecKind::Vp8),
        () if is("H264/90000") => h264_format(format.parameters).map(CodecKind::H264),
        () if is("VP9/90000") && has_profile_0("profile-id") => Some(CodecKind::Vp9),
        () if is("AV1/90000") && has_profile_0("profile") => Some(CodecKind::Av1),
        () => None,
    }
}

/// RFC 6184 §8.1: without parameters the profile is baseline at level 1, in single units.
fn h264_format(parameters: &str) -> Option<H264Format> {
    let id = parameter(parameters, "profile-level-id");
    Some(H264Format {
        single_units: parameter(parameters, "packetization-mode") != Some("1"),
        profile: id.map_or(Some(H264Profile::Baseline), H264Profile::parse)?,
    })
}

fn codec(kind: CodecKind, format: &Format<'_>, offered: &[Format<'_>]) -> Codec {
    let Feedback { nack, pli, fir, transport } = format.feedback;
    let rtx = offered.iter().find(|rtx| {
        rtx.map.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("rtx/"))
            && parameter(rtx.parameters, "apt").and_then(|apt| apt.parse().ok()) == Some(format.payload_type)
    });
    let red = offered.iter().filter(|_| kind == CodecKind::Opus).find(|red| {
        let mut carried = red.parameters.split('/').map(str::trim);
        red.map.eq_ignore_ascii_case("red/48000/2") && carried.all(|it| it.parse() == Ok(format.payload_type))
    });
    Codec {
        kind,
        payload_type: format.payload_type,
        rtx_payload_type: rtx.map(|rtx| rtx.payload_type),
        red_payload_type: red.map(|red| red.payload_type),
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

    fn payload_types(chosen: &[Codec]) -> Vec<u8> {
        chosen.iter().map(|codec| codec.payload_type).collect()
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
            format(110, "H264/90000", "packetization-mode=1;profile-level-id=42e034"),
        ];
        let mut chosen = choose(MediaKind::Video, &offered);
        assert_eq!(payload_types(&chosen), [96, 108, 102], "whatever the level");
        assert_eq!(chosen[1].rtx_payload_type, Some(109));
        assert_eq!(chosen[0].rtx_payload_type, None);
        keep_best(&mut chosen);
        assert_eq!(payload_types(&chosen), [96, 108]);
    }

    #[test]
    fn redundancy_is_taken_of_opus_alone() {
        let red = |parameters| {
            choose(
                MediaKind::Audio,
                &[
                    format(111, "opus/48000/2", ""),
                    format(63, "red/48000/2", parameters),
                    format(64, "red/8000", "111/111"),
                ],
            )[0]
            .red_payload_type
        };
        assert_eq!(["111/111", "111", "0/111", ""].map(red), [Some(63), Some(63), None, None]);
    }

    #[test]
    fn strange_formats_are_passed_over() {
        let offered = [
            format(1, "H264/90000", "profile-level-id=zz"),
            format(2, "H264/90000", "profile-level-id=f4001f"),
            format(3, "AV1/90000", "profile=1"),
            format(4, "", ""),
            format(5, "VP9/90000", "profile-id=2"),
            format(6, "H265/90000", ""),
        ];
        assert_eq!(choose(MediaKind::Video, &offered), []);
        assert_eq!(choose(MediaKind::Audio, &[format(0, "PCMU/8000", "")]), []);
    }

    #[test]
    fn what_is_wanted_most_stands_first() {
        let offered = [
            format(3, "AV1/90000", "level-idx=5;profile=0;tier=0"),
            format(5, "VP9/90000", "profile-id=0"),
            format(7, "VP9/90000", ""),
            format(6, "VP8/90000", ""),
        ];
        assert_eq!(payload_types(&choose(MediaKind::Video, &offered)), [6, 5, 3]);
    }

    /// RFC 6184 §8.2.2: profile and packetization mode are what both sides agree on.
    #[test]
    fn h264_is_decoded_by_who_has_its_tools_and_takes_its_packets() {
        use H264Profile::{Baseline, ConstrainedBaseline, High, Main};
        let h264 = |single_units, profile| CodecKind::H264(H264Format { single_units, profile });
        let all = [ConstrainedBaseline, Baseline, Main, High];
        let decoded = |taken| all.map(|sent| h264(false, taken).decodes(h264(false, sent)));
        assert_eq!(decoded(ConstrainedBaseline), [true, false, false, false]);
        assert_eq!(decoded(Baseline), [true, true, false, false]);
        assert_eq!(decoded(Main), [true, false, true, false]);
        assert_eq!(decoded(High), [true, false, true, true]);
        let (whole, cut) = (h264(true, Main), h264(false, Main));
        assert_eq!(
            (whole.decodes(cut), cut.decodes(whole)),
            (false, true),
            "mode 1 has single units as well"
        );
        assert!(CodecKind::Vp9.decodes(CodecKind::Vp9) && !CodecKind::Vp9.decodes(CodecKind::Av1));
    }
}
