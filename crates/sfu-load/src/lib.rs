//! Load for any WHIP and WHEP server: many cheap clients that speak the whole protocol, in one thread.
//!
//! A client checks ICE as the controlling side, shakes hands over DTLS, sends and receives SRTP, and gives the feedback
//! that browsers give: transport-wide arrival times, receiver reports, NACK, PLI. It has no codec: publishers send two
//! frames that were encoded once (`film.rs`), watchers read headers and decrypt one packet in 16.
//!
//! ```text
//! arguments ─► scenario ─► run (the loop) ─┬─► http        WHIP and WHEP requests
//!                             │            ├─► seat        one connection: socket, link, publisher or watcher
//!                             │            └─► network     loss and delay on purpose
//!                             └─► meter ─► report, chart, progress
//! ```
//!
//! [`link`], [`sdp`], [`film`], [`publisher`] and [`watcher`] do no I/O; the benchmarks and tests of the engine use them too.
//!
//! Errors are sentences for whoever started the program: `String` in [`http`] and `run`, shown by `main`.

pub mod arguments;
mod chart;
pub mod film;
pub mod http;
pub mod link;
mod meter;
mod network;
pub mod process;
mod progress;
pub mod publisher;
mod report;
mod run;
mod scenario;
pub mod sdp;
mod seat;
pub mod watcher;

pub use run::run;
