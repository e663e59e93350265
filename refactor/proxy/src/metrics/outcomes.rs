//! What became of reads that were divided or mirrored.

/// What became of a read that was to be mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShadowOutcome {
    /// Both sides answered the same.
    Matched,
    /// The same status and content type; a body is too large to be compared.
    MatchedInPart,
    /// The same status and content type; a body could not be decoded.
    NotDecoded,
    /// Both sides answered, and not the same.
    Differed,
    /// They differed only in places that differ between answers of one side too.
    Noise,
    /// It went twice to the same side, to learn what differs by itself.
    Repeated,
    /// The copy got no answer.
    Unanswered,
    /// The client's own answer did not come to its end.
    Abandoned,
    /// No copy was sent: there were too many, or the read had a body.
    Dropped,
}

impl ShadowOutcome {
    /// How many there are.
    pub(crate) const COUNT: usize = 9;
}

/// What outcomes are called, in the order of [`ShadowOutcome`].
pub(super) const OUTCOMES: [&str; ShadowOutcome::COUNT] = [
    "matched",
    "matched_in_part",
    "not_decoded",
    "differed",
    "noise",
    "repeated",
    "unanswered",
    "abandoned",
    "dropped",
];

/// What became of a read that a canary's own service was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CanaryOutcome {
    /// It answered with a status below 500.
    Answered,
    /// It answered with another one, or nothing and the other side was not asked.
    Failed,
    /// It gave no answer, and the other side was asked.
    FellBack,
}

/// What outcomes are called, in the order of [`CanaryOutcome`].
pub(super) const CANARY_OUTCOMES: [&str; 3] = ["answered", "failed", "fell_back"];
