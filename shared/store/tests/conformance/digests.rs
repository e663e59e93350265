//! Fingerprints.

use store::{Digest, Key, Store};

use crate::engine::Engine;
use crate::moving::{catch_up, delete, follow, insert, rename};
use crate::record::{NOTES, note};

async fn digest(store: &Store) -> Digest {
    store.digest(&NOTES, None, None, 1_000).await.unwrap()
}

pub(crate) async fn the_same_rows_have_the_same_fingerprint_on_every_store(engine: Engine) {
    let sqlite = Engine::sqlite();
    // A copy each way between this engine and SQLite, and one within each.
    for (from, to) in
        [(&engine, &engine), (&engine, &sqlite), (&sqlite, &engine), (&sqlite, &sqlite)]
    {
        let (source, copy) = (from.another().await.open().await, to.another().await.open().await);
        store_some(&source).await;
        assert_ne!(digest(&copy).await.hash, digest(&source).await.hash);
        follow(&copy, &source).await;
        catch_up(&copy, &source, 100).await;
        let (here, there) = (digest(&copy).await, digest(&source).await);
        assert_eq!((&here.hash, here.rows, &here.to), (&there.hash, there.rows, &there.to));
        assert!(here.position >= there.position);
        let hashes =
            async |store: &Store| store.hashes(&NOTES, None, &Key::number(100)).await.unwrap().rows;
        assert_eq!(hashes(&copy).await, hashes(&source).await);
        let recent = source.recent(&NOTES, 2).await.unwrap().rows;
        let mut keys: Vec<_> = recent.iter().map(|row| row.key.clone()).collect();
        assert_eq!(keys, [2, 5].map(Key::number));
        keys.extend([3, 99].map(Key::number));
        assert_eq!(copy.row_hash(&NOTES, &keys).await.unwrap().rows, recent, "3 is deleted");
    }
}

async fn store_some(store: &Store) {
    for title in ["a", "Größe\n😀", "c", "\"quoted\\\"", "e"] {
        store.insert(&NOTES, note(title, 7), None).await.unwrap();
    }
    delete(store, 3).await;
    rename(store, 2, "renamed").await;
}

pub(crate) async fn a_change_behind_the_back_is_seen(engine: Engine) {
    let store = engine.open().await;
    store_some(&store).await;
    let mut seen = vec![digest(&store).await.hash];
    for change in [
        "title = 'other'",
        "owner = owner + 1",
        "rev = rev + 1",
        "created_at = created_at + 1",
        "updated_at = updated_at + 1",
    ] {
        engine.execute(&format!("UPDATE notes SET {change} WHERE id = 1")).await;
        let hash = digest(&store).await.hash;
        assert!(!seen.contains(&hash), "{change}");
        seen.push(hash);
    }
    engine.execute("DELETE FROM notes WHERE id = 1").await;
    assert!(!seen.contains(&digest(&store).await.hash));
}

pub(crate) async fn chunks_cover_every_row_once(engine: Engine) {
    let store = engine.open().await;
    for count in 0..10 {
        insert(&store, &count.to_string()).await;
    }
    delete(&store, 4).await;
    let chunk = async |after: Option<&Key>, to: Option<&Key>, limit| {
        store.digest(&NOTES, after, to, limit).await.unwrap()
    };
    let mut chunks = Vec::new();
    let mut after = None;
    loop {
        let digest = chunk(after.as_ref(), None, 3).await;
        let same = chunk(after.as_ref(), digest.to.as_ref(), 1).await;
        assert_eq!((&same.hash, same.rows, same.last), (&digest.hash, digest.rows, digest.last));
        after = digest.to;
        chunks.push((after.clone().unwrap().to_number().unwrap(), digest.rows));
        assert_eq!(digest.end, Some(Key::number(10)));
        if digest.last {
            break;
        }
    }
    assert_eq!(chunks, [(3, 3), (7, 3), (10, 3)]);
    let empty = chunk(Some(&Key::number(100)), None, 3).await;
    assert_eq!((empty.rows, empty.last, empty.to), (0, true, None));
}
