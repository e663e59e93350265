//! The document of ownership.

use std::time::{Duration, Instant};

use replication::Position;

use crate::Rule::{O1, O2, O3};
use crate::run::Run;
use crate::stop::{Checked, must};

/// For how long a position that never comes is waited for.
const WAIT: Duration = Duration::from_millis(700);
/// Longer than an answer that need not wait, whatever the machine does besides.
const LONG_MS: u64 = 10_000;

/// Checks the document, and waiting for a position.
pub(crate) async fn check(run: &mut Run) -> Checked {
    let subject = &run.subject;
    let first = subject.ownership().await?;
    let second = subject.ownership().await?;
    let same = |of: fn(&replication::Ownership) -> &str| of(&first) == of(&second);
    must!(O2, same(|own| &own.store), "`store` changed from {} to {}", first.store, second.store);
    must!(
        O2,
        same(|own| &own.lineage),
        "`lineage` changed from {} to {}",
        first.lineage,
        second.lineage
    );
    must!(O2, same(|own| &own.run), "`run` changed from {} to {}", first.run, second.run);
    let (before, after) = (first.position, second.position);
    must!(O2, after >= before, "`position` went back from {before} to {after}");
    must!(O2, second.epoch == first.epoch, "`epoch` changed by itself");

    let present = Position { epoch: second.epoch, at: second.position };
    let start = Instant::now();
    let answer = subject.get(&format!("ownership?covers={present}&wait={LONG_MS}")).await?;
    let took = start.elapsed();
    must!(O3, answer.status == 200, "a wait for {present} is answered {}", answer.shown());
    let soon = took < Duration::from_millis(LONG_MS);
    must!(O3, soon, "the store is at {present}, and a wait for that took {took:?}");
    let never = Position { epoch: second.epoch + 1_000, at: 0 };
    let start = Instant::now();
    let answer =
        subject.get(&format!("ownership?covers={never}&wait={}", WAIT.as_millis())).await?;
    let took = start.elapsed();
    must!(O3, answer.status == 200, "a wait that is over is answered {}", answer.shown());
    must!(O3, took >= WAIT, "a wait of {WAIT:?} for {never} took only {took:?}");
    let end = Duration::from_millis(LONG_MS);
    must!(O3, took < end, "a wait of {WAIT:?} took {took:?}");
    run.held(&[O1, O2, O3]);
    Ok(())
}
