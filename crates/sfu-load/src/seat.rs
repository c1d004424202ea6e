//! One connection of the load: its socket, its link, and what it sends or receives.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use sfu::srtp::Profile;
use sfu_io::sys;
use wire::demux::{Kind, classify};

use crate::film::Clock;
use crate::http::Url;
use crate::link::{Identity, Link, State};
use crate::network::Network;
use crate::publisher::{Publisher, Style};
use crate::sdp::{Answer, Offer, Way};
use crate::watcher::Watcher;

/// Of each socket: a tenth of a second of 50 Mbit/s. The kernel takes it only when it is needed.
const BUFFER_BYTES: i32 = 1 << 20;

/// What flows.
pub(crate) enum Media {
    None,
    Up(Publisher),
    Down(Watcher),
}

/// One connection.
pub(crate) struct Seat {
    pub(crate) way: Way,
    /// Which stream it publishes or watches.
    pub(crate) stream: usize,
    pub(crate) socket: UdpSocket,
    pub(crate) link: Link,
    pub(crate) media: Media,
    pub(crate) answer: Option<Answer>,
    /// For `DELETE`.
    pub(crate) session: Option<Url>,
    pub(crate) times: Times,
    pub(crate) profile: Option<Profile>,
    /// Datagrams that the kernel dropped because this process did not read.
    pub(crate) unread: u32,
    ssrcs: (u32, u32),
}

/// When things happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) asked: Instant,
    pub(crate) answered: Option<Instant>,
    pub(crate) connected: Option<Instant>,
    /// First packet and first frame were told to the meter.
    pub(crate) told: (bool, bool),
}

/// What every call needs of the rest.
pub(crate) struct Surroundings<'a> {
    pub(crate) index: usize,
    pub(crate) network: &'a mut Network,
    pub(crate) style: Style,
    pub(crate) clock: Clock,
}

impl Seat {
    /// A socket on the way to the server. `number` tells seats apart for ever.
    pub(crate) fn open(
        now: Instant,
        number: u32,
        way: Way,
        stream: usize,
        identity: &Identity,
        local: SocketAddr,
    ) -> io::Result<Self> {
        let socket = UdpSocket::bind(local)?;
        socket.set_nonblocking(true)?;
        sys::receive_joined(&socket, BUFFER_BYTES)?;
        let link = Link::new(identity, number, now);
        let ssrcs = (0x1000_0000 + number, 0x2000_0000 + number);
        let times = Times { asked: now, answered: None, connected: None, told: (false, false) };
        let media = Media::None;
        Ok(Self {
            way,
            stream,
            socket,
            link,
            media,
            answer: None,
            session: None,
            times,
            profile: None,
            unread: 0,
            ssrcs,
        })
    }

    /// What to send to the server; the same whenever it is asked again.
    pub(crate) fn offer(&self, identity: &Identity, style: Style) -> io::Result<String> {
        let Style { audio, simulcast, .. } = style;
        let (way, ssrcs, local) = (self.way, self.ssrcs, self.socket.local_addr()?);
        Ok(Offer { identity, ufrag: self.link.ufrag(), way, audio, simulcast, ssrcs, local }.write())
    }

    /// Takes the server's answer and begins to connect. `server` is where it was asked.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        sdp: &str,
        server: SocketAddr,
        around: &mut Surroundings<'_>,
    ) -> Result<(), String> {
        let answer = Answer::parse(sdp)?;
        let same_family = |address: &&SocketAddr| address.is_ipv4() == server.is_ipv4();
        let asked = answer.candidates.iter().find(|candidate| candidate.ip() == server.ip());
        let candidate = asked
            .or_else(|| answer.candidates.iter().find(same_family))
            .ok_or_else(|| format!("the answer has no candidate that {server} could have"))?;
        self.socket.connect(candidate).map_err(|error| format!("{candidate} cannot be reached: {error}"))?;
        self.link.answered(now, &answer);
        self.times.answered = Some(now);
        self.answer = Some(answer);
        self.timeout(now, around);
        Ok(())
    }

    /// Does what is due.
    pub(crate) fn timeout(&mut self, now: Instant, around: &mut Surroundings<'_>) {
        let Self { socket, link, media, .. } = self;
        let mut send = |bytes: &[u8]| send(socket, now, around, bytes);
        if link.next_timeout().is_some_and(|at| at <= now) {
            link.timeout(now, &mut send);
        }
        match media {
            Media::Up(publisher) => publisher.timeout(now, &mut send),
            Media::Down(watcher) => watcher.timeout(now, &mut send),
            Media::None => {}
        }
    }

    /// Takes one datagram. How long its picture was on its way, if it was looked into.
    pub(crate) fn receive(
        &mut self,
        now: Instant,
        datagram: &mut [u8],
        around: &mut Surroundings<'_>,
    ) -> Option<Duration> {
        let Self { socket, link, media, .. } = self;
        match (classify(datagram)?, media) {
            (Kind::Rtp, Media::Down(watcher)) => {
                watcher.receive(now, datagram, &mut |bytes: &[u8]| send(socket, now, around, bytes))
            }
            (Kind::Rtcp, Media::Up(publisher)) => {
                publisher.receive(datagram, &mut |bytes: &[u8]| send(socket, now, around, bytes));
                None
            }
            (Kind::Stun | Kind::Dtls, _) => {
                link.receive(now, datagram, &mut |bytes: &[u8]| send(socket, now, around, bytes));
                if link.state() == State::Up && self.times.connected.is_none() {
                    self.connected(now, around);
                }
                None
            }
            _ => None,
        }
    }

    fn connected(&mut self, now: Instant, around: &mut Surroundings<'_>) {
        let (Some((outbound, inbound, profile)), Some(answer)) = (self.link.take_keys(), &self.answer) else {
            return;
        };
        self.times.connected = Some(now);
        self.profile = Some(profile);
        let Surroundings { style, clock, .. } = *around;
        self.media = match self.way {
            Way::Publish => {
                Media::Up(Publisher::new(now, style, clock, answer, (outbound, inbound), self.ssrcs))
            }
            Way::Watch => Media::Down(Watcher::new(now, clock, answer, (outbound, inbound))),
        };
        self.timeout(now, around);
    }

    pub(crate) fn watcher(&self) -> Option<&Watcher> {
        match &self.media {
            Media::Down(watcher) => Some(watcher),
            _ => None,
        }
    }
}

/// Sends, or lets the bad network have it. What the kernel refuses is lost, as on any network.
fn send(socket: &UdpSocket, now: Instant, around: &mut Surroundings<'_>, bytes: &[u8]) {
    if around.network.is_good() {
        let _ = socket.send(bytes);
    } else {
        around.network.carry(now, around.index, true, bytes);
    }
}
