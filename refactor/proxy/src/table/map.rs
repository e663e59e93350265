//! A map whose copy costs nothing, and whose change copies only the forks on the way to what changes, however
//! many entries there are. All else stays shared with the copies.

use std::sync::Arc;

/// How many ways lead on from a fork, and how many bits of a hash choose one.
const WAYS: usize = 16;
const BITS: u32 = WAYS.trailing_zeros();

/// Values by name.
#[derive(Debug)]
pub(super) struct Map<V>(Way<V>);

type Way<V> = Option<Arc<Part<V>>>;
type Entries<V> = Vec<(Arc<str>, V)>;

/// All entries whose hashes begin alike.
#[derive(Clone, Debug)]
enum Part<V> {
    Fork([Way<V>; WAYS]),
    /// Those of one hash: one, but for a collision.
    Leaf(u64, Entries<V>),
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self(None)
    }
}

impl<V> Clone for Map<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> Map<V> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn get(&self, name: &str) -> Option<&V> {
        let (hash, mut depth) = (hash(name), 0);
        let mut part = self.0.as_deref()?;
        loop {
            match part {
                Part::Fork(ways) => part = ways[way(hash, depth)].as_deref()?,
                Part::Leaf(_, entries) => {
                    let found = entries.iter().find(|(known, _)| **known == *name);
                    return found.map(|(_, value)| value);
                }
            }
            depth += 1;
        }
    }
}

impl<V: Clone> Map<V> {
    pub(super) fn insert(&mut self, name: &str, value: V) {
        let place = self.get_or_insert(name, value.clone());
        *place = value;
    }

    /// The value of a name; the given one where it had none.
    pub(super) fn get_or_insert(&mut self, name: &str, value: V) -> &mut V {
        let hash = hash(name);
        let entries = leaf(&mut self.0, hash, 0);
        let known = entries.iter().position(|(known, _)| **known == *name);
        let index = known.unwrap_or(entries.len());
        if known.is_none() {
            entries.push((name.into(), value));
        }
        &mut entries[index].1
    }

    pub(super) fn remove(&mut self, name: &str) {
        if self.get(name).is_some() {
            remove(&mut self.0, name, hash(name), 0);
        }
    }
}

/// Where the entries of a hash are, or are to be.
fn leaf<V: Clone>(way_in: &mut Way<V>, hash: u64, depth: u32) -> &mut Entries<V> {
    let part = way_in.get_or_insert_with(|| Arc::new(Part::Leaf(hash, Vec::new())));
    if let Part::Leaf(other, _) = **part
        && other != hash
    {
        let mut ways = <[Way<V>; WAYS]>::default();
        ways[way(other, depth)] = Some(Arc::clone(part));
        *part = Arc::new(Part::Fork(ways));
    }
    match Arc::make_mut(part) {
        Part::Leaf(_, entries) => entries,
        Part::Fork(ways) => leaf(&mut ways[way(hash, depth)], hash, depth + 1),
    }
}

/// A leaf or a fork that is left with nothing goes too.
fn remove<V: Clone>(way_in: &mut Way<V>, name: &str, hash: u64, depth: u32) {
    let Some(part) = way_in else { return };
    let is_empty = match Arc::make_mut(part) {
        Part::Leaf(_, entries) => {
            entries.retain(|(known, _)| **known != *name);
            entries.is_empty()
        }
        Part::Fork(ways) => {
            remove(&mut ways[way(hash, depth)], name, hash, depth + 1);
            ways.iter().all(Option::is_none)
        }
    };
    if is_empty {
        *way_in = None;
    }
}

/// Which way a hash takes at a fork. Hashes that are not the same part before their bits are used up.
fn way(hash: u64, depth: u32) -> usize {
    (hash >> (depth * BITS)) as usize % WAYS
}

/// FNV-1a. Only the operator chooses what is stored under it, so nobody can make it collide on purpose.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::{Map, Part};

    #[test]
    fn a_changed_copy_leaves_the_others_as_they_were() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut versions = vec![(Map::default(), HashMap::new())];
        for step in 0..2_000 {
            let (mut map, mut naive) = versions[random.usize(..versions.len())].clone();
            for _ in 0..random.usize(..20) {
                let name = format!("n{}", random.u8(..));
                if random.bool() {
                    map.insert(&name, step);
                    naive.insert(name, step);
                } else {
                    map.remove(&name);
                    naive.remove(&name);
                }
            }
            versions.push((map, naive));
        }
        for (map, naive) in versions {
            for name in (0..=u8::MAX).map(|n| format!("n{n}")) {
                assert_eq!(map.get(&name), naive.get(&name), "{name}");
            }
            assert_eq!(map.is_empty(), naive.is_empty());
        }
    }

    #[test]
    fn names_of_the_same_hash_are_told_apart() {
        let (one, two) = (Arc::from("one"), Arc::from("two"));
        let hash = super::hash("one");
        let mut map = Map(Some(Arc::new(Part::Leaf(hash, vec![(two, 2), (one, 1)]))));
        assert_eq!(map.get("one"), Some(&1));
        map.remove("one");
        assert_eq!(map.get("one"), None);
        assert!(!map.is_empty(), "the other one stays");
    }

    #[test]
    fn a_change_among_many_copies_few() {
        let mut map = Map::default();
        (0..10_000).for_each(|n| map.insert(&format!("b{n}"), Arc::new(n)));
        let mut changed = map.clone();
        changed.insert("b77", Arc::new(0));
        fn copied(old: &super::Way<Arc<i32>>, new: &super::Way<Arc<i32>>) -> usize {
            match (old, new) {
                (Some(old), Some(new)) if !Arc::ptr_eq(old, new) => match (&**old, &**new) {
                    (Part::Fork(old), Part::Fork(new)) => {
                        1 + old.iter().zip(new).map(|(old, new)| copied(old, new)).sum::<usize>()
                    }
                    _ => 1,
                },
                _ => 0,
            }
        }
        assert!((1..=10).contains(&copied(&map.0, &changed.0)), "{}", copied(&map.0, &changed.0));
    }
}
