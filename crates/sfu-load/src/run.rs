//! The loop: one thread that owns every connection.
//!
//! Publishers come first, since a server may know no stream before media flow; then the watchers at the rate asked for; then a
//! time to warm up, the measured time, and the leaving.

mod connections;

use std::collections::VecDeque;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use sfu::srtp::Profile;
use sfu_io::sys::{self, Epoll, Ready};

use crate::arguments::Options;
use crate::film::Clock;
use crate::http::{Http, Outcome};
use crate::link::{Identity, State};
use crate::meter::{Meter, Moment, Row, Totals};
use crate::network::Network;
use crate::progress::Progress;
use crate::report;
use crate::scenario::{Kind, watched};
use crate::sdp::Way;
use crate::seat::{Media, Seat, Surroundings};

/// Tokens of HTTP connections in the loop; those of seats lie below.
const HTTP: u64 = 1 << 32;
/// Timers of one slice of the seats are looked at in each tick, so each seat's every 20 ms.
const TICK: Duration = Duration::from_millis(2);
const SLICES: usize = 10;
/// How long everything before the measured time may take beyond what the rate of joins asks for.
const PATIENCE: Duration = Duration::from_secs(60);
/// A server that has seen no media yet may say 404 for so long (`MediaMTX` does while it looks for tracks).
const UNKNOWN_PATIENCE: Duration = Duration::from_secs(5);
const UNKNOWN_AGAIN: Duration = Duration::from_millis(200);
/// Between the publishers' first media and the first watcher.
const PUBLISHED: Duration = Duration::from_millis(500);
/// For the answers to `DELETE`.
const LEAVING: Duration = Duration::from_secs(3);
/// The largest run that the kernel joins.
const READ_BYTES: usize = 64 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Publishing,
    Joining,
    Warming,
    Measuring,
    Leaving,
}

/// Runs a scenario to its end and writes what was asked for. The text is for a person. Errors are sentences.
pub fn run(options: &Options) -> Result<String, String> {
    let mut load = Load::new(options)?;
    let mut ended = Ok(());
    while ended.is_ok() && load.phase != Phase::Leaving {
        ended = load.turn();
    }
    let left = load.leave(); // after a failure as well: the tickets can be used again
    load.progress.end();
    ended.and(left)?;
    report::write(options, &load.meter, &load.parties())
}

/// What the report says of who took part.
pub(crate) struct Parties {
    pub(crate) publishers: usize,
    pub(crate) watchers: usize,
    pub(crate) profile: &'static str,
}

struct Load<'a> {
    options: &'a Options,
    identity: Identity,
    clock: Clock,
    epoll: Epoll,
    http: Http,
    network: Network,
    meter: Meter,
    progress: Progress,
    /// `None` is gone. A seat's place is its number and its token.
    seats: Vec<Option<Box<Seat>>>,
    publishers: Vec<usize>,
    /// What those that are gone have counted.
    retired: Totals,
    /// Streams that are still to be watched, the next one last.
    joining: Vec<usize>,
    next_join: Instant,
    /// Watchers that leave, in order (churn).
    leaving: VecDeque<(Instant, usize)>,
    /// Who is to be asked for again (404), in order.
    again: VecDeque<(Instant, usize)>,
    stormed: bool,
    surge: connections::Surge,
    profile: &'static str,
    phase: Phase,
    since: Instant,
    next_tick: Instant,
    next_second: Instant,
    slice: usize,
    server: SocketAddr,
    local: SocketAddr,
    ready: Vec<Ready>,
    outcomes: Vec<Outcome>,
    buffer: Vec<u8>,
}

#[allow(clippy::disallowed_methods, reason = "the one place where the load's time comes from")]
fn clock_now() -> Instant {
    Instant::now()
}

impl<'a> Load<'a> {
    fn new(options: &'a Options) -> Result<Self, String> {
        let now = clock_now();
        let broken = |error: std::io::Error| format!("This machine does not let the load begin: {error}.");
        let server = options.places[0].whip.resolve()?;
        let mut load = Self {
            options,
            identity: Identity::new().map_err(broken)?,
            clock: Clock::starting(now),
            epoll: Epoll::new().map_err(broken)?,
            http: Http::new(HTTP),
            network: Network::new(options.conditions, 1),
            meter: Meter::new(),
            progress: Progress::new(options.quiet),
            seats: Vec::new(),
            publishers: Vec::new(),
            retired: Totals::default(),
            joining: watched(options.kind, options.places.len(), options.watchers),
            next_join: now,
            leaving: VecDeque::new(),
            again: VecDeque::new(),
            stormed: false,
            surge: connections::Surge::Before,
            profile: "none",
            phase: Phase::Publishing,
            since: now,
            next_tick: now,
            next_second: now + Duration::from_secs(1),
            slice: 0,
            server,
            local: towards(server).map_err(|error| format!("There is no way to {server}: {error}."))?,
            ready: Vec::new(),
            outcomes: Vec::new(),
            buffer: vec![0; READ_BYTES],
        };
        load.joining.reverse();
        for stream in 0..options.places.len() {
            let at = load.open(now, Way::Publish, stream)?;
            load.publishers.push(at);
        }
        Ok(load)
    }

    /// Sleeps, then does everything that is due.
    fn turn(&mut self) -> Result<(), String> {
        let publishing = self.publishers.iter().filter_map(|at| match &self.seats[*at].as_ref()?.media {
            Media::Up(publisher) => Some(publisher.next_timeout()),
            _ => None,
        });
        let next = publishing.chain(self.network.next()).fold(self.next_tick, Instant::min);
        let timeout = next.saturating_duration_since(clock_now());
        sys::wait([self.epoll.fd()], Some(timeout)).map_err(|error| format!("Waiting failed: {error}."))?;
        let mut ready = std::mem::take(&mut self.ready);
        ready.clear();
        self.epoll.take(&mut ready);
        for one in &ready {
            if one.token >= HTTP {
                self.http.ready(one.token, &mut self.outcomes);
            } else {
                self.read(one.token as usize);
            }
        }
        self.ready = ready;
        let now = clock_now();
        for at in 0..self.publishers.len() {
            self.timeout(now, self.publishers[at]);
        }
        while let Some(held) = self.network.arrived(now) {
            self.arrive(now, held.seat, held.up, held.bytes);
        }
        self.http.advance(&self.epoll, &mut self.outcomes);
        for (tag, outcome) in std::mem::take(&mut self.outcomes) {
            self.outcome(now, tag as usize, outcome)?;
        }
        if self.next_tick <= now {
            self.next_tick = now + TICK;
            self.tick(now)?;
        }
        Ok(())
    }

    fn read(&mut self, at: usize) {
        let Some(Some(seat)) = self.seats.get_mut(at) else { return };
        // What a server that is gone refuses shows in its missing answers.
        let Ok(received) = sys::receive(&seat.socket, &mut self.buffer) else { return };
        if let Some(overflow) = received.overflow {
            seat.unread = overflow;
        }
        let now = clock_now();
        let around = &mut Surroundings {
            index: at,
            network: &mut self.network,
            style: self.options.style,
            clock: self.clock,
        };
        for datagram in self.buffer[..received.len].chunks_mut(received.segment.max(1)) {
            if around.network.is_good() {
                if let Some(delay) = seat.receive(now, datagram, around) {
                    self.meter.delay(delay);
                }
            } else {
                around.network.carry(now, at, false, datagram);
            }
        }
        self.note_firsts(at);
    }

    /// A datagram has come through the bad network.
    fn arrive(&mut self, now: Instant, at: usize, up: bool, mut bytes: Vec<u8>) {
        let Some(Some(seat)) = self.seats.get_mut(at) else { return };
        if up {
            let _ = seat.socket.send(&bytes); // as in `seat.rs`
            return;
        }
        let around = &mut Surroundings {
            index: at,
            network: &mut self.network,
            style: self.options.style,
            clock: self.clock,
        };
        if let Some(delay) = seat.receive(now, &mut bytes, around) {
            self.meter.delay(delay);
        }
        self.note_firsts(at);
    }

    fn note_firsts(&mut self, at: usize) {
        let counted = self.phase == Phase::Measuring || !self.options.kind.measures_joins_only_later();
        let Some(Some(seat)) = self.seats.get_mut(at) else { return };
        if seat.times.told == (true, true) {
            return;
        }
        let Some(firsts) = seat.watcher().map(|watcher| watcher.firsts) else { return };
        let asked = seat.times.asked;
        let ms = |at: Instant| 1000.0 * at.saturating_duration_since(asked).as_secs_f64();
        let joins = &mut self.meter.joins;
        if let (Some(packet), false) = (firsts.packet, seat.times.told.0) {
            seat.times.told.0 = true;
            if counted {
                joins.answer.extend(seat.times.answered.map(ms));
                joins.connected.extend(seat.times.connected.map(ms));
                joins.packet.push(ms(packet));
            }
        }
        if let (Some(frame), false) = (firsts.frame, seat.times.told.1) {
            seat.times.told.1 = true;
            if counted {
                joins.frame.push(ms(frame));
            }
        }
    }

    fn timeout(&mut self, now: Instant, at: usize) {
        let Some(Some(seat)) = self.seats.get_mut(at) else { return };
        let around = &mut Surroundings {
            index: at,
            network: &mut self.network,
            style: self.options.style,
            clock: self.clock,
        };
        seat.timeout(now, around);
    }

    fn tick(&mut self, now: Instant) -> Result<(), String> {
        self.slice = (self.slice + 1) % SLICES;
        for at in (self.slice..self.seats.len()).step_by(SLICES) {
            self.timeout(now, at);
            let lost = self.seats[at].as_ref().and_then(|seat| match seat.link.state() {
                State::Lost(why) => Some(why),
                _ => None,
            });
            if let Some(why) = lost {
                self.failed(at, &format!("A connection was lost: {why}."))?;
            }
        }
        while self.again.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, at)) = self.again.pop_front() else { break };
            self.ask(at);
        }
        self.join(now)?;
        while self.leaving.front().is_some_and(|(due, _)| *due <= now) {
            let Some((_, at)) = self.leaving.pop_front() else { break };
            self.retire(at, true);
        }
        self.advance(now)?;
        if self.next_second <= now {
            self.next_second += Duration::from_secs(1);
            self.second(now);
        }
        Ok(())
    }

    /// Opens the watches that are due.
    fn join(&mut self, now: Instant) -> Result<(), String> {
        if !matches!(self.phase, Phase::Joining | Phase::Measuring) {
            return Ok(());
        }
        let churning = self.options.kind == Kind::Churn && self.phase == Phase::Measuring;
        while self.next_join <= now {
            let next = self.seats.len() % self.options.places.len();
            let stream = if churning { Some(next) } else { self.joining.pop() };
            let Some(stream) = stream else { return Ok(()) };
            // At once where all come back; otherwise evenly, and never more than were missed in a tick.
            if !self.stormed {
                let interval = Duration::from_secs_f64(1.0 / self.options.joins_per_second);
                self.next_join = (self.next_join + interval).max(now.checked_sub(10 * TICK).unwrap_or(now));
            }
            let at = self.open(now, Way::Watch, stream)?;
            if churning {
                self.leaving.push_back((now + self.options.stay, at));
            }
        }
        Ok(())
    }

    /// From one phase to the next.
    fn advance(&mut self, now: Instant) -> Result<(), String> {
        let (options, time) = (self.options, now - self.since);
        match self.phase {
            Phase::Publishing => {
                let up = |at: &usize| {
                    self.seats[*at].as_ref().is_some_and(|seat| matches!(seat.media, Media::Up(_)))
                };
                if self.publishers.iter().all(up) && time >= PUBLISHED {
                    self.enter(now, Phase::Joining);
                    self.next_join = now;
                } else if time > PATIENCE {
                    return Err(format!(
                        "The publishers do not get connected to {}: is its UDP port open to this machine?",
                        self.server
                    ));
                }
            }
            Phase::Joining => {
                if let Some(profile) = self.seats.iter().flatten().find_map(|seat| seat.profile) {
                    self.profile = named(profile);
                }
                let watchers = self.seats.iter().flatten().filter_map(|seat| seat.watcher());
                let come = watchers.filter(|watcher| watcher.firsts.packet.is_some()).count();
                let all = self.seats.iter().flatten().count() - self.publishers.len();
                if self.joining.is_empty() && come == all {
                    self.enter(now, Phase::Warming);
                } else if time > PATIENCE + Duration::from_secs_f64(all as f64 / options.joins_per_second) {
                    return Err(format!("Of {all} watchers, {come} get media: {}.", self.missing()));
                }
            }
            Phase::Warming if time >= options.warm_up => {
                for seat in self.seats.iter_mut().flatten() {
                    if let Media::Down(watcher) = &mut seat.media {
                        watcher.begin();
                    }
                }
                self.enter(now, Phase::Measuring);
                self.next_join = now;
                self.next_second = now + Duration::from_secs(1);
                let moment = self.moment(now);
                self.meter.begin(moment);
            }
            Phase::Measuring => {
                if options.kind == Kind::Storm && !self.stormed && time >= options.measured / 2 {
                    self.storm();
                }
                if options.kind == Kind::Surge {
                    self.surge(now, time);
                }
                if time >= options.measured {
                    self.second(now);
                    self.enter(now, Phase::Leaving);
                }
            }
            Phase::Warming | Phase::Leaving => {}
        }
        Ok(())
    }

    /// How far those have come who get nothing.
    fn missing(&self) -> String {
        let watchers = self.seats.iter().flatten().filter(|seat| seat.way == Way::Watch);
        let (mut unanswered, mut unconnected, mut silent) = (0, 0, 0);
        for seat in watchers {
            match (seat.times.answered, seat.watcher()) {
                (None, _) => unanswered += 1,
                (_, None) => unconnected += 1,
                (_, Some(watcher)) => silent += usize::from(watcher.firsts.packet.is_none()),
            }
        }
        format!(
            "{unanswered} have no answer from the server, {unconnected} do not get connected, to {silent} it forwards nothing"
        )
    }

    fn enter(&mut self, now: Instant, phase: Phase) {
        (self.phase, self.since) = (phase, now);
    }

    fn second(&mut self, now: Instant) {
        let (phase, whole) = match self.phase {
            Phase::Publishing => ("publishing", PATIENCE),
            Phase::Joining => (
                "joining",
                Duration::from_secs_f64(self.joining.len() as f64 / self.options.joins_per_second),
            ),
            Phase::Warming => ("warming up", self.options.warm_up),
            Phase::Measuring | Phase::Leaving => ("measuring", self.options.measured),
        };
        let row: Option<Row> = (self.phase == Phase::Measuring).then(|| {
            let moment = self.moment(now);
            self.meter.second(moment)
        });
        let share = (now - self.since).as_secs_f64() / whole.as_secs_f64().max(0.001);
        self.progress.draw(phase, share, row.as_ref());
    }

    fn moment(&self, now: Instant) -> Moment {
        let mut totals = self.retired;
        self.seats.iter().flatten().for_each(|seat| totals.add(seat));
        totals.publishers = self.publishers.len();
        totals.watchers = self.seats.iter().flatten().filter(|seat| seat.watcher().is_some()).count();
        Moment::take(now, totals, self.options.pid)
    }

    /// Everybody says good-bye.
    fn leave(&mut self) -> Result<(), String> {
        let end = clock_now() + LEAVING;
        for at in (0..self.seats.len()).rev() {
            self.retire(at, true);
        }
        while self.http.open() > 0 && clock_now() < end {
            self.turn()?;
        }
        Ok(())
    }

    fn parties(&self) -> Parties {
        Parties {
            publishers: self.options.places.len(),
            watchers: watched(self.options.kind, self.options.places.len(), self.options.watchers).len(),
            profile: self.profile,
        }
    }
}

fn named(profile: Profile) -> &'static str {
    match profile {
        Profile::Aes256Gcm => "AES-256-GCM",
        Profile::Aes128Gcm => "AES-128-GCM",
        Profile::Aes128CmSha1 => "AES-CM-128 with HMAC-SHA1",
    }
}

/// Which of this machine's addresses is nearest to the server, with any port.
fn towards(server: SocketAddr) -> std::io::Result<SocketAddr> {
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let probe = UdpSocket::bind(any)?;
    probe.connect(server)?; // sends nothing
    let mut local = probe.local_addr()?;
    local.set_port(0);
    Ok(local)
}
