//! A camera in three sizes and three frame rates within one stream of packets, as WebRTC's SVC makes it: what each frame refers to,
//! and how its dependency descriptor says so.

use wire::dependency::{OutgoingDescriptor, Row, Table};

/// How sizes build on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalability {
    /// A larger picture always needs the smaller ones of its time (`L3T3`).
    Full,
    /// Only in key frames (`L3T3_KEY`).
    KeyFrames,
}

/// Sizes in a picture.
pub(crate) const SIZES: u8 = 3;
/// Packets of each, and of a key frame.
pub(crate) const PACKETS: [[u8; 2]; 3] = [[1, 2], [2, 3], [4, 5]];
/// Of each picture in turn its temporal layer, and how many pictures ago that was which it refers to.
const TURNS: [(u8, u8); 4] = [(0, 4), (2, 1), (1, 2), (2, 1)];

const fn row(spatial: u8, temporal: u8, indications: &'static str, needs: &'static [u8]) -> Row {
    Row { spatial, temporal, indications, needs, chains: &[] }
}

/// Of each size a key frame, then its temporal layers. Decode targets are numbered by size, then by frame rate.
const FULL: Table = Table {
    rows: &[
        row(0, 0, "SSSSSSSSS", &[]),
        row(0, 0, "SSSRRRRRR", &[12]),
        row(0, 1, "-DS-RR-RR", &[6]),
        row(0, 2, "--D--R--R", &[3]),
        row(1, 0, "---SSSSSS", &[1]),
        row(1, 0, "---SSSRRR", &[12, 1]),
        row(1, 1, "----DS-RR", &[6, 1]),
        row(1, 2, "-----D--R", &[3, 1]),
        row(2, 0, "------SSS", &[1]),
        row(2, 0, "------SSS", &[12, 1]),
        row(2, 1, "-------DS", &[6, 1]),
        row(2, 2, "--------D", &[3, 1]),
    ],
    protected_by: &[0; 9],
    sizes: &[(320, 180), (640, 360), (1280, 720)],
};

const KEY_FRAMES: Table = Table {
    rows: &[
        row(0, 0, "SSSSSSSSS", &[]),
        row(0, 0, "SSS------", &[12]),
        row(0, 1, "-DS------", &[6]),
        row(0, 2, "--D------", &[3]),
        row(1, 0, "---SSSSSS", &[1]),
        row(1, 0, "---SSS---", &[12]),
        row(1, 1, "----DS---", &[6]),
        row(1, 2, "-----D---", &[3]),
        row(2, 0, "------SSS", &[1]),
        row(2, 0, "------SSS", &[12]),
        row(2, 1, "-------DS", &[6]),
        row(2, 2, "--------D", &[3]),
    ],
    ..FULL
};

/// One frame of a picture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
    pub(crate) key_frame: bool,
    /// How many frames ago those are that it refers to; 0 is none.
    pub(crate) references: [u8; 2],
    row: usize,
    table: &'static Table,
}

impl Scalability {
    /// The frames of a picture; `turn` counts pictures from the last key frame.
    pub(crate) fn parts(self, turn: u32, key_frame: bool) -> [Part; SIZES as usize] {
        let table = if self == Self::Full { &FULL } else { &KEY_FRAMES };
        let (temporal, _) = if key_frame { TURNS[0] } else { TURNS[turn as usize % TURNS.len()] };
        std::array::from_fn(|spatial| {
            let row = 4 * spatial + if key_frame { 0 } else { 1 + usize::from(temporal) };
            let mut references = [0; 2];
            references.iter_mut().zip(table.rows[row].needs).for_each(|(to, back)| *to = *back);
            Part { spatial: spatial as u8, temporal, key_frame, references, row, table }
        })
    }
}

impl Part {
    /// The descriptor of one of its packets.
    pub(crate) fn describe(&self, frame: u16, starts: bool, ends: bool) -> Vec<u8> {
        let attached = (self.key_frame && self.spatial == 0 && starts).then_some(self.table);
        let mut value = Vec::new();
        OutgoingDescriptor { starts, ends, row: self.row, frame_number: frame, attached, needs: None }
            .write(&mut value);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_frames_refer_to_is_of_their_decode_targets() {
        for kind in [Scalability::Full, Scalability::KeyFrames] {
            let pictures: Vec<_> = (0..12).map(|turn| kind.parts(turn, turn == 0)).collect();
            let frames = pictures.as_flattened();
            for (at, part) in frames.iter().enumerate() {
                for back in part.references.iter().filter(|back| **back > 0) {
                    let needed = &frames[at - usize::from(*back)];
                    assert!(needed.spatial <= part.spatial && needed.temporal <= part.temporal, "{part:?}");
                    let of = |part: &Part| part.table.rows[part.row].indications.bytes();
                    assert!(
                        of(part).zip(of(needed)).all(|(it, other)| it == b'-' || other != b'-'),
                        "{part:?}"
                    );
                }
            }
        }
    }
}
