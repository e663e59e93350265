//! Goes through every state, nearest first, so that what it finds it finds on a shortest way.

use std::collections::{HashMap, VecDeque};
use std::fmt;

use crate::after::after;
use crate::model::Model;
use crate::next::steps;
use crate::promises::{Promise, broken, progress};
use crate::state::State;
use crate::step::Step;

/// A promise that does not hold, and a shortest way to a state that breaks it.
pub(crate) struct Broken {
    pub(crate) promise: Promise,
    steps: Vec<Step>,
}

/// Every state that can be, by its number; or the first promise that is broken.
pub(crate) fn explore(model: &Model) -> Result<HashMap<State, usize>, Broken> {
    let first = State::new(model);
    let mut ways = vec![None];
    let mut seen = HashMap::from([(first.clone(), 0)]);
    let mut queue = VecDeque::from([(0, first)]);
    while let Some((from, state)) = queue.pop_front() {
        if let Some(promise) = broken(model, &state) {
            return Err(Broken { promise, steps: way(&ways, from) });
        }
        for step in steps(model, &state) {
            let next = after(model, &state, step);
            if step.comes_by_itself() && progress(&next) <= progress(&state) {
                let steps = way(&ways, from).into_iter().chain([step]).collect();
                return Err(Broken { promise: Promise::TheBoardGoesOn, steps });
            }
            if !seen.contains_key(&next) {
                let number = ways.len();
                ways.push(Some((from, step)));
                seen.insert(next.clone(), number);
                queue.push_back((number, next));
            }
        }
    }
    Ok(seen)
}

/// The steps from the first state to that one.
fn way(ways: &[Option<(usize, Step)>], mut to: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    while let Some((from, step)) = ways[to] {
        steps.push(step);
        to = from;
    }
    steps.reverse();
    steps
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} is broken by", self.promise)?;
        (1..).zip(&self.steps).try_for_each(|(number, step)| writeln!(f, "{number:4}. {step}"))
    }
}
