//! When a slot may take another decode target of a stream whose frames say what they need (AV1 RTP specification §A.4.4).

use wire::dependency::{Descriptor, Needs};

use super::Limit;

/// The frames that went out lately.
#[derive(Debug, Default)]
pub(super) struct Passed {
    newest: u16,
    /// Bit `n` is the frame whose number is `n` less.
    frames: u64,
}

impl Passed {
    pub(super) fn insert(&mut self, frame: u16) {
        let ahead = frame.wrapping_sub(self.newest).cast_signed();
        if ahead > 0 {
            self.frames = self.shifted(u32::from(ahead.unsigned_abs())) | 1;
            self.newest = frame;
        } else {
            self.frames |= 1_u64.checked_shl(ahead.unsigned_abs().into()).unwrap_or(0);
        }
        if self.frames == 0 {
            (self.newest, self.frames) = (frame, 1); // the first
        }
    }

    /// Whether everything that this frame, newer than all of them, refers to went out.
    fn has(&self, frame: u16, needs: Needs) -> bool {
        let ahead = frame.wrapping_sub(self.newest).cast_signed();
        let Some(shift) = u32::try_from(ahead).ok().and_then(|ahead| ahead.checked_sub(1)) else {
            return false;
        };
        !needs.far && needs.near & !self.shifted(shift) == 0
    }

    fn shifted(&self, by: u32) -> u64 {
        self.frames.checked_shl(by).unwrap_or(0)
    }
}

/// What a frame means for a slot that is to be sent something else than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// From this frame on.
    Now,
    /// From a later one.
    Later,
    /// From the next key frame: the frames of what is wanted refer to others that did not go out.
    WithKeyFrame,
}

/// Decides at the first packet of a frame.
///
/// Fewer pictures a second are sent at once, since decode targets of one size lie within each other. Anything else begins with a
/// frame from which the target can be decoded, if that frame can. A picture of which a part went out gets no larger: it would
/// have ended before.
pub(super) fn turn(
    level: Limit,
    limit: Limit,
    read: &Descriptor,
    is_new_picture: bool,
    passed: &Passed,
) -> Turn {
    let is_fewer = limit.spatial == level.spatial && limit.temporal < level.temporal;
    let is_switch = read.switch >> limit.target & 1 == 1;
    let is_possible = is_switch && passed.has(read.frame_number, read.needs);
    let is_larger = limit.spatial > level.spatial;
    if is_new_picture && (is_fewer || read.is_attached) || is_possible && (is_new_picture || !is_larger) {
        return Turn::Now;
    }
    let is_base = read.spatial == limit.spatial && read.temporal == 0;
    let is_stuck = limit.spatial != level.spatial && is_switch && is_base && !is_possible;
    if is_stuck { Turn::WithKeyFrame } else { Turn::Later }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_passed_are_known_for_a_while() {
        let mut passed = Passed::default();
        let needs = |backs: &[u32]| Needs {
            near: backs.iter().fold(0, |bits, back| bits | 1 << (back - 1)),
            far: false,
        };
        for frame in [65_534, 65_535, 1, 0, 4] {
            passed.insert(frame); // 2 and 3 did not go out
        }
        assert!(passed.has(5, needs(&[1, 4, 5, 6, 7])));
        assert!(!passed.has(5, needs(&[2])) && !passed.has(5, needs(&[1, 3])) && !passed.has(5, needs(&[8])));
        assert!(passed.has(6, needs(&[2, 5])) && !passed.has(6, needs(&[1])));
        assert!(passed.has(5, Needs::default()) && !passed.has(5, Needs { near: 0, far: true }));
        assert!(passed.has(40, needs(&[36])) && !passed.has(100, needs(&[64])));
        assert!(!passed.has(3, Needs::default()), "it is older than what went out");
    }
}
