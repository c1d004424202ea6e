//! The media engine's contact with the machine: one UDP socket and a TCP listener beside it, one thread, the clock, and two queues.
//!
//! [`Worker::start`] opens the sockets and starts the thread (`worker.rs`), which drives [`sfu::Engine`] as its
//! documentation says. The control plane hands in commands and takes out events; nothing else is shared.
//!
//! Linux only. `unsafe` is confined to `sys/`, one call a function, each with its reason.
//!
//! Errors, by audience: [`StartError`] is shown to the operator, who can act on it; [`Stopped`] is fatal to the caller;
//! what goes wrong with one datagram is counted by reason and told in `Event::Statistics`.

mod addresses;
mod asked;
mod queues;
mod runs;
mod socket;
pub mod sys;
mod tcp;
mod worker;

pub use addresses::{StartError, local_addresses};
pub use queues::Stopped;
pub use worker::{Settings, Worker};
