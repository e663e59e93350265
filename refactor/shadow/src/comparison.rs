//! What a route compares, and what was learned about it.

use super::capture::Capture;
use super::compare::{Compared, DifferingPart, compare};
use super::noise::Noise;
use super::pointer::Pointer;

/// What a route compares, and what was learned about it.
#[derive(Debug)]
pub struct Comparison {
    ignored: Vec<Pointer>,
    noise: Noise,
}

/// What came out of a comparison.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They say the same.
    Same,
    /// Their status and content type are the same. Their bodies were not compared: too large, or encoded.
    SameInPart,
    /// They differ only in places that differ by themselves.
    Noise,
    /// The places that differ, at most 20.
    Different(Vec<DifferingPart>),
}

impl Comparison {
    /// Compares all but what the pointers name.
    pub fn new(ignored: Vec<Pointer>) -> Self {
        Self { ignored, noise: Noise::default() }
    }

    /// Compares the answers of the two sides.
    pub fn judge(&self, answer: &Capture, copy: &Capture) -> Verdict {
        match compare(answer, copy, &self.ignored) {
            Compared::Same => Verdict::Same,
            Compared::SameInPart => Verdict::SameInPart,
            Compared::Different(places) if self.noise.explains(&places) => Verdict::Noise,
            Compared::Different(places) => Verdict::Different(places),
        }
    }

    /// Learns what differs by itself, from two answers of the same side. A place counts once it differed in two of
    /// these repeats.
    pub fn learn(&self, answer: &Capture, copy: &Capture) {
        if let Compared::Different(places) = compare(answer, copy, &self.ignored) {
            self.noise.learn(&places);
        }
    }
}
