//! A step of a move as one transaction: what it locks, in which order, and how it ends.

use replication::Document;

use super::ownership::OwnershipTx;
use super::{AdapterStore, Inner};
use crate::apply::user_triggers::{any_silenced, tables};
use crate::fence::lock;
use crate::objects::Objects;
use crate::rows::PINNED;
use crate::session::{BEGIN, Error, Session};
use crate::store_error::{MoveError, StoreError};

/// What a step keeps out while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bars {
    /// Other steps and all writes of the application.
    Writes,
    /// The same, for a step that may enable triggers.
    Promotion,
    /// The same, for a step that removes the rows.
    Emptying,
    /// Other steps, for one that writes to the application's tables.
    Applying,
    /// Other steps.
    Steps,
    /// Nothing.
    Nothing,
}

impl AdapterStore {
    /// Changes the ownership in a transaction, or refuses and changes nothing.
    pub(super) async fn change<T>(
        &self,
        name: &'static str,
        bars: Bars,
        work: impl AsyncFnOnce(&mut OwnershipTx<'_>) -> Result<T, MoveError>,
    ) -> Result<T, MoveError> {
        let inner = &*self.inner;
        inner
            .sessions
            .with(async |session| {
                let done = step(session, inner, bars, work).await;
                let (done, document, latest) = match done {
                    Ok(done) => done,
                    Err(error) => {
                        session.roll_back().await;
                        return Err(error);
                    }
                };
                fault::point(&format!("adapter.{name}.before-commit"));
                session.batch(name, "COMMIT").await.map_err(StoreError::of_commit)?;
                inner.watch.tell(&document, latest);
                fault::point(&format!("adapter.{name}.after-commit"));
                Ok(done)
            })
            .await
    }
}

/// Does the work of a step inside its transaction; gives what it made, and what is known after its commit.
async fn step<T>(
    session: &Session,
    inner: &Inner,
    bars: Bars,
    work: impl AsyncFnOnce(&mut OwnershipTx<'_>) -> Result<T, MoveError>,
) -> Result<(T, Document, u64), MoveError> {
    let Inner { statements, objects, .. } = inner;
    session.batch("beginning a step", BEGIN).await?;
    // The application's writers lock a table, and then share the lock of the collection: it must be the same order here.
    match bars {
        Bars::Promotion | Bars::Emptying => {
            lock_tables(session, inner, bars == Bars::Emptying).await?;
            take_alone(session, objects).await?;
        }
        Bars::Writes => take_alone(session, objects).await?,
        Bars::Applying => {
            lock_tables(session, inner, false).await?;
            let shared = format!("SELECT pg_advisory_xact_lock_shared({})", objects.lock());
            session.batch("waiting for other steps", &shared).await?;
        }
        Bars::Steps | Bars::Nothing => {}
    }
    // A heartbeat waits for a handover too: it must not come behind it.
    session.rows("waiting for other steps", &statements.hold, &[]).await?;
    if matches!(bars, Bars::Promotion | Bars::Emptying | Bars::Applying) {
        session.batch("beginning a step", &statements.applying).await?;
    }
    // Behind the locks, so that it sees what others did while these were waited for.
    let mut tx = OwnershipTx::load(session, statements).await?;
    let done = work(&mut tx).await?;
    Ok((done, tx.document, tx.facts.position))
}

/// Keeps `ALTER TABLE` out, and writers too if a trigger is to be enabled or `alone` says so. The application's functions find
/// what the session's own path says.
async fn lock_tables(session: &Session, inner: &Inner, alone: bool) -> Result<(), Error> {
    let alone = alone || any_silenced(session, &inner.objects).await?;
    let mode = if alone { "SHARE ROW EXCLUSIVE" } else { "ROW EXCLUSIVE" };
    let begin = format!(
        "SET LOCAL lock_timeout = '3s'; {PINNED}; SET LOCAL search_path TO DEFAULT; LOCK TABLE {} IN {mode} MODE",
        tables(&inner.collection).join(", ")
    );
    session.batch("locking the tables", &begin).await
}

/// Takes the exclusive side of the collection's lock: no write runs.
///
/// # Errors
/// [`MoveError::WritesRun`] if one did not end in time.
pub(super) async fn take_alone(session: &Session, objects: &Objects) -> Result<(), MoveError> {
    for sql in lock(objects) {
        match session.batch("waiting for the writes that run", &sql).await {
            Err(error) if error.is_lock_timeout() => return Err(MoveError::WritesRun),
            done => done?,
        }
    }
    Ok(())
}
