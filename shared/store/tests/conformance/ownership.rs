//! Which program may write to one store.

use std::time::Duration;

use models::Cell;
use store::{MAX_FENCE, MoveError, Position, Precondition, Role, Store, StoreError};

use crate::engine::Engine;
use crate::moving::{FENCE, insert, key, ownership, peer, rows, until};
use crate::record::{NOTES, note};

/// Tries every kind of write, each with an input that would be refused for another reason too.
async fn refusals(store: &Store) -> Vec<Option<String>> {
    let change = Box::new(|present: &[Cell]| Ok(present.to_vec()));
    let refused = [
        store.insert(&NOTES, note("a", 1), None).await.map(drop),
        store.insert(&NOTES, note("a", 1), key("k")).await.map(drop),
        store.update(&NOTES, 999, Precondition::default(), change).await.map(drop),
        store.delete(&NOTES, 999, Precondition::default()).await,
        store.seed(&NOTES, vec![note("a", 1)]).await.map(drop),
    ];
    let primary = |refused: Result<(), StoreError>| match refused {
        Err(StoreError::NotPrimary { primary }) => primary,
        other => panic!("it was not refused: {other:?}"),
    };
    refused.into_iter().map(primary).collect()
}

pub(crate) async fn a_new_store_is_primary_of_the_first_epoch(engine: Engine) {
    let store = engine.open().await;
    let first = ownership(&store).await;
    assert_eq!((first.role, first.epoch, first.rows), (Role::Primary, 1, false));
    assert_eq!(first.collection, "notes");
    assert!(first.followed.is_none() && first.successor.is_none() && first.handover.is_none());
    assert_eq!(store.role(&NOTES), Role::Primary);
    insert(&store, "a").await;
    let second = ownership(&engine.open().await).await;
    assert!(second.rows && second.position > first.position);
    assert_eq!((&second.store, &second.lineage), (&first.store, &first.lineage));
    assert_ne!(second.run, first.run);
    let other = ownership(&engine.another().await.open().await).await;
    assert!(other.store != first.store && other.lineage != first.lineage);
}

pub(crate) async fn a_fenced_store_refuses_every_write_and_stores_nothing(engine: Engine) {
    let store = engine.open().await;
    insert(&store, "a").await;
    let fenced = store.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    assert_eq!(fenced.fence.as_ref().map(|fence| fence.id.as_str()), Some("h"));
    assert_eq!(fenced.position, store.position(&NOTES).at);
    assert_eq!(refusals(&store).await, vec![None; 5], "no other store is the primary");
    assert_eq!(ownership(&store).await.position, fenced.position);
    assert_eq!(rows(&store).await.len(), 1, "reads go on");
    let free = store.release(&NOTES, "h").await.unwrap();
    assert_eq!(free.fence, None);
    insert(&store, "b").await;
    store.release(&NOTES, "h").await.unwrap();
}

pub(crate) async fn a_fence_passes_by_itself(engine: Engine) {
    let store = engine.open().await;
    // On a machine that does much else, it may have passed before the write comes.
    until(async || {
        store.fence(&NOTES, "h", 1, Duration::from_millis(300)).await.unwrap();
        let early = store.insert(&NOTES, note("early", 1), None).await;
        matches!(early, Err(StoreError::NotPrimary { primary: None }))
    })
    .await;
    until(async || store.insert(&NOTES, note("late", 1), None).await.is_ok()).await;
    assert_eq!(ownership(&store).await.fence, None);
    let to = peer(&engine.another().await.open().await).await;
    let handover = store.handover(&NOTES, "h", 1, to).await;
    assert!(matches!(handover, Err(MoveError::NotFenced { .. })), "{handover:?}");
    // A clock that was set back by hours does not make it last for hours.
    let hours = "UPDATE banyan_ownership SET fenced_until = fenced_until + 36000000";
    store.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    engine.execute(hours).await;
    insert(&store, "anyway").await;
}

pub(crate) async fn a_fence_belongs_to_its_id(engine: Engine) {
    let store = engine.open().await;
    let first = store.fence(&NOTES, "one", 1, Duration::from_secs(20)).await.unwrap();
    let other = store.fence(&NOTES, "two", 1, FENCE).await;
    assert!(matches!(other, Err(MoveError::Fenced { by }) if by == "one"));
    let other = store.release(&NOTES, "two").await;
    assert!(matches!(other, Err(MoveError::Fenced { .. })));
    let again = store.fence(&NOTES, "one", 1, FENCE).await.unwrap();
    assert!(again.fence.unwrap().until_ms > first.fence.unwrap().until_ms, "it lasts longer now");
    let wrong = store.fence(&NOTES, "one", 2, FENCE).await;
    assert!(matches!(wrong, Err(MoveError::OtherEpoch { asked: 2, present: 1 })));
    let long = store.fence(&NOTES, "one", 1, MAX_FENCE + Duration::from_secs(1)).await;
    assert!(matches!(long, Err(MoveError::FenceTooLong)));
    let to = peer(&engine.another().await.open().await).await;
    let handover = store.handover(&NOTES, "two", 1, to).await;
    assert!(matches!(handover, Err(MoveError::Fenced { .. })));
}

pub(crate) async fn only_a_fenced_store_hands_over_and_only_once(engine: Engine) {
    let store = engine.open().await;
    insert(&store, "a").await;
    let (one, two) = (engine.another().await, engine.another().await);
    let (one, two) = (peer(&one.open().await).await, peer(&two.open().await).await);
    let early = store.handover(&NOTES, "h", 1, one.clone()).await;
    assert!(matches!(early, Err(MoveError::NotFenced { .. })), "{early:?}");
    store.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    let wrong = store.handover(&NOTES, "h", 7, one.clone()).await;
    assert!(matches!(wrong, Err(MoveError::OtherEpoch { asked: 7, present: 1 })));
    let itself = store.handover(&NOTES, "h", 1, peer(&store).await).await;
    assert!(matches!(itself, Err(MoveError::Itself)));
    let handover = store.handover(&NOTES, "h", 1, one.clone()).await.unwrap();
    assert_eq!((handover.epoch, handover.last_id, &handover.to), (2, 1, &one));
    assert_eq!(store.handover(&NOTES, "h", 1, one.clone()).await.unwrap(), handover, "a repeat");
    let second = store.handover(&NOTES, "h", 1, two).await;
    assert!(matches!(second, Err(MoveError::HandedOver { epoch: 2, .. })), "{second:?}");
    let found = ownership(&store).await;
    assert_eq!((found.handover, found.position), (Some(handover.clone()), handover.position));
}

pub(crate) async fn a_handed_over_store_takes_no_write_and_names_its_successor(engine: Engine) {
    let store = engine.open().await;
    insert(&store, "a").await;
    let to = peer(&engine.another().await.open().await).await;
    store.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    store.handover(&NOTES, "h", 1, to.clone()).await.unwrap();
    assert_eq!(store.role(&NOTES), Role::Follower);
    let check = async |store: &Store| {
        assert_eq!(refusals(store).await, vec![Some(to.url.clone()); 5]);
        let found = ownership(store).await;
        assert_eq!((found.role, found.epoch), (Role::Follower, 1));
        assert_eq!((found.followed, found.successor.as_ref()), (None, Some(&to)));
        for refused in
            [store.fence(&NOTES, "h", 1, FENCE).await.map(drop), store.heartbeat(&NOTES).await]
        {
            let primary = Some(to.url.clone());
            assert!(
                matches!(refused, Err(MoveError::NotPrimary { primary: o, .. }) if o == primary)
            );
        }
        // Nothing may take its rows away: the successor may not have read them.
        for refused in [
            store.cancel(&NOTES).await,
            store.retire(&NOTES, false).await,
            store.follow(&NOTES, to.clone(), &found.lineage, 1, None).await,
        ] {
            assert!(matches!(refused, Err(MoveError::HandoverOpen { .. })), "{refused:?}");
        }
        store.release(&NOTES, "h").await.unwrap();
        assert_eq!(rows(store).await.len(), 1);
    };
    check(&store).await;
    store.close().await;
    check(&engine.open().await).await;
    let moved = store::Peer { url: "http://elsewhere/api/notes".into(), ..to };
    let store = engine.open().await;
    let found = store.readdress(&NOTES, moved.clone()).await.unwrap();
    assert_eq!(found.successor, Some(moved));
    let stranger = store::Peer { store: "stranger".into(), url: String::new() };
    let refused = store.readdress(&NOTES, stranger).await;
    assert!(matches!(refused, Err(MoveError::NoSuccessor)));
}

pub(crate) async fn a_handover_is_taken_back_by_force_only(engine: Engine) {
    let store = engine.open().await;
    insert(&store, "a").await;
    let never = store.take(&NOTES, 2).await;
    assert!(matches!(never, Err(MoveError::NeverHandedOver { epoch: 2 })));
    let to = peer(&engine.another().await.open().await).await;
    store.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    for follower in ["another", to.store.as_str()] {
        store.passed(&NOTES, follower, 1).await.unwrap();
    }
    store.handover(&NOTES, "h", 1, to).await.unwrap();
    let taken = store.take(&NOTES, 2).await.unwrap();
    let followers = store.followers(&NOTES).await.unwrap();
    let followers: Vec<_> = followers.iter().map(|seen| seen.store.as_str()).collect();
    assert_eq!(followers, ["another"], "a lost follower is not waited for");
    assert_eq!((taken.role, taken.epoch, taken.successor), (Role::Primary, 3, None));
    assert_eq!(store.take(&NOTES, 2).await.unwrap().epoch, 3, "a repeat");
    // The lost store may have given some ids above the last one that is known here.
    assert_eq!(insert(&store, "b").await, 1_000_002);
    assert!(store.position(&NOTES) > Position { epoch: 3, at: taken.since });
    // A successor that comes late does not read of its handover any more.
    let page = store.changes(&NOTES, &store::FeedCursor::START, None, 100).await.unwrap();
    assert!(!page.entries.iter().any(|entry| matches!(entry, store::Entry::Handover(_))));
}

pub(crate) async fn a_primary_gives_way_to_a_later_epoch_only(engine: Engine) {
    let store = engine.open().await;
    insert(&store, "a").await;
    let lineage = ownership(&store).await.lineage;
    let to = peer(&engine.another().await.open().await).await;
    let itself = store.give_way(&NOTES, peer(&store).await, &lineage, 2).await;
    assert!(matches!(itself, Err(MoveError::Itself)));
    let stranger = store.give_way(&NOTES, to.clone(), "other", 2).await;
    assert!(matches!(stranger, Err(MoveError::OtherLineage)));
    let same = store.give_way(&NOTES, to.clone(), &lineage, 1).await;
    assert!(matches!(same, Err(MoveError::OtherEpoch { asked: 1, present: 1 })));
    assert_eq!(insert(&store, "b").await, 2);
    store.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    let retired = store.give_way(&NOTES, to.clone(), &lineage, 2).await.unwrap();
    assert_eq!((retired.role, retired.superseded, retired.fence), (Role::Retired, true, None));
    assert_eq!(retired.successor.as_ref(), Some(&to));
    assert_eq!(refusals(&store).await, vec![Some(to.url.clone()); 5]);
    assert_eq!(rows(&store).await.len(), 2, "all that it has stays");
    let again = store.give_way(&NOTES, to, &lineage, 3).await;
    assert!(matches!(again, Err(MoveError::NotPrimary { role: Role::Retired, .. })));
}

pub(crate) async fn the_cached_position_is_that_of_the_last_write(engine: Engine) {
    let store = engine.open().await;
    let mut last = store.position(&NOTES);
    assert_eq!(last.epoch, 1);
    for title in ["a", "b", "c"] {
        insert(&store, title).await;
        let position = store.position(&NOTES);
        assert!(position > last);
        assert_eq!(position.at, ownership(&store).await.position);
        last = position;
    }
    store.close().await;
    let store = engine.open().await;
    assert_eq!(store.position(&NOTES), last, "a new program knows it at once");
}
