//! One worker: rooms, their peers, and every call from outside.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use crate::{Command, Config, Event, Outbox, RoomSnapshot};

/// One worker's media engine; see the crate's description for how it is driven.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    events: VecDeque<Event>,
    next_statistics: Instant,
}

impl Engine {
    /// An engine without rooms. `config.wall_clock` is the time of day at `now`.
    pub fn new(config: Config, now: Instant) -> Self {
        let next_statistics = now + config.statistics_interval;
        Self { config, events: VecDeque::new(), next_statistics }
    }

    /// Carries a command out, or refuses it; exactly one `Accepted` or `Rejected` follows.
    pub fn submit(&mut self, _now: Instant, command: Command, _out: &mut Outbox) {
        self.events.push_back(Event::Accepted { id: command.id });
    }

    /// Takes one datagram, which is decrypted in place.
    pub fn receive(&mut self, _now: Instant, _from: SocketAddr, _datagram: &mut [u8], _out: &mut Outbox) {}

    /// Does everything that is due at `now`.
    pub fn timeout(&mut self, now: Instant, _out: &mut Outbox) {
        self.next_statistics = now + self.config.statistics_interval;
    }

    /// When [`Engine::timeout`] is next to be called.
    pub fn next_timeout(&self) -> Option<Instant> {
        Some(self.next_statistics)
    }

    /// The next thing the control plane has to know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The room as it is now; `None` when there is no such room.
    pub fn snapshot(&self, _room: &str) -> Option<RoomSnapshot> {
        None
    }
}
