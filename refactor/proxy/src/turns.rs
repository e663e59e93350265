//! Turns: the tasks of one client share the time of their worker with the tasks of others.
//!
//! A worker runs the tasks that are ready one after the other. A client with thousands of requests under way has thousands
//! of them, and a task of another client would wait for all of these. So a client's tasks run for [`TURN_TIME`], and the
//! others of this client then wait until every task that was ready has had its turn.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use runtime::client_network;

use crate::limits::TURN_TIME;

/// The most tasks that are called at the beginning of a turn: how long they run can only be guessed.
const CALLS: u64 = 8;

/// The turns of all clients on one worker.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    clients: Mutex<HashMap<IpAddr, Weak<Turn>>>,
    /// How many clients there are. One that is alone has all of the time.
    count: Arc<AtomicUsize>,
    pass: Mutex<Pass>,
}

/// What happens once every task that is ready now has run.
#[derive(Debug, Default)]
struct Pass {
    /// The clients that have used their turn.
    over: Vec<Arc<Turn>>,
    waker: Option<Waker>,
}

/// The turn of one client on one worker.
#[derive(Debug)]
pub(crate) struct Turn {
    /// That of [`Turns`].
    count: Arc<AtomicUsize>,
    /// How long its tasks ran in this turn, in nanoseconds, and how many of them.
    used: AtomicU64,
    ran: AtomicU32,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Whether the end of the pass begins a new turn.
    over: bool,
    waiting: VecDeque<(Waker, Arc<AtomicU8>)>,
}

/// The state of a task: it may run if it finds time, it waits for the next turn, or it may run in any case.
const IDLE: u8 = 0;
const WAITING: u8 = 1;
const CALLED: u8 = 2;

impl Turns {
    /// The turn of the client with this address.
    pub(crate) fn of(&self, address: IpAddr) -> Arc<Turn> {
        let client = client_network(address);
        let mut clients = lock(&self.clients);
        if let Some(turn) = clients.get(&client).and_then(Weak::upgrade) {
            return turn;
        }
        if clients.len() == clients.capacity() {
            clients.retain(|_, turn| turn.strong_count() > 0);
        }
        let turn = Arc::new(Turn::new(&self.count));
        clients.insert(client, Arc::downgrade(&turn));
        turn
    }

    /// A task of a client, which shares the worker with those of others. [`Turns::run`] has to run on the same thread.
    pub(crate) fn share<T: Future>(
        self: &Arc<Self>,
        turn: Arc<Turn>,
        task: T,
    ) -> impl Future<Output = T::Output> + use<T> {
        let (turns, mut task) = (Arc::clone(self), Box::pin(task));
        let state = Arc::new(AtomicU8::new(IDLE));
        poll_fn(move |context| {
            if turn.is_alone() {
                return task.as_mut().poll(context);
            }
            if !turn.may_run(&state, context) {
                return Poll::Pending;
            }
            let start = Instant::now();
            let polled = task.as_mut().poll(context);
            if turn.has_run(start.elapsed()) {
                turns.end_with_pass(&turn);
            }
            polled
        })
    }

    /// Begins new turns. A task that is woken runs after all that were ready before, so this one tells when a pass is over.
    pub(crate) async fn run(&self) {
        poll_fn(|context| {
            let mut pass = lock(&self.pass);
            // A task of one thread is always woken in the same way.
            pass.waker.get_or_insert_with(|| context.waker().clone());
            pass.over.retain(|turn| turn.begin_anew());
            if !pass.over.is_empty() {
                context.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        })
        .await;
    }

    fn end_with_pass(&self, turn: &Arc<Turn>) {
        let mut pass = lock(&self.pass);
        pass.over.push(Arc::clone(turn));
        if let Some(waker) = &pass.waker {
            waker.wake_by_ref();
        }
    }
}

impl Turn {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self {
            count: Arc::clone(count),
            used: AtomicU64::new(0),
            ran: AtomicU32::new(0),
            queue: Mutex::default(),
        }
    }

    fn is_alone(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 1
    }

    /// Whether a task may run now; if not, it is woken in a later turn.
    fn may_run(&self, state: &Arc<AtomicU8>, context: &Context<'_>) -> bool {
        match state.load(Ordering::Relaxed) {
            IDLE if self.used.load(Ordering::Relaxed) < nanoseconds(TURN_TIME) => true,
            IDLE => {
                state.store(WAITING, Ordering::Relaxed);
                let waiting = (context.waker().clone(), Arc::clone(state));
                lock(&self.queue).waiting.push_back(waiting);
                false
            }
            WAITING => false,
            _ => {
                state.store(IDLE, Ordering::Relaxed);
                true
            }
        }
    }

    /// Notes that a task ran; whether the turn is over with that.
    fn has_run(&self, time: Duration) -> bool {
        self.ran.fetch_add(1, Ordering::Relaxed);
        let used = self.used.fetch_add(nanoseconds(time), Ordering::Relaxed) + nanoseconds(time);
        used >= nanoseconds(TURN_TIME) && !std::mem::replace(&mut lock(&self.queue).over, true)
    }

    /// Begins a new turn, and calls as many of the tasks that wait as it has time for, at least one. Whether others still
    /// wait.
    fn begin_anew(&self) -> bool {
        let used = self.used.swap(0, Ordering::Relaxed);
        let ran = u64::from(self.ran.swap(0, Ordering::Relaxed));
        let mut room = (nanoseconds(TURN_TIME) * ran / used.max(1)).clamp(1, CALLS);
        let mut queue = lock(&self.queue);
        while room > 0
            && let Some((waker, state)) = queue.waiting.pop_front()
        {
            state.store(CALLED, Ordering::Relaxed);
            // One that is gone takes no time.
            room -= u64::from(Arc::strong_count(&state) > 1);
            waker.wake();
        }
        queue.over = !queue.waiting.is_empty();
        queue.over
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
