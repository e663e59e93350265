//! Figures of traffic: how much, how fast and how often in vain, from counters that only grow.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use proxy::RouteTraffic;

/// Rates are taken over about this time.
const RATE_TIME: Duration = Duration::from_secs(2);
/// Durations are looked at over about this time.
const QUANTILE_TIME: Duration = Duration::from_secs(15);
/// How much longer the time between two looks may be: figures of a longer time would not be those of now.
const LONGER: Duration = Duration::from_secs(4);
/// How long the trend goes back.
const TREND_TIME: Duration = Duration::from_secs(60);
/// A look that came sooner than this after the one before it is forgotten when the next one comes.
const APART: Duration = Duration::from_millis(900);

/// An application and a route.
pub(crate) type RouteKey = (String, String);

/// What was counted at one time.
#[derive(Debug)]
struct Look {
    at: Instant,
    counted: HashMap<(String, String, String), RouteTraffic>,
    /// The requests of each route.
    requests: HashMap<RouteKey, u64>,
}

/// The counters of the last seconds, and the rates of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    looks: VecDeque<Look>,
    /// When each time ended that the trends have a rate of.
    ends: VecDeque<Instant>,
    /// The rates of each route, one for each of `ends`.
    trends: HashMap<RouteKey, VecDeque<f64>>,
}

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
        // The newest is always there, and those before it stand apart.
        let len = self.looks.len();
        if len >= 2 && self.looks[len - 1].at.duration_since(self.looks[len - 2].at) < APART {
            self.looks.pop_back();
            self.ends.pop_back();
            for trend in self.trends.values_mut() {
                trend.pop_back();
            }
        }
        let look = Look::new(now, traffic);
        match self.looks.back() {
            Some(last) if now.duration_since(last.at) <= RATE_TIME + LONGER => {
                let seconds = now.duration_since(last.at).as_secs_f64().max(0.001);
                let mut trends = HashMap::with_capacity(look.requests.len());
                for (route, requests) in &look.requests {
                    let known = self.trends.remove_entry(route);
                    let (route, mut trend) = known.unwrap_or_else(|| {
                        (route.clone(), self.ends.iter().map(|_| 0.0).collect())
                    });
                    let before = last.requests.get(&route).copied().unwrap_or_default();
                    trend.push_back(requests.saturating_sub(before) as f64 / seconds);
                    trends.insert(route, trend);
                }
                self.trends = trends;
                self.ends.push_back(now);
            }
            _ => {
                self.ends.clear();
                self.trends.clear();
            }
        }
        self.looks.push_back(look);
        let old = |at: &Instant, time| now.duration_since(*at) > time;
        while self.looks.front().is_some_and(|look| old(&look.at, QUANTILE_TIME + LONGER)) {
            self.looks.pop_front();
        }
        while self.ends.front().is_some_and(|end| old(end, TREND_TIME)) {
            self.ends.pop_front();
            for trend in self.trends.values_mut() {
                trend.pop_front();
            }
        }
    }

    /// The figures of each route; none before there are two looks of these seconds.
    pub(crate) fn figures(&self) -> Option<HashMap<RouteKey, Figures>> {
        let newest = self.looks.back()?;
        let before = self.since(newest.at, RATE_TIME)?;
        let earlier = self.since(newest.at, QUANTILE_TIME)?;
        let seconds = newest.at.duration_since(before.at).as_secs_f64().max(0.001);
        let mut figures = HashMap::<RouteKey, Figures>::new();
        let mut durations = HashMap::<RouteKey, Vec<u64>>::new();
        let mut failed = HashMap::<RouteKey, f64>::new();
        let none = RouteTraffic::default();
        for (key, found) in &newest.counted {
            let route = (key.0.clone(), key.1.clone());
            let old = before.counted.get(key).unwrap_or(&none);
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
            let old = earlier.counted.get(key).unwrap_or(&none);
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
            own.trend = self.trends.get(route).into_iter().flatten().copied().collect();
        }
        Some(figures)
    }

    /// The look that is about so old; otherwise the oldest of those that are younger.
    fn since(&self, now: Instant, time: Duration) -> Option<&Look> {
        let age = |look: &Look| now.duration_since(look.at);
        let mut found = None;
        for look in self.looks.iter().rev().skip(1).take_while(|look| age(look) <= time + LONGER) {
            found = Some(look);
            if age(look) >= time {
                break;
            }
        }
        found
    }
}

impl Look {
    fn new(at: Instant, traffic: Vec<RouteTraffic>) -> Self {
        let mut requests = HashMap::<RouteKey, u64>::new();
        let mut counted = HashMap::with_capacity(traffic.len());
        for found in traffic {
            let route = (found.application.clone(), found.route.clone());
            let it = &found.matched;
            let all = it.own_reads + it.own_writes + it.other_reads + it.other_writes;
            counted.insert((route.0.clone(), route.1.clone(), found.service.clone()), found);
            *requests.entry(route).or_default() += all;
        }
        Self { at, counted, requests }
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
    fn figures_are_of_the_last_seconds_and_of_no_pause() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        let second = |number| start + Duration::from_secs(number);
        meter.add(second(0), vec![traffic(0, 0, 0)]);
        meter.add(second(1), vec![traffic(100, 100, 0)]);
        // No page was open.
        meter.add(second(41), vec![traffic(900, 900, 0)]);
        assert!(meter.figures().is_none(), "it measures anew");
        meter.add(second(42), vec![traffic(907, 907, 0)]);
        let figures = meter.figures().unwrap();
        let own = &figures[&("app".to_owned(), "rte".to_owned())];
        assert_eq!((own.own_reads, own.trend.as_slice()), (7.0, &[7.0][..]));
    }

    #[test]
    fn a_minute_is_remembered_in_sums_and_the_last_seconds_in_full() {
        let (mut meter, start) = (Meter::default(), Instant::now());
        for second in 0..200 {
            let mut all = vec![traffic(3 * second, 0, 0)];
            if second >= 190 {
                all.push(RouteTraffic { route: "new".into(), ..traffic(second, 0, 0) });
            }
            meter.add(start + Duration::from_secs(second), all);
        }
        let figures = meter.figures().unwrap();
        let trend = |route: &str| &figures[&("app".to_owned(), route.to_owned())].trend;
        assert!(
            (60..=61).contains(&trend("rte").len()) && trend("rte").iter().all(|own| *own == 3.0)
        );
        assert_eq!(trend("new").len(), trend("rte").len());
        assert!(meter.looks.len() <= 20, "{}", meter.looks.len());
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
