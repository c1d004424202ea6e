use super::*;

/// Two sizes in two frame rates, of which the upper size refers to the lower in key frames only (`L2T2_KEY`).
const L2T2_KEY: Table = Table {
    rows: &[
        Row { spatial: 0, temporal: 0, indications: "SSSS", needs: &[], chains: &[0, 0] },
        Row { spatial: 0, temporal: 0, indications: "SS--", needs: &[4], chains: &[4, 3] },
        Row { spatial: 0, temporal: 1, indications: "-D--", needs: &[2], chains: &[2, 1] },
        Row { spatial: 1, temporal: 0, indications: "--SS", needs: &[1], chains: &[1, 1] },
        Row { spatial: 1, temporal: 0, indications: "--SS", needs: &[4], chains: &[1, 4] },
        Row { spatial: 1, temporal: 1, indications: "---D", needs: &[2], chains: &[3, 2] },
    ],
    protected_by: &[0, 0, 1, 1],
    sizes: &[(320, 180), (640, 360)],
};

fn value(outgoing: &OutgoingDescriptor<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    outgoing.write(&mut out);
    out
}

fn key() -> Vec<u8> {
    let table = Some(&L2T2_KEY);
    value(&OutgoingDescriptor {
        starts: true,
        ends: false,
        row: 0,
        frame_number: 0x1234,
        attached: table,
        needs: None,
    })
}

fn packet(row: usize, needs: Option<&[u16]>) -> Vec<u8> {
    value(&OutgoingDescriptor { starts: true, ends: true, row, frame_number: 7, attached: None, needs })
}

fn structure() -> Structure {
    Structure::attached(&key()).unwrap().unwrap()
}

#[test]
fn a_structure_is_read() {
    let it = structure();
    assert_eq!((it.targets(), it.spatial_layers(), it.all()), (4, 2, 0b1111));
    assert_eq!((it.size(0), it.size(1), it.size(2)), (Some((320, 180)), Some((640, 360)), None));
    let target = |spatial, temporal| it.target(spatial, temporal).unwrap();
    assert_eq!(target(0, 0), Target { index: 0, spatial: 0, temporal: 0 });
    assert_eq!(target(0, u8::MAX).index, 1);
    assert_eq!((target(1, 0).index, target(u8::MAX, u8::MAX).index), (2, 3));
    assert_eq!((it.within(1), it.within(3)), (0b0011, 0b1100), "sizes are apart, frame rates are not");
}

#[test]
fn descriptors_are_read() {
    let it = structure();
    let first = Descriptor::parse(&key(), &it).unwrap();
    assert!(first.starts && !first.ends && first.is_attached && first.needs.is_empty());
    assert_eq!((first.frame_number, first.present, first.switch), (0x1234, 0b1111, 0b1111));
    let upper = Descriptor::parse(&packet(5, None), &it).unwrap();
    assert_eq!((upper.spatial, upper.temporal, upper.present, upper.switch), (1, 1, 0b1000, 0));
    assert_eq!(upper.needs, Needs { near: 0b10, far: false });
    let custom = Descriptor::parse(&packet(1, Some(&[1, 64, 65])), &it).unwrap();
    assert_eq!(custom.needs, Needs { near: 1 | 1 << 63, far: true });
    assert_eq!(Descriptor::parse(&packet(6, None), &it), Err(Error::Kind), "of another structure");
}

#[test]
fn a_rewrite_changes_the_number_and_tells_what_is_sent() {
    let it = structure();
    for before in [key(), packet(1, None), packet(1, Some(&[3, 65]))] {
        let read = Descriptor::parse(&before, &it).unwrap();
        let same = read.rewrite(&before, read.frame_number, None);
        assert_eq!(same.as_bytes(), before);
        // Once more over what was written: a mask is replaced.
        let mut value = before.clone();
        for (number, active) in [(0x8001, 0b0011), (5, 0b1010)] {
            let parsed = Descriptor::parse(&value, &it).unwrap();
            value = parsed.rewrite(&value, number, Some(active)).as_bytes().to_vec();
            let again = Descriptor::parse(&value, &it).unwrap();
            assert_eq!((again.frame_number, again.active), (number, Some(active)));
            assert_eq!((again.present, again.switch, again.needs), (read.present, read.switch, read.needs));
            assert_eq!(Structure::attached(&value), Structure::attached(&before));
        }
    }
}

#[test]
fn every_cut_is_an_error() {
    let whole = key();
    for cut in 4..whole.len() {
        assert_eq!(Structure::attached(&whole[..cut]), Err(Error::Truncated), "{cut}");
    }
    let it = structure();
    let custom = packet(1, Some(&[3, 65]));
    for cut in (0..3).chain(4..custom.len()) {
        assert_eq!(Descriptor::parse(&custom[..cut], &it), Err(Error::Truncated), "{cut}");
    }
}

#[test]
fn more_templates_and_layers_than_can_be_named_are_refused() {
    // Templates without end, and layers of size without end.
    for filler in [0x00, 0xaa] {
        let mut value = vec![0x80, 0, 0, 0x80, 0, 0];
        value.extend([filler; 200]);
        assert_eq!(Structure::attached(&value), Err(Error::TooMany));
    }
}
