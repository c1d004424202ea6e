//! A participant without codecs: checks ICE, shakes hands over DTLS, sends made-up VP8 and counts what comes.

use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::{digest, hmac, rand};
use dimpl::{Dtls, Output, SrtpProfile};
use sfu::srtp::{KeyPair, Outbound, Profile};
use wire::demux::{Kind, classify};
use wire::rtp::{Outgoing, write_header};
use wire::stun::{OutgoingRequest, Role, write_request};
use wire::vp8::{OutgoingFrame, write_payload_head};

use crate::line::Line;
use crate::sdp;

/// A handshake on loopback takes milliseconds; whoever needs longer is lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// Camera's payload type in [`sdp::offer`].
const VP8: u8 = 96;

/// 90 kHz at 30 frames a second.
const FRAME_TICKS: u32 = 3000;

/// One participant with a socket of its own.
pub(crate) struct Client {
    line: Line,
    dtls: Dtls,
    fingerprint: String,
    /// Password and user names of the checks, once answered.
    check: Option<(hmac::Key, String)>,
    outbound: Option<Outbound>,
    ssrc: u32,
    sequence: u64,
    frames: u32,
    buffer: Vec<u8>,
}

impl Client {
    /// By UDP; `number` tells participants apart.
    pub(crate) fn new(number: u32) -> io::Result<Self> {
        Self::with(number, Line::Udp(UdpSocket::bind("127.0.0.1:0")?))
    }

    /// By TCP.
    #[allow(dead_code, reason = "the benchmark has UDP clients only")]
    pub(crate) fn by_tcp(number: u32, server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Self::with(number, Line::Tcp(stream, Vec::new()))
    }

    fn with(number: u32, line: Line) -> io::Result<Self> {
        let certificate = dimpl::certificate::generate_self_signed_certificate().map_err(io::Error::other)?;
        let digest = digest::digest(&digest::SHA256, &certificate.certificate);
        let config = dimpl::Config::builder().build().map_err(io::Error::other)?;
        let mut dtls = Dtls::new_12(Arc::new(config), certificate.clone(), Instant::now());
        dtls.set_active(true);
        Ok(Self {
            line,
            dtls,
            fingerprint: sdp::fingerprint(digest.as_ref()),
            check: None,
            outbound: None,
            ssrc: 0x1000_0000 + number,
            sequence: 1,
            frames: 0,
            buffer: Vec::new(),
        })
    }

    /// Of its socket.
    #[allow(dead_code, reason = "only the benchmark looks where packets are lost")]
    pub(crate) fn port(&self) -> io::Result<u16> {
        self.line.port()
    }

    /// For `AddPeer`.
    pub(crate) fn offer(&self, video_slots: usize) -> String {
        sdp::offer(&self.fingerprint, self.ssrc, video_slots)
    }

    /// Checks and shakes hands with the engine that gave this answer.
    pub(crate) fn connect(&mut self, answer: &str) -> io::Result<()> {
        let server: SocketAddr = sdp::candidate(answer)?;
        let (ufrag, password) = (sdp::attribute(answer, "ice-ufrag")?, sdp::attribute(answer, "ice-pwd")?);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        self.check = Some((key, format!("{ufrag}:{}", sdp::UFRAG)));
        self.line.connect(server)?;
        self.line.patience(Some(Duration::from_millis(20)))?;
        self.send_check()?;
        let end = Instant::now() + PATIENCE;
        while self.outbound.is_none() {
            if Instant::now() > end {
                return Err(io::Error::other("no connection to the engine"));
            }
            self.dtls.handle_timeout(Instant::now()).map_err(io::Error::other)?;
            self.drain_dtls()?;
            let mut datagram = [0; 2048];
            let Ok(len) = self.line.recv(&mut datagram) else { continue };
            if classify(&datagram[..len]) == Some(Kind::Dtls) {
                self.dtls.handle_packet(&datagram[..len]).map_err(io::Error::other)?;
                self.drain_dtls()?;
            }
        }
        self.line.patience(None)
    }

    /// A check that also renews the engine's permission to send (RFC 7675).
    pub(crate) fn send_check(&mut self) -> io::Result<()> {
        let Some((key, username)) = &self.check else { return Ok(()) };
        let mut message = Vec::new();
        let mut transaction = [0; 12]; // a repeated one would not renew anything
        rand::fill(&mut transaction).map_err(io::Error::other)?;
        let request = OutgoingRequest {
            transaction,
            username: username.as_bytes(),
            priority: 0x6e7f_00ff,
            use_candidate: true,
            role: Role::Controlling(1),
        };
        write_request(&mut message, &request, |runs| {
            let mut tag = [0; 20];
            tag.copy_from_slice(hmac::sign(key, &runs.concat()).as_ref());
            tag
        });
        self.line.send(&message)
    }

    /// Sends one frame of `packets` datagrams of `payload` bytes each.
    pub(crate) fn send_frame(&mut self, packets: usize, payload: usize, key_frame: bool) {
        let Some(outbound) = &mut self.outbound else { return };
        for packet in 0..packets {
            self.buffer.clear();
            let header = Outgoing {
                marker: packet + 1 == packets,
                payload_type: VP8,
                sequence: self.sequence as u16,
                timestamp: self.frames.wrapping_mul(FRAME_TICKS),
                ssrc: self.ssrc,
                csrc: None,
            };
            let counter = (self.sequence as u16).to_be_bytes();
            let extensions: [(u8, &[u8]); 2] = [(sdp::MID, b"1"), (sdp::TRANSPORT, &counter)];
            let clear = write_header(&mut self.buffer, &header, &extensions);
            let frame = OutgoingFrame {
                picture_id: (self.frames & 0x7fff) as u16,
                tl0_picture_index: self.frames as u8,
                begins: packet == 0,
                key_frame,
                size: (1280, 720),
            };
            write_payload_head(&mut self.buffer, &frame);
            self.buffer.resize(clear + payload, 0x5a);
            outbound.seal_rtp(&mut self.buffer, 0, clear, self.sequence);
            let _ = self.line.send(&self.buffer); // what the kernel drops is counted as not delivered
            self.sequence += 1;
        }
        self.frames += 1;
    }

    /// Reads everything that waits; how many of it were media packets.
    pub(crate) fn count_received(&mut self) -> u64 {
        let mut datagram = [0; 2048];
        let mut count = 0;
        while let Ok(len) = self.line.recv(&mut datagram) {
            count += u64::from(classify(&datagram[..len]) == Some(Kind::Rtp));
        }
        count
    }

    fn drain_dtls(&mut self) -> io::Result<()> {
        let mut record = vec![0; 2048];
        loop {
            match self.dtls.poll_output(&mut record) {
                Output::Packet(datagram) => {
                    self.line.send(datagram)?;
                }
                Output::KeyingMaterial(material, profile) => {
                    let profile = match profile {
                        SrtpProfile::AEAD_AES_256_GCM => Profile::Aes256Gcm,
                        SrtpProfile::AEAD_AES_128_GCM => Profile::Aes128Gcm,
                        _ => Profile::Aes128CmSha1,
                    };
                    let keys = KeyPair::split(profile, &material);
                    self.outbound = keys.map(|keys| Outbound::new(&keys.client));
                }
                Output::Timeout(_) => return Ok(()),
                _ => {}
            }
        }
    }
}
