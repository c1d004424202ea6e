//! From a publisher's numbering to a slot's: sequence numbers, time stamps and picture ids run on across switches.
//!
//! ```text
//! publisher A  … 17 18 19 |                     publisher B  901 902 [903 key] 904 …
//! slot         … 64 65 66 |  switch, then waits for a key frame →     67      68  …
//!
//! upper temporal layers are left out picture by picture, and leave no hole:
//! publisher    … T0 20 21 | T2 22 23 | T1 24 | T2 25 26 | T0 27 …
//! slot (≤ T1)  …    20 21 |          |    22 |          |    23 …
//!
//! and so are frames of spatial layers that share a stream of packets, where descriptors tell who needs them:
//! publisher    … S0 30 | S1 31 | S2 32 33 | S0 34 | S1 35 | S2 36 …
//! slot (= S1)  …       |    24 |          |       |    25 |       …
//! ```

mod described;
mod limit;
mod packet;
mod rewriter;
mod skips;

pub(crate) use limit::{ALL_TEMPORAL, Limit};
pub(crate) use packet::{Description, MediaPacket};
pub(crate) use rewriter::{Admitted, Rewriter};
