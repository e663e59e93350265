//! Databases that version 0.1.0 of Banyan left behind, at schema version 2: they open, and moves go on in them.
//!
//! `version_2/` has what that version stored, on each engine, by the state of the store: `followed`, `held`, `granted`,
//! `following_back` and `retired` are one source in turn, `copying`, `following` and `promoted` its target.

use store::{FeedCursor, Ownership, Role, Store};

use crate::engine::Engine;
use crate::moving::{
    FENCE, catch_up, changes, follow, hand_over, insert, ownership, peer, pull, rename, rows, until,
};
use crate::record::{NOTES, note};

/// A store in this state, as the new version opens it.
async fn open(engine: &Engine, state: &str) -> Store {
    engine.load(state).await;
    engine.open().await
}

/// What is the same in a database whenever it is opened.
async fn essence(store: &Store) -> (Role, u64, Option<u64>, bool, bool, bool) {
    let Ownership { role, epoch, handover, followed, successor, forwarded, .. } =
        ownership(store).await;
    let given = handover.map(|handover| handover.epoch);
    (role, epoch, given, followed.is_some(), successor.is_some(), forwarded.is_some())
}

pub(crate) async fn every_state_opens_as_it_was(engine: Engine) {
    for (state, expected) in [
        ("followed", (Role::Primary, 1, None, false, false, false)),
        ("held", (Role::Primary, 1, None, false, false, false)),
        ("granted", (Role::Follower, 1, Some(2), false, true, false)),
        ("following_back", (Role::Follower, 2, Some(2), true, true, false)),
        ("retired", (Role::Retired, 2, Some(2), true, true, false)),
        ("copying", (Role::Follower, 1, None, true, true, false)),
        ("following", (Role::Follower, 1, None, true, true, false)),
        ("promoted", (Role::Primary, 2, None, false, false, false)),
        ("cancelled", (Role::Primary, 1, None, false, false, true)),
    ] {
        let database = engine.another().await;
        let store = open(&database, state).await;
        assert_eq!(essence(&store).await, expected, "{state}");
        let writes = expected.0 == Role::Primary && !expected.5;
        let written = store.insert(&NOTES, note("new", 1), None).await;
        assert_eq!(written.is_ok(), writes, "{state}: {written:?}");
        drop(store);
        // Opened once more, there is nothing left to convert.
        assert_eq!(essence(&database.open().await).await, expected, "{state}");
    }
}

/// The source and the target of a move, as they were left.
async fn pair(engine: &Engine, source: &str, target: &str) -> (Store, Store) {
    (open(&engine.another().await, source).await, open(&engine.another().await, target).await)
}

pub(crate) async fn a_move_goes_on_from_its_beginning(engine: Engine) {
    for copy in ["copying", "following"] {
        let (source, target) = pair(&engine, "followed", copy).await;
        insert(&source, "new").await;
        rename(&source, 1, "first, again").await;
        catch_up(&target, &source, 2).await;
        assert_eq!(rows(&target).await, rows(&source).await);
        hand_over(&source, &target).await;
        insert(&target, "newer").await;
        catch_up(&source, &target, 2).await;
        hand_over(&target, &source).await;
        assert_eq!(rows(&target).await, rows(&source).await);
        assert_eq!(ownership(&source).await.epoch, 3);
    }
}

pub(crate) async fn a_fence_still_belongs_to_its_id(engine: Engine) {
    let (source, target) = (engine.another().await, engine.another().await);
    source.load("held").await;
    // As if it had been opened again at once, not long after: the fence has not passed.
    let later = models::Timestamp::now().unix_ms + 30_000;
    source
        .execute(&format!(
            "UPDATE banyan_ownership SET document = replace(document, \
             cast(held_until AS text), '{later}'), held_until = {later}"
        ))
        .await;
    let (source, target) = (source.open().await, open(&target, "following").await);
    assert_eq!(ownership(&source).await.fence.unwrap().id, "move-1");
    assert!(source.insert(&NOTES, note("new", 1), None).await.is_err());
    assert!(source.fence(&NOTES, "another", 1, FENCE).await.is_err());
    catch_up(&target, &source, 100).await;
    source.handover(&NOTES, "move-1", 1, peer(&target).await).await.unwrap();
    until(async || pull(&target, &source, 100).await.unwrap().0.promoted).await;
}

pub(crate) async fn a_handover_on_its_way_still_arrives(engine: Engine) {
    let (source, target) = pair(&engine, "granted", "following").await;
    let given = ownership(&source).await.handover.unwrap();
    assert_eq!((given.epoch, &given.to), (2, &peer(&target).await));
    // The source repeats its handover, and gives none to another store.
    let again = source.handover(&NOTES, "move-1", 1, given.to.clone()).await.unwrap();
    assert_eq!(again, given);
    until(async || pull(&target, &source, 100).await.unwrap().0.promoted).await;
    assert_eq!(ownership(&target).await.epoch, 2);
    assert_eq!(insert(&target, "new").await, given.last_id + 1);
}

pub(crate) async fn a_source_follows_back(engine: Engine) {
    let (source, target) = pair(&engine, "granted", "promoted").await;
    let Ownership { epoch, since, run, .. } = ownership(&target).await;
    source.follow_back(&NOTES, peer(&target).await, epoch, since, &run).await.unwrap();
    insert(&target, "new").await;
    catch_up(&source, &target, 2).await;
    assert_eq!(rows(&source).await, rows(&target).await);
    hand_over(&target, &source).await;
    insert(&source, "newer").await;
}

pub(crate) async fn a_cancelled_copy_follows_again(engine: Engine) {
    let (source, target) = pair(&engine, "followed", "cancelled").await;
    follow(&target, &source).await;
    catch_up(&target, &source, 2).await;
    assert_eq!(rows(&target).await, rows(&source).await);
    assert_eq!(ownership(&target).await.forwarded, None);
}

/// All collections of a database share the tables of a move, and each has a version of its own.
pub(crate) async fn a_column_that_was_renamed_for_another_collection_is_left_alone(engine: Engine) {
    engine.load("granted").await;
    engine.execute("ALTER TABLE banyan_ownership RENAME held_until TO fenced_until").await;
    let store = engine.open().await;
    assert_eq!(ownership(&store).await.handover.unwrap().epoch, 2);
    let page = changes(&store, FeedCursor::START, 100).await;
    assert!(matches!(page.entries.last(), Some(store::Entry::Handover(_))), "{page:?}");
}
