//! What clients see of a primary.

use crate::Rule::{C2, C3};
use crate::run::Run;
use crate::sample::position;
use crate::stop::{Checked, must};

/// Checks the positions of answers.
pub(crate) async fn check(run: &mut Run) -> Checked {
    let first = run.create().await?;
    let second = run.create().await?;
    let rises = second.position > first.position;
    must!(
        C3,
        rises,
        "two writes one after the other are at {} and {}",
        first.position,
        second.position
    );
    let number = run.number();
    let changed = run.sample.change(&run.subject, &first, number).await?;
    must!(C3, changed > second.position, "a change after {} is at {changed}", second.position);
    for url in [&first.url, &run.subject.url] {
        let read = run.subject.send(run.subject.at("GET", url)).await?;
        let at = position(&read)?;
        must!(C2, at >= changed, "a read of {url} after the write {changed} says {at}");
    }
    let own = run.subject.ownership().await?;
    let covers = own.covers(changed);
    must!(
        C2,
        covers,
        "a write is at {changed}, and the document says {}.{}",
        own.epoch,
        own.position
    );
    run.held(&[C2, C3]);
    Ok(())
}
