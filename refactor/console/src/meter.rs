//! Figures of traffic: how much, how fast and how often in vain, from counters that only grow.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use proxy::RouteTraffic;

/// Rates are taken over about this time.
const RATE_TIME: Duration = Duration::from_secs(2);
/// Durations are looked at over about this time.
const QUANTILE_TIME: Duration = Duration::from_secs(15);
/// How long is remembered.
const REMEMBERED: Duration = Duration::from_secs(61);
/// Looks that come sooner than this after the last one are not remembered.
const APART: Duration = Duration::from_millis(900);

/// An application and a route.
pub(crate) type RouteKey = (String, String);

/// What was counted at one time.
type Counted = HashMap<(String, String, String), RouteTraffic>;

/// The counters of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Meter(VecDeque<(Instant, Counted)>);

/// The figures of a route.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// Reads a second that the route's own service answered, and so on.
    pub(crate) own_reads: f64,
    pub(crate) own_writes: f64,
    pub(crate) other_reads: f64,
    pub(crate) other_writes: f64,
    /// Answers a second of the route's own service.
    pub(crate) answers: f64,
    /// The share of those with a status of 5xx, from 0 to 1.
    pub(crate) errors: f64,
    /// Half of the answers took at most so long, in milliseconds.
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
    pub(crate) in_flight: i64,
    /// Requests of each second of the last minute, the oldest first.
    pub(crate) trend: Vec<f64>,
}

impl Figures {
    /// Requests a second for the route's paths.
    pub(crate) fn requests(&self) -> f64 {
        self.own_reads + self.own_writes + self.other_reads + self.other_writes
    }
}

impl Meter {
    /// Adds what is counted now.
    pub(crate) fn add(&mut self, now: Instant, traffic: Vec<RouteTraffic>) {
        let key = |found: &RouteTraffic| {
            (found.application.clone(), found.route.clone(), found.service.clone())
        };
        let counted = traffic.into_iter().map(|found| (key(&found), found)).collect();
        // The newest is always there, and those before it stand apart.
        let len = self.0.len();
        if len >= 2 && now.duration_since(self.0[len - 2].0) < APART {
            self.0.pop_back();
        }
        self.0.push_back((now, counted));
        while self.0.front().is_some_and(|(at, _)| now.duration_since(*at) > REMEMBERED) {
            self.0.pop_front();
        }
    }

    /// The figures of each route; none before there are two looks.
    pub(crate) fn figures(&self) -> Option<HashMap<RouteKey, Figures>> {
        let (now, newest) = self.0.back()?;
        let (rate_at, before) = self.since(*now, RATE_TIME)?;
        let (_, earlier) = self.since(*now, QUANTILE_TIME)?;
        let seconds = now.duration_since(rate_at).as_secs_f64().max(0.001);
        let mut figures = HashMap::<RouteKey, Figures>::new();
        let mut durations = HashMap::<RouteKey, Vec<u64>>::new();
        let mut failed = HashMap::<RouteKey, f64>::new();
        let none = RouteTraffic::default();
        for (key, found) in newest {
            let route = (key.0.clone(), key.1.clone());
            let old = before.get(key).unwrap_or(&none);
            let rate = |now: u64, then: u64| now.saturating_sub(then) as f64 / seconds;
            let own = figures.entry(route.clone()).or_default();
            let (now, then) = (&found.matched, &old.matched);
            own.own_reads += rate(now.own_reads, then.own_reads);
            own.own_writes += rate(now.own_writes, then.own_writes);
            own.other_reads += rate(now.other_reads, then.other_reads);
            own.other_writes += rate(now.other_writes, then.other_writes);
            own.answers += rate(found.answers.iter().sum(), old.answers.iter().sum());
            *failed.entry(route.clone()).or_default() += rate(found.answers[4], old.answers[4]);
            own.in_flight += found.in_flight;
            let old = earlier.get(key).unwrap_or(&none);
            let took = durations.entry(route).or_insert_with(|| vec![0; found.durations.len()]);
            for (sum, (now, then)) in took.iter_mut().zip(found.durations.iter().zip(old.durations))
            {
                *sum += now.saturating_sub(then);
            }
        }
        for (route, own) in &mut figures {
            let failed = failed.get(route).copied().unwrap_or_default();
            own.errors = if own.answers > 0.0 { failed / own.answers } else { 0.0 };
            if let Some(took) = durations.get(route) {
                own.p50_ms = quantile(took, 0.5);
                own.p99_ms = quantile(took, 0.99);
            }
            own.trend = self.trend(route);
        }
        Some(figures)
    }

    /// The look that is about so old, or the oldest.
    fn since(&self, now: Instant, time: Duration) -> Option<(Instant, &Counted)> {
        let earlier = self.0.iter().rev().skip(1);
        let mut found = None;
        for (at, counted) in earlier {
            found = Some((*at, counted));
            if now.duration_since(*at) >= time {
                break;
            }
        }
        found
    }

    /// Requests of each second of the last minute.
    fn trend(&self, route: &RouteKey) -> Vec<f64> {
        let requests = |counted: &Counted| {
            let ours = counted.iter().filter(|(key, _)| key.0 == route.0 && key.1 == route.1);
            ours.map(|(_, found)| {
                let it = &found.matched;
                it.own_reads + it.own_writes + it.other_reads + it.other_writes
            })
            .sum::<u64>()
        };
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        pairs
            .map(|((then, old), (now, new))| {
                let seconds = now.duration_since(*then).as_secs_f64().max(0.001);
                requests(new).saturating_sub(requests(old)) as f64 / seconds
            })
            .collect()
    }
}

/// The duration in milliseconds below which this share of the answers is, between the bounds of its bucket.
fn quantile(buckets: &[u64], share: f64) -> Option<f64> {
    let total: u64 = buckets.iter().sum();
    if total == 0 {
        return None;
    }
    let wanted = share * total as f64;
    let (mut below, mut low) = (0.0, 0.0);
    for (count, high) in buckets.iter().zip(RouteTraffic::BOUNDS) {
        let count = *count as f64;
        if count > 0.0 && below + count >= wanted {
            return Some((low + (high - low) * (wanted - below) / count) * 1_000.0);
        }
        (below, low) = (below + count, high);
    }
    Some(low * 1_000.0)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proxy::{Matched, RouteTraffic};

    use super::{Meter, quantile};

    fn traffic(own_reads: u64, answers: u64, failed: u64) -> RouteTraffic {
        let mut found = RouteTraffic {
            application: "app".into(),
            route: "rte".into(),
            service: "users".into(),
            answers: [0, answers - failed, 0, 0, failed],
            matched: Matched { own_reads, ..Matched::default() },
            ..RouteTraffic::default()
        };
        found.durations[1] = answers;
        found
    }

    #[test]
    fn figures_are_what_was_counted_in_between() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        meter.add(start, vec![traffic(100, 100, 0)]);
        assert!(meter.figures().is_none(), "one look says nothing of a rate");
        meter.add(start + Duration::from_secs(1), vec![traffic(150, 150, 5)]);
        // A look in between is not remembered.
        meter.add(start + Duration::from_millis(1_100), vec![traffic(155, 155, 5)]);
        meter.add(start + Duration::from_secs(2), vec![traffic(200, 200, 10)]);
        let figures = meter.figures().unwrap();
        let own = &figures[&("app".to_owned(), "rte".to_owned())];
        assert_eq!((own.own_reads, own.answers, own.errors), (50.0, 50.0, 0.1));
        assert_eq!(own.trend.len(), 2);
        assert!(own.p50_ms.unwrap() > 0.25 && own.p99_ms.unwrap() <= 0.5);
    }

    #[test]
    fn a_restart_of_the_counters_is_no_negative_rate() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        meter.add(start, vec![traffic(100, 100, 0)]);
        meter.add(start + Duration::from_secs(1), vec![traffic(3, 3, 0)]);
        let figures = meter.figures().unwrap();
        assert!(figures.values().all(|own| own.requests() >= 0.0));
    }

    #[test]
    fn a_quantile_stands_between_the_bounds_of_its_bucket() {
        let mut buckets = vec![0; 15];
        assert_eq!(quantile(&buckets, 0.5), None);
        (buckets[0], buckets[14]) = (99, 1);
        assert!(quantile(&buckets, 0.5).unwrap() < 0.25);
        assert_eq!(quantile(&buckets, 1.0), Some(29_000.0), "longer than the last bound");
    }
}
