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
    /// Their status and content type are the same. Their bodies were not compared: one is larger than 256 KiB.
    SameInPart,
    /// Their status and content type are the same. Their bodies were not compared: one has a coding that is not known,
    /// is broken, or has more than 1 MiB of content.
    Undecoded,
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

    /// What the comparison leaves out.
    pub fn ignored(&self) -> &[Pointer] {
        &self.ignored
    }

    /// The places that are known to differ by themselves; `-` is every element of an array.
    pub fn noise(&self) -> Vec<Pointer> {
        self.noise.known()
    }

    /// Compares the answers of the two sides. Their bodies are decoded afterwards.
    pub fn judge(&self, answer: &mut Capture, copy: &mut Capture) -> Verdict {
        answer.decode();
        copy.decode();
        match compare(answer, copy, &self.ignored) {
            Compared::Same => Verdict::Same,
            Compared::SameInPart => Verdict::SameInPart,
            Compared::Undecoded => Verdict::Undecoded,
            Compared::Different(places) if self.noise.explains(&places) => Verdict::Noise,
            Compared::Different(places) => Verdict::Different(places),
        }
    }

    /// Learns what differs by itself, from two answers of the same side. A place counts once it differed in two of
    /// these repeats.
    pub fn learn(&self, answer: &mut Capture, copy: &mut Capture) {
        answer.decode();
        copy.decode();
        if let Compared::Different(places) = compare(answer, copy, &self.ignored) {
            self.noise.learn(&places);
        }
    }
}
