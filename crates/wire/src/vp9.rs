//! The VP9 payload descriptor (RFC 9628 §4.2).

use crate::Error;
use crate::bytes::{put_u16, u8_at, u16_at};
use crate::vp8::PictureId;

/// A parsed descriptor; offsets inside allow a rewrite in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Bytes before the VP9 data.
    pub len: usize,
    /// Refers to earlier pictures.
    pub inter_picture: bool,
    /// The first packet of a layer's frame.
    pub begins_frame: bool,
    /// The last one.
    pub ends_frame: bool,
    /// Runs on from picture to picture; layers of one picture share it.
    pub picture_id: Option<PictureId>,
    /// Runs by one per picture of temporal layer 0; absent in flexible mode, where pictures name what they refer to.
    pub tl0_picture_index: Option<u8>,
    /// Temporal layer.
    pub temporal_layer: Option<u8>,
    /// Spatial layer.
    pub spatial_layer: Option<u8>,
    picture_id_offset: usize,
    tl0_offset: usize,
}

impl Descriptor {
    /// Reads the descriptor at the start of an RTP payload.
    ///
    /// Errors: [`Error::Truncated`], also when no VP9 data follow; [`Error::TooMany`] for more references than three.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let first = u8_at(payload, 0)?;
        let has = |bit: u8| first & bit != 0;
        let mut it = Self {
            len: 1,
            inter_picture: has(0x40),
            begins_frame: has(0x08),
            ends_frame: has(0x04),
            picture_id: None,
            tl0_picture_index: None,
            temporal_layer: None,
            spatial_layer: None,
            picture_id_offset: 0,
            tl0_offset: 0,
        };
        let is_flexible = has(0x10);
        if has(0x80) {
            it.parse_picture_id(payload)?;
        }
        if has(0x20) {
            it.parse_layers(payload, is_flexible)?;
        }
        if is_flexible && it.inter_picture {
            it.skip_references(payload)?;
        }
        if has(0x02) {
            it.skip_structure(payload)?;
        }
        u8_at(payload, it.len)?;
        Ok(it)
    }

    /// A decoder can begin with this packet.
    pub fn begins_decoding(&self) -> bool {
        self.begins_frame && !self.inter_picture && self.spatial_layer.unwrap_or(0) == 0
    }

    /// Writes other numbers into `payload` in place; what is absent stays absent.
    ///
    /// `payload` is the one that this was parsed from, or a copy of it.
    pub fn rewrite(&self, payload: &mut [u8], picture_id: u16, tl0_picture_index: u8) {
        match self.picture_id {
            Some(PictureId { wide: true, .. }) => {
                put_u16(payload, self.picture_id_offset, 0x8000 | picture_id);
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

    fn parse_picture_id(&mut self, payload: &[u8]) -> Result<(), Error> {
        let byte = u8_at(payload, self.len)?;
        let wide = byte & 0x80 != 0;
        let value = if wide { u16_at(payload, self.len)? & 0x7fff } else { u16::from(byte) };
        self.picture_id = Some(PictureId { value, wide });
        self.picture_id_offset = self.len;
        self.len += if wide { 2 } else { 1 };
        Ok(())
    }

    fn parse_layers(&mut self, payload: &[u8], is_flexible: bool) -> Result<(), Error> {
        let byte = u8_at(payload, self.len)?;
        self.temporal_layer = Some(byte >> 5);
        self.spatial_layer = Some(byte >> 1 & 0x07);
        self.len += 1;
        if !is_flexible {
            self.tl0_picture_index = Some(u8_at(payload, self.len)?);
            self.tl0_offset = self.len;
            self.len += 1;
        }
        Ok(())
    }

    fn skip_references(&mut self, payload: &[u8]) -> Result<(), Error> {
        for _ in 0..3 {
            let byte = u8_at(payload, self.len)?;
            self.len += 1;
            if byte & 0x01 == 0 {
                return Ok(());
            }
        }
        Err(Error::TooMany)
    }

    /// The scalability structure: sizes by layer, then the pictures of a group.
    fn skip_structure(&mut self, payload: &[u8]) -> Result<(), Error> {
        let byte = u8_at(payload, self.len)?;
        self.len += 1;
        if byte & 0x10 != 0 {
            self.len += 4 * (usize::from(byte >> 5) + 1);
        }
        if byte & 0x08 != 0 {
            let pictures = u8_at(payload, self.len)?;
            self.len += 1;
            for _ in 0..pictures {
                let references = u8_at(payload, self.len)? >> 2 & 0x03;
                self.len += 1 + usize::from(references);
            }
        }
        Ok(())
    }
}

/// Appends a descriptor of our own in flexible mode: for tests and load generators, which publish without an encoder. A frame
/// that refers to others refers to the picture before.
pub fn write_payload_head(
    out: &mut Vec<u8>,
    (picture_id, key_picture): (u16, bool),
    (begins, ends): (bool, bool),
    (spatial, temporal): (u8, u8),
) {
    let bits = u8::from(!key_picture) << 6 | u8::from(begins) << 3 | u8::from(ends) << 2;
    out.push(0xb0 | bits); // I, L and F
    out.extend_from_slice(&(0x8000 | picture_id).to_be_bytes());
    out.push(temporal << 5 | spatial << 1 | u8::from(spatial > 0));
    if !key_picture {
        out.push(1 << 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_keeps_its_shape_when_rewritten() {
        let mut payload = Vec::new();
        write_payload_head(&mut payload, (0x1234, true), (true, false), (0, 0));
        payload.push(9);
        let read = Descriptor::parse(&payload).unwrap();
        assert!(read.begins_decoding() && !read.ends_frame);
        assert_eq!(read.picture_id, Some(PictureId { value: 0x1234, wide: true }));
        assert_eq!((read.len, read.spatial_layer, read.temporal_layer), (4, Some(0), Some(0)));
        read.rewrite(&mut payload, 0x7fff, 1);
        let again = Descriptor::parse(&payload).unwrap();
        assert_eq!(again.picture_id, Some(PictureId { value: 0x7fff, wide: true }));
        assert_eq!(payload[4..], [9]);

        let mut upper = Vec::new();
        write_payload_head(&mut upper, (5, false), (true, true), (2, 1));
        upper.push(9);
        let read = Descriptor::parse(&upper).unwrap();
        assert!(!read.begins_decoding() && read.ends_frame);
        assert_eq!((read.len, read.spatial_layer, read.temporal_layer), (5, Some(2), Some(1)));
    }

    /// A key picture of three sizes in non-flexible mode, with a group of one picture.
    #[test]
    fn structures_are_passed_over_and_every_cut_is_an_error() {
        let mut whole = vec![0b1010_1010, 0x81, 0x02, 0x00, 0x07, 2 << 5 | 0x18];
        whole.extend_from_slice(&[1, 64, 0, 180, 2, 128, 1, 104, 5, 0, 2, 208]);
        whole.extend_from_slice(&[1, 0x04, 1, 0x55]);
        let read = Descriptor::parse(&whole).unwrap();
        assert_eq!(
            (read.len, read.tl0_picture_index, read.begins_decoding()),
            (whole.len() - 1, Some(7), true)
        );
        for cut in 0..whole.len() {
            assert_eq!(Descriptor::parse(&whole[..cut]), Err(Error::Truncated), "{cut}");
        }
        let mut copy = whole.clone();
        read.rewrite(&mut copy, 0x0303, 8);
        assert_eq!(copy[1..5], [0x83, 0x03, 0x00, 8]);
    }

    #[test]
    fn a_list_of_references_ends() {
        assert_eq!(Descriptor::parse(&[0x50, 3, 3, 3, 3, 0]), Err(Error::TooMany));
        assert_eq!(Descriptor::parse(&[0x50, 3, 3, 2, 0]).map(|it| it.len), Ok(4));
    }
}
