//! What requests took.

use std::time::Duration;

use crate::tally::{Failures, Tally, Waits};

#[test]
fn a_percentile_is_a_time_that_was_seen() {
    let mut waits = Waits::default();
    assert_eq!(waits.within_ms(0.5), 0.0);
    for ms in [9, 1, 2, 3, 4, 5, 6, 7, 8, 10] {
        waits.add(Duration::from_millis(ms));
    }
    waits.sort();
    assert_eq!(waits.within_ms(0.5), 5.0);
    assert_eq!(waits.within_ms(0.9), 9.0);
    assert_eq!(waits.within_ms(0.99), 10.0);
    assert_eq!(waits.within_ms(1.0), 10.0);
}

#[test]
fn failures_are_alike_where_only_their_numbers_differ() {
    let mut tally = Tally::default();
    tally.failed("404 Not Found", "PATCH users: no user has the id 7".into());
    tally.failed("no answer within 35 s", "GET posts".into());
    let mut other = Tally::default();
    other.failed("404 Not Found", "PATCH users: no user has the id 19ac-31-2047".into());
    other.failed("503 Service Unavailable", "PATCH users: no store takes it".into());
    tally.extend(other);
    let failures: Vec<_> = tally.failures.into_iter().collect();
    let expected = [
        ("404 Not Found", 2, "PATCH users: no user has the id 7"),
        ("503 Service Unavailable", 1, "PATCH users: no store takes it"),
        ("no answer within N s", 1, "GET posts"),
    ];
    let failed = |(kind, count, example): (&str, u64, &str)| {
        (kind.to_owned(), Failures { count, example: example.to_owned() })
    };
    assert_eq!(failures, expected.map(failed));
}

#[test]
fn the_longest_write_is_known_with_its_time() {
    let ms = Duration::from_millis;
    let (mut all, mut one) = (Tally::default(), Tally::default());
    one.write(ms(10), ms(3));
    one.write(ms(20), ms(7));
    all.write(ms(30), ms(5));
    all.extend(one);
    assert_eq!(all.longest, Some((ms(7), ms(20))));
    assert_eq!(all.writes.count(), 3);
}
