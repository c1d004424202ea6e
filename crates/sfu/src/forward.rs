//! From a publisher's numbering to a slot's: sequence numbers, time stamps and picture ids run on across switches.
//!
//! ```text
//! publisher A  … 17 18 19 |                     publisher B  901 902 [903 key] 904 …
//! slot         … 64 65 66 |  switch, then waits for a key frame →     67      68  …
//! ```

mod rewriter;

pub(crate) use rewriter::{Admitted, MediaPacket, Rewriter};
