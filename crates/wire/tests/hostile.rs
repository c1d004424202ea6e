//! Mutated inputs over every parser: none panics, and none works longer than its input allows.
//!
//! `MEETINGHOUSE_FUZZ_N` inputs are tried (default 20 000), from a fixed seed; `MEETINGHOUSE_FUZZ_SEED` changes it.

use wire::rtcp::{self, Packet, ReportBlock, SenderInfo};
use wire::rtp::{self, Header, Outgoing};
use wire::stun::{self, BindingRequest, OutgoingRequest, Role, turn};
use wire::{Error, av1, demux, dependency, dtls, h264, red, vp8, vp9};

const DEFAULT_INPUTS: u64 = 20_000;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }
}

/// Well-formed inputs of every kind, from which mutations begin.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let mut push = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        seeds.push(out);
    };
    let header =
        Outgoing { marker: true, payload_type: 96, sequence: 1, timestamp: 2, ssrc: 3, csrc: Some(4) };
    let frame = vp8::OutgoingFrame {
        picture_id: 1,
        tl0_picture_index: 2,
        begins: true,
        key_frame: true,
        size: (640, 360),
    };
    push(&|out| {
        rtp::write_header(out, &header, &[(1, &[5]), (3, &[1, 2])]);
        vp8::write_payload_head(out, &frame);
    });
    push(&|out| {
        rtp::write_header(out, &header, &[(200, &[5; 30])]);
        out.extend_from_slice(&[0x78, 0, 2, 0x67, 0x42, 0, 1, 0x65]);
    });
    push(&|out| h264::write_sps(out, (1920, 1080)));
    push(&|out| vp9::write_payload_head(out, (1, false), (true, true), (2, 1)));
    push(&|out| out.extend_from_slice(&described()));
    push(&|out| {
        rtp::write_header(out, &header, &[(1, &[5])]);
        red::write_earlier(out, 111, [(1920, &[7; 60][..]), (960, &[8; 40])].into_iter());
        out.extend_from_slice(&[9; 50]);
    });
    push(&|out| {
        let info = SenderInfo { ntp: 1, rtp_timestamp: 2, packets: 3, bytes: 4 };
        rtcp::write_sender_report(out, 1, &info, &[ReportBlock::default(); 3]);
        rtcp::write_cname(out, 1, b"name");
        rtcp::write_nack(out, 1, 2, &[1, 2, 30, 400]);
        rtcp::write_pli(out, 1, 2);
        rtcp::write_fir(out, 1, rtcp::FirEntry { media: 2, command_sequence: 3 });
        rtcp::write_goodbye(out, &[1, 2]);
    });
    push(&|out| {
        let arrivals: Vec<_> = (0..60).map(|n| (n * (1 + n % 3), n as i64 * 700)).collect();
        rtcp::write_transport_feedback(out, 1, 2, 3, 0, &arrivals);
    });
    push(&|out| out.extend_from_slice(b"\x8f\xce\x00\x05\0\0\0\x01\0\0\0\0REMB\x01\x0b\xd0\x90\0\0\0\x09"));
    push(&|out| {
        let request = OutgoingRequest {
            transaction: [7; 12],
            username: b"ours:theirs",
            priority: 1,
            use_candidate: true,
            role: Role::Controlling(1),
        };
        stun::write_request(out, &request, |_| [1; 20]);
    });
    push(&|out| {
        let mapped = std::net::SocketAddr::from(([192, 0, 2, 1], 5000));
        stun::write_success(out, [7; 12], mapped, |_| [1; 20]);
    });
    seeds.extend(corpus());
    seeds
}

/// A descriptor that brings a structure.
fn described() -> Vec<u8> {
    use dependency::{OutgoingDescriptor, Row, Table};
    let table = Table {
        rows: &[
            Row { spatial: 0, temporal: 0, indications: "SSR", needs: &[], chains: &[0, 0] },
            Row { spatial: 0, temporal: 1, indications: "-D-", needs: &[2, 1], chains: &[2, 1] },
            Row { spatial: 1, temporal: 0, indications: "--S", needs: &[1, 16], chains: &[1, 15] },
        ],
        protected_by: &[0, 0, 1],
        sizes: &[(320, 180), (640, 360)],
    };
    let mut out = Vec::new();
    let needs: Option<&[u16]> = Some(&[1, 64, 4096]);
    OutgoingDescriptor { starts: true, ends: true, row: 0, frame_number: 7, attached: Some(&table), needs }
        .write(&mut out);
    out
}

/// The inputs that are kept in `fuzz/`.
fn corpus() -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/wire");
    let files = std::fs::read_dir(folder).expect("the corpus");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort(); // so that a seed of the numbers says which input it is
    paths.iter().map(|path| std::fs::read(path).expect("a file")).collect()
}

fn mutate(random: &mut Random, input: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        let at = random.below(input.len());
        match random.below(6) {
            0 if !input.is_empty() => input[at] ^= 1 << random.below(8),
            1 if !input.is_empty() => input[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            2 => input.truncate(at),
            3 => input.insert(at, random.below(256) as u8),
            4 => input.extend_from_within(at..),
            _ if input.len() > 4 => input[at.min(3)] = random.below(256) as u8,
            _ => {}
        }
        input.truncate(2048);
    }
}

/// Everything that the parsers offer, done to one input.
fn parse_everything(input: &[u8]) {
    let _ = demux::classify(input);
    if let Ok(header) = Header::parse(input) {
        assert!(header.csrcs(input).count() <= 15);
        assert!(header.extensions(input).count() <= input.len());
        header.extensions(input).for_each(|(_, value)| parse_dependency(value));
        if let Ok(range) = header.payload(input) {
            parse_payload(&input[range]);
        }
    }
    parse_payload(input);
    parse_dependency(input);
    for record in dtls::records(input) {
        if let dtls::Record::Hello(hello) = record {
            assert!(hello.suites().count() <= input.len() / 2);
        }
    }
    assert!(dtls::records(input).count() <= input.len() / 13 + 1);
    let mut parsed = 0;
    for packet in rtcp::packets(input).flatten() {
        parsed += 1;
        walk_packet(&packet);
    }
    assert!(parsed <= input.len() / 4);
    if let Ok(request) = BindingRequest::parse(input) {
        let _ = (request.local_ufrag(), request.remote_ufrag());
        request.verify(|runs| {
            assert!(runs.iter().map(|run| run.len()).sum::<usize>() <= input.len());
            [0; 20]
        });
    }
    let _ = stun::parse_success(input, |_| [1; 20]);
    if let Ok(message) = turn::Message::parse(input) {
        let mut peers = 0;
        message.peers(|_| peers += 1);
        assert!(peers <= 16 && message.unknown().len() <= 16);
        message.verify(|_| [0; 20]);
    }
    parse_stream(input);
}

/// As a stream that carries TURN: every frame takes something, and none reaches beyond what is there.
fn parse_stream(mut stream: &[u8]) {
    while let Ok(Some((frame, taken))) = turn::take_frame(stream, 2048) {
        let (turn::Frame::Message(inside) | turn::Frame::Channel { data: inside, .. }) = frame;
        assert!(taken >= 4 && inside.len() <= taken && taken <= stream.len());
        stream = &stream[taken..];
    }
}

fn parse_payload(payload: &[u8]) {
    let _ = (h264::is_key_frame(payload), h264::frame_size(payload), av1::begins_sequence(payload));
    if let Ok(descriptor) = vp9::Descriptor::parse(payload) {
        let mut copy = payload.to_vec();
        descriptor.rewrite(&mut copy, 0x1234, 0x56);
        let again = vp9::Descriptor::parse(&copy).expect("a rewrite keeps the shape");
        assert_eq!((again.len, again.begins_decoding()), (descriptor.len, descriptor.begins_decoding()));
    }
    if let Ok(redundant) = red::Redundant::parse(payload) {
        let bytes = redundant.earlier().map(|it| it.payload.len()).sum::<usize>();
        let heads = 4 * redundant.earlier().count() + 1;
        assert_eq!(heads + bytes + redundant.newest.payload.len(), payload.len(), "every byte once");
    }
    if let Ok(descriptor) = vp8::Descriptor::parse(payload) {
        let _ = descriptor.frame_size(payload);
        let mut copy = payload.to_vec();
        descriptor.rewrite(&mut copy, 0x1234, 0x56);
        let again = vp8::Descriptor::parse(&copy).expect("a rewrite keeps the shape");
        assert_eq!((again.len, again.key_frame), (descriptor.len, descriptor.key_frame));
    }
}

/// As a descriptor: of its own structure, else of another one. Whatever it says, it says the same when it goes on.
fn parse_dependency(value: &[u8]) {
    let own = dependency::Structure::attached(value).ok().flatten();
    let Some(it) = own.or_else(|| dependency::Structure::attached(&described()).ok().flatten()) else {
        return;
    };
    assert!((1..=32).contains(&it.targets()) && it.spatial_layers() <= dependency::MAX_SPATIAL);
    for target in 0..it.targets() {
        assert_eq!(it.within(target) & !it.all(), 0);
        assert_eq!(it.within(target) >> target & 1, 1);
    }
    let _ = (it.size(3), it.target(1, 1));
    let Ok(read) = dependency::Descriptor::parse(value, &it) else { return };
    for active in [None, Some(1), Some(it.all())] {
        let written = read.rewrite(value, 0x1234, active);
        let written = written.as_bytes();
        assert!(written.len() <= value.len() + 5 && written.len() <= dependency::MAX_BYTES);
        if value.len() + 5 > dependency::MAX_BYTES {
            continue; // it may be cut
        }
        let again = dependency::Descriptor::parse(written, &it).expect("a rewrite keeps the shape");
        let of = |it: &dependency::Descriptor| (it.present, it.switch, it.needs, it.is_attached);
        assert_eq!((again.frame_number, of(&again)), (0x1234, of(&read)));
        assert_eq!(again.active, active.or(read.active));
    }
}

fn walk_packet(packet: &Packet<'_>) {
    let bound = match packet {
        Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } => blocks.clone().count(),
        Packet::SourceDescription(names) => names.cnames().count(),
        Packet::Goodbye(bye) => bye.ssrcs().count(),
        Packet::Fir(fir) => fir.entries().count() / 16,
        Packet::Remb(remb) => remb.ssrcs().count() / 9,
        Packet::Nack(nack) => nack.sequences().count() / 300,
        Packet::TransportFeedback(feedback) => {
            assert_eq!(feedback.arrivals().count(), usize::from(feedback.status_count));
            0
        }
        Packet::Pli { .. } | Packet::Other { .. } => 0,
    };
    assert!(bound <= 31, "{packet:?}");
}

#[test]
fn no_mutated_input_panics_a_parser() {
    let mut random = Random(setting("MEETINGHOUSE_FUZZ_SEED", 0x5eed) | 1);
    let seeds = seeds();
    for _ in 0..setting("MEETINGHOUSE_FUZZ_N", DEFAULT_INPUTS) {
        let mut input = seeds[random.below(seeds.len())].clone();
        mutate(&mut random, &mut input);
        parse_everything(&input);
    }
}

#[test]
fn the_corpus_is_what_its_names_say() {
    let all = corpus();
    assert!(all.len() >= 10);
    for input in &all {
        parse_everything(input);
    }
    let turn = all.iter().filter(|input| turn::Message::parse(input).is_ok()).count();
    let checks = all.iter().filter(|input| BindingRequest::parse(input).is_ok()).count();
    assert_eq!((turn, checks), (7, 1), "the checksums hold, so that mutations get past the door");
    let hello = |input: &&Vec<u8>| matches!(dtls::records(input).next(), Some(dtls::Record::Hello(_)));
    assert_eq!(all.iter().filter(hello).count(), 1);
    let kept = |name: &str| {
        std::fs::read(format!("{}/../../fuzz/corpus/wire/{name}.bin", env!("CARGO_MANIFEST_DIR")))
            .expect(name)
    };
    let key = vp9::Descriptor::parse(&kept("vp9-key-of-two-layers")).expect("whole");
    assert!(key.begins_decoding() && key.tl0_picture_index == Some(5));
    assert_eq!(vp9::Descriptor::parse(&kept("vp9-references-without-end")), Err(Error::TooMany));
    assert_eq!(vp9::Descriptor::parse(&kept("vp9-structure-without-end")), Err(Error::Truncated));
    assert!(!av1::begins_sequence(&kept("av1-begins-and-goes-on")));
    let structures = all.iter().filter_map(|input| dependency::Structure::attached(input).ok().flatten());
    let layers: Vec<_> = structures.map(|it| (it.spatial_layers(), it.targets())).collect();
    assert!(layers.contains(&(3, 9)) && layers.contains(&(1, 3)), "{layers:?}");
}

#[test]
fn no_short_input_panics_a_parser() {
    for a in 0..=255 {
        for b in 0..=255 {
            parse_everything(&[a, b]);
            parse_everything(&[a, b, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]);
        }
    }
    for seed in seeds() {
        for end in 0..seed.len() {
            parse_everything(&seed[..end]);
        }
    }
}
