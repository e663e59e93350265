//! The played store hands the collection back.

use std::time::{Duration, Instant};

use replication::{Entry, Peer, SideStatus};
use serde_json::{Value, from_value, json};

use super::pages::Reader;
use crate::Rule::{C1, C4, C5, C6, T7};
use crate::other_side::OtherSide;
use crate::run::Run;
use crate::stop::{Checked, Stop, must};

/// How long the promotion may take, on a machine with much to do.
const END: Duration = Duration::from_secs(30);
/// So many numbers more than the program has seen were given by the played store.
const GIVEN: u64 = 1_000;

/// The program becomes primary with the handover, and with nothing behind it.
pub(super) async fn check(
    run: &mut Run,
    other: &OtherSide,
    handed_over: &SideStatus,
    mut reader: Reader,
) -> Checked {
    let to = Peer { store: handed_over.store.clone(), url: run.subject.url.clone() };
    let last_id = handed_over.handover.as_ref().map_or(0, |handover| handover.last_id) + GIVEN;
    let before = reader.rows.len();
    // A row that exists: a program that applies it deletes it.
    let Some((key, (rev, _))) = reader.rows.first_key_value() else {
        return Err(Stop::Failed("the collection is empty".into()));
    };
    let behind = json!({"row": {"key": key, "rev": rev + 1_000, "createdMs": 1, "updatedMs": 3, "content": null}});
    let behind: Entry<Value> =
        from_value(behind).map_err(|error| Stop::Failed(error.to_string()))?;
    let handover = other.hand_over(&to, last_id, behind);

    let end = Instant::now() + END;
    let own = loop {
        let own = run.subject.ownership().await?;
        if own.is_primary() {
            break own;
        }
        must!(
            T7,
            Instant::now() < end,
            "the program is not primary within {END:?}: {:?}",
            own.following
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    must!(
        T7,
        own.epoch == handover.epoch,
        "the epoch {} was handed over, and the store is in {}",
        handover.epoch,
        own.epoch
    );
    let former = own.predecessor.as_ref().map(|peer| &peer.store);
    must!(
        T7,
        former == Some(&other.peer().store),
        "`predecessor` of the new primary is {former:?}"
    );
    let clear = own.followed.is_none() && own.successor.is_none();
    must!(T7, clear, "the new primary follows {:?}, successor {:?}", own.followed, own.successor);

    let made = run.create().await?;
    must!(
        C1,
        made.position.epoch == own.epoch,
        "a write of the epoch {} is at {}",
        own.epoch,
        made.position
    );
    run.held(&[C1, C4, C5]);
    let known = reader.rows.clone();
    reader.until(&run.subject, 10_000, made.position.at).await?;
    must!(
        T7,
        reader.rows.len() == before + 1,
        "{before} rows and a new one are {}: what was behind the handover was applied",
        reader.rows.len()
    );
    let new = reader.rows.keys().find(|key| !known.contains_key(*key));
    let number = new.and_then(|key| key.to_number().ok());
    let above = number.is_none_or(|number| number > last_id);
    must!(C6, above, "numbers up to {last_id} were given, and the new row got {number:?}");
    run.held(&[T7, C6]);
    run.report.leaves(format!(
        "the epoch {}, and {} as `predecessor`, which the program asks now and then",
        own.epoch, other.url
    ));
    Ok(())
}
