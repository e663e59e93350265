//! What the reads of canaries did since each began its step.

use std::collections::BTreeMap;
use std::time::Instant;

use proxy::{CanaryPlan, CanaryTally, CanaryVerdict};

use super::resource::{CanaryProgress, RolledBack, now_ms};

/// What was seen of the steps that canaries are at, by route.
#[derive(Debug, Default)]
pub(crate) struct CanaryWindows(BTreeMap<String, Window>);

#[derive(Debug)]
struct Window {
    /// What the step belongs to: another progress begins another window.
    progress: CanaryProgress,
    since: Instant,
    seen: CanaryTally,
}

impl CanaryWindows {
    /// Forgets all but these routes.
    pub(crate) fn keep(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.0.retain(|route, _| is_kept(route));
    }

    /// What was seen of the step that a route is at.
    pub(crate) fn seen(&self, route: &str) -> CanaryTally {
        self.0.get(route).map(|window| window.seen).unwrap_or_default()
    }

    /// How far a canary is now, if that has changed, after this was seen of it since the last call. The first call for a
    /// step begins that, and judges nothing.
    pub(crate) fn next(
        &mut self,
        route: &str,
        plan: &CanaryPlan,
        progress: &CanaryProgress,
        seen: &CanaryTally,
        now: Instant,
    ) -> Option<CanaryProgress> {
        let window = self.0.get_mut(route).filter(|window| window.progress == *progress);
        let Some(window) = window else {
            // What was seen until now is from before the step.
            self.0.insert(route.to_owned(), Window::new(progress, now));
            return None;
        };
        window.seen.add(seen);
        let lasted = now.saturating_duration_since(window.since);
        let rolled_back = match plan.judge(&window.seen, lasted) {
            CanaryVerdict::Hold => return None,
            CanaryVerdict::Rise if progress.step + 1 >= plan.steps.len() => {
                // The last step stays, and is watched.
                *window = Window::new(progress, now);
                return None;
            }
            CanaryVerdict::Rise => None,
            CanaryVerdict::RollBack(reason) => {
                Some(RolledBack { reason, percent: progress.percent(plan), at_ms: now_ms() })
            }
        };
        let step = progress.step + usize::from(rolled_back.is_none());
        Some(CanaryProgress { step, rolled_back, ..progress.clone() })
    }
}

impl Window {
    fn new(progress: &CanaryProgress, since: Instant) -> Self {
        Self { progress: progress.clone(), since, seen: CanaryTally::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{CanaryPlan, CanaryProgress, CanaryTally, CanaryWindows};
    use crate::resource::Tags;

    const STEPS: &str = "5 20 50";

    fn plan() -> CanaryPlan {
        let tags = [("banyan:canary-steps", STEPS), ("banyan:canary-min-requests", "10")];
        let tags = tags.map(|(key, value)| (key.to_owned(), value.to_owned()));
        CanaryPlan::tagged(&Tags::from(tags)).unwrap()
    }

    /// A canary that is looked at every second of a clock of its own.
    struct Watched {
        windows: CanaryWindows,
        progress: CanaryProgress,
        now: Instant,
    }

    impl Watched {
        fn begin() -> Self {
            let (windows, progress) = (CanaryWindows::default(), CanaryProgress::begin(STEPS));
            Self { windows, progress, now: Instant::now() }
        }

        /// Passes so many seconds, with these reads in each; gives the share at their end.
        fn pass(&mut self, seconds: u64, requests: u64, failed: u64) -> u8 {
            let seen = CanaryTally { requests, failed, ..CanaryTally::default() };
            for _ in 0..seconds {
                // One that is back is not looked at.
                if self.progress.rolled_back.is_some() {
                    break;
                }
                self.now += Duration::from_secs(1);
                let next = self.windows.next("rte", &plan(), &self.progress, &seen, self.now);
                self.progress = next.unwrap_or_else(|| self.progress.clone());
            }
            self.progress.percent(&plan())
        }
    }

    #[test]
    fn the_share_rises_with_each_interval_and_the_last_step_stays_and_is_watched() {
        let mut canary = Watched::begin();
        // The first look begins the window.
        assert_eq!((canary.pass(60, 100, 0), canary.pass(1, 100, 0)), (5, 20));
        assert_eq!((canary.pass(60, 100, 0), canary.pass(1, 100, 0)), (20, 50));
        assert_eq!(canary.pass(600, 100, 0), 50);
        assert_eq!(canary.pass(60, 100, 50), 0, "old reads do not hide new ones");
        let rolled_back = canary.progress.rolled_back.unwrap();
        assert_eq!(rolled_back.percent, 50);
        assert!(rolled_back.reason.ends_with("reads failed; the limit is 1 %"));
    }

    #[test]
    fn reads_from_before_a_step_do_not_judge_it() {
        let mut canary = Watched::begin();
        assert_eq!((canary.pass(1, 100, 100), canary.pass(60, 100, 0)), (5, 20));
        assert_eq!((canary.pass(1, 100, 100), canary.pass(60, 100, 0)), (20, 50));
    }

    #[test]
    fn without_enough_reads_the_share_stays() {
        let mut canary = Watched::begin();
        assert_eq!(canary.pass(600, 0, 0), 5);
        assert_eq!(canary.pass(9, 1, 1), 5, "nine reads say nothing");
        assert_eq!(canary.pass(1, 1, 1), 0);
    }
}
