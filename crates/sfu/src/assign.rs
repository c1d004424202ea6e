//! Which stream fills which slot: pure functions of what is wanted and what was.

/// Puts `wanted` (in order of importance, without repetitions) into slots.
///
/// What stays wanted keeps its slot, so that a tile does not blink when another one changes. What no longer fits is
/// left out from the end.
pub(crate) fn assign<T: Copy + PartialEq>(current: &[Option<T>], wanted: &[T]) -> Vec<Option<T>> {
    let wanted = &wanted[..wanted.len().min(current.len())];
    let mut slots: Vec<Option<T>> =
        current.iter().map(|slot| slot.filter(|it| wanted.contains(it))).collect();
    let mut newcomers = wanted.iter().filter(|it| !current.contains(&Some(**it)));
    for slot in slots.iter_mut().filter(|slot| slot.is_none()) {
        *slot = newcomers.next().copied();
    }
    slots
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tile_that_stays_keeps_its_slot() {
        assert_eq!(assign(&[Some('a'), Some('b'), None], &['c', 'b']), [Some('c'), Some('b'), None]);
        assert_eq!(assign(&[Some('a'), Some('b')], &['b', 'c', 'a']), [Some('c'), Some('b')]);
        assert_eq!(assign(&[], &['a']), []);
    }

    proptest! {
        #[test]
        fn fills_the_first_wanted_and_moves_nothing(
            current in prop::collection::hash_set(0_u8..20, 0..8),
            holes in 0_usize..4,
            wanted in prop::collection::hash_set(0_u8..20, 0..20),
        ) {
            let mut slots: Vec<Option<u8>> = current.into_iter().map(Some).collect();
            slots.extend(std::iter::repeat_n(None, holes));
            let wanted: Vec<u8> = wanted.into_iter().collect();
            let result = assign(&slots, &wanted);
            let expected: HashSet<u8> = wanted.iter().copied().take(slots.len()).collect();
            prop_assert_eq!(result.iter().flatten().copied().collect::<HashSet<_>>(), expected.clone());
            for (before, after) in slots.iter().zip(&result) {
                if let Some(stream) = before && expected.contains(stream) {
                    prop_assert_eq!(after, before);
                }
            }
        }
    }
}
