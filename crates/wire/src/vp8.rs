//! The VP8 payload descriptor (RFC 7741 §4.2) and what of the frame header matters to a forwarder (§4.3).

use crate::Error;
use crate::bytes::{array, u8_at, u16_at};

/// Picture ids have 7 or 15 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId {
    /// Its value.
    pub value: u16,
    /// 15 bits instead of 7. A stream keeps its width.
    pub wide: bool,
}

/// A parsed descriptor; offsets inside allow a rewrite in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Bytes before the VP8 data.
    pub len: usize,
    /// Nothing refers to this frame: it may be dropped.
    pub non_reference: bool,
    /// The packet begins a partition.
    pub start_of_partition: bool,
    /// Which one; 0 begins the frame.
    pub partition: u8,
    /// Runs by one per frame.
    pub picture_id: Option<PictureId>,
    /// Runs by one per frame of temporal layer 0.
    pub tl0_picture_index: Option<u8>,
    /// Temporal layer.
    pub temporal_layer: Option<u8>,
    /// From here up-switching to this temporal layer is possible.
    pub layer_sync: bool,
    /// Which key frame this depends on, 5 bits.
    pub key_index: Option<u8>,
    /// The first packet of a key frame.
    pub key_frame: bool,
    picture_id_offset: usize,
    tl0_offset: usize,
}

impl Descriptor {
    /// Reads the descriptor at the start of an RTP payload.
    ///
    /// Errors: [`Error::Truncated`], also when no VP8 data follow.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let first = u8_at(payload, 0)?;
        let mut descriptor = Self {
            len: 1,
            non_reference: first & 0x20 != 0,
            start_of_partition: first & 0x10 != 0,
            partition: first & 0x07,
            picture_id: None,
            tl0_picture_index: None,
            temporal_layer: None,
            layer_sync: false,
            key_index: None,
            key_frame: false,
            picture_id_offset: 0,
            tl0_offset: 0,
        };
        if first & 0x80 != 0 {
            descriptor.parse_extension(payload)?;
        }
        let data = u8_at(payload, descriptor.len)?;
        descriptor.key_frame = descriptor.begins_frame() && data & 0x01 == 0;
        Ok(descriptor)
    }

    fn parse_extension(&mut self, payload: &[u8]) -> Result<(), Error> {
        let present = u8_at(payload, 1)?;
        self.len = 2;
        if present & 0x80 != 0 {
            let byte = u8_at(payload, self.len)?;
            let wide = byte & 0x80 != 0;
            let value = if wide { u16_at(payload, self.len)? & 0x7fff } else { u16::from(byte) };
            self.picture_id = Some(PictureId { value, wide });
            self.picture_id_offset = self.len;
            self.len += if wide { 2 } else { 1 };
        }
        if present & 0x40 != 0 {
            self.tl0_picture_index = Some(u8_at(payload, self.len)?);
            self.tl0_offset = self.len;
            self.len += 1;
        }
        if present & 0x30 != 0 {
            let byte = u8_at(payload, self.len)?;
            if present & 0x20 != 0 {
                self.temporal_layer = Some(byte >> 6);
                self.layer_sync = byte & 0x20 != 0;
            }
            if present & 0x10 != 0 {
                self.key_index = Some(byte & 0x1f);
            }
            self.len += 1;
        }
        Ok(())
    }

    /// The first packet of a frame.
    pub fn begins_frame(&self) -> bool {
        self.start_of_partition && self.partition == 0
    }

    /// Width and height in pixels: in the first packet of a key frame (RFC 6386 §9.1).
    pub fn frame_size(&self, payload: &[u8]) -> Option<(u16, u16)> {
        if !self.key_frame || array(payload, self.len + 3).ok()? != [0x9d, 0x01, 0x2a] {
            return None;
        }
        let width = u16::from_le_bytes(array(payload, self.len + 6).ok()?) & 0x3fff;
        let height = u16::from_le_bytes(array(payload, self.len + 8).ok()?) & 0x3fff;
        Some((width, height))
    }

    /// Overwrites picture id and TL0 index in `payload`, in the widths they have; what is absent stays absent.
    ///
    /// `payload` is the one that this was parsed from, or a copy of it.
    pub fn rewrite(&self, payload: &mut [u8], picture_id: u16, tl0_picture_index: u8) {
        match self.picture_id {
            Some(PictureId { wide: true, .. }) => {
                crate::bytes::put_u16(payload, self.picture_id_offset, 0x8000 | picture_id);
            }
            Some(PictureId { wide: false, .. }) => {
                if let Some(byte) = payload.get_mut(self.picture_id_offset) {
                    *byte = picture_id as u8 & 0x7f;
                }
            }
            None => {}
        }
        if self.tl0_picture_index.is_some()
            && let Some(byte) = payload.get_mut(self.tl0_offset)
        {
            *byte = tl0_picture_index;
        }
    }
}

/// What a descriptor of our own says: for tests and load generators, which publish without an encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutgoingFrame {
    /// 15 bits.
    pub picture_id: u16,
    /// See [`Descriptor::tl0_picture_index`].
    pub tl0_picture_index: u8,
    /// The first packet of the frame.
    pub begins: bool,
    /// Of a key frame; written into the first packet with `size`.
    pub key_frame: bool,
    /// Width and height in pixels.
    pub size: (u16, u16),
}

/// Appends descriptor and, in a frame's first packet, the frame header that a forwarder reads.
pub fn write_payload_head(out: &mut Vec<u8>, frame: &OutgoingFrame) {
    write_layered_head(out, frame, 0, false);
}

/// The same for a frame of a temporal layer; see [`Descriptor::layer_sync`].
pub fn write_layered_head(out: &mut Vec<u8>, frame: &OutgoingFrame, temporal_layer: u8, layer_sync: bool) {
    // X, then S; I, L and T are present.
    out.extend_from_slice(&[0x80 | u8::from(frame.begins) << 4, 0xe0]);
    out.extend_from_slice(&(0x8000 | frame.picture_id).to_be_bytes());
    out.extend_from_slice(&[frame.tl0_picture_index, temporal_layer << 6 | u8::from(layer_sync) << 5]);
    if !frame.begins {
        return;
    }
    out.extend_from_slice(&[u8::from(!frame.key_frame), 0, 0]);
    if frame.key_frame {
        out.extend_from_slice(&[0x9d, 0x01, 0x2a]);
        out.extend_from_slice(&frame.size.0.to_le_bytes());
        out.extend_from_slice(&frame.size.1.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: OutgoingFrame = OutgoingFrame {
        picture_id: 0x1234,
        tl0_picture_index: 9,
        begins: true,
        key_frame: true,
        size: (640, 360),
    };

    #[test]
    fn reads_what_it_writes() {
        let mut payload = Vec::new();
        write_payload_head(&mut payload, &KEY);
        let read = Descriptor::parse(&payload).unwrap();
        assert_eq!(read.picture_id, Some(PictureId { value: 0x1234, wide: true }));
        assert_eq!(read.tl0_picture_index, Some(9));
        assert_eq!(read.temporal_layer, Some(0));
        assert_eq!(read.key_index, None);
        assert!(read.key_frame && read.begins_frame());
        assert_eq!(read.frame_size(&payload), Some((640, 360)));
    }

    #[test]
    fn temporal_layers_are_read_and_written() {
        let mut payload = Vec::new();
        write_layered_head(&mut payload, &OutgoingFrame { key_frame: false, ..KEY }, 2, true);
        let read = Descriptor::parse(&payload).unwrap();
        assert_eq!((read.temporal_layer, read.layer_sync, read.key_frame), (Some(2), true, false));
    }

    #[test]
    fn a_rewrite_keeps_widths() {
        let mut payload = Vec::new();
        write_payload_head(&mut payload, &KEY);
        let read = Descriptor::parse(&payload).unwrap();
        read.rewrite(&mut payload, 0x7fff, 200);
        let again = Descriptor::parse(&payload).unwrap();
        assert_eq!(again.picture_id, Some(PictureId { value: 0x7fff, wide: true }));
        assert_eq!((again.tl0_picture_index, again.len), (Some(200), read.len));

        let mut narrow = [0x90, 0x80, 0x05, 0x00];
        let read = Descriptor::parse(&narrow).unwrap();
        assert_eq!(read.picture_id, Some(PictureId { value: 5, wide: false }));
        read.rewrite(&mut narrow, 0x81, 3);
        assert_eq!(narrow, [0x90, 0x80, 0x01, 0x00], "seven bits, and no index is invented");
    }

    #[test]
    fn only_the_first_packet_of_the_first_partition_begins_a_key_frame() {
        assert!(Descriptor::parse(&[0x10, 0x00]).unwrap().key_frame);
        assert!(!Descriptor::parse(&[0x10, 0x01]).unwrap().key_frame, "an inter frame");
        assert!(!Descriptor::parse(&[0x00, 0x00]).unwrap().key_frame, "a continuation");
        assert!(!Descriptor::parse(&[0x11, 0x00]).unwrap().key_frame, "the second partition");
    }

    #[test]
    fn every_cut_is_an_error() {
        let whole = [0xf0, 0xf0, 0x81, 0x02, 0x03, 0xc5, 0x01];
        let read = Descriptor::parse(&whole).unwrap();
        assert_eq!((read.len, read.temporal_layer, read.key_index), (6, Some(3), Some(5)));
        for cut in 0..whole.len() {
            assert_eq!(Descriptor::parse(&whole[..cut]), Err(Error::Truncated));
        }
    }
}
