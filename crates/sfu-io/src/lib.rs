//! The media engine's contact with the machine: for each worker one UDP socket and a TCP listener beside it, one thread, the
//! clock, and a queue; and one queue of what all of them tell.
//!
//! [`Pool::start`] opens the sockets and starts the threads (`worker.rs`), each of which drives an [`sfu::Engine`] as its
//! documentation says, finds the one that a room is on, and numbers what they tell of it. The control plane hands in
//! commands and takes out events; nothing else is shared.
//!
//! Linux only. `unsafe` is confined to `sys/`, one call a function, each with its reason.
//!
//! Errors, by audience: [`StartError`] is shown to the operator, who can act on it; [`Stopped`] is fatal to the caller;
//! what goes wrong with one datagram is counted by reason and told in `Event::Statistics`.

mod addresses;
mod asked;
mod places;
mod pool;
mod queues;
mod runs;
mod socket;
pub mod sys;
mod tcp;
mod turn;
mod worker;

// Clients for the tests that need to reach inside.
#[cfg(test)]
#[path = "../benches/forwarding/client.rs"]
#[allow(clippy::disallowed_methods, reason = "real sockets need real time")]
#[allow(dead_code, reason = "shared with the benchmark")]
mod client;
#[cfg(test)]
#[path = "../benches/forwarding/line.rs"]
#[allow(dead_code, reason = "shared with the benchmark")]
mod line;
#[cfg(test)]
#[path = "../benches/forwarding/sdp.rs"]
#[allow(dead_code, reason = "shared with the benchmark")]
mod sdp;

pub use addresses::{Route, StartError, local_addresses};
pub use pool::{Pool, default_workers};
pub use queues::{Stopped, Told};
pub use turn::{TurnServer, TurnSettings};
pub use worker::Settings;
