//! The fence.

use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use serde_json::json;

use super::access::refused_as;
use super::pages::Reader;
use crate::Rule::{C1, S1, S2, S3, S4, S5};
use crate::run::Run;
use crate::sample::made;
use crate::stop::{Checked, Stop, must};
use replication::{ErrorCode, SideStatus};

/// Longer than the checks that need a fence.
const LONG_MS: u64 = 60_000;
/// A fence that is over soon.
const SHORT: Duration = Duration::from_millis(700);
/// How long it may take until writes go on, on a machine with much to do.
const END: Duration = Duration::from_secs(20);

/// Checks fence and release.
pub(crate) async fn check(run: &mut Run) -> Checked {
    let epoch = run.subject.ownership().await?.epoch;
    let done = both(run, epoch).await;
    // Whatever was found, clients may write again.
    for id in ["check-one", "check-short", "check-race"] {
        run.subject.post("release", json!({"id": id})).await?;
    }
    done
}

async fn both(run: &mut Run, epoch: u64) -> Checked {
    refusals(run, epoch).await?;
    run.held(&[S5]);
    held_back(run, epoch).await?;
    run.held(&[C1, S3, S4]);
    passes(run, epoch).await?;
    run.held(&[S2]);
    race(run, epoch).await?;
    run.held(&[S1]);
    Ok(())
}

/// A fence that may not be.
async fn refusals(run: &Run, epoch: u64) -> Checked {
    let subject = &run.subject;
    for other in [epoch + 1, epoch - 1] {
        let body = json!({"id": "check-one", "epoch": other, "ms": LONG_MS});
        let answer = subject.post("fence", body).await?;
        refused_as(S5, &format!("a fence for the epoch {other}"), &answer, ErrorCode::OtherEpoch)?;
    }
    let body = json!({"id": "check-one", "epoch": epoch, "ms": LONG_MS + 1});
    refused_as(
        S2,
        "a fence of 60,001 ms",
        &subject.post("fence", body).await?,
        ErrorCode::FenceTooLong,
    )?;
    let fence = subject.ownership().await?.ownership.fence;
    must!(S5, fence.is_none(), "a fence that was refused stands: {fence:?}");
    Ok(())
}

/// What is refused while a fence stands, and that its release ends it.
async fn held_back(run: &mut Run, epoch: u64) -> Checked {
    let subject = run.subject.clone();
    let written = run.create().await?.position;
    let body = json!({"id": "check-one", "epoch": epoch, "ms": LONG_MS});
    let fenced = subject.done("fence", body.clone()).await?;
    let named = fenced.fence.as_ref().is_some_and(|fence| fence.id == "check-one");
    must!(S1, named, "the document after a fence does not have it: {:?}", fenced.fence);
    must!(
        S1,
        fenced.position >= written.at,
        "a fence at {} comes before the write {written}",
        fenced.position
    );
    refused(run, &fenced).await?;
    let again = subject.done("fence", body).await?;
    let until = |side: &SideStatus| side.fence.as_ref().map_or(0, |fence| fence.until_ms);
    must!(S3, until(&again) >= until(&fenced), "the same fence again ends earlier");
    let other = json!({"id": "check-other", "epoch": epoch, "ms": LONG_MS});
    refused_as(S3, "another fence", &subject.post("fence", other).await?, ErrorCode::Fenced)?;
    let other = json!({"id": "check-other"});
    refused_as(
        S3,
        "the release of another fence",
        &subject.post("release", other).await?,
        ErrorCode::Fenced,
    )?;
    must!(
        S3,
        subject.ownership().await?.fence.is_some(),
        "the release of another fence ended this one"
    );
    for _ in 0..2 {
        let released = subject.done("release", json!({"id": "check-one"})).await?;
        must!(
            S4,
            released.fence.is_none(),
            "a fence stands after its release: {:?}",
            released.fence
        );
    }
    let after = run.sample.try_create(&subject, run.number()).await?;
    must!(S4, after.status < 300, "a write after the release is answered {}", after.shown());
    run.rows.push(made(&subject, &after)?);
    Ok(())
}

/// Every kind of write is refused, and nothing of it is stored.
async fn refused(run: &Run, fenced: &SideStatus) -> Checked {
    let (subject, sample) = (&run.subject, &run.sample);
    let Some(row) = run.rows.last() else { return Ok(()) };
    let answers = [
        ("a new row", sample.try_create(subject, run.number()).await?),
        ("a change", sample.try_change(subject, row, run.number()).await?),
        ("a deletion", subject.send(subject.at("DELETE", &row.url)).await?),
    ];
    for (what, answer) in answers {
        must!(C1, answer.status == 421, "during a fence {what} is answered {}", answer.shown());
        let primary = answer.header("banyan-primary");
        must!(C1, primary.is_none(), "during a fence {what} names the primary {primary:?}");
    }
    unwritten(run, fenced.position, C1).await
}

/// The feed has no row behind a place.
async fn unwritten(run: &Run, place: u64, rule: crate::Rule) -> Checked {
    let mut reader = Reader::new();
    reader.cursor = replication::FeedCursor::all(place);
    let page = reader.page(&run.subject, 10_000, 0).await?;
    match page.rows().next() {
        Some(row) => {
            let found =
                format!("the row {} was written behind the fence at {place}", row.key.shown());
            Err(Stop::Broken(rule, found))
        }
        None => Ok(()),
    }
}

/// A fence that passes by itself.
async fn passes(run: &mut Run, epoch: u64) -> Checked {
    let start = Instant::now();
    let body = json!({"id": "check-short", "epoch": epoch, "ms": SHORT.as_millis() as u64});
    run.subject.done("fence", body).await?;
    loop {
        let asked = start.elapsed();
        let answer = run.sample.try_create(&run.subject, run.number()).await?;
        match answer.status {
            421 => {
                must!(S2, asked < END, "a fence of {SHORT:?} still refuses writes after {asked:?}")
            }
            200..300 => {
                let early = start.elapsed() < SHORT;
                must!(
                    S2,
                    !early,
                    "a fence of {SHORT:?} let a write through after {:?}",
                    start.elapsed()
                );
                run.rows.push(made(&run.subject, &answer)?);
                return Ok(());
            }
            _ => {
                return Err(Stop::Failed(format!(
                    "a write after a fence is answered {}",
                    answer.shown()
                )));
            }
        }
    }
}

/// A fence among many writers: what is answered is in the feed up to the fence, and nothing comes behind it.
async fn race(run: &mut Run, epoch: u64) -> Checked {
    let mut reader = Reader::new();
    reader.until(&run.subject, 10_000, run.subject.ownership().await?.position).await?;
    let shared = &*run;
    let writer = async |_| {
        let mut stored = Vec::new();
        // Until the fence is there.
        for _ in 0..10_000 {
            let answer = shared.sample.try_create(&shared.subject, shared.number()).await?;
            match answer.status {
                421 => break,
                200..300 => stored.push(made(&shared.subject, &answer)?),
                _ => return Err(Stop::Failed(format!("a write is answered {}", answer.shown()))),
            }
        }
        Ok(stored)
    };
    let body = json!({"id": "check-race", "epoch": epoch, "ms": LONG_MS});
    let writers = join_all((0..4).map(writer));
    let (fenced, stored) = join(shared.subject.done("fence", body), writers).await;
    let fenced = fenced?;
    let stored = stored.into_iter().collect::<Checked<Vec<_>>>()?;
    let stored: Vec<_> = stored.into_iter().flatten().collect();
    let before = reader.rows.len();
    reader.until(&run.subject, 10_000, fenced.position).await?;
    let new = reader.rows.len() - before;
    let answered = stored.len();
    must!(
        S1,
        new == answered,
        "{answered} new rows were answered, and up to the fence at {} the feed has {new}",
        fenced.position
    );
    run.rows.extend(stored);
    unwritten(run, fenced.position, S1).await?;
    run.subject.done("release", json!({"id": "check-race"})).await.map(drop)
}
