//! The moves for `/metrics`, which needs no key: what asking costs the programs on both sides is bounded.

use std::time::Duration;

use actix_web::web;
use tokio::sync::Mutex;
use tokio::time::Instant;

use moves::Moves;

/// For how long an answer is given again.
const FRESH: Duration = Duration::from_secs(1);

/// What was said of the moves last. One request at a time asks the programs; those that come meanwhile wait for its answer.
#[derive(Debug, Default)]
pub(crate) struct MovesSeen(Mutex<Option<(Instant, String)>>);

impl MovesSeen {
    /// The moves as text. If they cannot be read, the log says why and the text is empty: the traffic is told all the same.
    pub(super) async fn text(&self, moves: &Moves) -> String {
        let mut last = self.0.lock().await;
        if let Some((_, text)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return text.clone();
        }
        let moves = moves.clone();
        let text = match web::block(move || moves.metrics()).await {
            Ok(Ok(text)) => text,
            Ok(Err(refusal)) => {
                log::error!("{}", refusal.text());
                String::new()
            }
            Err(error) => {
                log::error!("the metrics of moves: {}", runtime::chain(&error));
                String::new()
            }
        };
        *last = Some((Instant::now(), text.clone()));
        text
    }
}
