//! The handover to a store that the checks play, and what comes after it.

use replication::{Entry, ErrorCode, Peer, Position, Role, SideStatus};
use serde_json::{Value, json};

use super::access::refused_as;
use super::follow_back::Changed;
use super::pages::Reader;
use super::{follow_back, promotion};
use crate::Rule::{self, F11, S6, S8, S12};
use crate::other_side::OtherSide;
use crate::run::Run;
use crate::stop::{Checked, Stop, must};
use crate::subject::document;

/// The fence of the handover.
const FENCE: &str = "check-handover";

/// Hands the collection over, has it follow, and hands it back.
pub(crate) async fn check(run: &mut Run) -> Checked {
    let own = run.subject.ownership().await?;
    let other = run.other_side(&own)?;
    let row = two_states(run).await?;
    let done = away_and_back(run, &own, &other, row).await;
    if done.is_err() {
        bring_back(run).await;
    }
    done
}

/// A row that had another content before.
async fn two_states(run: &mut Run) -> Checked<Changed> {
    let mut reader = Reader::new();
    reader.until(&run.subject, 10_000, run.subject.ownership().await?.position).await?;
    let known = reader.rows.clone();
    let made = run.create().await?;
    reader.until(&run.subject, 10_000, made.position.at).await?;
    let new = reader.rows.iter().find(|(key, _)| !known.contains_key(*key));
    let Some((key, (_, before))) = new else {
        return Err(Stop::Broken(Rule::F2, "a new row is not in the feed".into()));
    };
    let (key, before) = (key.clone(), before.clone());
    run.sample.change(&run.subject, &made, run.number()).await?;
    Ok(Changed { url: made.url, key, before })
}

async fn away_and_back(
    run: &mut Run,
    own: &SideStatus,
    other: &OtherSide,
    row: Changed,
) -> Checked {
    probes(run, other).await?;
    run.held(&[S12]);
    refusals(run, own, other).await?;
    let handed_over = hand_over(run, own, other).await?;
    last_entry(run, own, &handed_over).await?;
    run.held(&[F11]);
    repeats(run, own, other, &handed_over).await?;
    run.held(&[S6, S8]);
    let rows = follow_back::check(run, other, &handed_over, &row).await?;
    promotion::check(run, other, &handed_over, rows).await
}

/// A program that does not come back by itself takes its collection back by force.
async fn bring_back(run: &mut Run) {
    for step in [json!({"id": FENCE}), json!({})] {
        let name = if step.get("id").is_some() { "release" } else { "take" };
        // Which of the two is needed depends on how far it came.
        drop(run.subject.post(name, step).await);
    }
    let primary = run.subject.ownership().await.is_ok_and(|own| own.role == Role::Primary);
    if !primary {
        run.report.leaves("the program is not the primary of its collection".into());
    }
}

async fn probes(run: &Run, other: &OtherSide) -> Checked {
    let answer = run.subject.post("probe", json!({"peer": other.url})).await?;
    let probed = answer.json();
    let store = other.peer().store;
    let found = answer.status == 200 && probed["store"] == *store && probed["role"] == "follower";
    must!(S12, found, "a probe of {} ({store}) is answered {}", other.url, answer.shown());
    must!(S12, !other.is_untrusted(), "a probe does not show the token to the peer");
    let nothing = format!("{}-nothing", other.url);
    let answer = run.subject.post("probe", json!({"peer": nothing})).await?;
    let what = format!("a probe of {nothing}, which does not exist,");
    refused_as(S12, &what, &answer, ErrorCode::ProbeFailed)?;
    Ok(())
}

fn body(epoch: u64, to: &Peer) -> Value {
    json!({"id": FENCE, "epoch": epoch, "to": to})
}

/// What keeps a handover from being given.
async fn refusals(run: &Run, own: &SideStatus, other: &OtherSide) -> Checked {
    let subject = &run.subject;
    let answer = subject.post("handover", body(own.epoch, &other.peer())).await?;
    refused_as(S6, "a handover without a fence", &answer, ErrorCode::NotFenced)?;
    let answer = subject.post("retire", json!({"keepData": true})).await?;
    refused_as(S8, "a primary that is to retire", &answer, ErrorCode::NotFollower)?;
    let fence = json!({"id": FENCE, "epoch": own.epoch, "ms": 60_000});
    subject.done("fence", fence).await?;
    let itself = Peer { store: own.store.clone(), url: subject.url.clone() };
    let answer = subject.post("handover", body(own.epoch, &itself)).await?;
    refused_as(S6, "a handover to the store itself", &answer, ErrorCode::SameStore)?;
    let answer = subject.post("handover", body(own.epoch + 1, &other.peer())).await?;
    refused_as(Rule::S5, "a handover of a later epoch", &answer, ErrorCode::OtherEpoch)?;
    let stranger = json!({"id": "check-other", "epoch": own.epoch, "to": other.peer()});
    let answer = subject.post("handover", stranger).await?;
    refused_as(Rule::S3, "a handover by another id than the fence's", &answer, ErrorCode::Fenced)?;
    let still = subject.ownership().await?;
    must!(
        S6,
        still.is_primary() && still.handover == own.handover,
        "a handover that was refused was given"
    );
    Ok(())
}

async fn hand_over(run: &Run, own: &SideStatus, other: &OtherSide) -> Checked<SideStatus> {
    let epoch = own.epoch + 1;
    let answer = run.subject.post("handover", body(own.epoch, &other.peer())).await?;
    must!(S6, answer.status == 200, "a handover within its fence is answered {}", answer.shown());
    let after = document(&answer)?;
    let given = after.handed_over(epoch, &other.peer().store);
    must!(S6, given, "the document after the handover has {:?}", after.handover);
    let waits = after.role == Role::Follower && after.followed.is_none() && after.fence.is_none();
    must!(
        S6,
        waits,
        "after the handover the store is {}, followed {:?}, fence {:?}",
        after.role.name(),
        after.followed,
        after.fence
    );
    Ok(after)
}

/// The feed ends with the handover.
async fn last_entry(run: &Run, own: &SideStatus, handed_over: &SideStatus) -> Checked {
    let place = handed_over.handover.as_ref().map_or(0, |handover| handover.position);
    let mut reader = Reader::new();
    reader.cursor = replication::FeedCursor::all(own.position);
    let mut entries = Vec::new();
    loop {
        let page = reader.page(&run.subject, 10_000, 0).await?;
        entries.extend(page.entries);
        if !page.more {
            must!(
                F11,
                page.covered >= place,
                "the feed ends at {}, and the handover is at {place}",
                page.covered
            );
            break;
        }
    }
    let last = matches!(entries.last(), Some(Entry::Handover(handover)) if Some(handover) == handed_over.handover.as_ref());
    must!(F11, last, "the feed ends with {:?}", entries.last());
    Ok(())
}

/// The same handover again, another one, and what a store between two epochs refuses.
async fn repeats(run: &Run, own: &SideStatus, other: &OtherSide, given: &SideStatus) -> Checked {
    let subject = &run.subject;
    let answer = subject.post("handover", body(own.epoch, &other.peer())).await?;
    must!(S6, answer.status == 200, "the same handover again is answered {}", answer.shown());
    let again = document(&answer)?;
    must!(
        S6,
        again.handover == given.handover,
        "the same handover again gave {:?}",
        again.handover
    );
    let stranger = Peer { store: "another-store".into(), url: other.url.clone() };
    let answer = subject.post("handover", body(own.epoch, &stranger)).await?;
    refused_as(
        S6,
        "a handover of the same epoch to another store",
        &answer,
        ErrorCode::HandedOver,
    )?;
    let answer = subject.post("retire", json!({"keepData": true})).await?;
    refused_as(
        S8,
        "a store whose successor is not primary yet, to retire",
        &answer,
        ErrorCode::HandoverOpen,
    )?;
    let fence = json!({"id": FENCE, "epoch": own.epoch, "ms": 1_000});
    refused_as(
        Rule::S5,
        "a fence after the handover",
        &subject.post("fence", fence).await?,
        ErrorCode::NotPrimary,
    )?;
    let refused = run.sample.try_create(subject, run.number()).await?;
    must!(C1, refused.status == 421, "a write after the handover is answered {}", refused.shown());
    let named = refused.header("banyan-primary") == Some(other.url.as_str());
    must!(
        C1,
        named,
        "a write after the handover names the primary {:?}",
        refused.header("banyan-primary")
    );
    let read = subject.send(subject.at("GET", &subject.url)).await?;
    let copy = read.status == 200 && read.header("banyan-primary") == Some(other.url.as_str());
    must!(
        C4,
        copy,
        "a read after the handover is answered {}, primary {:?}",
        read.shown(),
        read.header("banyan-primary")
    );
    let never = Position { epoch: own.epoch + 1, at: 0 };
    must!(O3, !again.covers(never), "a store that waits for its successor covers the next epoch");
    Ok(())
}
