//! A collection is handed over to its copy, and what moves along with it.

use std::sync::Arc;

use store::{Entry, FeedCursor, Key, MoveError, Ownership, Position, Role, StoreError};

use crate::engine::Engine;
use crate::moving::{
    FENCE, catch_up, changes, delete, follow, hand_over, insert, key, ownership, peer, pull,
    rename, rows, until,
};
use crate::record::{NOTES, note};

pub(crate) async fn a_handover_makes_the_copy_primary(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    for title in ["a", "b", "c"] {
        insert(&source, title).await;
    }
    delete(&source, 3).await;
    let third = engine.another().await.open().await;
    follow(&copy, &source).await;
    follow(&third, &source).await;
    source.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    catch_up(&copy, &source, 100).await;
    assert!(copy.insert(&NOTES, note("early", 1), None).await.is_err());
    source.handover(&NOTES, "h", 1, peer(&copy).await).await.unwrap();
    until(async || pull(&copy, &source, 100).await.unwrap().0.promoted).await;
    let found = ownership(&copy).await;
    assert_eq!((found.role, found.epoch), (Role::Primary, 2));
    assert!(found.followed.is_none() && found.successor.is_none());
    assert_eq!(copy.role(&NOTES), Role::Primary);
    assert!(copy.position(&NOTES) >= Position { epoch: 2, at: found.since });
    assert_eq!(insert(&copy, "d").await, 4, "ids go on, above a deleted row's too");
    // Another follower reads of the handover and is not meant.
    catch_up(&third, &source, 100).await;
    assert_eq!(ownership(&third).await.role, Role::Follower);
    // Wrong steps back.
    let Ownership { since, run, .. } = found;
    let stranger = peer(&third).await;
    let refused = source.follow_back(&NOTES, stranger, 2, since, &run).await;
    assert!(matches!(refused, Err(MoveError::NeverHandedOver { epoch: 2 })));
    let refused = source.follow_back(&NOTES, peer(&copy).await, 3, since, &run).await;
    assert!(matches!(refused, Err(MoveError::NeverHandedOver { epoch: 3 })));
    let refused = copy.follow_back(&NOTES, peer(&source).await, 2, since, &run).await;
    assert!(matches!(refused, Err(MoveError::NotFollower { role: Role::Primary })));
    for _ in 0..2 {
        source.follow_back(&NOTES, peer(&copy).await, 2, since, &run).await.unwrap();
    }
    catch_up(&source, &copy, 100).await;
    assert_eq!(rows(&source).await, rows(&copy).await);
    let refused = pull(&third, &source, 100).await;
    assert!(matches!(refused, Err(MoveError::SourceFollows)), "{refused:?}");
}

pub(crate) async fn an_id_whose_tombstone_is_purged_is_not_given_by_the_next_primary(
    engine: Engine,
) {
    for empty in [false, true] {
        let (database, copy) = (engine.another().await, engine.another().await.open().await);
        let source = database.open().await;
        insert(&source, "a").await;
        delete(&source, insert(&source, "b").await).await;
        if empty {
            delete(&source, 1).await;
        }
        database
            .execute("UPDATE notes SET updated_at = updated_at - 604801000 WHERE deleted")
            .await;
        let purged = source.purge_tombstones(&NOTES, std::time::Duration::ZERO).await.unwrap();
        assert_eq!(purged, 1 + u64::from(empty));
        follow(&copy, &source).await;
        hand_over(&source, &copy).await;
        assert_eq!(insert(&copy, "c").await, 3);
    }
}

pub(crate) async fn ownership_goes_there_and_back_and_there_again(engine: Engine) {
    let (one, two) = (engine.open().await, engine.another().await.open().await);
    insert(&one, "1").await;
    follow(&two, &one).await;
    catch_up(&two, &one, 100).await;
    let mut ids = vec![1];
    for round in 0..2 {
        for (from, to) in [(&one, &two), (&two, &one)] {
            hand_over(from, to).await;
            let id = insert(to, &format!("{round} {}", ids.len())).await;
            // The highest id goes: it must not be given again by the other store.
            delete(to, id).await;
            ids.push(id);
            ids.push(insert(to, &format!("{round} {}", ids.len())).await);
            let refused = from.insert(&NOTES, note("lost", 1), None).await;
            assert!(matches!(refused, Err(StoreError::NotPrimary { primary: Some(_) })));
            catch_up(from, to, 100).await;
            assert_eq!(rows(from).await, rows(to).await);
            assert_eq!(from.position(&NOTES).epoch, to.position(&NOTES).epoch);
        }
    }
    assert_eq!(ids, (1..=9).collect::<Vec<_>>(), "no id is given twice");
    let (one, two) = (ownership(&one).await, ownership(&two).await);
    assert_eq!((one.role, one.epoch), (Role::Primary, 5));
    assert_eq!((two.role, two.epoch), (Role::Follower, 5));
    assert_eq!(one.lineage, two.lineage);
}

pub(crate) async fn a_first_answer_is_found_after_a_promotion(engine: Engine) {
    let (one, two) = (engine.open().await, engine.another().await.open().await);
    follow(&two, &one).await;
    let first = one.insert(&NOTES, note("a", 1), key("k")).await.unwrap();
    rename(&one, first.id, "changed since").await;
    let gone = one.insert(&NOTES, note("b", 1), key("gone")).await.unwrap();
    delete(&one, gone.id).await;
    hand_over(&one, &two).await;
    for (sent, first) in [("k", &first), ("gone", &gone)] {
        let again = two.insert(&NOTES, note("x", 1), key(sent)).await.unwrap();
        assert!(again.replayed);
        assert_eq!((again.id, &again.answer), (first.id, &first.answer));
    }
    let other = store::Idempotency { key: "k".into(), fingerprint: "another".into() };
    let reused = two.insert(&NOTES, note("x", 1), Some(other)).await;
    assert!(matches!(reused, Err(StoreError::KeyReused)));
    assert!(!two.insert(&NOTES, note("new", 1), key("l")).await.unwrap().replayed);
}

/// The source's clock says something else than the copy's by more than keys are remembered for.
pub(crate) async fn a_first_answer_is_found_whatever_the_two_clocks_say(engine: Engine) {
    const DAY_AND_HOUR_MS: i64 = 25 * 3_600_000;
    for behind in [DAY_AND_HOUR_MS, -DAY_AND_HOUR_MS] {
        let (one, two) = (engine.another().await.open().await, engine.another().await.open().await);
        let first = one.insert(&NOTES, note("a", 1), key("k")).await.unwrap();
        follow(&two, &one).await;
        let latest = ownership(&one).await.position;
        until(async || changes(&one, FeedCursor::START, 10).await.covered >= latest).await;
        let mut page = changes(&one, FeedCursor::START, 10).await;
        page.now_ms -= behind;
        for entry in &mut page.entries {
            if let Entry::Row(row) = entry {
                row.idempotency.iter_mut().for_each(|key| key.created_ms -= behind);
            }
        }
        two.apply(&NOTES, FeedCursor::START, Arc::new(page)).await.unwrap();
        hand_over(&one, &two).await;
        let again = two.insert(&NOTES, note("a", 1), key("k")).await.unwrap();
        assert!(again.replayed && again.id == first.id, "{again:?}");
        // It is forgotten a day after it came all the same, and not one day and an hour.
        catch_up(&one, &two, 100).await;
        let keys = |entry: &Entry<_>| match entry {
            Entry::Row(row) => row.idempotency.iter().map(|key| key.created_ms).collect(),
            Entry::Heartbeat { .. } | Entry::Handover(_) => Vec::new(),
        };
        let page = changes(&two, FeedCursor::START, 10).await;
        let came: Vec<i64> = page.entries.iter().flat_map(keys).collect();
        assert!(came.len() == 1 && (page.now_ms - came[0]).abs() < 3_600_000, "{came:?}");
    }
}

/// Whatever a lost primary has made of a row, no other state of it gets the same rev.
pub(crate) async fn revs_leave_room_after_a_forced_take_and_the_room_moves_along(engine: Engine) {
    let (one, lost) = (engine.open().await, engine.another().await.open().await);
    for title in ["a", "b", "c", "d"] {
        insert(&one, title).await;
    }
    follow(&lost, &one).await;
    hand_over(&one, &lost).await;
    for count in 0..5 {
        rename(&lost, 1, &format!("lost {count}")).await;
        rename(&lost, 2, &format!("lost too {count}")).await;
    }
    catch_up(&one, &lost, 100).await;
    one.take(&NOTES, 2).await.unwrap();
    let rev = async |store: &store::Store, id| store.get(&NOTES, id).await.unwrap().unwrap().rev;
    assert_eq!(rev(&one, 1).await, 6, "a client that has it need not read it again");
    rename(&one, 1, "found").await;
    let first = rev(&one, 1).await;
    assert!(first > 1_000_006, "{first}");
    rename(&one, 1, "found again").await;
    assert_eq!(rev(&one, 1).await, first + 1, "it goes on by ones");

    // A row that was not changed meanwhile leaves the room wherever it is changed.
    let two = engine.another().await.open().await;
    follow(&two, &one).await;
    hand_over(&one, &two).await;
    rename(&two, 2, "changed elsewhere").await;
    assert!(rev(&two, 2).await > 1_000_006);
    hand_over(&two, &one).await;
    rename(&one, 3, "changed after two moves").await;
    assert!(rev(&one, 3).await > 1_000_006);
    delete(&one, 4).await;
    let deleted = changes(&one, FeedCursor::START, 100).await.entries.into_iter().find_map(
        |entry| match entry {
            Entry::Row(row) if row.key == Key::number(4) => Some(row.rev),
            _ => None,
        },
    );
    assert!(deleted.is_some_and(|rev| rev > 1_000_006), "{deleted:?}");

    // The next forced take leaves room above all that.
    hand_over(&one, &two).await;
    one.take(&NOTES, ownership(&one).await.handover.unwrap().epoch).await.unwrap();
    rename(&one, 1, "found once more").await;
    assert!(rev(&one, 1).await > 2_000_006);
}
