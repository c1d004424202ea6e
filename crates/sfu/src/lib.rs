//! The media engine without I/O: no sockets, clocks, threads or `unsafe`.
//!
//! One [`Engine`] is one worker. It is driven like this, and nothing happens outside these calls:
//!
//! 1. [`Engine::submit`] a [`Command`], [`Engine::receive`] a datagram, or [`Engine::timeout`].
//! 2. Send everything in the [`Outbox`] that the call was given.
//! 3. Take the events: [`Engine::poll_event`] until `None`.
//! 4. Where several engines share rooms: take what this one says to the others, [`Engine::take_said`] until `None`, and let
//!    them [`Engine::hear`] it, in order and without loss.
//! 5. Sleep until the next datagram, command or [`Engine::next_timeout`], and say how that went: [`Engine::turned`]. Who leaves
//!    that out has an engine that takes the processor for fast enough.
//!
//! Input from the network never panics and never gets an answer larger than itself before authentication.

mod allocate;
mod assign;
mod bwe;
mod cache;
mod clock;
mod codec;
mod command;
mod config;
mod demux;
mod dependencies;
mod drops;
mod dtls;
mod engine;
mod event;
mod forward;
mod ice;
mod key_frames;
mod layers;
mod outbox;
mod peer;
mod random;
mod receive;
mod relay;
mod remote;
mod room;
pub mod sdp;
mod send;
mod shedding;
mod slab;
mod snapshot;
mod speech;
pub mod srtp;
mod stream;
#[cfg(test)]
mod testing;
mod timers;

pub use command::{Command, CommandKind, Source, Tile};
pub use config::{Config, Limits};
pub use engine::Engine;
pub use event::{Event, LayerReason, PeerStatistics, RejectCode, Slot, StreamStatistics};
pub use outbox::{Batch, MAX_SEGMENTS, Outbox};
pub use relay::without_packets;
pub use remote::{Protocol, Remote};
pub use snapshot::{PeerSnapshot, RoomSnapshot};
