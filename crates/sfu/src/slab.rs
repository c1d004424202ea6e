//! Values under small integer keys that are used again: an index instead of a hash on the packet path.

/// A vector with holes.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(crate) const fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new() }
    }

    /// Puts the value in that `make` builds from its key.
    pub(crate) fn insert_with(&mut self, make: impl FnOnce(u32) -> T) -> u32 {
        let key = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() as u32 - 1
        });
        self.entries[key as usize] = Some(make(key));
        key
    }

    pub(crate) fn remove(&mut self, key: u32) -> Option<T> {
        let value = self.entries.get_mut(key as usize)?.take()?;
        self.free.push(key);
        Some(value)
    }

    pub(crate) fn get(&self, key: u32) -> Option<&T> {
        self.entries.get(key as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: u32) -> Option<&mut T> {
        self.entries.get_mut(key as usize)?.as_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.entries).filter_map(|(key, entry)| Some((key, entry.as_ref()?)))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().flatten()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_a_key_again_only_after_its_removal() {
        let mut slab = Slab::new();
        let (a, b) = (slab.insert_with(|key| key * 10), slab.insert_with(|key| key * 10));
        assert_ne!(a, b);
        assert_eq!(slab.remove(a), Some(a * 10));
        assert_eq!((slab.remove(a), slab.len()), (None, 1));
        assert_eq!(slab.get(a), None);
        assert_eq!(slab.insert_with(|_| 7), a);
        assert_eq!(slab.remove(b), Some(b * 10));
        assert_eq!(slab.iter().collect::<Vec<_>>(), [(a, &7)]);
        assert_eq!(slab.insert_with(|key| key * 10), b);
        assert_eq!(slab.values_mut().map(|it| *it).collect::<Vec<_>>(), [7, b * 10]);
    }
}
