//! Canaries that rise by themselves are looked at every second.

use std::time::{Duration, Instant};

use moves::RouteNote;
use runtime::chain;
use spaces::CanaryStep;
use tokio::task::spawn_blocking;

use crate::lead::Leading;

/// How often the limits of canaries are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Lets canaries rise and fall whenever this process leads. Never ends.
pub(crate) async fn watch(leading: Leading) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        let leading = leading.clone();
        let stepped = spawn_blocking(move || {
            if let Some(lead) = leading.begin() {
                for step in lead.spaces.step_canaries(Instant::now()) {
                    lead.moves.note(&noted(step));
                }
            }
        });
        if let Err(error) = stepped.await {
            log::error!("canaries were not looked at: {}", chain(&error));
        }
    }
}

fn noted(step: CanaryStep) -> RouteNote {
    let outcome = match step.rolled_back {
        Some(back) => format!("back from {} % to 0 %: {}", back.percent, back.reason),
        None => format!("rose to {} %", step.percent),
    };
    RouteNote {
        application: step.application,
        route: step.route,
        path: step.path,
        about: "canary".to_owned(),
        outcome,
        by: None,
    }
}
