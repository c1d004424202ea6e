//! The engine in a world without clocks and sockets: virtual time, seeded networks, and clients that are not ours.
//!
//! ```text
//! test ─► World ─┬─► Engine            what is tested
//!                ├─► Link × 2n         what happens to datagrams on the way, drawn from one seed
//!                └─► Client × n        str0m, an independent WebRTC peer, with made-up media
//!                     ├─► Screen × m   what a decoder would make of a video slot
//!                     ├─► Decoder × m  the rules that a stream has to keep, checked packet by packet
//!                     └─► Layered × m  the same where layers share a stream
//! ```
//!
//! A test says who joins and what the network does, lets time run until something is true, and looks at what arrived.

mod client;
mod content;
mod decoder;
mod download;
mod layered;
mod network;
mod processor;
mod random;
mod scalable;
mod screen;
mod speaker;
pub mod stage;
mod trail;
mod world;

pub use client::{Client, ClientOptions};
pub use content::{Content, Made, Tag, VideoCodec};
pub use decoder::{Decoder, Summary};
pub use layered::{Layered, LayeredSummary};
pub use network::{Link, Loss, Network};
pub use random::Random;
pub use scalable::Scalability;
pub use screen::{Picture, Screen};
pub use speaker::{Gaps, Speaker};
pub use world::{ClientId, World};
