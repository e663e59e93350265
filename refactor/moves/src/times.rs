//! What a command took, step by step.

use std::time::{Duration, Instant};

use super::record::{Direction, Outcome, StepTaken, SwitchStep};
use spaces::resource::now_ms;

/// When each step of a command was done.
pub(super) struct Times {
    began: Instant,
    fenced_at: Option<Instant>,
    steps: Vec<StepTaken>,
    patience: Duration,
}

impl Times {
    /// Of a command that begins now, and waits for so long for what happens without it.
    pub(super) fn start(patience: Duration) -> Self {
        Self { began: Instant::now(), fenced_at: None, steps: Vec::new(), patience }
    }

    /// A step is done; a test may end the program here.
    pub(super) fn passed(&mut self, step: SwitchStep) {
        self.passed_as(step, step.text().to_owned());
        fault::point(step.fault());
    }

    pub(super) fn passed_as(&mut self, step: SwitchStep, text: String) {
        self.steps.push(StepTaken { step, text, ms: ms(self.began.elapsed()) });
    }

    /// Writes wait from now on.
    pub(super) fn fence(&mut self) -> Instant {
        *self.fenced_at.insert(Instant::now())
    }

    /// For how long they have waited, if they do.
    pub(super) fn pause_ms(&self) -> Option<u64> {
        self.fenced_at.map(|fenced| ms(fenced.elapsed()))
    }

    /// How long to wait for what happens without the command.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    pub(super) fn outcome(
        &mut self,
        direction: Direction,
        done: bool,
        outcome: String,
        pause_ms: Option<u64>,
    ) -> Outcome {
        let steps = std::mem::take(&mut self.steps);
        Outcome { verb: direction.verb(), done, outcome, pause_ms, at_ms: now_ms(), steps }
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
