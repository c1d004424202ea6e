//! The bytes of real-time media: RTP, RTCP, STUN and codec payload descriptors. Parse and write, nothing else.
//!
//! No I/O, no clocks, no cryptography, no dependencies. Nothing here panics on any input, and nothing allocates
//! but by growing the `Vec<u8>` that a writer is given. Parsers keep offsets or borrow; they never copy.
//!
//! ```text
//! datagram ──► demux::classify ─┬─► stun::BindingRequest
//!                               ├─► dtls::records (what a handshake says of itself; the rest is a library's)
//!                               ├─► rtp::Header ──► extension::*, dependency::Descriptor, {vp8, vp9}::Descriptor, h264, av1, red
//!                               └─► rtcp::packets ──► rtcp::Packet
//! ```

pub mod av1;
pub mod demux;
pub mod dependency;
pub mod dtls;
mod error;
pub mod extension;
pub mod h264;
pub mod red;
pub mod rtcp;
pub mod rtp;
pub mod seq;
pub mod stun;
pub mod vp8;
pub mod vp9;

mod bits;
mod bytes;

pub use error::Error;
