//! The one thread that writes. It commits whatever is waiting in one transaction (group commit), so
//! that many clients share the wait for the disk.
//!
//! Each write is a savepoint of its own: one that fails leaves nothing behind and the others stand.
//! A write is answered after the commit, never before.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{mpsc, oneshot};

use super::connection;
use super::error::store_error;
use super::file::DatabaseFile;
use super::reserve::Reserve;
use crate::outcome::Stage;
use crate::{OpenError, StoreError};

/// The most writes in one transaction.
const BATCH: usize = 256;
/// The most writes that wait for the next transaction; further ones wait outside.
const QUEUE: usize = 1024;
/// How long a write waits for a place in the queue before it is refused.
const QUEUE_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// When a write has its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobTurn {
    /// With all others that wait.
    Usual,
    /// By itself, in the room on a full disk that is given up for it.
    Last,
}

enum Message {
    Job(JobTurn, Box<dyn Job>),
    Stop,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Job(..) => "Job",
            Self::Stop => "Stop",
        })
    }
}

impl Writer {
    pub(super) fn start(connection: Connection, file: &DatabaseFile) -> Result<Self, OpenError> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let commits = Commits { connection, file: file.clone(), reserve: Reserve::of(file.path()) };
        let thread = thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || commits.run(jobs))
            .map_err(|error| OpenError::Unreachable {
                database: file.path().display().to_string(),
                advice: "let this user start more threads",
                cause: Arc::new(error),
            })?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// Runs the work in a transaction and answers when it is on disk. What came of it is announced
    /// before it is answered.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        announce: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_in(JobTurn::Usual, work, announce).await
    }

    /// The same, in its turn.
    pub(super) async fn write_in<T: Send + 'static>(
        &self,
        turn: JobTurn,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
        announce: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let stage = Stage::present();
        let begun = Arc::clone(&stage);
        let job = Box::new(Write { stage, work: Some(work), announce, result: None, reply });
        match self.queue.send_timeout(Message::Job(turn, job), QUEUE_WAIT).await {
            Ok(()) => {}
            Err(SendTimeoutError::Timeout(_)) => return Err(StoreError::Busy),
            Err(SendTimeoutError::Closed(_)) => return Err(StoreError::closed()),
        }
        answer.await.unwrap_or_else(|_| {
            let closed = StoreError::closed();
            Err(if begun.begun() { closed.perhaps_done() } else { closed })
        })
    }

    pub(super) fn alive(&self) -> Result<(), StoreError> {
        if self.queue.is_closed() { Err(StoreError::closed()) } else { Ok(()) }
    }

    /// Commits what is waiting and closes the connection.
    pub(super) async fn stop(&self) {
        // If the thread has ended already, there is nothing left to stop.
        let _ = self.queue.send(Message::Stop).await;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && tokio::task::spawn_blocking(|| thread.join()).await.is_err()
        {
            log::error!("store: the writer's thread could not be waited for");
        }
    }
}

/// A write whose result type is not known to the thread that runs it.
trait Job: Send {
    /// Does the work. An error says that what it did is to be undone.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;
    /// Tells the caller, once the transaction has ended.
    fn answer(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Write<T, F, A> {
    /// The caller may give it up before it is begun.
    stage: Arc<Stage>,
    work: Option<F>,
    announce: A,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F, A> Job for Write<T, F, A>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
    A: FnOnce(&T) + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let done = if self.stage.begin() { work(connection) } else { Err(StoreError::Busy) };
        let result = self.result.insert(done);
        result.as_ref().map(drop).map_err(Clone::clone)
    }

    fn answer(self: Box<Self>, commit: Result<(), StoreError>) {
        // A refusal may rest on rows of the same transaction, so it falls with it too.
        let Self { result, announce, reply, .. } = *self;
        let result = commit.and_then(|()| result.unwrap_or_else(|| Err(StoreError::closed())));
        if let Ok(value) = &result {
            announce(value);
        }
        // The caller may have gone; what is committed stays.
        let _ = reply.send(result);
    }
}

struct Commits {
    connection: Connection,
    file: DatabaseFile,
    reserve: Reserve,
}

impl Commits {
    fn run(mut self, mut jobs: mpsc::Receiver<Message>) {
        let mut waiting = Vec::with_capacity(BATCH);
        let mut stopping = false;
        while !stopping && jobs.blocking_recv_many(&mut waiting, BATCH) > 0 {
            let mut batch = Vec::with_capacity(waiting.len());
            let mut last = Vec::new();
            for message in waiting.drain(..) {
                match message {
                    Message::Job(JobTurn::Usual, job) => batch.push(job),
                    Message::Job(JobTurn::Last, job) => last.push(job),
                    Message::Stop => stopping = true,
                }
            }
            self.commit(batch);
            for job in last {
                self.reserve.give_up();
                self.commit(vec![job]);
            }
        }
        // With an empty log the next start is quick. If this fails, that start reads the log, and nothing is lost.
        let emptied = self.connection.pragma(None, "wal_checkpoint", "truncate", |_| Ok(()));
        if let Err(error) = emptied {
            log::warn!("store: the log of {} stays: {error}", self.file.path().display());
        }
    }

    /// Commits the jobs and answers each.
    fn commit(&mut self, mut batch: Vec<Box<dyn Job>>) {
        if batch.is_empty() {
            return;
        }
        let commit = self.transaction(&mut batch);
        if let Err(error) = &commit {
            log::warn!("store: a transaction of {} writes was undone: {error}", batch.len());
        }
        for job in batch {
            job.answer(commit.clone());
        }
    }

    fn transaction(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let done = self.attempt(batch);
        // A full disk ends a transaction by itself; after other errors it is still open.
        if done.is_err()
            && !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            log::error!(
                "store: opening {} again, rollback failed: {error}",
                self.file.path().display()
            );
            self.reopen();
        }
        done
    }

    fn attempt(&self, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        let run = |sql| {
            let done = self.connection.prepare_cached(sql).and_then(|mut sql| sql.execute([]));
            done.map(drop).map_err(store_error)
        };
        self.file.still_there()?;
        run("BEGIN IMMEDIATE")?;
        for job in batch {
            run("SAVEPOINT job")?;
            if let Err(error) = job.run(&self.connection) {
                if self.connection.is_autocommit() {
                    return Err(error);
                }
                run("ROLLBACK TO job")?;
            }
            run("RELEASE job")?;
        }
        // A disk that fails while it makes the log durable may have kept all of it.
        run("COMMIT").map_err(StoreError::perhaps_done)
    }

    fn reopen(&mut self) {
        let fresh = connection::write(self.file.path())
            .and_then(|connection| connection::make_durable(&connection).map(|()| connection));
        match fresh {
            Ok(connection) => self.connection = connection,
            Err(error) => log::error!("store: cannot open {}: {error}", self.file.path().display()),
        }
    }
}

#[cfg(test)]
mod tests;
