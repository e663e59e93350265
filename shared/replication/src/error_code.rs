//! Why a program refuses what is asked under `/-/`, as a code: the member `code` of the problem document. What the
//! `detail` beside it says is for people, and may be worded anew.

use std::fmt;

use serde::{Deserialize, Deserializer, Serializer};

macro_rules! codes {
    ($($(#[$about:meta])* $code:ident $name:literal $status:literal,)*) => {
        /// Why a program refuses. Nothing was done, unless the code says otherwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$about])* $code,)* }

        impl ErrorCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// Its name on the wire.
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }

            /// The status of the answer that has it.
            pub fn status(self) -> u16 {
                match self { $(Self::$code => $status,)* }
            }
        }
    };
}

codes! {
    /// The query or the body cannot be read.
    Unreadable "unreadable" 400,
    /// The body did not come in time.
    BodyLate "body_late" 408,
    /// The body is too large.
    BodyTooLarge "body_too_large" 413,
    /// The body is of another media type, or encoded.
    OtherMediaType "other_media_type" 415,

    /// The store is not the primary, and the step takes one.
    NotPrimary "not_primary" 409,
    /// The store is not a follower, and the step takes one.
    NotFollower "not_follower" 409,
    /// The step is for another epoch than the store's.
    OtherEpoch "other_epoch" 409,
    /// Another move fences the writes.
    Fenced "fenced" 409,
    /// The fence has ended, was released, or never was.
    NotFenced "not_fenced" 409,
    /// The fence that was asked for takes longer than one may.
    FenceTooLong "fence_too_long" 409,
    /// Writes that were running did not end in time, so nothing is fenced.
    WritesRunning "writes_running" 409,
    /// The epoch was handed over to another store.
    HandedOver "handed_over" 409,
    /// The store has handed over, and its successor is not known to be the primary yet.
    HandoverOpen "handover_open" 409,
    /// The store never handed over that epoch to that store.
    NeverHandedOver "never_handed_over" 409,
    /// No store is the primary in place of this one.
    NoSuccessor "no_successor" 409,
    /// The store has been in use, so it cannot become a copy.
    InUse "in_use" 409,
    /// The store follows another source.
    FollowsAnother "follows_another" 409,
    /// The store would be its own source or successor.
    SameStore "same_store" 409,

    /// The store was put back to an older state than the follower has seen.
    WentBack "went_back" 409,
    /// Deleted rows are purged that the follower has not heard of.
    Purged "purged" 409,
    /// What comes from another store does not fit this one.
    UnfitPage "unfit_page" 409,

    /// The source is another collection.
    OtherCollection "other_collection" 409,
    /// The source is not a primary, so it cannot be followed.
    SourceNotPrimary "source_not_primary" 409,
    /// The other program does not answer as it should, which may pass by itself.
    PeerUnavailable "peer_unavailable" 503,
    /// The other program does not do what this one needs, until a person changes something.
    PeerRefuses "peer_refuses" 409,
    /// The feed of the other program cannot be read from here, now.
    ProbeFailed "probe_failed" 409,

    /// The program or its database cannot do it now.
    Unavailable "unavailable" 503,
    /// The database has no space left.
    NoSpace "no_space" 507,
    /// The answer of the database was lost, or what follows the step failed: the step may have been done. It can be
    /// repeated.
    OutcomeUnknown "outcome_unknown" 502,
    /// The database did not answer in time: the step may have been done. It can be repeated.
    OutcomeLate "outcome_late" 504,
    /// A fault of the program. Its log has the cause.
    Internal "internal" 500,
}

impl ErrorCode {
    /// The code of this name, if this version knows it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

/// A code that need not be there, on the wire.
pub(crate) mod optional {
    use super::{Deserialize, Deserializer, ErrorCode, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        code: &Option<ErrorCode>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match code {
            Some(code) => serializer.serialize_some(code.name()),
            None => serializer.serialize_none(),
        }
    }

    /// None for a code of a later version too.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<ErrorCode>, D::Error> {
        let name = Option::<String>::deserialize(deserializer)?;
        Ok(name.and_then(|name| ErrorCode::named(&name)))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;

    #[test]
    fn every_code_has_a_name_of_its_own_in_snake_case() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::named(code.name()), Some(*code));
            assert!(code.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        }
        assert_eq!(ErrorCode::named("of_a_later_version"), None);
    }
}
