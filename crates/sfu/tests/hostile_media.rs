//! Who is in the meeting and means harm: authentic packets and reports that lie. Whatever they say, the others' media go on with
//! the next packet, nobody else is asked or sent more than their share, and memory is bounded.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Client, Stage, ssrc};
use sfu::{CommandKind, Event, Source};
use wire::extension::AudioLevel;
use wire::rtcp::{self, FirEntry, Packet};
use wire::rtp::Header;
use wire::vp8::{OutgoingFrame, write_payload_head};

const OPUS: u8 = 111;
const VP8: u8 = 96;
/// What Ana says, and what Mallory says.
const VOICE: [u8; 90] = [0x78; 90];
const LIES: [u8; 60] = [0x66; 60];

/// Ana speaks and shows herself, Bo listens and watches, and Mallory is in as well.
struct Scene {
    stage: Stage,
    ana: Client,
    bo: Client,
    mallory: Client,
    sequence: u16,
    picture: u16,
}

impl Scene {
    fn new() -> Self {
        let mut stage = Stage::new();
        let [ana, bo, mallory] =
            [("ana", 1), ("bo", 2), ("mallory", 3)].map(|(name, port)| stage.join(name, port));
        for name in ["ana", "mallory"] {
            let sources = vec![Source::Microphone, Source::Camera];
            stage.submit(CommandKind::SetSources { peer: Arc::from(name), sources });
        }
        stage.watch("bo", "ana");
        Self { stage, ana, bo, mallory, sequence: 0, picture: 0 }
    }

    fn receive(&mut self, from: Who, mut datagram: Vec<u8>) {
        let from = match from {
            Who::Ana => self.ana.address(),
            Who::Bo => self.bo.address(),
            Who::Mallory => self.mallory.address(),
        };
        self.stage.engine.receive(self.stage.now, from, &mut datagram, &mut self.stage.out);
    }

    /// Ana's next sound is heard by Bo at once, as she said it, and nobody was given up.
    fn goes_on(&mut self, after: &str) {
        self.bo.take(&mut self.stage);
        self.sequence += 1;
        let packet = self.ana.packet("0", OPUS, self.sequence, &VOICE);
        self.receive(Who::Ana, packet);
        let (media, _) = self.bo.take(&mut self.stage);
        assert!(media.iter().any(|packet| packet.ends_with(&VOICE)), "{after}: Ana is heard");
        while let Some(event) = self.stage.engine.poll_event() {
            assert!(!matches!(event, Event::PeerFailed { .. }), "{after}: {event:?}");
        }
    }

    /// One picture of Ana's in one packet. Returns what Bo gets of it.
    fn show(&mut self, key_frame: bool) -> Vec<Vec<u8>> {
        let mut payload = Vec::new();
        let frame = OutgoingFrame {
            picture_id: self.picture & 0x7fff,
            tl0_picture_index: self.picture as u8,
            begins: true,
            key_frame,
            size: (640, 360),
        };
        write_payload_head(&mut payload, &frame);
        payload.resize(1000, 0);
        self.picture += 1;
        let packet = self.ana.packet("1", VP8, self.picture, &payload);
        self.receive(Who::Ana, packet);
        self.bo.take(&mut self.stage).0
    }
}

type Write<'a> = &'a dyn Fn(&mut Vec<u8>);

#[derive(Clone, Copy)]
enum Who {
    Ana,
    Bo,
    Mallory,
}

/// A header by hand (RFC 3550 §5.1): `first` has version, padding, extension and CSRC count.
fn header(first: u8, payload_type: u8, sequence: u16, timestamp: u32, ssrc: u32) -> Vec<u8> {
    let mut bytes = vec![first, payload_type];
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes.extend_from_slice(&timestamp.to_be_bytes());
    bytes.extend_from_slice(&ssrc.to_be_bytes());
    bytes
}

/// One-byte extensions (RFC 8285 §4.2) with these words after `0xbede`.
fn extended(mut header: Vec<u8>, words: u16, data: &[u8]) -> Vec<u8> {
    header[0] |= 0x10;
    header.extend_from_slice(&[0xbe, 0xde]);
    header.extend_from_slice(&words.to_be_bytes());
    header.extend_from_slice(data);
    header
}

/// Packets of which each lies in its own way: name, header, payload.
fn lies() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let mine = ssrc(OPUS) + 7;
    let mid = |id: u8| [0x40, id, 0, 0]; // extension 4, one byte
    let plain = |sequence| extended(header(0x80, OPUS, sequence, 0, mine), 1, &mid(b'0'));
    let mut lies = vec![
        ("nothing inside", plain(1), vec![]),
        ("padding over everything", [&[0xb0][..], &plain(2)[1..]].concat(), vec![255; 20]),
        ("padding of nothing", [&[0xb0][..], &plain(3)[1..]].concat(), vec![0; 20]),
        ("all of it padding", [&[0xb0][..], &plain(4)[1..]].concat(), vec![20; 20]),
        ("larger than any network carries", plain(5), vec![0x66; 1900]),
        (
            "a level louder than there is",
            {
                let level = AudioLevel { below_overload_db: 0, voice: true }.encode()[0];
                extended(header(0x80, OPUS, 6, 0, mine), 1, &[0x40, b'0', 0x10, level])
            },
            LIES.to_vec(),
        ),
        (
            "an extension longer than its place",
            extended(header(0x80, OPUS, 7, 0, mine), 1, &[0x4f, b'0', 0, 0]),
            LIES.to_vec(),
        ),
        (
            "a line of somebody else's",
            extended(header(0x80, OPUS, 8, 0, mine + 1), 1, &mid(b'7')),
            LIES.to_vec(),
        ),
        (
            "a line that is not there",
            extended(header(0x80, OPUS, 9, 0, mine + 2), 1, &mid(b'z')),
            LIES.to_vec(),
        ),
        ("no name at all", header(0x80, OPUS, 10, 0, mine + 3), LIES.to_vec()),
        (
            "a layer that was not offered",
            extended(header(0x80, VP8, 11, 0, mine + 4), 2, &[0x40, b'1', 0xa0, b'q', 0, 0, 0, 0]),
            LIES.to_vec(),
        ),
        (
            "a payload type that was not taken",
            extended(header(0x80, 127, 12, 0, mine + 5), 1, &mid(b'0')),
            LIES.to_vec(),
        ),
        (
            "time that leaps half its circle",
            extended(header(0x80, OPUS, 13, 1 << 31, mine), 1, &mid(b'0')),
            LIES.to_vec(),
        ),
        ("time that leaps back", extended(header(0x80, OPUS, 14, 5, mine), 1, &mid(b'0')), LIES.to_vec()),
        ("numbers that leap", extended(header(0x80, OPUS, 30_000, 0, mine), 1, &mid(b'0')), LIES.to_vec()),
        ("a retransmission of nothing", extended(header(0x80, 97, 15, 0, mine + 6), 1, &mid(b'1')), vec![7]),
    ];
    let mut csrcs = header(0x8f, OPUS, 16, 0, mine);
    csrcs.extend_from_slice(&[0x11; 60]);
    lies.push(("fifteen contributors", extended(csrcs, 1, &mid(b'0')), LIES.to_vec()));
    // Descriptors of pictures whose every optional field is there, cut off, or says that there is more.
    for (number, descriptor) in
        [&[0xff; 1][..], &[0xff; 3], &[0x80, 0xff], &[0x90, 0xe0, 0x80], &[0x10; 12]].into_iter().enumerate()
    {
        let picture = extended(header(0x80, VP8, 20 + number as u16, 0, mine + 8), 1, &mid(b'1'));
        lies.push(("a picture that is none", picture, descriptor.to_vec()));
    }
    lies
}

#[test]
fn packets_that_lie_disturb_nobody() {
    let mut scene = Scene::new();
    scene.goes_on("nothing");
    for (name, header, payload) in lies() {
        let (len, index) = (header.len(), u64::from(u16::from_be_bytes([header[2], header[3]])));
        let packet = scene.mallory.seal([header, payload].concat(), len, index);
        scene.receive(Who::Mallory, packet);
        scene.goes_on(name);
    }
    // Headers that overrun what there is never get as far as their keys.
    for first in 0x80..=0xff {
        let mut overrun = header(first, OPUS, 40, 0, 9);
        overrun.extend_from_slice(&[0xbe, 0xde, 0xff, 0xff, 1, 2, 3]);
        scene.receive(Who::Mallory, overrun);
    }
    scene.goes_on("headers that overrun");
}

#[test]
fn nobody_speaks_with_anothers_name() {
    let mut scene = Scene::new();
    scene.goes_on("nothing");
    let packet = scene.ana.packet("0", OPUS, 100, &VOICE);
    scene.receive(Who::Ana, packet);
    let (media, _) = scene.bo.take(&mut scene.stage);
    let hers = Header::parse(&media[0]).unwrap().ssrc;
    // The same SSRC as hers, the same line's name: to the engine it is Mallory's.
    let packet = scene.mallory.packet("0", OPUS, 101, &LIES);
    scene.receive(Who::Mallory, packet);
    let (media, _) = scene.bo.take(&mut scene.stage);
    let theirs = media.iter().filter(|packet| packet.ends_with(&LIES));
    assert!(theirs.clone().count() > 0, "Mallory may speak");
    assert!(theirs.clone().all(|packet| Header::parse(packet).unwrap().ssrc != hers), "but not as Ana");
    scene.sequence = 101;
    scene.goes_on("another's SSRC");
}

#[test]
fn a_thousand_streams_of_one_are_bounded() {
    let mut scene = Scene::new();
    scene.goes_on("nothing");
    let kept = allocation_counter::measure(|| {
        for n in 0..1000_u32 {
            let header = extended(header(0x80, OPUS, 1, 0, 70_000 + n), 1, &[0x40, b'0', 0, 0]);
            let len = header.len();
            let packet = scene.mallory.seal([header, LIES.to_vec()].concat(), len, 1);
            scene.receive(Who::Mallory, packet);
            scene.bo.take(&mut scene.stage);
        }
    });
    assert!(kept.bytes_current < 256 << 10, "{kept:?}");
    scene.goes_on("a thousand SSRCs");
}

#[test]
fn a_storm_of_requests_asks_the_publisher_a_few_times() {
    let mut scene = Scene::new();
    let shown = scene.show(true);
    let slot = Header::parse(shown.last().expect("shown")).unwrap().ssrc;
    let mut asked = 0;
    for round in 0..300_u64 {
        let storm = scene.bo.rtcp(|out| {
            for n in 0..20 {
                rtcp::write_pli(out, 1, slot);
                rtcp::write_fir(out, 1, FirEntry { media: slot, command_sequence: n });
            }
        });
        scene.receive(Who::Bo, storm);
        scene.stage.pass(Duration::from_millis(10));
        let (_, control) = scene.ana.take(&mut scene.stage);
        let requests = control.iter().flat_map(|compound| rtcp::packets(compound).flatten());
        asked += requests.filter(|packet| matches!(packet, Packet::Pli { .. } | Packet::Fir(_))).count();
        if round % 30 == 29 {
            scene.show(true);
        }
    }
    assert!((1..=12).contains(&asked), "{asked} in three seconds, for 12000");
    scene.goes_on("a storm of requests");
}

#[test]
fn asking_for_everything_again_gets_no_more_than_was_sent() {
    let mut scene = Scene::new();
    let mut sent = 0;
    for n in 0..200 {
        let packets = scene.show(n == 0);
        sent += packets.iter().map(Vec::len).sum::<usize>();
        scene.stage.pass(Duration::from_millis(5));
    }
    let slot = Header::parse(scene.show(false).last().expect("shown")).unwrap().ssrc;
    let every: Vec<u16> = (0..=u16::MAX).collect();
    let mut repeated = 0;
    for _ in 0..20 {
        for some in every.chunks(250) {
            let nack = scene.bo.rtcp(|out| rtcp::write_nack(out, 1, slot, some));
            scene.receive(Who::Bo, nack);
        }
        scene.stage.pass(Duration::from_millis(20));
        repeated += scene.bo.take(&mut scene.stage).0.iter().map(Vec::len).sum::<usize>();
    }
    // Besides what was sent an advance, which is what a bad second costs (`send/budget.rs`).
    assert!(repeated > 0 && repeated <= sent + (300 << 10), "{repeated} bytes again after {sent}");
    scene.goes_on("requests for everything");
}

#[test]
fn reports_that_lie_are_believed_of_who_sends_them_alone() {
    let mut scene = Scene::new();
    scene.show(true);
    let hers = [ssrc(OPUS), ssrc(VP8)];
    let reports: [Write<'_>; 5] = [
        &|out| rtcp::write_goodbye(out, &hers),
        &|out| out.extend_from_slice(b"\x8f\xce\x00\x05\0\0\0\x01\0\0\0\0REMB\x01\0\0\0\0\0\0\x09"),
        &|out| {
            rtcp::write_transport_feedback(out, 1, 2, 3, 0, &[(0, i64::from(u32::MAX)), (1, 0), (60, -9)]);
        },
        &|out| {
            let block = rtcp::ReportBlock { ssrc: ssrc(OPUS), fraction_lost: 255, ..Default::default() };
            rtcp::write_receiver_report(out, 1, &[block; 31]);
        },
        // Cut off in the middle of its second packet.
        &|out| {
            rtcp::write_pli(out, 1, 2);
            out.extend_from_slice(&[0x81, 206, 0, 9, 1, 2, 3, 4]);
        },
    ];
    for (number, report) in reports.iter().enumerate() {
        for _ in 0..50 {
            let sealed = scene.mallory.rtcp(report);
            scene.receive(Who::Mallory, sealed);
        }
        scene.goes_on(&format!("report {number}"));
        assert!(!scene.show(false).is_empty(), "report {number}: Ana is seen");
    }
    // Without her keys the same with her address is nothing at all.
    for report in reports {
        let mut forged = Vec::new();
        report(&mut forged);
        forged.extend_from_slice(&[0x80, 0, 0, 1, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
        scene.receive(Who::Ana, forged);
    }
    scene.goes_on("forged reports");
}
