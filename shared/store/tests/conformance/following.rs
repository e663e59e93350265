//! One store that follows another, and what becomes of the two.

use std::num::NonZero;
use std::sync::Arc;

use models::Thread;
use store::{
    Changes, Entry, FeedCursor, MoveError, Ownership, Peer, Position, Role, RowRate, StoreError,
};

use crate::engine::Engine;
use crate::moving::{
    HOLD, catch_up, changes, delete, follow, hand_over, insert, key, ownership, peer, pull, rename,
    rows, until,
};
use crate::record::{Notes, note};

pub(crate) async fn only_an_unused_store_follows(engine: Engine) {
    let copy = engine.open().await;
    let source = engine.another().await.open().await;
    let source = peer(&source).await;
    let itself = copy.follow::<Notes>(peer(&copy).await, "l", 1, None).await;
    assert!(matches!(itself, Err(MoveError::Itself)));
    copy.hold::<Notes>("h", 1, HOLD).await.unwrap();
    let held = copy.follow::<Notes>(source.clone(), "l", 4, None).await;
    assert!(matches!(held, Err(MoveError::Held { .. })));
    copy.release::<Notes>("h").await.unwrap();

    let found = copy.follow::<Notes>(source.clone(), "l", 4, None).await.unwrap();
    assert_eq!((found.role, found.epoch, found.lineage.as_str()), (Role::Follower, 4, "l"));
    let followed = found.followed.unwrap();
    assert_eq!((followed.cursor, followed.copied), (FeedCursor::START, false));
    assert_eq!(copy.position::<Notes>(), Position::default(), "it has nothing yet");
    let refused = copy.insert::<Notes>(note("a", 1), None).await;
    assert!(matches!(refused, Err(StoreError::NotPrimary { owner: Some(o) }) if o == source.url));
    let moved = Peer { url: "http://moved/api/notes".into(), ..source.clone() };
    let again = copy.follow::<Notes>(moved.clone(), "l", 4, None).await.unwrap();
    assert_eq!(again.followed.unwrap().source, moved, "a repeat notes the address");
    let other = Peer { store: "other".into(), ..source.clone() };
    let other = copy.follow::<Notes>(other, "l", 4, None).await;
    assert!(matches!(other, Err(MoveError::Follows { source }) if source == moved));

    let used = engine.another().await.open().await;
    insert(&used, "a").await;
    let refused = used.follow::<Notes>(source.clone(), "l", 4, None).await;
    assert!(matches!(refused, Err(MoveError::InUse)));
    delete(&used, 1).await;
    let refused = used.follow::<Notes>(source, "l", 4, None).await;
    assert!(matches!(refused, Err(MoveError::InUse)), "a deleted row was a row");
}

pub(crate) async fn a_rate_is_kept_until_another_one_is_told(engine: Engine) {
    let (source, copy) = (engine.another().await.open().await, engine.open().await);
    insert(&source, "a").await;
    let (most, from) = (NonZero::new(10), peer(&source).await);
    let lineage = ownership(&source).await.lineage;
    let told = async |rate| copy.follow::<Notes>(from.clone(), &lineage, 1, rate).await.unwrap();
    assert_eq!(told(Some(RowRate(most))).await.max_rows_per_second, most);
    assert_eq!(told(None).await.max_rows_per_second, most);
    assert_eq!(pull(&copy, &source, 10).await.unwrap().0.rate, RowRate(most));
    hand_over(&source, &copy).await;
    hand_over(&copy, &source).await;
    copy.close().await;
    let copy = engine.open().await;
    assert_eq!(ownership(&copy).await.max_rows_per_second, most, "it follows again");
    let told = copy.follow::<Notes>(from, &lineage, 3, Some(RowRate(None))).await.unwrap();
    assert_eq!(told.max_rows_per_second, None);
}

pub(crate) async fn a_page_that_does_not_fit_is_refused(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    insert(&source, "a").await;
    let page = changes(&source, FeedCursor::START, 10).await;
    let start = FeedCursor::START;
    let early = copy.apply::<Notes>(start, Arc::new(page.clone())).await;
    assert!(matches!(early, Err(MoveError::NotFollower { role: Role::Primary })));
    follow(&copy, &source).await;
    let apply =
        async |from, page: Changes<_>| copy.apply::<Notes>(from, Arc::new(page)).await.unwrap_err();
    let wrong = Changes { store: "other".into(), ..page.clone() };
    assert!(matches!(apply(start, wrong).await, MoveError::OtherSource { .. }));
    let wrong = Changes { lineage: "other".into(), ..page.clone() };
    assert!(matches!(apply(start, wrong).await, MoveError::OtherLineage));
    let wrong = Changes { epoch: 0, ..page.clone() };
    assert!(matches!(apply(start, wrong).await, MoveError::OldEpoch { page: 0, followed: 1 }));
    let wrong = Changes { epoch: 2, role: Role::Follower, ..page.clone() };
    assert!(matches!(apply(start, wrong).await, MoveError::SourceFollows));
    let elsewhere = FeedCursor { position: 1, id: 1 };
    let refused = apply(elsewhere, page.clone()).await;
    assert!(matches!(refused, MoveError::OtherCursor { present: FeedCursor::START }));
    assert!(rows(&copy).await.is_empty());
    copy.apply::<Notes>(start, Arc::new(page.clone())).await.unwrap();
    // A page is applied once.
    assert!(matches!(apply(start, page).await, MoveError::OtherCursor { .. }));
}

/// A source of an older version knows its runs, and no places beside them.
pub(crate) async fn a_source_is_told_what_it_has_heard_in_its_own_words(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    insert(&source, "a").await;
    follow(&copy, &source).await;
    let page = changes(&source, FeedCursor::START, 10).await;
    let mut older = serde_json::to_value(page).unwrap();
    older.as_object_mut().unwrap().remove("heard");
    let older: Changes<Thread> = serde_json::from_value(older).unwrap();
    let run = older.run.clone();
    copy.apply::<Notes>(FeedCursor::START, Arc::new(older)).await.unwrap();
    assert_eq!(ownership(&copy).await.followed.unwrap().run, Some(run));
}

pub(crate) async fn a_copy_has_everything_as_it_is(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    for count in 0..20 {
        insert(&source, &format!("{count}")).await;
    }
    for id in [3, 7, 20] {
        delete(&source, id).await;
    }
    rename(&source, 5, "five").await;
    follow(&copy, &source).await;
    catch_up(&copy, &source, 6).await;
    assert_eq!(rows(&copy).await, rows(&source).await);
    let found = ownership(&copy).await;
    let followed = found.followed.unwrap();
    assert!(followed.copied);
    assert_eq!(followed.covered, copy.position::<Notes>());
    // The copy's own feed gives the same rows, tombstones too.
    let of = async |store: &store::Store| {
        let latest = ownership(store).await.position;
        until(async || changes(store, FeedCursor::START, 100).await.covered >= latest).await;
        let mut entries = changes(store, FeedCursor::START, 100).await.entries;
        entries.retain(|entry| matches!(entry, Entry::Row(_)));
        entries.sort_by_key(|entry| match entry {
            Entry::Row(row) => row.id,
            Entry::Heartbeat { .. } | Entry::Grant(_) => 0,
        });
        entries
    };
    assert_eq!(of(&copy).await, of(&source).await);
}

pub(crate) async fn who_waits_for_a_copy_is_woken_by_a_page_without_rows(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    insert(&source, "a").await;
    follow(&copy, &source).await;
    catch_up(&copy, &source, 10).await;
    let mut changed = copy.changed::<Notes>();
    changed.borrow_and_update();
    source.heartbeat::<Notes>().await.unwrap();
    catch_up(&copy, &source, 10).await;
    assert!(changed.has_changed().unwrap(), "it covers more");
    assert_eq!(changed.borrow().position, copy.position::<Notes>());
}

pub(crate) async fn a_copy_goes_on_where_it_ended(engine: Engine) {
    let (source, target) = (engine.open().await, engine.another().await);
    for count in 0..10 {
        insert(&source, &format!("{count}")).await;
    }
    let copy = target.open().await;
    follow(&copy, &source).await;
    until(async || pull(&copy, &source, 4).await.unwrap().0.rows == 4).await;
    let before = ownership(&copy).await.followed.unwrap();
    assert!(!before.copied);
    copy.close().await;
    drop(copy);
    let copy = target.open().await;
    assert_eq!(ownership(&copy).await.followed.unwrap(), before);
    assert_eq!(copy.role::<Notes>(), Role::Follower);
    assert_eq!(copy.position::<Notes>(), before.covered);
    catch_up(&copy, &source, 4).await;
    assert_eq!(rows(&copy).await, rows(&source).await);
    rename(&source, 1, "one").await;
    catch_up(&copy, &source, 4).await;
    assert_eq!(copy.get::<Notes>(1).await.unwrap(), source.get::<Notes>(1).await.unwrap());
}

pub(crate) async fn a_grant_makes_the_copy_primary(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    for title in ["a", "b", "c"] {
        insert(&source, title).await;
    }
    delete(&source, 3).await;
    let third = engine.another().await.open().await;
    follow(&copy, &source).await;
    follow(&third, &source).await;
    source.hold::<Notes>("h", 1, HOLD).await.unwrap();
    catch_up(&copy, &source, 100).await;
    assert!(copy.insert::<Notes>(note("early", 1), None).await.is_err());
    source.grant::<Notes>("h", 1, peer(&copy).await).await.unwrap();
    until(async || pull(&copy, &source, 100).await.unwrap().0.promoted).await;
    let found = ownership(&copy).await;
    assert_eq!((found.role, found.epoch), (Role::Primary, 2));
    assert!(found.followed.is_none() && found.successor.is_none());
    assert_eq!(copy.role::<Notes>(), Role::Primary);
    assert!(copy.position::<Notes>() >= Position { epoch: 2, at: found.since });
    assert_eq!(insert(&copy, "d").await, 4, "ids go on, above a deleted row's too");
    // Another follower reads of the grant and is not meant.
    catch_up(&third, &source, 100).await;
    assert_eq!(ownership(&third).await.role, Role::Follower);
    // Wrong steps back.
    let Ownership { since, run, .. } = found;
    let stranger = peer(&third).await;
    let refused = source.follow_back::<Notes>(stranger, 2, since, &run).await;
    assert!(matches!(refused, Err(MoveError::NeverGranted { epoch: 2 })));
    let refused = source.follow_back::<Notes>(peer(&copy).await, 3, since, &run).await;
    assert!(matches!(refused, Err(MoveError::NeverGranted { epoch: 3 })));
    let refused = copy.follow_back::<Notes>(peer(&source).await, 2, since, &run).await;
    assert!(matches!(refused, Err(MoveError::NotFollower { role: Role::Primary })));
    for _ in 0..2 {
        source.follow_back::<Notes>(peer(&copy).await, 2, since, &run).await.unwrap();
    }
    catch_up(&source, &copy, 100).await;
    assert_eq!(rows(&source).await, rows(&copy).await);
    let refused = pull(&third, &source, 100).await;
    assert!(matches!(refused, Err(MoveError::SourceFollows)), "{refused:?}");
}

pub(crate) async fn an_id_whose_tombstone_is_purged_is_not_given_by_the_next_owner(engine: Engine) {
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
        let purged = source.purge_tombstones::<Notes>(std::time::Duration::ZERO).await.unwrap();
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
            let refused = from.insert::<Notes>(note("lost", 1), None).await;
            assert!(matches!(refused, Err(StoreError::NotPrimary { owner: Some(_) })));
            catch_up(from, to, 100).await;
            assert_eq!(rows(from).await, rows(to).await);
            assert_eq!(from.position::<Notes>().epoch, to.position::<Notes>().epoch);
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
    let first = one.insert::<Notes>(note("a", 1), key("k")).await.unwrap();
    rename(&one, first.id, "changed since").await;
    let gone = one.insert::<Notes>(note("b", 1), key("gone")).await.unwrap();
    delete(&one, gone.id).await;
    hand_over(&one, &two).await;
    for (sent, first) in [("k", &first), ("gone", &gone)] {
        let again = two.insert::<Notes>(note("x", 1), key(sent)).await.unwrap();
        assert!(again.replayed);
        assert_eq!((again.id, &again.answer), (first.id, &first.answer));
    }
    let other = store::Idempotency { key: "k".into(), fingerprint: "another".into() };
    let reused = two.insert::<Notes>(note("x", 1), Some(other)).await;
    assert!(matches!(reused, Err(StoreError::KeyReused)));
    assert!(!two.insert::<Notes>(note("new", 1), key("l")).await.unwrap().replayed);
}

/// The source's clock says something else than the copy's by more than keys are remembered for.
pub(crate) async fn a_first_answer_is_found_whatever_the_two_clocks_say(engine: Engine) {
    const DAY_AND_HOUR_MS: i64 = 25 * 3_600_000;
    for behind in [DAY_AND_HOUR_MS, -DAY_AND_HOUR_MS] {
        let (one, two) = (engine.another().await.open().await, engine.another().await.open().await);
        let first = one.insert::<Notes>(note("a", 1), key("k")).await.unwrap();
        follow(&two, &one).await;
        let latest = ownership(&one).await.position;
        until(async || changes(&one, FeedCursor::START, 10).await.covered >= latest).await;
        let mut page = changes(&one, FeedCursor::START, 10).await;
        page.now.unix_ms -= behind;
        for entry in &mut page.entries {
            if let Entry::Row(row) = entry {
                row.keys.iter_mut().for_each(|key| key.created_at.unix_ms -= behind);
            }
        }
        two.apply::<Notes>(FeedCursor::START, Arc::new(page)).await.unwrap();
        hand_over(&one, &two).await;
        let again = two.insert::<Notes>(note("a", 1), key("k")).await.unwrap();
        assert!(again.replayed && again.id == first.id, "{again:?}");
        // It is forgotten a day after it came all the same, and not one day and an hour.
        catch_up(&one, &two, 100).await;
        let keys = |entry: &Entry<_>| match entry {
            Entry::Row(row) => row.keys.iter().map(|key| key.created_at.unix_ms).collect(),
            Entry::Heartbeat { .. } | Entry::Grant(_) => Vec::new(),
        };
        let page = changes(&two, FeedCursor::START, 10).await;
        let came: Vec<i64> = page.entries.iter().flat_map(keys).collect();
        assert!(came.len() == 1 && (page.now.unix_ms - came[0]).abs() < 3_600_000, "{came:?}");
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
    one.take::<Notes>(2).await.unwrap();
    let rev = async |store: &store::Store, id| store.get::<Notes>(id).await.unwrap().unwrap().rev;
    assert_eq!(rev(&one, 1).await, 6, "who reads what it has need not read it again");
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
            Entry::Row(row) if row.id == 4 => Some(row.rev),
            _ => None,
        },
    );
    assert!(deleted.is_some_and(|rev| rev > 1_000_006), "{deleted:?}");

    // The next forced take leaves room above all that.
    hand_over(&one, &two).await;
    one.take::<Notes>(ownership(&one).await.grant.unwrap().epoch).await.unwrap();
    rename(&one, 1, "found once more").await;
    assert!(rev(&one, 1).await > 2_000_006);
}

pub(crate) async fn unique_values_may_change_hands_within_a_page_and_across_pages(engine: Engine) {
    for limit in [1, 2, 100] {
        let (source, target) = (engine.another().await.open().await, engine.another().await);
        let copy = target.open().await;
        for title in ["a", "b", "c", "d"] {
            insert(&source, title).await;
        }
        follow(&copy, &source).await;
        catch_up(&copy, &source, 100).await;
        // 1 and 2 swap; 4 takes the name of 3, which is deleted, and 3's name goes round.
        rename(&source, 1, "between").await;
        rename(&source, 2, "A").await;
        rename(&source, 1, "B").await;
        delete(&source, 3).await;
        rename(&source, 4, "c").await;
        rename(&source, 2, "e").await;
        insert(&source, "a").await;
        rename(&source, 2, "d").await;
        rename(&source, 1, "bb").await;
        until(async || {
            pull(&copy, &source, limit).await.unwrap();
            // Whatever is there is a row that was there at some time.
            assert!(rows(&copy).await.iter().all(|row| !row.content.title.is_empty()));
            rows(&copy).await == rows(&source).await
        })
        .await;
        hand_over(&source, &copy).await;
        // The copy keeps names apart again.
        for taken in ["A", "c", "D", "bb"] {
            let refused = copy.insert::<Notes>(note(taken, 1), None).await;
            assert!(matches!(refused, Err(StoreError::Taken { .. })), "{taken}: {refused:?}");
        }
        for free in ["b", "between", "e"] {
            insert(&copy, free).await;
        }
    }
}

pub(crate) async fn a_cancelled_copy_leaves_nothing(engine: Engine) {
    let (source, target) = (engine.open().await, engine.another().await);
    let copy = target.open().await;
    let before = ownership(&copy).await;
    source.insert::<Notes>(note("a", 1), key("k")).await.unwrap();
    insert(&source, "b").await;
    delete(&source, 2).await;
    follow(&copy, &source).await;
    catch_up(&copy, &source, 100).await;
    copy.passed::<Notes>("somebody", 1).await.unwrap();
    let refused = source.cancel::<Notes>().await;
    assert!(matches!(refused, Err(MoveError::NotFollower { .. })), "a primary is no copy");
    let free = copy.cancel::<Notes>().await.unwrap();
    assert_eq!((free.role, free.epoch, free.rows), (Role::Primary, 1, false));
    assert!(free.followed.is_none() && free.successor.is_none());
    assert!(free.store != before.store && free.lineage != before.lineage);
    assert_eq!(copy.position::<Notes>().epoch, 1);
    assert!(rows(&copy).await.is_empty() && copy.followers::<Notes>().await.unwrap().is_empty());
    let again = copy.cancel::<Notes>().await.unwrap();
    assert_eq!(again.store, free.store, "a repeat changes nothing");
    assert_eq!(copy.first_answer::<Notes>(&key("k").unwrap()).await.unwrap(), None);
    for _ in 0..2 {
        follow(&copy, &source).await;
        catch_up(&copy, &source, 100).await;
        assert_eq!(rows(&copy).await, rows(&source).await);
        copy.cancel::<Notes>().await.unwrap();
    }
}

pub(crate) async fn a_cancelled_copy_owns_nothing_until_it_follows_again(engine: Engine) {
    let (source, target) = (engine.open().await, engine.another().await);
    let copy = target.open().await;
    assert_eq!(ownership(&copy).await.forwarded, None);
    insert(&source, "a").await;
    follow(&copy, &source).await;
    catch_up(&copy, &source, 100).await;
    copy.cancel::<Notes>().await.unwrap();
    let owner = Some(peer(&source).await.url);
    let check = async |copy: &store::Store| {
        let found = ownership(copy).await;
        assert_eq!((found.forwarded, copy.role::<Notes>()), (owner.clone(), Role::Retired));
        let written = copy.insert::<Notes>(note("own", 1), None).await;
        assert!(matches!(written, Err(StoreError::NotPrimary { owner: o }) if o == owner));
        let seeded = copy.seed::<Notes>(vec![note("own", 1)]).await;
        assert!(matches!(seeded, Err(StoreError::NotPrimary { owner: o }) if o == owner));
        for refused in [
            copy.changes::<Notes>(FeedCursor::START, None, 10).await.map(drop),
            copy.hold::<Notes>("h", 1, HOLD).await.map(drop),
            copy.heartbeat::<Notes>().await,
        ] {
            let here =
                matches!(&refused, Err(MoveError::NotPrimary { owner: o, .. }) if *o == owner);
            assert!(here, "{refused:?}");
        }
    };
    check(&copy).await;
    copy.close().await;
    let copy = target.open().await;
    check(&copy).await;
    follow(&copy, &source).await;
    catch_up(&copy, &source, 100).await;
    assert_eq!(ownership(&copy).await.forwarded, None);
    assert_eq!(rows(&copy).await, rows(&source).await);
    hand_over(&source, &copy).await;
    insert(&copy, "b").await;
}

pub(crate) async fn a_retired_store_keeps_rows_or_not(engine: Engine) {
    for keep_rows in [true, false] {
        let source = engine.another().await.open().await;
        let copy = engine.another().await.open().await;
        source.insert::<Notes>(note("a", 1), key("k")).await.unwrap();
        follow(&copy, &source).await;
        let refused = source.retire::<Notes>(keep_rows).await;
        assert!(matches!(refused, Err(MoveError::NotFollower { role: Role::Primary })));
        hand_over(&source, &copy).await;
        for _ in 0..2 {
            let found = source.retire::<Notes>(keep_rows).await.unwrap();
            assert_eq!(found.role, Role::Retired);
            assert_eq!(found.successor, Some(peer(&copy).await));
        }
        assert_eq!(rows(&source).await.len(), usize::from(keep_rows));
        let owner = Some(peer(&copy).await.url);
        let refused = source.insert::<Notes>(note("b", 1), None).await;
        assert!(matches!(refused, Err(StoreError::NotPrimary { owner: o }) if o == owner));
        let refused = source.changes::<Notes>(FeedCursor::START, None, 10).await;
        assert!(matches!(refused, Err(MoveError::NotPrimary { role: Role::Retired, .. })));
        let refused = source.cancel::<Notes>().await;
        assert!(matches!(refused, Err(MoveError::NotFollower { role: Role::Retired })));
        insert(&copy, "c").await;
    }
}

pub(crate) async fn two_programs_may_apply_to_one_database(engine: Engine) {
    let (source, target) = (engine.open().await, engine.another().await);
    for count in 0..60 {
        insert(&source, &format!("{count}")).await;
    }
    let programs = [target.open().await, target.open().await];
    follow(&programs[0], &source).await;
    let apply = async |copy: &store::Store| {
        let mut applied = 0;
        until(async || {
            match pull(copy, &source, 3).await {
                Ok((page, _)) => applied += page.rows,
                Err(MoveError::OtherCursor { .. }) => {}
                Err(error) => panic!("{error}"),
            }
            ownership(copy).await.followed.unwrap().copied
        })
        .await;
        applied
    };
    let (one, other) = tokio::join!(apply(&programs[0]), apply(&programs[1]));
    let applied = one + other;
    assert_eq!(applied, 60, "no page is applied twice");
    assert_eq!(rows(&programs[0]).await, rows(&source).await);
    // Both know what the other one did, once they look.
    hand_over(&source, &programs[0]).await;
    ownership(&programs[1]).await;
    assert_eq!(programs[1].role::<Notes>(), Role::Primary);
    assert_eq!(insert(&programs[1], "new").await, 61);
}
