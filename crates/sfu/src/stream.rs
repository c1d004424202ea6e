//! What one participant publishes on one line, and who gets which layer of it.

mod route;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::allocate::{Ask, Phase, Quality};
use crate::dependencies::Told;
use crate::forward::{Limit, MediaPacket};
use crate::layers::{Layer, Opening, choose, nearest};
use crate::relay::{Name, Outlet};
use crate::sdp::{CodecKind, MAX_LAYERS};
use crate::{Source, speech};

pub(crate) use route::Route;

/// How long a layer is asked for after the last who wanted it: a window that is moved or a page that is turned should not
/// stop an encoder that is needed again at once. Longer costs the publisher's uplink.
const LINGER: Duration = Duration::from_secs(3);

/// What a packet told of its stream.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct News {
    /// It is the first since the stream was switched on.
    pub(crate) starts: bool,
    /// A layer began, ended, or has another size.
    pub(crate) layers: bool,
    /// A key frame must have been lost.
    pub(crate) lost: bool,
}

/// How a receiver begins with a layer.
#[derive(Debug)]
pub(crate) struct Begin {
    pub(crate) layer: usize,
    /// What it is sent at once.
    pub(crate) opening: Opening,
    /// What it gets of that.
    pub(crate) limit: Limit,
}

/// Who brings a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Publisher {
    /// A peer of this engine, by its key.
    Peer(u32),
    /// Another part of the room, by the stream's name there.
    Part(Name),
}

/// What does not change about a stream, with the meanings that [`Stream`] gives.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) room: u32,
    pub(crate) owner: Arc<str>,
    pub(crate) source: Source,
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) stable_id: u32,
}

/// One stream.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) publisher: Publisher,
    /// Key of the room.
    pub(crate) room: u32,
    /// The participant whose it is.
    pub(crate) owner: Arc<str>,
    pub(crate) source: Source,
    /// Names of the layers, as offered; empty where there is one without a name.
    pub(crate) names: Vec<Arc<str>>,
    /// Stands as CSRC in every packet that is forwarded: a name that lasts as long as the publisher's stay.
    pub(crate) stable_id: u32,
    /// By `SetSources`; packets of a stream that is off go nowhere.
    pub(crate) on: bool,
    /// Of the last packet; `None` before the first.
    pub(crate) codec: Option<CodecKind>,
    /// In the order of their peers and slots.
    pub(crate) routes: Vec<Route>,
    /// Other parts of the room that get it from here.
    pub(crate) outlets: Vec<Outlet>,
    /// Its name for them, while it is on.
    pub(crate) number: u32,
    /// In the order of the offer; at least one.
    pub(crate) layers: Vec<Layer>,
    /// The layers are spatial ones within the stream of packets that the first of them carries.
    is_within: bool,
    /// Somebody has a next layer.
    pub(crate) is_turning: bool,
    /// Which layers the publisher was last told to send: all, until told otherwise.
    told: [bool; MAX_LAYERS],
    /// Since when fewer would do.
    fewer_since: Option<Instant>,
    /// Loudest packet since the room looked last, in decibels below overload.
    peak: Option<u8>,
    started: bool,
}

impl Stream {
    pub(crate) fn new(publisher: Publisher, about: About) -> Self {
        let About { room, owner, source, names, stable_id } = about;
        let layers = names.len();
        Self {
            publisher,
            room,
            owner,
            source,
            names,
            stable_id,
            on: false,
            codec: None,
            routes: Vec::new(),
            outlets: Vec::new(),
            number: 0,
            layers: (0..layers.max(1)).map(|_| Layer::default()).collect(),
            is_within: false,
            is_turning: false,
            // A client sends everything until it is told otherwise, another part nothing.
            told: [matches!(publisher, Publisher::Peer(_)); MAX_LAYERS],
            fewer_since: None,
            peak: None,
            started: false,
        }
    }

    /// Notes a packet of a stream that is on, and writes into it what is known of its frame; a key frame moves those to its
    /// layer who wait for one there.
    pub(crate) fn packet(&mut self, packet: &mut MediaPacket<'_>, now: Instant) -> News {
        self.codec = Some(packet.codec);
        let starts = !std::mem::replace(&mut self.started, true);
        if packet.codec == CodecKind::Opus {
            let level = packet.audio_level.map_or(speech::UNKNOWN_LEVEL, |it| it.below_overload_db);
            self.sounded(level);
            self.layers[0].sound(packet, now);
            return News { starts, ..News::default() };
        }
        let carrier = usize::from(packet.layer);
        let told = self.layers[carrier].dependencies.read(packet);
        if told == Told::Structure {
            self.structured(carrier);
        }
        let (at, mut layers) = if self.is_within {
            self.packet_within(packet, now)
        } else {
            (carrier, self.layers[carrier].packet(packet, now))
        };
        // Where only some layers come to, the others are told of.
        if packet.marker && matches!(self.publisher, Publisher::Peer(_)) {
            let others = self.layers.iter_mut().enumerate().filter(|(other, _)| *other != at);
            for (other, it) in others {
                let gone = it.is_without(now);
                layers |= gone;
                if gone && !self.told[other] {
                    it.asked(); // it stopped because it was told to
                }
            }
        }
        if packet.frame.begins_decoding && !self.is_within {
            self.move_to(carrier, now);
        }
        News { starts, layers: layers || told == Told::Structure, lost: told == Told::Riddle }
    }

    /// A key frame told which layers are in the stream of packets of number `carrier`.
    fn structured(&mut self, carrier: usize) {
        let count = self.layers[carrier].dependencies.spatial_layers();
        if count > 1 && self.layers.len() == 1 {
            self.is_within = true;
            self.layers.resize_with(count, Layer::default);
            self.names = (0..count).map(|at| Arc::from(format!("s{at}"))).collect();
        }
        let pixels = |layers: &[Layer], spatial| layers[carrier].dependencies.pixels(spatial);
        if self.is_within {
            for at in 0..self.layers.len() {
                let size = pixels(&self.layers, at);
                self.layers[at].measured(size);
                if at >= count {
                    self.layers[at].ends();
                } else {
                    self.layers[at].asked();
                }
            }
        } else {
            let size = pixels(&self.layers, count - 1);
            self.layers[carrier].measured(size);
        }
        self.routes.iter_mut().for_each(|route| route.set_limit(&self.layers, self.is_within));
    }

    /// Notes a packet in which one of the layers is; returns which, and whether it tells something new.
    fn packet_within(&mut self, packet: &MediaPacket<'_>, now: Instant) -> (usize, bool) {
        self.layers[0].carry(packet, now);
        let Some(read) = packet.descriptor() else { return (0, false) };
        let own = usize::from(read.spatial).min(self.layers.len() - 1);
        let mut news = false;
        for at in 0..self.layers.len() {
            let top = self.layers[0].dependencies.top(at);
            if read.active.is_some_and(|active| active & top == 0) {
                news |= self.layers[at].ends();
            } else if at == own {
                news |= self.layers[at].comes(now);
            }
            if read.present & top != 0 {
                self.layers[at].count(packet, now);
            }
        }
        (own, news)
    }

    /// A key frame with all layers within is here: everybody goes on with the one that they are to get.
    pub(crate) fn begin_within(&mut self) {
        if !self.is_within {
            return;
        }
        for route in &mut self.routes {
            route.current = route.target.or(route.granted.map(|it| it.layer));
            route.set_limit(&self.layers, true);
        }
        self.layers[0].key_frames.cancel();
    }

    /// Whether packets of this stream of them go to a receiver.
    pub(crate) fn goes_to(&self, route: &Route, carrier: u8) -> bool {
        if self.is_within { route.current.is_some() } else { route.current == Some(usize::from(carrier)) }
    }

    /// Its layers are streams of packets of their own.
    pub(crate) fn is_simulcast(&self) -> bool {
        self.layers.len() > 1 && !self.is_within
    }

    /// Which stream of packets has a layer.
    fn carrier(&self, layer: usize) -> usize {
        if self.is_within { 0 } else { layer }
    }

    /// The microphone was this loud, in decibels below overload.
    pub(crate) fn sounded(&mut self, level: u8) {
        self.peak = Some(self.peak.map_or(level, |peak| peak.min(level)));
    }

    /// A key frame of this layer is here: whose target it is goes on with it, once the picture before it has its end. Who sees
    /// nothing yet takes a smaller one meanwhile.
    fn move_to(&mut self, layer: usize, now: Instant) {
        let pixels = |at: usize| self.layers[at].pixels(at);
        let can_wait = self.layers[layer].opening(now).is_some();
        for route in &mut self.routes {
            let Some(limit) = route.target.or(route.granted.map(|it| it.layer)) else { continue };
            let begins = route.current.is_none() && pixels(layer) <= pixels(limit);
            if !begins && route.target != Some(layer) {
                continue;
            }
            if can_wait && route.current != Some(layer) {
                route.next = Some(layer);
                self.is_turning = true;
            } else {
                route.current = Some(layer);
            }
            route.set_limit(&self.layers, false);
        }
    }

    /// Gives a receiver the layer of which a key frame waits for it, if what it is sent has come to the end of a picture, or
    /// that was waited for long enough: from that key frame on.
    pub(crate) fn turn(&mut self, at: usize, is_at_end: bool, now: Instant) -> Option<Begin> {
        let route = &mut self.routes[at];
        let layer = route.next?;
        let Some(opening) = self.layers[layer].opening(now) else {
            route.next = None;
            self.layers[layer].key_frames.want();
            return None;
        };
        if !is_at_end && !opening.is_overdue(now) {
            return None;
        }
        let opening = opening.clone();
        Some(self.begin(at, layer, opening))
    }

    /// Lets a receiver go on with a layer from its last key frame on.
    fn begin(&mut self, at: usize, layer: usize, opening: Opening) -> Begin {
        let route = &mut self.routes[at];
        (route.current, route.next) = (Some(layer), None);
        route.set_limit(&self.layers, false);
        Begin { layer, opening, limit: route.limit }
    }

    /// Switches the stream on or off. What was known of its clock may not hold for the next camera.
    pub(crate) fn switch(&mut self, on: bool) {
        self.on = on;
        self.started = false;
        self.peak = None;
        self.layers.iter_mut().for_each(Layer::reset);
    }

    /// Adds a receiver, whose tile is not known yet.
    pub(crate) fn add_route(&mut self, peer: u32, slot: usize) {
        let only = (self.layers.len() == 1).then_some(0);
        let at = self.routes.partition_point(|route| (route.peer, route.slot) < (peer, slot));
        self.routes.insert(at, Route::new((peer, slot), only));
    }

    /// Where a receiver's route is.
    fn route(&self, peer: u32, slot: usize) -> Option<usize> {
        self.routes.binary_search_by_key(&(peer, slot), |route| (route.peer, route.slot)).ok()
    }

    /// Takes receivers away.
    pub(crate) fn remove_routes(&mut self, is_gone: impl Fn(&Route) -> bool) {
        self.routes.retain(|route| !is_gone(route));
        self.cancel_unwanted();
    }

    /// Says how large a receiver's tile is.
    pub(crate) fn set_tile(&mut self, peer: u32, slot: usize, pixels: u32) {
        if let Some(at) = self.route(peer, slot) {
            self.routes[at].tile = pixels;
        }
    }

    /// What a receiver asks for: the layers that can be had, up to the one for its tile.
    pub(crate) fn ask(&self, (peer, slot): (u32, usize), key: u32, is_chosen: bool) -> Option<Ask> {
        let route = &self.routes[self.route(peer, slot)?];
        let desired = self.desired(route)?;
        let pixels = |at: usize| self.layers[at].pixels(at);
        let mut order: [usize; MAX_LAYERS] = std::array::from_fn(|at| at);
        let count = self.layers.len().min(MAX_LAYERS);
        order[..count].sort_by_key(|at| pixels(*at));
        let offered = order[..count].iter().copied().filter(|at| self.layers[*at].is_offered());
        let layers = offered.filter(|at| pixels(*at) <= pixels(desired));
        let steps = layers.enumerate().flat_map(|(turn, at)| self.layers[at].steps(at, turn == 0));
        let phase = Phase::of(is_chosen, self.source == Source::Screen, route.tile);
        let is_more = route.granted.is_some_and(|it| pixels(it.layer) > pixels(desired));
        Some(Ask::new(
            (slot, key),
            phase,
            route.tile,
            steps,
            |quality, is_cheapest| {
                let Some(granted) = route.granted else { return false };
                let is_same = quality.layer == granted.layer;
                // A layer may have fewer temporal layers than when it was granted.
                is_same && (is_cheapest || quality.temporal <= granted.temporal)
                    || !is_same && pixels(quality.layer) <= pixels(granted.layer)
            },
            is_more,
        ))
    }

    /// Gives a receiver a quality, or no picture; returns whether that is news.
    pub(crate) fn grant(
        &mut self,
        (peer, slot): (u32, usize),
        given: Option<Quality>,
        is_short: bool,
    ) -> bool {
        let Some(at) = self.route(peer, slot) else { return false };
        let route = &mut self.routes[at];
        let news = (route.granted, route.is_short) != (given, is_short);
        (route.granted, route.is_short) = (given, is_short);
        news
    }

    /// Ends what a receiver gets now, if it was granted less; returns whether that is so.
    pub(crate) fn cut(&mut self, (peer, slot): (u32, usize)) -> bool {
        let pixels = |at: usize| self.layers[at].pixels(at);
        let Some(found) = self.route(peer, slot) else { return false };
        let route = self.routes[found];
        let granted = route.granted.map_or(0, |it| pixels(it.layer));
        let is_more = route.current.is_some_and(|current| pixels(current) > granted);
        self.routes[found].current = route.current.filter(|_| !is_more);
        is_more
    }

    /// The layer for a tile, of those that can be had.
    fn desired(&self, route: &Route) -> Option<usize> {
        let layers = self.layers.iter().enumerate().filter(|(_, layer)| layer.is_offered());
        choose(
            layers.map(|(at, layer)| (at, layer.pixels(at))),
            route.tile,
            route.granted.map(|it| it.layer).or(route.current),
        )
    }

    /// Sets the target of every receiver by what it was granted, and wants a key frame of those that somebody waits for:
    /// who is not connected waits for nothing yet.
    ///
    /// Returns whether there is one to ask for.
    pub(crate) fn aim(&mut self, is_connected: impl Fn(u32) -> bool) -> bool {
        let layers = self.layers.iter().enumerate();
        let live = layers.filter(|(_, layer)| layer.is_live()).map(|(at, layer)| (at, layer.pixels(at)));
        let is_single = self.layers.len() == 1;
        let mut awaited = [false; MAX_LAYERS];
        for route in &mut self.routes {
            route.target = match route.granted.map(|it| it.layer) {
                Some(granted) if is_single => Some(granted),
                Some(granted) => nearest(live.clone(), granted, self.layers[granted].pixels(granted)),
                None => None,
            };
            if route.granted.is_none() {
                route.current = None;
            }
            let is_first = route.current.is_none() && route.target.is_some();
            route.next = route.next.filter(|it| is_first || route.target == Some(*it));
            if let Some(target) = route.target
                && ![route.current, route.next].contains(&route.target)
            {
                let includes = |it| it > target && self.layers[0].dependencies.includes(it, target);
                if self.is_within && route.current.is_some_and(includes) {
                    route.current = Some(target); // it has all of it already
                } else {
                    awaited[if self.is_within { 0 } else { target }] |= is_connected(route.peer);
                    // The slot itself waits for the key frame.
                    route.current = if is_single { Some(target) } else { route.current };
                }
            }
            route.set_limit(&self.layers, self.is_within);
        }
        self.cancel_unwanted();
        let awaited = self.layers.iter_mut().zip(awaited).filter(|(_, it)| *it);
        awaited.map(|(layer, _)| layer.key_frames.want()).count() > 0
    }

    /// Which layers the publisher is to send, where that is not what it was told: more of them at once, fewer when they
    /// were not wanted for a while.
    pub(crate) fn wanted_layers(&mut self, now: Instant) -> Option<[bool; MAX_LAYERS]> {
        let count = self.layers.len();
        let all = self.layers.iter().enumerate().map(|(at, layer)| (at, layer.pixels(at)));
        let is_here = matches!(self.publisher, Publisher::Peer(_));
        if self.is_within && is_here {
            return None; // they have no names of their own
        }
        let mut wanted = [false; MAX_LAYERS];
        // The lowest always: who comes next sees it at once. Another part has it at hand.
        let lowest = if is_here { choose(all.clone(), 0, None) } else { None };
        let desired = self.routes.iter().map(|route| {
            if route.is_short {
                route.granted.map(|it| it.layer)
            } else {
                choose(all.clone(), route.tile, route.current)
            }
        });
        // What stands in for a layer that does not come is kept as well.
        let served = self.routes.iter().flat_map(|route| [route.target, route.current]);
        for at in desired.chain(served).chain([lowest]).flatten() {
            wanted[at] = true;
        }
        for outlet in &self.outlets {
            wanted.iter_mut().zip(outlet.layers).for_each(|(wanted, layer)| *wanted |= layer);
        }
        if self.is_within {
            wanted = std::array::from_fn(|at| at == 0 && wanted.contains(&true));
        }
        let mut missing = wanted.iter().zip(&self.told).take(count);
        if missing.any(|(wanted, told)| *wanted && !told) {
            for (layer, (told, wanted)) in self.layers.iter_mut().zip(self.told.iter_mut().zip(wanted)) {
                if wanted && !*told {
                    layer.asked();
                }
                *told |= wanted;
            }
            self.fewer_since = None;
            return Some(self.told);
        }
        if wanted[..count] == self.told[..count] {
            self.fewer_since = None;
            return None;
        }
        let since = *self.fewer_since.get_or_insert(now);
        if now.saturating_duration_since(since) < LINGER {
            return None;
        }
        self.fewer_since = None;
        self.told = wanted;
        let stopped = self.layers.iter_mut().zip(wanted).filter(|(_, wanted)| !wanted);
        stopped.for_each(|(layer, _)| layer.asked());
        Some(wanted)
    }

    /// Lets a receiver to whom nothing flows yet begin at the last key frame of the layer that it is to get, if all that
    /// followed is at hand.
    pub(crate) fn open(&mut self, (peer, slot): (u32, usize), now: Instant) -> Option<Begin> {
        let at = self.route(peer, slot)?;
        let target = self.routes[at].target.filter(|_| !self.is_within)?;
        let opening = self.layers[target].whole_opening(now)?.clone();
        Some(self.begin(at, target, opening))
    }

    /// When there is something to ask of who brings the stream.
    pub(crate) fn next_due(&self, now: Instant) -> Option<Instant> {
        let key_frames = self.layers.iter().filter_map(|layer| layer.key_frames.due(now)).min();
        key_frames.into_iter().chain(self.fewer_since.map(|at| at + LINGER)).min()
    }

    /// Wants a key frame for one receiver.
    pub(crate) fn want_key_frame(&mut self, peer: u32, slot: usize) {
        let route = self.route(peer, slot).map(|at| &self.routes[at]);
        if let Some(layer) = route.and_then(|it| it.target.or(it.current)) {
            let carrier = self.carrier(layer);
            self.layers[carrier].key_frames.want();
        }
    }

    /// Nobody gets or waits for these layers any more.
    pub(crate) fn cancel_unwanted(&mut self) {
        let is_within = self.is_within;
        for (at, layer) in self.layers.iter_mut().enumerate() {
            let is_it = |it: usize| it == at || is_within && at == 0;
            let is_relayed = self.outlets.iter().any(|outlet| outlet.layers[at]);
            let mut routes = self.routes.iter();
            if !is_relayed
                && !routes.any(|route| route.target.is_some_and(is_it) || route.current.is_some_and(is_it))
            {
                layer.key_frames.cancel();
            }
        }
    }

    /// A layer's time stamp at `ntp` of our clock, once it was reported.
    pub(crate) fn timestamp_at(&self, layer: u8, ntp: u64) -> Option<u32> {
        self.layers[usize::from(layer)].timestamp_at(ntp, self.codec?.clock_rate())
    }

    /// The time stamp that the packet's moment has in another layer, once both were reported.
    pub(crate) fn translate(&self, packet: &MediaPacket<'_>, layer: u8) -> Option<u32> {
        let other = &self.layers[usize::from(layer)];
        self.layers[usize::from(packet.layer)].translate(packet.timestamp, other, packet.codec.clock_rate())
    }

    /// Bits a second of its sound.
    pub(crate) fn sound_bps(&self) -> u64 {
        self.layers[0].measured_bps()
    }

    /// The loudest packet since the last call, for [`speech::Speech::tick`].
    pub(crate) fn take_peak(&mut self) -> Option<u8> {
        self.peak.take()
    }
}
