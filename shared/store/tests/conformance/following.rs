//! A store that follows another one.

use std::num::NonZero;
use std::sync::Arc;

use models::Content;
use store::{
    Changes, Entry, FeedCursor, Key, MoveError, Peer, Position, Role, RowRate, StoreError,
};

use crate::engine::Engine;
use crate::moving::{
    FENCE, catch_up, changes, delete, follow, hand_over, insert, ownership, peer, pull, rename,
    rows, until,
};
use crate::record::{NOTES, note, title};

pub(crate) async fn only_an_unused_store_follows(engine: Engine) {
    let copy = engine.open().await;
    let source = engine.another().await.open().await;
    let source = peer(&source).await;
    let itself = copy.follow(&NOTES, peer(&copy).await, "l", 1, None).await;
    assert!(matches!(itself, Err(MoveError::Itself)));
    copy.fence(&NOTES, "h", 1, FENCE).await.unwrap();
    let fenced = copy.follow(&NOTES, source.clone(), "l", 4, None).await;
    assert!(matches!(fenced, Err(MoveError::Fenced { .. })));
    copy.release(&NOTES, "h").await.unwrap();

    let found = copy.follow(&NOTES, source.clone(), "l", 4, None).await.unwrap();
    assert_eq!((found.role, found.epoch, found.lineage.as_str()), (Role::Follower, 4, "l"));
    let followed = found.followed.unwrap();
    assert_eq!((followed.cursor, followed.copied), (FeedCursor::START, false));
    assert_eq!(copy.position(&NOTES), Position::default(), "it has nothing yet");
    let refused = copy.insert(&NOTES, note("a", 1), None).await;
    assert!(matches!(refused, Err(StoreError::NotPrimary { primary: Some(o) }) if o == source.url));
    let moved = Peer { url: "http://moved/api/notes".into(), ..source.clone() };
    let again = copy.follow(&NOTES, moved.clone(), "l", 4, None).await.unwrap();
    assert_eq!(again.followed.unwrap().source, moved, "a repeat notes the address");
    let other = Peer { store: "other".into(), ..source.clone() };
    let other = copy.follow(&NOTES, other, "l", 4, None).await;
    assert!(matches!(other, Err(MoveError::Follows { peer }) if peer == moved));

    let used = engine.another().await.open().await;
    insert(&used, "a").await;
    let refused = used.follow(&NOTES, source.clone(), "l", 4, None).await;
    assert!(matches!(refused, Err(MoveError::InUse)));
    delete(&used, 1).await;
    let refused = used.follow(&NOTES, source, "l", 4, None).await;
    assert!(matches!(refused, Err(MoveError::InUse)), "a deleted row was a row");
}

pub(crate) async fn a_rate_is_kept_until_another_one_is_told(engine: Engine) {
    let (source, copy) = (engine.another().await.open().await, engine.open().await);
    insert(&source, "a").await;
    let (most, from) = (NonZero::new(10), peer(&source).await);
    let lineage = ownership(&source).await.lineage;
    let told = async |rate| copy.follow(&NOTES, from.clone(), &lineage, 1, rate).await.unwrap();
    assert_eq!(told(Some(RowRate(most))).await.max_rows_per_second, most);
    assert_eq!(told(None).await.max_rows_per_second, most);
    assert_eq!(pull(&copy, &source, 10).await.unwrap().0.rate, RowRate(most));
    hand_over(&source, &copy).await;
    hand_over(&copy, &source).await;
    copy.close().await;
    let copy = engine.open().await;
    assert_eq!(ownership(&copy).await.max_rows_per_second, most, "it follows again");
    let told = copy.follow(&NOTES, from, &lineage, 3, Some(RowRate(None))).await.unwrap();
    assert_eq!(told.max_rows_per_second, None);
}

pub(crate) async fn a_page_that_does_not_fit_is_refused(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    insert(&source, "a").await;
    let page = changes(&source, FeedCursor::START, 10).await;
    let start = || FeedCursor::START;
    let early = copy.apply(&NOTES, start(), Arc::new(page.clone())).await;
    assert!(matches!(early, Err(MoveError::NotFollower { role: Role::Primary })));
    follow(&copy, &source).await;
    let apply =
        async |from, page: Changes<_>| copy.apply(&NOTES, from, Arc::new(page)).await.unwrap_err();
    let wrong = Changes { store: "other".into(), ..page.clone() };
    assert!(matches!(apply(start(), wrong).await, MoveError::OtherSource { .. }));
    let wrong = Changes { lineage: "other".into(), ..page.clone() };
    assert!(matches!(apply(start(), wrong).await, MoveError::OtherLineage));
    let wrong = Changes { epoch: 0, ..page.clone() };
    assert!(matches!(apply(start(), wrong).await, MoveError::OldEpoch { page: 0, followed: 1 }));
    let wrong = Changes { epoch: 2, role: Role::Follower, ..page.clone() };
    assert!(matches!(apply(start(), wrong).await, MoveError::SourceFollows));
    let elsewhere: FeedCursor = "1:a1".parse().unwrap();
    let refused = apply(elsewhere, page.clone()).await;
    assert!(matches!(refused, MoveError::OtherCursor { present: FeedCursor::START }));
    let mut foreign = page.clone();
    for entry in &mut foreign.entries {
        if let Entry::Row(row) = entry {
            row.key = Key::try_from("eu/7".to_owned()).unwrap();
        }
    }
    let refused = apply(start(), foreign).await;
    assert!(refused.to_string().contains("eu/7"), "{refused}");
    let refused = source.changes(&NOTES, &"1:eu/7".parse().unwrap(), None, 10).await;
    assert!(refused.unwrap_err().to_string().contains("eu/7"));
    assert!(rows(&copy).await.is_empty());
    copy.apply(&NOTES, start(), Arc::new(page.clone())).await.unwrap();
    // A page is applied once.
    assert!(matches!(apply(start(), page).await, MoveError::OtherCursor { .. }));
}

/// A source of an older version knows its runs, and no places beside them.
pub(crate) async fn a_source_is_told_what_it_has_heard_in_its_own_words(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    insert(&source, "a").await;
    follow(&copy, &source).await;
    let page = changes(&source, FeedCursor::START, 10).await;
    let mut older = serde_json::to_value(page).unwrap();
    older.as_object_mut().unwrap().remove("heard");
    let older: Changes<Content> = serde_json::from_value(older).unwrap();
    let run = older.run.clone();
    copy.apply(&NOTES, FeedCursor::START, Arc::new(older)).await.unwrap();
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
    assert_eq!(followed.covered, copy.position(&NOTES));
    // The copy's own feed gives the same rows, tombstones too.
    let of = async |store: &store::Store| {
        let latest = ownership(store).await.position;
        until(async || changes(store, FeedCursor::START, 100).await.covered >= latest).await;
        let mut entries = changes(store, FeedCursor::START, 100).await.entries;
        entries.retain(|entry| matches!(entry, Entry::Row(_)));
        entries.sort_by_key(|entry| match entry {
            Entry::Row(row) => row.key.to_number().unwrap(),
            Entry::Heartbeat { .. } | Entry::Handover(_) => 0,
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
    let mut changed = copy.changed(&NOTES);
    changed.borrow_and_update();
    source.heartbeat(&NOTES).await.unwrap();
    catch_up(&copy, &source, 10).await;
    assert!(changed.has_changed().unwrap(), "it covers more");
    assert_eq!(changed.borrow().position, copy.position(&NOTES));
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
    assert_eq!(copy.role(&NOTES), Role::Follower);
    assert_eq!(copy.position(&NOTES), before.covered);
    catch_up(&copy, &source, 4).await;
    assert_eq!(rows(&copy).await, rows(&source).await);
    rename(&source, 1, "one").await;
    catch_up(&copy, &source, 4).await;
    assert_eq!(copy.get(&NOTES, 1).await.unwrap(), source.get(&NOTES, 1).await.unwrap());
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
            assert!(rows(&copy).await.iter().all(|row| !title(&row.cells).is_empty()));
            rows(&copy).await == rows(&source).await
        })
        .await;
        hand_over(&source, &copy).await;
        // The copy keeps names apart again.
        for taken in ["A", "c", "D", "bb"] {
            let refused = copy.insert(&NOTES, note(taken, 1), None).await;
            assert!(matches!(refused, Err(StoreError::Taken { .. })), "{taken}: {refused:?}");
        }
        for free in ["b", "between", "e"] {
            insert(&copy, free).await;
        }
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
    assert_eq!(programs[1].role(&NOTES), Role::Primary);
    assert_eq!(insert(&programs[1], "new").await, 61);
}
