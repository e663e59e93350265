//! A canary that rises by itself, step by step, as long as it keeps its limits (as in Flagger).

use std::collections::BTreeMap;
use std::time::Duration;

use crate::tally::CanaryTally;

/// The steps of a canary and its limits, as tags say them.
#[derive(Clone, Debug, PartialEq)]
pub struct CanaryPlan {
    /// The shares in percent, each larger than the one before.
    pub steps: Vec<u8>,
    /// How long each step lasts at least.
    pub interval: Duration,
    /// How many reads the canary must have answered before its limits count, and before its share rises.
    pub min_requests: u64,
    /// The largest share of reads that fail: without an answer, or with a status from 500.
    pub max_error_percent: f64,
    /// The longest time within which 99 of 100 reads begin to be answered.
    pub max_p99: Option<Duration>,
    /// The largest share of compared reads whose answers differ.
    pub max_mismatch_percent: Option<f64>,
}

/// What follows from what was seen of a step so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CanaryVerdict {
    /// It goes on.
    Hold,
    /// It has kept its limits for long enough.
    Rise,
    /// It has passed a limit, for this reason.
    RollBack(String),
}

impl CanaryPlan {
    /// What the value of `banyan:canary-steps` must be.
    pub const TAKES_STEPS: &str = "whole numbers from 1 to 100, each larger than the one before, separated by spaces or commas";
    /// What the value of `banyan:canary-interval-seconds` must be.
    pub const TAKES_SECONDS: &str = "a whole number of seconds from 1 to 86400";
    /// What the value of `banyan:canary-min-requests` must be.
    pub const TAKES_REQUESTS: &str = "a whole number from 1 to 1000000";
    /// What the value of a limit in percent must be.
    pub const TAKES_SHARE: &str = "a number from 0 to 100, such as 0.5";
    /// What the value of `banyan:canary-max-p99-ms` must be.
    pub const TAKES_MS: &str = "from 1 to 86400000 milliseconds";

    /// What the tags say, but for values that a check of tags refuses; nothing without `banyan:canary-steps`.
    pub fn tagged(tags: &BTreeMap<String, String>) -> Option<Self> {
        let value = |key: &str| tags.get(key).map(String::as_str);
        Some(Self {
            steps: value("banyan:canary-steps").and_then(Self::steps)?,
            interval: value("banyan:canary-interval-seconds")
                .and_then(Self::interval)
                .unwrap_or(Duration::from_secs(60)),
            min_requests: value("banyan:canary-min-requests").and_then(Self::count).unwrap_or(50),
            max_error_percent: value("banyan:canary-max-error-percent")
                .and_then(Self::share)
                .unwrap_or(1.0),
            max_p99: value("banyan:canary-max-p99-ms").and_then(Self::time),
            max_mismatch_percent: value("banyan:canary-max-mismatch-percent").and_then(Self::share),
        })
    }

    /// The shares in percent; none: they are not what they must be.
    pub fn steps(value: &str) -> Option<Vec<u8>> {
        let words = value.split([' ', ',']).filter(|word| !word.is_empty());
        let steps: Vec<u8> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let rise = steps.is_sorted_by(|one, next| one < next);
        let held = rise
            && steps.first().is_some_and(|one| *one > 0)
            && steps.iter().all(|step| *step <= 100);
        held.then_some(steps)
    }

    /// The time of a step; none: it is not what it must be.
    pub fn interval(value: &str) -> Option<Duration> {
        let seconds = value.parse().ok().filter(|seconds| (1..=86_400).contains(seconds));
        seconds.map(Duration::from_secs)
    }

    /// A number of reads; none: it is not what it must be.
    pub fn count(value: &str) -> Option<u64> {
        value.parse().ok().filter(|count| (1..=1_000_000).contains(count))
    }

    /// A limit in percent; none: it is not what it must be.
    pub fn share(value: &str) -> Option<f64> {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        value.parse().ok().filter(|share| digits && *share <= 100.0)
    }

    /// A limit of time; none: it is not what it must be.
    pub fn time(value: &str) -> Option<Duration> {
        let ms = value.parse().ok().filter(|ms| (1..=86_400_000).contains(ms));
        ms.map(Duration::from_millis)
    }

    /// What follows from what was seen of a step that has lasted for so long.
    pub fn judge(&self, seen: &CanaryTally, lasted: Duration) -> CanaryVerdict {
        let CanaryTally { requests, failed, slow, compared, differed } = *seen;
        let enough = requests >= self.min_requests;
        if enough && is_above(failed, requests, self.max_error_percent) {
            let limit = self.max_error_percent;
            return CanaryVerdict::RollBack(format!(
                "{failed} of {requests} reads failed; the limit is {limit} %"
            ));
        }
        // More than one in a hundred is slower: the 99th percentile is.
        if let Some(limit) = self.max_p99
            && enough
            && is_above(slow, requests, 1.0)
        {
            let ms = limit.as_millis();
            return CanaryVerdict::RollBack(format!(
                "{slow} of {requests} reads took longer than {ms} ms, the limit of 99 in 100"
            ));
        }
        let mut compared_enough = true;
        if let Some(limit) = self.max_mismatch_percent {
            compared_enough = compared >= self.min_requests;
            if compared_enough && is_above(differed, compared, limit) {
                return CanaryVerdict::RollBack(format!(
                    "{differed} of {compared} compared answers differed; the limit is {limit} %"
                ));
            }
        }
        if enough && compared_enough && lasted >= self.interval {
            CanaryVerdict::Rise
        } else {
            CanaryVerdict::Hold
        }
    }
}

fn is_above(part: u64, all: u64, percent: f64) -> bool {
    // Exact up to 2^53.
    part as f64 * 100.0 > percent * all as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::{CanaryPlan, CanaryTally, CanaryVerdict};

    const MINUTE: Duration = Duration::from_secs(60);

    fn plan(tags: &[(&str, &str)]) -> CanaryPlan {
        let steps = [("steps", "5,20 50")];
        let tags = steps
            .iter()
            .chain(tags)
            .map(|(key, value)| (format!("banyan:canary-{key}"), (*value).to_owned()));
        CanaryPlan::tagged(&tags.collect::<BTreeMap<_, _>>()).unwrap()
    }

    fn seen(requests: u64, failed: u64, slow: u64) -> CanaryTally {
        CanaryTally { requests, failed, slow, ..CanaryTally::default() }
    }

    #[test]
    fn steps_rise() {
        assert_eq!(plan(&[]).steps, [5, 20, 50]);
        for wrong in ["", "0,5", "5,5", "20 5", "101", "5;20", "x", "300"] {
            assert_eq!(CanaryPlan::steps(wrong), None, "{wrong}");
        }
        for wrong in ["", "-1", "NaN", "inf", "101", "1e1", "."] {
            assert_eq!(CanaryPlan::share(wrong), None, "{wrong}");
        }
        assert_eq!(CanaryPlan::share("0.5"), Some(0.5));
    }

    #[test]
    fn a_step_ends_after_its_interval_with_enough_reads() {
        let plan = plan(&[("min-requests", "10")]);
        let second = Duration::from_secs(1);
        for (requests, lasted, expected) in [
            (0, MINUTE * 9, CanaryVerdict::Hold),
            (9, MINUTE, CanaryVerdict::Hold),
            (10, MINUTE - second, CanaryVerdict::Hold),
            (10, MINUTE, CanaryVerdict::Rise),
        ] {
            assert_eq!(plan.judge(&seen(requests, 0, 0), lasted), expected, "{requests}");
        }
    }

    #[test]
    fn a_limit_that_is_passed_ends_it_at_once_with_the_reason() {
        let tags =
            [("max-error-percent", "0.5"), ("max-p99-ms", "300"), ("max-mismatch-percent", "2")];
        let plan = plan(&tags);
        let judge = |seen| plan.judge(&seen, Duration::ZERO);
        assert_eq!(judge(seen(49, 49, 49)), CanaryVerdict::Hold, "too few to say anything");
        assert_eq!(judge(seen(200, 1, 2)), CanaryVerdict::Hold);
        let reason = "2 of 200 reads failed; the limit is 0.5 %";
        assert_eq!(judge(seen(200, 2, 0)), CanaryVerdict::RollBack(reason.to_owned()));
        let reason = "3 of 200 reads took longer than 300 ms, the limit of 99 in 100";
        assert_eq!(judge(seen(200, 0, 3)), CanaryVerdict::RollBack(reason.to_owned()));
        let compared = |compared, differed| CanaryTally { compared, differed, ..seen(200, 0, 0) };
        assert_eq!(judge(compared(49, 49)), CanaryVerdict::Hold);
        let reason = "2 of 50 compared answers differed; the limit is 2 %";
        assert_eq!(judge(compared(50, 2)), CanaryVerdict::RollBack(reason.to_owned()));
        assert_eq!(
            plan.judge(&compared(49, 0), MINUTE),
            CanaryVerdict::Hold,
            "not compared enough"
        );
        assert_eq!(plan.judge(&compared(50, 1), MINUTE), CanaryVerdict::Rise);
    }
}
