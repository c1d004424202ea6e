//! What people do: they come, show themselves, look at others and go.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sfu::{Command, CommandKind, Source, Tile};

use super::{ClientId, Path, World};
use crate::network::LinkState;
use crate::{Client, ClientOptions, Link};

impl World {
    /// Somebody joins over good links.
    pub fn join(&mut self, name: &str) -> ClientId {
        self.join_with(name, ClientOptions::default(), Link::GOOD, Link::GOOD)
    }

    /// Somebody joins.
    pub fn join_with(&mut self, name: &str, options: ClientOptions, up: Link, down: Link) -> ClientId {
        self.join_through(name, options, up, down, |offer| offer)
    }

    fn join_through(
        &mut self,
        name: &str,
        options: ClientOptions,
        up: Link,
        down: Link,
        change: impl FnOnce(String) -> String,
    ) -> ClientId {
        let number = self.clients.len();
        let address = SocketAddr::from(([10, 1, (number / 200) as u8, (number % 200 + 1) as u8], 4000));
        let (client, offer) = Client::new(self.now, name, number as u32, address, options);
        self.clients.push(client);
        self.paths.push(Path { up, down, up_state: LinkState::default(), down_state: number });
        self.down_states.push(LinkState::default());
        let peer = Arc::from(name);
        let ClientOptions { publish, subscribe, one_way, .. } = options;
        self.submit(CommandKind::AddPeer { peer, offer: change(offer), publish, subscribe, one_way });
        ClientId(number)
    }

    /// Somebody joins over good links with an offer that was changed on its way.
    pub fn join_as(&mut self, name: &str, change: impl FnOnce(String) -> String) -> ClientId {
        self.join_through(name, ClientOptions::default(), Link::GOOD, Link::GOOD, change)
    }

    /// Joins everybody, lets them connect, and turns microphones and cameras on.
    pub fn meet<const N: usize>(&mut self, names: [&str; N]) -> [ClientId; N] {
        let ids = names.map(|name| self.join(name));
        self.run_until(Duration::from_secs(10), |world| {
            ids.iter().all(|id| world.client(*id).is_connected())
        });
        for id in ids {
            self.set_sources(id, &[Source::Microphone, Source::Camera]);
        }
        for viewer in ids {
            let others: Vec<_> =
                ids.iter().filter(|id| **id != viewer).map(|id| (*id, Source::Camera)).collect();
            self.set_view(viewer, &others);
        }
        ids
    }

    /// Turns exactly these streams of a client on: in the client and by command.
    pub fn set_sources(&mut self, id: ClientId, sources: &[Source]) {
        let now = self.now;
        for source in [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio] {
            self.client_mut(id).publish(now, source, sources.contains(&source));
        }
        let peer = self.client(id).name.clone();
        self.submit(CommandKind::SetSources { peer, sources: sources.to_vec() });
    }

    /// Says what a client's layout shows, each 640×360.
    pub fn set_view(&mut self, id: ClientId, tiles: &[(ClientId, Source)]) {
        let tiles: Vec<_> = tiles.iter().map(|(whose, source)| (*whose, *source, (640, 360))).collect();
        self.set_sized_view(id, &tiles);
    }

    /// Says what a client's layout shows, and how large.
    pub fn set_sized_view(&mut self, id: ClientId, tiles: &[(ClientId, Source, (u16, u16))]) {
        let tiles = tiles
            .iter()
            .map(|(whose, source, (width, height))| Tile {
                peer: self.client(*whose).name.clone(),
                source: *source,
                width: *width,
                height: *height,
                pinned: false,
            })
            .collect();
        let peer = self.client(id).name.clone();
        self.submit(CommandKind::SetView { peer, tiles });
    }

    /// Takes a client out of the room; the client itself learns nothing.
    pub fn remove(&mut self, id: ClientId) {
        let peer = self.client(id).name.clone();
        self.submit(CommandKind::RemovePeer { peer });
    }

    /// A client renegotiates with new ICE credentials.
    pub fn restart_ice(&mut self, id: ClientId) {
        let now = self.now;
        let offer = self.client_mut(id).restart_ice(now);
        let peer = self.client(id).name.clone();
        self.submit(CommandKind::Renegotiate { peer, offer });
    }

    /// Submits a command to the room and returns its id.
    pub fn submit(&mut self, kind: CommandKind) -> u64 {
        self.commands += 1;
        let id = self.commands;
        let part = match &kind {
            CommandKind::AddPeer { peer, .. }
            | CommandKind::Renegotiate { peer, .. }
            | CommandKind::RemovePeer { peer }
            | CommandKind::SetView { peer, .. }
            | CommandKind::SetSources { peer, .. } => self.find(peer).map_or(0, |id| self.part(id)),
            CommandKind::CloseRoom => {
                let (now, room) = (self.now, self.room.clone());
                self.engines[1..].iter_mut().for_each(|engine| engine.close(now, &room, &mut self.outbox));
                0
            }
        };
        let (now, room) = (self.now, self.room.clone());
        let begins = !self.engines[part].has_room(&room);
        self.engines[part].submit(now, Command { id, room: room.clone(), kind }, &mut self.outbox);
        if begins {
            for other in 0..self.engines.len() {
                if other != part && self.engines[other].has_room(&room) {
                    self.engines[part].link(now, &room, other as u32, &mut self.outbox);
                }
            }
        }
        self.settle();
        id
    }
}
