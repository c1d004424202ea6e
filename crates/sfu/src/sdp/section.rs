//! One section of an SDP text: the session part or one m-line with its attributes, as written.

use wire::extension::{URI_REPAIRED_RID, URI_RID};

use super::{MediaKind, SdpError, bad};

/// Streams that one line may announce: three simulcast layers with retransmissions are six.
const MAX_SSRCS: usize = 16;
/// Simulcast layers that one line may announce.
const MAX_RIDS: usize = 8;

/// Transport parameters; with BUNDLE those of the first line hold for all.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Transport<'a> {
    pub(super) ufrag: Option<&'a str>,
    pub(super) pwd: Option<&'a str>,
    /// The hexadecimal text of a SHA-256 one; others are passed over.
    pub(super) fingerprint: Option<&'a str>,
    pub(super) setup: Option<&'a str>,
}

impl<'a> Transport<'a> {
    /// Takes the attribute if it is one of its own.
    fn take(&mut self, name: &str, value: &'a str) {
        match name {
            "ice-ufrag" => self.ufrag = Some(value),
            "ice-pwd" => self.pwd = Some(value),
            "setup" => self.setup = Some(value),
            "fingerprint" => {
                if let Some((hash, text)) = value.split_once(' ')
                    && hash.eq_ignore_ascii_case("sha-256")
                {
                    self.fingerprint = Some(text.trim());
                }
            }
            _ => {}
        }
    }

    /// What is set here, else what is set in `session`.
    pub(super) fn or(self, session: Self) -> Self {
        Self {
            ufrag: self.ufrag.or(session.ufrag),
            pwd: self.pwd.or(session.pwd),
            fingerprint: self.fingerprint.or(session.fingerprint),
            setup: self.setup.or(session.setup),
        }
    }
}

/// Direction of an m-line, from the client's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    SendOnly,
    ReceiveOnly,
    SendReceive,
    Inactive,
}

impl Direction {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::ReceiveOnly),
            "sendrecv" => Some(Self::SendReceive),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }
}

/// The part before the first m-line.
#[derive(Debug, Default)]
pub(super) struct Session<'a> {
    pub(super) transport: Transport<'a>,
    pub(super) direction: Option<Direction>,
    /// Mids of the first BUNDLE group.
    pub(super) bundle: Option<&'a str>,
    /// RFC 8285 §6.
    pub(super) mixed_extensions: bool,
}

impl<'a> Session<'a> {
    pub(super) fn attribute(&mut self, name: &str, value: &'a str) {
        if let Some(direction) = Direction::parse(name) {
            self.direction = Some(direction);
        } else if name == "group" {
            self.bundle = self.bundle.or_else(|| value.strip_prefix("BUNDLE "));
        } else if name == "extmap-allow-mixed" {
            self.mixed_extensions = true;
        } else {
            self.transport.take(name, value);
        }
    }
}

/// One format of an m-line.
#[derive(Debug, Clone, Default)]
pub(super) struct Format<'a> {
    pub(super) payload_type: u8,
    /// `name/clock[/channels]`.
    pub(super) map: &'a str,
    pub(super) parameters: &'a str,
    pub(super) feedback: Feedback,
}

/// RTCP feedback that a format offers and we know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Feedback {
    pub(super) nack: bool,
    pub(super) pli: bool,
    pub(super) fir: bool,
    pub(super) transport: bool,
}

impl Feedback {
    fn take(&mut self, value: &str) {
        match value {
            "nack" => self.nack = true,
            "nack pli" => self.pli = true,
            "ccm fir" => self.fir = true,
            "transport-cc" => self.transport = true,
            _ => {}
        }
    }
}

/// One m-line with its attributes.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Line of the text.
    pub(super) line: usize,
    pub(super) kind: MediaKind,
    pub(super) port_zero: bool,
    pub(super) bundle_only: bool,
    pub(super) mid: Option<&'a str>,
    pub(super) direction: Option<Direction>,
    pub(super) transport: Transport<'a>,
    pub(super) rtcp_mux: bool,
    /// In the order of the m-line: the client's preference.
    pub(super) formats: Vec<Format<'a>>,
    /// (id, URI), with a direction already cut off the id.
    pub(super) extensions: Vec<(u8, &'a str)>,
    pub(super) ssrcs: Vec<u32>,
    pub(super) retransmission_ssrcs: Vec<(u32, u32)>,
    pub(super) rids: Vec<&'a str>,
    /// Of `a=simulcast`: the first choice for each layer, in the client's order.
    pub(super) simulcast: Vec<&'a str>,
}

impl<'a> Section<'a> {
    /// Reads the value of an `m=` line.
    pub(super) fn parse(line: usize, value: &'a str) -> Result<Self, SdpError> {
        let mut fields = value.split(' ');
        let kind = match fields.next() {
            Some("audio") => MediaKind::Audio,
            Some("video") => MediaKind::Video,
            _ => return Err(bad(line, "only audio and video are served")),
        };
        let port: u16 = fields
            .next()
            .and_then(|port| port.parse().ok())
            .ok_or_else(|| bad(line, "the port is not a number"))?;
        if !matches!(fields.next(), Some("UDP/TLS/RTP/SAVPF" | "RTP/SAVPF" | "TCP/TLS/RTP/SAVPF")) {
            return Err(bad(line, "only UDP/TLS/RTP/SAVPF is served"));
        }
        let mut seen = [false; 128];
        let mut formats = Vec::new();
        for field in fields.filter(|field| !field.is_empty()) {
            let payload_type: u8 =
                field.parse().map_err(|_| bad(line, "a payload type is not a number below 128"))?;
            let seen = seen
                .get_mut(usize::from(payload_type))
                .ok_or_else(|| bad(line, "a payload type is not a number below 128"))?;
            if !std::mem::replace(seen, true) {
                formats.push(Format { payload_type, ..Format::default() });
            }
        }
        Ok(Self {
            line,
            kind,
            port_zero: port == 0,
            bundle_only: false,
            mid: None,
            direction: None,
            transport: Transport::default(),
            rtcp_mux: false,
            formats,
            extensions: Vec::new(),
            ssrcs: Vec::new(),
            retransmission_ssrcs: Vec::new(),
            rids: Vec::new(),
            simulcast: Vec::new(),
        })
    }

    /// Takes one attribute; unknown ones are passed over.
    pub(super) fn attribute(&mut self, line: usize, name: &str, value: &'a str) -> Result<(), SdpError> {
        if let Some(direction) = Direction::parse(name) {
            self.direction = Some(direction);
            return Ok(());
        }
        match name {
            "mid" => self.mid = Some(value),
            "rtcp-mux" => self.rtcp_mux = true,
            "bundle-only" => self.bundle_only = true,
            "rtpmap" => self.format(value, |format, map| format.map = map),
            "fmtp" => self.format(value, |format, parameters| format.parameters = parameters),
            "rtcp-fb" => self.feedback(value),
            "extmap" => self.extension(line, value)?,
            "ssrc" => self.ssrc(line, value)?,
            "ssrc-group" => self.ssrc_group(line, value)?,
            "rid" => self.rid(line, value)?,
            "simulcast" => self.simulcast(value),
            _ => self.transport.take(name, value),
        }
        Ok(())
    }

    /// Applies `<payload type> <rest>` to its format. Firefox also describes formats that the line does not have.
    fn format(&mut self, value: &'a str, apply: impl FnOnce(&mut Format<'a>, &'a str)) {
        if let Some((payload_type, rest)) = value.split_once(' ')
            && let Ok(payload_type) = payload_type.parse()
            && let Some(format) = self.formats.iter_mut().find(|format| format.payload_type == payload_type)
        {
            apply(format, rest);
        }
    }

    fn feedback(&mut self, value: &'a str) {
        match value.strip_prefix("* ") {
            Some(all) => self.formats.iter_mut().for_each(|format| format.feedback.take(all)),
            None => self.format(value, |format, feedback| format.feedback.take(feedback)),
        }
    }

    /// `send a,b;~c recv d` (RFC 8853 §5.1): of alternatives the first is meant; one that begins paused is one.
    fn simulcast(&mut self, value: &'a str) {
        let mut fields = value.split(' ');
        while let (Some(direction), Some(layers)) = (fields.next(), fields.next()) {
            if direction == "send" {
                let first = |layer: &'a str| layer.split(',').next().unwrap_or(layer);
                self.simulcast =
                    layers.split(';').take(MAX_RIDS).map(|it| first(it).trim_start_matches('~')).collect();
            }
        }
    }

    fn extension(&mut self, line: usize, value: &'a str) -> Result<(), SdpError> {
        let mut fields = value.split(' ');
        let (id, direction) = fields
            .next()
            .map(|field| field.split_once('/').unwrap_or((field, "sendrecv")))
            .ok_or_else(|| bad(line, "an extmap without id"))?;
        let id: u16 = id.parse().map_err(|_| bad(line, "the extmap id is not a number"))?;
        // 15 ends the one-byte form; from 256 on ids are only placeholders (RFC 8285 §4.2, §6).
        let usable = u8::try_from(id).ok().filter(|id| !matches!(id, 0 | 15));
        if let (Some(id), Some(uri)) = (usable, fields.next())
            && (direction == "sendrecv" || direction == "sendonly" && is_one_way(uri))
            && self.extensions.len() < 256
        {
            self.extensions.push((id, uri));
        }
        Ok(())
    }

    fn ssrc(&mut self, line: usize, value: &str) -> Result<(), SdpError> {
        let ssrc = parse_ssrc(line, value.split(' ').next())?;
        if self.ssrcs.contains(&ssrc) {
            return Ok(());
        }
        if self.ssrcs.len() == MAX_SSRCS {
            return Err(bad(line, format!("more than {MAX_SSRCS} streams in one m-line")));
        }
        self.ssrcs.push(ssrc);
        Ok(())
    }

    fn ssrc_group(&mut self, line: usize, value: &str) -> Result<(), SdpError> {
        let mut fields = value.split(' ');
        if fields.next() != Some("FID") {
            return Ok(());
        }
        let media = parse_ssrc(line, fields.next())?;
        let retransmission = parse_ssrc(line, fields.next())?;
        if self.retransmission_ssrcs.len() == MAX_SSRCS {
            return Err(bad(line, format!("more than {MAX_SSRCS} streams in one m-line")));
        }
        self.retransmission_ssrcs.push((media, retransmission));
        Ok(())
    }

    fn rid(&mut self, line: usize, value: &'a str) -> Result<(), SdpError> {
        let mut fields = value.split(' ');
        if let (Some(rid), Some("send")) = (fields.next(), fields.next()) {
            if self.rids.len() == MAX_RIDS {
                return Err(bad(line, format!("more than {MAX_RIDS} simulcast layers in one m-line")));
            }
            self.rids.push(rid);
        }
        Ok(())
    }
}

/// Layers are named by who publishes only; Firefox says so (RFC 8285 §6).
fn is_one_way(uri: &str) -> bool {
    matches!(uri, URI_RID | URI_REPAIRED_RID)
}

fn parse_ssrc(line: usize, field: Option<&str>) -> Result<u32, SdpError> {
    field.and_then(|field| field.parse().ok()).ok_or_else(|| bad(line, "an SSRC is not a 32-bit number"))
}
