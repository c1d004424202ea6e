//! Whatever is written is read back the same.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use wire::dependency::{Descriptor, OutgoingDescriptor, Row, Structure, Table};
use wire::rtcp::{self, Packet, ReportBlock, SenderInfo};
use wire::rtp::{self, Header, Outgoing};
use wire::seq::Unwrapper;
use wire::stun::{self, BindingRequest, OutgoingRequest, Role};

fn sum(runs: &[&[u8]]) -> [u8; 20] {
    let mut sum = [0_u8; 20];
    for (index, byte) in runs.iter().copied().flatten().enumerate() {
        sum[index % 20] = sum[index % 20].wrapping_mul(31).wrapping_add(*byte);
    }
    sum
}

fn block() -> impl Strategy<Value = ReportBlock> {
    (any::<[u32; 5]>(), any::<u8>(), -0x80_0000..0x80_0000_i32).prop_map(|(words, fraction_lost, lost)| {
        ReportBlock {
            ssrc: words[0],
            fraction_lost,
            cumulative_lost: lost,
            highest_sequence: words[1],
            jitter: words[2],
            last_sender_report: words[3],
            delay_since_last_sender_report: words[4],
        }
    })
}

/// Of two sizes in one frame rate.
const TABLE: Table = Table {
    rows: &[
        Row { spatial: 0, temporal: 0, indications: "SS", needs: &[], chains: &[0, 0] },
        Row { spatial: 0, temporal: 0, indications: "SR", needs: &[2], chains: &[2, 1] },
        Row { spatial: 1, temporal: 0, indications: "-S", needs: &[1, 2], chains: &[1, 1] },
    ],
    protected_by: &[0, 1],
    sizes: &[(320, 180), (640, 360)],
};

proptest! {
    /// Whatever a descriptor says, and however often it goes on with another number and other targets.
    #[test]
    fn dependencies(
        (starts, ends, row, frame_number) in (any::<bool>(), any::<bool>(), 0..3_usize, any::<u16>()),
        attached in any::<bool>(),
        needs in proptest::option::of(vec(1..=4096_u16, 0..8)),
        sent in vec((any::<u16>(), proptest::option::of(0..4_u32)), 0..5),
    ) {
        let attached = attached.then_some(&TABLE);
        let mut value = Vec::new();
        let mut first = Vec::new();
        OutgoingDescriptor { starts, ends, row, frame_number, attached, needs: needs.as_deref() }.write(&mut value);
        OutgoingDescriptor { starts, ends, row, frame_number, attached: Some(&TABLE), needs: None }.write(&mut first);
        let structure = Structure::attached(&first).unwrap().unwrap();
        let read = Descriptor::parse(&value, &structure).unwrap();
        prop_assert_eq!((read.starts, read.ends, read.frame_number), (starts, ends, frame_number));
        prop_assert_eq!((read.is_attached, read.active), (attached.is_some(), None));
        if let Some(needs) = needs {
            let near = needs.iter().filter(|back| **back <= 64).fold(0_u64, |bits, back| bits | 1 << (back - 1));
            prop_assert_eq!((read.needs.near, read.needs.far), (near, needs.iter().any(|back| *back > 64)));
        }
        let (mut last, mut told) = (read, None);
        for (number, active) in sent {
            value = last.rewrite(&value, number, active).as_bytes().to_vec();
            told = active.or(told);
            last = Descriptor::parse(&value, &structure).unwrap();
            prop_assert_eq!((last.frame_number, last.active), (number, told));
            prop_assert_eq!((last.starts, last.ends, last.needs), (starts, ends, read.needs));
            prop_assert_eq!((last.spatial, last.present, last.switch), (read.spatial, read.present, read.switch));
        }
    }

    #[test]
    fn rtp(
        (marker, payload_type, sequence, timestamp, ssrc) in (any::<bool>(), 0..128_u8, any::<u16>(), any::<u32>(), any::<u32>()),
        csrc in any::<Option<u32>>(),
        extensions in btree_map(1..=255_u8, vec(any::<u8>(), 0..40), 0..5),
        payload in vec(any::<u8>(), 0..50),
    ) {
        let list: Vec<_> = extensions.iter().map(|(id, value)| (*id, value.as_slice())).collect();
        let written = Outgoing { marker, payload_type, sequence, timestamp, ssrc, csrc };
        let mut packet = Vec::new();
        let len = rtp::write_header(&mut packet, &written, &list);
        packet.extend_from_slice(&payload);

        let read = Header::parse(&packet).unwrap();
        prop_assert_eq!(read.len, len);
        prop_assert_eq!(
            (read.marker, read.payload_type, read.sequence, read.timestamp, read.ssrc),
            (marker, payload_type, sequence, timestamp, ssrc)
        );
        prop_assert_eq!(read.csrcs(&packet).next(), csrc);
        prop_assert_eq!(read.extensions(&packet).collect::<Vec<_>>(), list);
        prop_assert_eq!(&packet[read.payload(&packet).unwrap()], payload.as_slice());
    }

    #[test]
    fn reports(ssrc in any::<u32>(), ntp in any::<u64>(), words in any::<[u32; 3]>(), blocks in vec(block(), 0..32)) {
        let info = SenderInfo { ntp, rtp_timestamp: words[0], packets: words[1], bytes: words[2] };
        let mut out = Vec::new();
        rtcp::write_sender_report(&mut out, ssrc, &info, &blocks);
        rtcp::write_receiver_report(&mut out, ssrc, &blocks);
        let mut walk = rtcp::packets(&out);
        let Some(Ok(Packet::SenderReport { ssrc: from, info: read, blocks: list })) = walk.next() else {
            panic!("no sender report")
        };
        prop_assert_eq!((from, read), (ssrc, info));
        prop_assert_eq!(list.collect::<Vec<_>>(), blocks.clone());
        let Some(Ok(Packet::ReceiverReport { blocks: list, .. })) = walk.next() else {
            panic!("no receiver report")
        };
        prop_assert_eq!(list.collect::<Vec<_>>(), blocks);
        prop_assert!(walk.next().is_none());
    }

    #[test]
    fn nacks(first in any::<u16>(), steps in vec(1..40_u16, 0..60)) {
        let mut lost = vec![first];
        for step in steps {
            lost.push(lost.last().unwrap().wrapping_add(step));
        }
        let mut out = Vec::new();
        rtcp::write_nack(&mut out, 1, 2, &lost);
        let Some(Ok(Packet::Nack(nack))) = rtcp::packets(&out).next() else { panic!("no NACK") };
        prop_assert_eq!(nack.sequences().collect::<Vec<_>>(), lost);
    }

    /// Every arrival comes out once, at its time to a tick; what lies between is lost. Sizes stay below a datagram.
    #[test]
    fn transport_feedback(
        first in 0..0x1_0000_u64,
        begin_us in 0..10_000_000_000_i64,
        steps in vec((1..60_u64, -20_000..9_000_000_i64), 0..200),
    ) {
        let mut arrivals = vec![(first, begin_us)];
        for (gap, later_us) in steps {
            let (sequence, at_us) = *arrivals.last().unwrap();
            arrivals.push((sequence + gap, (at_us + later_us / 7).max(0)));
        }
        let mut read = Vec::new();
        let mut rest = arrivals.as_slice();
        while !rest.is_empty() {
            let mut out = Vec::new();
            let covered = rtcp::write_transport_feedback(&mut out, 1, 2, 0, rest[0].0, rest);
            prop_assert!(covered > 0 && out.len() <= 1200);
            rest = &rest[covered..];
            let Some(Ok(Packet::TransportFeedback(feedback))) = rtcp::packets(&out).next() else {
                panic!("no feedback")
            };
            read.extend(feedback.arrivals().filter_map(|it| Some((it.sequence, it.arrived_us?))));
        }
        // Reference times are 24 bits of 64 ms: the range above stays inside.
        let expected: Vec<_> = arrivals.iter().map(|(n, at_us)| (*n as u16, at_us / 250 * 250)).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn stun_requests(
        transaction in any::<[u8; 12]>(),
        username in "[a-z]{4,20}:[a-z]{4,20}",
        priority in any::<u32>(),
        use_candidate in any::<bool>(),
        tie in any::<u64>(),
        controlling in any::<bool>(),
    ) {
        let role = if controlling { Role::Controlling(tie) } else { Role::Controlled(tie) };
        let request = OutgoingRequest { transaction, username: username.as_bytes(), priority, use_candidate, role };
        let mut message = Vec::new();
        stun::write_request(&mut message, &request, sum);
        let read = BindingRequest::parse(&message).unwrap();
        prop_assert_eq!(read.username, username.as_bytes());
        prop_assert_eq!((read.priority, read.use_candidate, read.role), (Some(priority), use_candidate, Some(role)));
        prop_assert!(read.verify(sum));
    }

    /// As long as packets are less than half a circle out of order, the extended number is the true one.
    #[test]
    fn sequence_numbers(start in any::<u16>(), steps in vec(-2000..6000_i64, 0..300)) {
        let offset = 0x1_0000 + i64::from(start);
        let mut unwrapper = Unwrapper::new();
        unwrapper.unwrap(start);
        let mut highest = offset;
        for step in steps {
            let number = (highest + step).max(0x1_0000);
            highest = highest.max(number);
            prop_assert_eq!(unwrapper.unwrap(number as u16), number as u64);
        }
    }
}
