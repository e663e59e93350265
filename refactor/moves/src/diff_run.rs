//! A comparison as it is written down, and what it is worth.

mod difference;

use replication::Key;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use self::difference::{Chunk, FoundDifference};

/// The most differences that are named; all are counted.
const NAMED: usize = 1_000;
/// For how long a comparison counts, in milliseconds.
const FRESH_MS: i64 = 10 * 60 * 1_000;

/// A comparison of two copies, as far as it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DiffRun {
    /// The stores that are compared.
    primary: String,
    follower: String,
    /// The epoch in which they are: when the primary changes, it is over.
    epoch: u64,
    /// Whether the target is the primary.
    switched: bool,
    began_ms: i64,
    /// When it came to its end; `None` until then.
    ended_ms: Option<i64>,
    /// Why it does not go on.
    broken_off: Option<String>,
    /// Everything up to this key is compared.
    #[serde(default)]
    after: Option<Key>,
    /// About where it ends.
    #[serde(default)]
    up_to: Option<Key>,
    rows: u64,
    differences: Vec<FoundDifference>,
    count: u64,
    /// Rows that changed at each look.
    moving: u64,
    /// The id of the key that signed for it.
    #[serde(default)]
    by: Option<String>,
}

impl DiffRun {
    /// One that has not compared anything yet.
    pub(super) fn new(
        primary: &str,
        follower: &str,
        epoch: u64,
        switched: bool,
        now_ms: i64,
    ) -> Self {
        Self {
            primary: primary.to_owned(),
            follower: follower.to_owned(),
            epoch,
            switched,
            began_ms: now_ms,
            ended_ms: None,
            broken_off: None,
            after: None,
            up_to: None,
            rows: 0,
            differences: Vec::new(),
            count: 0,
            moving: 0,
            by: None,
        }
    }

    /// Whether it was broken off, and was about the same copies in the same epoch.
    pub(super) fn can_go_on(&self, primary: &str, follower: &str, epoch: u64) -> bool {
        self.is_open()
            && self.primary == primary
            && self.follower == follower
            && self.epoch == epoch
    }

    /// Whether it has not come to its end.
    pub(crate) fn is_open(&self) -> bool {
        self.ended_ms.is_none()
    }

    /// Whether it was to go on when it was written down last.
    pub(crate) fn was_running(&self) -> bool {
        self.is_open() && self.broken_off.is_none()
    }

    /// Begins it, or goes on with it, for this key.
    pub(super) fn begin(&mut self, by: Option<&str>) {
        self.broken_off = None;
        self.by = by.map(str::to_owned);
    }

    pub(crate) fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// Whether it came to its end, and what it found or why it did not, in a sentence.
    pub(crate) fn outcome(&self) -> (bool, String) {
        match &self.broken_off {
            Some(why) => (false, format!("was broken off: {why}")),
            None if self.count == 0 => {
                (true, format!("verified: {} rows, none differs", self.rows))
            }
            None if self.count == 1 => (true, format!("1 of {} rows differs", self.rows)),
            None => (true, format!("{} of {} rows differ", self.count, self.rows)),
        }
    }

    pub(super) fn after(&self) -> Option<&Key> {
        self.after.as_ref()
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn switched(&self) -> bool {
        self.switched
    }

    /// A range more is compared.
    pub(super) fn add(&mut self, chunk: Chunk) {
        self.after = chunk.to.or(self.after.take());
        self.up_to = chunk.end;
        self.rows += chunk.rows;
        self.moving += chunk.moving;
        self.count += chunk.differences.len() as u64;
        let room = NAMED.saturating_sub(self.differences.len());
        self.differences.extend(chunk.differences.into_iter().take(room));
    }

    pub(super) fn end(&mut self, now_ms: i64) {
        self.ended_ms = Some(now_ms);
    }

    pub(super) fn break_off(&mut self, why: String) {
        self.broken_off = Some(why);
    }

    /// What it found, in a sentence.
    pub(super) fn summary(&self) -> String {
        let (rows, count) = (self.rows, self.count);
        let seconds = (self.ended_ms.unwrap_or(self.began_ms) - self.began_ms) as f64 / 1_000.0;
        format!("{rows} rows compared in {seconds:.1} s, {count} differ")
    }
}

/// What a comparison is worth now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DiffVerdict {
    Verified {
        age_ms: i64,
        rows: u64,
    },
    /// It was verified, which does not count any more.
    Stale(String),
    /// There is none that came to its end, and why.
    NotDone(Option<String>),
    Running {
        rows: u64,
    },
    Differs {
        count: u64,
    },
}

impl DiffVerdict {
    /// Of the last comparison, if there is one; `stores` are the copies that there are now.
    pub(crate) fn of(
        comparison: Option<&DiffRun>,
        stores: Option<(&str, &str)>,
        running: bool,
        now_ms: i64,
    ) -> Self {
        let Some(found) = comparison else { return Self::NotDone(None) };
        if running {
            return Self::Running { rows: found.rows };
        }
        let Some(ended_ms) = found.ended_ms else {
            return Self::NotDone(Some(
                found.broken_off.clone().unwrap_or_else(|| "broken off".into()),
            ));
        };
        let pair = (found.primary.as_str(), found.follower.as_str());
        let same = stores.is_none_or(|(one, other)| pair == (one, other) || pair == (other, one));
        let age_ms = now_ms - ended_ms;
        if !same {
            Self::Stale("the collection is followed anew since".into())
        } else if found.count > 0 {
            Self::Differs { count: found.count }
        } else if age_ms > FRESH_MS {
            Self::Stale(format!("the last diff is {} min old", age_ms / 60_000))
        } else {
            Self::Verified { age_ms, rows: found.rows }
        }
    }

    /// Its name on the wire.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Verified { .. } => "verified",
            Self::Stale(_) => "stale",
            Self::NotDone(_) => "not done",
            Self::Running { .. } => "running",
            Self::Differs { .. } => "differs",
        }
    }

    /// As a part of a sentence.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Verified { age_ms, rows } => {
                format!("verified ({rows} rows, {} s ago)", age_ms / 1_000)
            }
            Self::Stale(why) => format!("stale ({why})"),
            Self::NotDone(None) => "not verified".into(),
            Self::NotDone(Some(why)) => format!("not verified ({why})"),
            Self::Running { rows } => format!("not verified yet ({rows} rows so far)"),
            Self::Differs { count } => format!("differs in {count} rows"),
        }
    }

    /// As the list of moves shows it.
    pub(crate) fn view(&self, comparison: Option<&DiffRun>, now_ms: i64) -> Value {
        let detail = match self {
            Self::Stale(why) | Self::NotDone(Some(why)) => Some(why.as_str()),
            _ => None,
        };
        let mut view = json!({ "state": self.word(), "detail": detail });
        if let Some(found) = comparison {
            view["atMs"] = found.ended_ms.into();
            view["ageMs"] = found.ended_ms.map(|ended_ms| now_ms - ended_ms).into();
            view["rowsCompared"] = found.rows.into();
            view["count"] = found.count.into();
            view["moving"] = found.moving.into();
            let named =
                |found: &FoundDifference| json!({ "id": found.key.shown(), "what": found.what });
            view["differences"] = found.differences.iter().map(named).collect();
            let shown = |key: &Option<Key>| key.as_ref().map(|key| key.shown().into_owned());
            let (up_to, of) = (shown(&found.after), shown(&found.up_to));
            view["progress"] = json!(up_to.zip(of).map(|(id, of)| json!({ "id": id, "of": of })));
        }
        view
    }
}

#[cfg(test)]
mod tests {
    use replication::Key;

    use super::{Chunk, DiffRun, DiffVerdict, FRESH_MS, FoundDifference, NAMED};

    fn comparison(differences: usize) -> DiffRun {
        let mut made = DiffRun::new("a", "b", 1, false, 0);
        let row = |id| FoundDifference { key: Key::number(id), what: "differs in name".into() };
        let differences = (0..differences as u64).map(row).collect();
        made.add(Chunk {
            to: Some(Key::number(10)),
            end: None,
            rows: 10,
            last: true,
            differences,
            moving: 0,
        });
        made.end(0);
        made
    }

    fn word(comparison: &DiffRun, stores: (&str, &str), now_ms: i64) -> &'static str {
        DiffVerdict::of(Some(comparison), Some(stores), false, now_ms).word()
    }

    #[test]
    fn a_comparison_counts_for_ten_minutes_and_for_the_copies_it_was_about() {
        let same = comparison(0);
        assert_eq!(word(&same, ("a", "b"), FRESH_MS), "verified");
        assert_eq!(word(&same, ("b", "a"), FRESH_MS), "verified", "after a switch");
        assert_eq!(word(&same, ("a", "b"), FRESH_MS + 1), "stale");
        assert_eq!(word(&same, ("a", "c"), 0), "stale", "followed anew");
        assert_eq!(word(&comparison(1), ("a", "b"), 0), "differs");
        assert_eq!(DiffVerdict::of(None, None, false, 0).word(), "not done");
    }

    #[test]
    fn its_age_is_shown_whatever_it_is_worth() {
        for (found, now_ms) in
            [(comparison(0), 1_000), (comparison(0), FRESH_MS + 1), (comparison(1), 9)]
        {
            let verdict = DiffVerdict::of(Some(&found), Some(("a", "b")), false, now_ms);
            assert_eq!(verdict.view(Some(&found), now_ms)["ageMs"], now_ms, "{verdict:?}");
        }
    }

    #[test]
    fn one_that_was_broken_off_goes_on_for_the_same_copies_in_the_same_epoch() {
        let mut broken = DiffRun::new("a", "b", 1, false, 0);
        broken.break_off("the target is gone".into());
        assert_eq!(word(&broken, ("a", "b"), 0), "not done");
        assert!(broken.can_go_on("a", "b", 1));
        assert!(!broken.can_go_on("a", "c", 1) && !broken.can_go_on("a", "b", 2));
        assert!(!comparison(0).can_go_on("a", "b", 1), "that one has ended");
    }

    #[test]
    fn all_differences_are_counted_and_a_thousand_named() {
        let many = comparison(NAMED + 5);
        assert_eq!((many.differences.len(), many.count), (NAMED, NAMED as u64 + 5));
    }
}
