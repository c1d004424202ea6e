//! Who is together, and who is heard.

use std::collections::HashMap;
use std::sync::Arc;

use crate::speech::Speech;
use crate::timers::Alarm;

/// One room, from its first peer to its last.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: Arc<str>,
    /// Keys, in the order in which they came.
    pub(crate) peers: Vec<u32>,
    pub(crate) by_id: HashMap<Arc<str>, u32>,
    /// Who speaks, by the keys of their microphones' streams.
    pub(crate) speech: Speech<u32>,
    /// Streams of the screens' sounds that are on, in the order in which they were switched on.
    pub(crate) screen_sounds: Vec<u32>,
    pub(crate) alarm: Alarm,
}

impl Room {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            peers: Vec::new(),
            by_id: HashMap::new(),
            speech: Speech::new(),
            screen_sounds: Vec::new(),
            alarm: Alarm::default(),
        }
    }

    pub(crate) fn add(&mut self, id: Arc<str>, peer: u32) {
        self.peers.push(peer);
        self.by_id.insert(id, peer);
    }

    pub(crate) fn remove(&mut self, id: &str, peer: u32) {
        self.peers.retain(|it| *it != peer);
        self.by_id.remove(id);
    }
}
