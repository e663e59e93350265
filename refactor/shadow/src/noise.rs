//! What differs by itself: the places in a service's documents that are not the same when it is asked twice.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::compare::{DifferingPart, DocumentChange};
use super::pointer::Pointer;

/// The most places of a route that are known to differ by themselves.
const NOISY_PLACES: usize = 100;
/// In how many repeats a place must have differed: once may have been a write in between.
const REPEATS: u32 = 2;

/// The places that were learned, and how often each differed; at most [`NOISY_PLACES`].
#[derive(Debug, Default)]
pub(crate) struct Noise(Mutex<HashMap<Pointer, u32>>);

impl Noise {
    /// Learns from two answers of the same side. Documents of different shape teach nothing: something was
    /// written in between.
    pub(crate) fn learn(&self, places: &[DifferingPart]) {
        let mut alike: HashSet<&Pointer> = HashSet::new();
        for place in places {
            match place {
                DifferingPart::Document(DocumentChange {
                    is_value: true, alike: noisy, ..
                }) => {
                    alike.insert(noisy);
                }
                _ => return,
            }
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for pointer in alike.into_iter().filter(|pointer| **pointer != Pointer::default()) {
            if let Some(count) = known.get_mut(pointer) {
                *count = count.saturating_add(1);
            } else if known.len() < NOISY_PLACES {
                known.insert(pointer.clone(), 1);
            }
        }
    }

    /// The places that are known to differ by themselves, in the order of their texts.
    pub(crate) fn known(&self) -> Vec<Pointer> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let noisy = known.iter().filter(|(_, count)| **count >= REPEATS);
        let mut noisy: Vec<_> = noisy.map(|(pointer, _)| pointer.clone()).collect();
        noisy.sort_by_cached_key(ToString::to_string);
        noisy
    }

    /// Whether each of these places is known to differ by itself.
    pub(crate) fn explains(&self, places: &[DifferingPart]) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.iter().all(|place| match place {
            DifferingPart::Document(change) => {
                known.get(&change.alike).is_some_and(|n| *n >= REPEATS)
            }
            DifferingPart::Status | DifferingPart::ContentType | DifferingPart::Body => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::capture::Capture;
    use super::super::compare::{Compared, DifferingPart, compare};
    use super::Noise;

    fn places(left: &str, right: &str) -> Vec<DifferingPart> {
        let capture = |body: &str| Capture {
            content_type: Some("application/json".to_owned()),
            body: body.as_bytes().to_vec(),
            ..Capture::default()
        };
        match compare(&capture(left), &capture(right), &[]) {
            Compared::Different(places) => places,
            other => panic!("{left} {right}: {other:?}"),
        }
    }

    #[test]
    fn a_place_that_differed_twice_explains_itself_in_every_element() {
        let noise = Noise::default();
        let change = places(r#"[{"at":1},{"at":2}]"#, r#"[{"at":3},{"at":4}]"#);
        noise.learn(&change);
        assert!(!noise.explains(&change), "one repeat is not enough, however many elements");
        noise.learn(&change);
        assert!(noise.explains(&change));
        assert!(noise.explains(&places(r#"[0,{"at":1}]"#, r#"[0,{"at":2}]"#)));
        assert!(!noise.explains(&places(r#"[{"at":1,"n":1}]"#, r#"[{"at":2,"n":2}]"#)));
        assert!(!noise.explains(&[DifferingPart::Status]));
    }

    #[test]
    fn documents_of_another_shape_teach_nothing() {
        let noise = Noise::default();
        for (left, right) in [(r#"[{"at":1}]"#, r#"[{"at":2},{"at":3}]"#), ("1", "2")] {
            let change = places(left, right);
            (0..5).for_each(|_| noise.learn(&change));
            assert!(!noise.explains(&change), "{left} {right}");
        }
        assert!(!noise.explains(&places(r#"[{"at":1}]"#, r#"[{"at":2}]"#)));
    }
}
