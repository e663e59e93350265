//! Stores that leave a move: a cancelled copy, a retired source.

use store::{FeedCursor, MoveError, Role, StoreError};

use crate::engine::Engine;
use crate::moving::{
    FENCE, catch_up, delete, follow, hand_over, insert, key, ownership, peer, rows,
};
use crate::record::{NOTES, note};

pub(crate) async fn a_cancelled_copy_leaves_nothing(engine: Engine) {
    let (source, target) = (engine.open().await, engine.another().await);
    let copy = target.open().await;
    let before = ownership(&copy).await;
    source.insert(&NOTES, note("a", 1), key("k")).await.unwrap();
    insert(&source, "b").await;
    delete(&source, 2).await;
    follow(&copy, &source).await;
    catch_up(&copy, &source, 100).await;
    copy.passed(&NOTES, "a reader", 1).await.unwrap();
    let refused = source.cancel(&NOTES).await;
    assert!(matches!(refused, Err(MoveError::NotFollower { .. })), "a primary is no copy");
    let free = copy.cancel(&NOTES).await.unwrap();
    assert_eq!((free.role, free.epoch, free.rows), (Role::Primary, 1, false));
    assert!(free.followed.is_none() && free.successor.is_none());
    assert!(free.store != before.store && free.lineage != before.lineage);
    assert_eq!(copy.position(&NOTES).epoch, 1);
    assert!(rows(&copy).await.is_empty() && copy.followers(&NOTES).await.unwrap().is_empty());
    let again = copy.cancel(&NOTES).await.unwrap();
    assert_eq!(again.store, free.store, "a repeat changes nothing");
    assert_eq!(copy.first_answer(&NOTES, &key("k").unwrap()).await.unwrap(), None);
    for _ in 0..2 {
        follow(&copy, &source).await;
        catch_up(&copy, &source, 100).await;
        assert_eq!(rows(&copy).await, rows(&source).await);
        copy.cancel(&NOTES).await.unwrap();
    }
}

pub(crate) async fn a_cancelled_copy_owns_nothing_until_it_follows_again(engine: Engine) {
    let (source, target) = (engine.open().await, engine.another().await);
    let copy = target.open().await;
    assert_eq!(ownership(&copy).await.forwarded, None);
    insert(&source, "a").await;
    follow(&copy, &source).await;
    catch_up(&copy, &source, 100).await;
    copy.cancel(&NOTES).await.unwrap();
    let primary = Some(peer(&source).await.url);
    let check = async |copy: &store::Store| {
        let found = ownership(copy).await;
        assert_eq!((found.forwarded, copy.role(&NOTES)), (primary.clone(), Role::Retired));
        let written = copy.insert(&NOTES, note("own", 1), None).await;
        assert!(matches!(written, Err(StoreError::NotPrimary { primary: o }) if o == primary));
        let seeded = copy.seed(&NOTES, vec![note("own", 1)]).await;
        assert!(matches!(seeded, Err(StoreError::NotPrimary { primary: o }) if o == primary));
        for refused in [
            copy.changes(&NOTES, &FeedCursor::START, None, 10).await.map(drop),
            copy.fence(&NOTES, "h", 1, FENCE).await.map(drop),
            copy.heartbeat(&NOTES).await,
        ] {
            let here =
                matches!(&refused, Err(MoveError::NotPrimary { primary: o, .. }) if *o == primary);
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
        source.insert(&NOTES, note("a", 1), key("k")).await.unwrap();
        follow(&copy, &source).await;
        let refused = source.retire(&NOTES, keep_rows).await;
        assert!(matches!(refused, Err(MoveError::NotFollower { role: Role::Primary })));
        hand_over(&source, &copy).await;
        for _ in 0..2 {
            let found = source.retire(&NOTES, keep_rows).await.unwrap();
            assert_eq!(found.role, Role::Retired);
            assert_eq!(found.successor, Some(peer(&copy).await));
        }
        assert_eq!(rows(&source).await.len(), usize::from(keep_rows));
        let primary = Some(peer(&copy).await.url);
        let refused = source.insert(&NOTES, note("b", 1), None).await;
        assert!(matches!(refused, Err(StoreError::NotPrimary { primary: o }) if o == primary));
        let refused = source.changes(&NOTES, &FeedCursor::START, None, 10).await;
        assert!(matches!(refused, Err(MoveError::NotPrimary { role: Role::Retired, .. })));
        let refused = source.cancel(&NOTES).await;
        assert!(matches!(refused, Err(MoveError::NotFollower { role: Role::Retired })));
        insert(&copy, "c").await;
    }
}

pub(crate) async fn a_retirement_whose_rows_do_not_go_is_not_called_not_done(engine: Engine) {
    let (source, copy) = (engine.open().await, engine.another().await.open().await);
    insert(&source, "a").await;
    follow(&copy, &source).await;
    hand_over(&source, &copy).await;
    let (bar, lift) = if engine.is_sqlite() {
        let bar = "CREATE TRIGGER bar BEFORE DELETE ON notes BEGIN SELECT RAISE(ABORT, 'no'); END";
        (bar, "DROP TRIGGER bar")
    } else {
        // As if the disk were full.
        let bar = "CREATE FUNCTION bar() RETURNS trigger LANGUAGE plpgsql AS \
                   $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '53100'; END $$; \
                   CREATE TRIGGER bar BEFORE DELETE ON notes EXECUTE FUNCTION bar()";
        (bar, "DROP TRIGGER bar ON notes")
    };
    engine.execute(bar).await;
    let failed = source.retire(&NOTES, false).await;
    assert!(matches!(failed, Err(MoveError::Store(StoreError::OutcomeUnknown(_)))), "{failed:?}");
    assert_eq!(ownership(&source).await.role, Role::Retired);
    engine.execute(lift).await;
    source.retire(&NOTES, false).await.unwrap();
    assert!(rows(&source).await.is_empty());
}
