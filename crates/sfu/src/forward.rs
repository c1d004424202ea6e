//! From a publisher's numbering to a slot's: sequence numbers, time stamps and picture ids run on across switches.
//!
//! ```text
//! publisher A  … 17 18 19 |                     publisher B  901 902 [903 key] 904 …
//! slot         … 64 65 66 |  switch, then waits for a key frame →     67      68  …
//!
//! upper temporal layers are left out picture by picture, and leave no hole:
//! publisher    … T0 20 21 | T2 22 23 | T1 24 | T2 25 26 | T0 27 …
//! slot (≤ T1)  …    20 21 |          |    22 |          |    23 …
//! ```

mod rewriter;
mod skips;

pub(crate) use rewriter::{ALL_TEMPORAL, Admitted, MediaPacket, Rewriter};
