//! What a shadow found, as operators and the programs that show it get it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The shadow of one route, with what this process found since the route or its tags last changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowReport {
    /// The id of the application.
    pub application: String,
    /// The id of the route whose tags ask for the copies.
    pub route: String,
    /// The route's path.
    pub path: String,
    /// The name of the route's own service.
    pub service: String,
    /// The share of the reads that are mirrored, in percent.
    pub percent: u8,
    /// Since when this was found (RFC 3339).
    pub since: Timestamp,
    /// The JSON pointers that the comparison leaves out, as the tag has them.
    pub ignored: Vec<String>,
    /// The places that differ between two answers of one side too, as JSON pointers. `-` is every element of an array.
    pub noise: Vec<String>,
    /// How many reads came to what.
    pub counts: ShadowCounts,
    /// The last differences, the newest first. Lists of shadows leave them out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differences: Option<Vec<DifferenceReport>>,
}

/// What became of the reads that were chosen to be mirrored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShadowCounts {
    /// All that were chosen. Some of them may still be under way.
    pub sampled: u64,
    /// Those with two answers that were compared: `equal` and `different`.
    pub compared: u64,
    /// Those whose answers say the same, but for noise.
    pub equal: u64,
    /// Those whose answers do not say the same.
    pub different: u64,
    /// The share of `equal` in `compared`, in percent, rounded down to two decimals; none if nothing was compared.
    pub match_percent: Option<f64>,
    /// Those that were not compared.
    pub not_compared: NotCompared,
}

/// Why reads were not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotCompared {
    /// A body has more than 256 KiB; status and content type are the same.
    pub matched_in_part: u64,
    /// A body could not be decoded; status and content type are the same.
    pub not_decoded: u64,
    /// They went twice to the same side, to learn what differs by itself.
    pub repeated: u64,
    /// The copy got no answer.
    pub unanswered: u64,
    /// The client's own answer was not complete.
    pub abandoned: u64,
    /// Too many copies were under way, or the read had a body.
    pub dropped: u64,
}

/// Two answers to one read that are not the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceReport {
    /// When it was found (RFC 3339).
    pub time: Timestamp,
    /// The places that differ, at most 20: `status`, `contentType`, `body`, or a JSON pointer into the bodies.
    pub differs: Vec<String>,
    /// What was asked.
    pub request: RequestReport,
    /// What the client got.
    pub answer: AnswerReport,
    /// What the copy got.
    pub copy: AnswerReport,
}

/// A read of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestReport {
    /// Its `X-Request-Id`, as in the log.
    pub id: String,
    /// The method.
    pub method: String,
    /// The target as the client sent it.
    pub target: String,
    /// The header fields of the copy, without secrets.
    pub headers: BTreeMap<String, String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerReport {
    /// The name of the service that gave it.
    pub service: String,
    /// The status.
    pub status: u16,
    /// The header fields, without secrets.
    pub headers: BTreeMap<String, String>,
    /// The content of the body, decoded: at most its first 64 KiB.
    pub body: String,
    /// Whether a part of the body is missing here, or all of it because it is too large or could not be decoded.
    pub body_is_cut: bool,
}

impl ShadowCounts {
    /// The counts of reads that were chosen, were equal, differed, or were not compared.
    pub fn new(sampled: u64, equal: u64, different: u64, not_compared: NotCompared) -> Self {
        let compared = equal.saturating_add(different);
        let hundredths = u128::from(equal).saturating_mul(10_000).checked_div(compared.into());
        // At most 10,000: it is exact.
        let match_percent = hundredths.and_then(|share| u32::try_from(share).ok());
        let match_percent = match_percent.map(|share| f64::from(share) / 100.0);
        Self { sampled, compared, equal, different, match_percent, not_compared }
    }
}

#[cfg(test)]
mod tests {
    use super::{NotCompared, ShadowCounts};

    #[test]
    fn only_if_all_are_equal_the_rate_is_100_percent() {
        let rate = |equal, different| {
            ShadowCounts::new(equal, equal, different, NotCompared::default()).match_percent
        };
        assert_eq!(rate(0, 0), None);
        assert_eq!(rate(7, 0), Some(100.0));
        assert_eq!(rate(999_999, 1), Some(99.99));
        assert_eq!(rate(2, 1), Some(66.66));
        assert_eq!(rate(0, 3), Some(0.0));
        assert_eq!(rate(u64::MAX, u64::MAX), Some(100.0));
    }
}
