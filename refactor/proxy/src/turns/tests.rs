use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Turns;
use crate::limits::TURN_TIME;

const TASKS: usize = 1_000;
const STEPS: usize = 3;

/// Lets a client with a thousand tasks be busy; how many of their steps another client waits for, each time it is ready.
async fn steps_waited_for(shared: bool) -> Vec<usize> {
    let turns = Arc::new(Turns::default());
    let pass = Arc::clone(&turns);
    tokio::spawn(async move { pass.run().await });
    let steps = Arc::new(AtomicUsize::new(0));
    let (busy, _other) = (turns.of([10, 0, 0, 1].into()), turns.of([10, 0, 0, 2].into()));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let steps = Arc::clone(&steps);
            let task = async move {
                for _ in 0..STEPS {
                    let start = Instant::now();
                    while start.elapsed() < TURN_TIME / 5 {}
                    steps.fetch_add(1, Ordering::SeqCst);
                    again().await;
                }
            };
            match shared {
                true => tokio::spawn(turns.share(Arc::clone(&busy), task)),
                false => tokio::spawn(task),
            }
        })
        .collect();
    let counted = Arc::clone(&steps);
    let other = async move {
        let mut waited = Vec::new();
        while counted.load(Ordering::SeqCst) < TASKS * STEPS {
            let before = counted.load(Ordering::SeqCst);
            again().await;
            waited.push(counted.load(Ordering::SeqCst) - before);
        }
        waited
    };
    let other = turns.share(turns.of([10, 0, 0, 2].into()), other);
    let waited = tokio::spawn(other).await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    waited
}

/// Ready when all tasks that are ready now have run.
async fn again() {
    let mut asked = false;
    std::future::poll_fn(|context| match std::mem::replace(&mut asked, true) {
        true => std::task::Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_with_a_thousand_tasks_runs_few_of_them_before_another_client() {
    let alone = steps_waited_for(false).await;
    assert!(alone.iter().max() >= Some(&TASKS), "without turns: {alone:?}");
    // Six steps fill a turn, of which two may fall into one pass, and eight are called.
    let shared = steps_waited_for(true).await;
    assert!(shared.iter().max() <= Some(&20), "{shared:?}");
}

#[tokio::test]
async fn a_task_that_ends_while_it_waits_holds_no_other_up() {
    let turns = Arc::new(Turns::default());
    let pass = Arc::clone(&turns);
    tokio::spawn(async move { pass.run().await });
    let (turn, _other) = (turns.of([10, 0, 0, 1].into()), turns.of([10, 0, 0, 2].into()));
    let busy = || async {
        let start = Instant::now();
        while start.elapsed() < 2 * TURN_TIME {}
    };
    let tasks: Vec<_> =
        (0..10).map(|_| tokio::spawn(turns.share(Arc::clone(&turn), busy()))).collect();
    again().await;
    for (n, task) in tasks.into_iter().enumerate() {
        if n % 2 == 1 {
            task.abort();
            let _ = task.await;
        } else {
            let ended = tokio::time::timeout(Duration::from_secs(60), task).await;
            ended.unwrap().unwrap();
        }
    }
    drop(turn);
    let fresh = turns.of([10, 0, 0, 1].into());
    assert_eq!(Arc::strong_count(&fresh), 1, "what left is forgotten");
}
