//! Canaries that rise by themselves. How far one has come is on disk with its route; what its reads did is in memory,
//! so a step that a restart interrupts begins again.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};
use std::time::Instant;

use proxy::{CanaryPlan, CanaryTally};
use serde::{Deserialize, Serialize};

use crate::Spaces;
use crate::arn::Arn;
use crate::canary_counts;
use crate::canary_windows::CanaryWindows;
use crate::model::{Model, ModelChange};
use crate::resource::{CanaryProgress, ResourceState, RolledBack, Route, Service, Tags};

/// The tag that lets a canary rise.
pub(super) const STEPS: &str = "banyan:canary-steps";

/// A canary that rises by itself, as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryView {
    /// The id of the application.
    pub application: String,
    /// The id of the route.
    pub route: String,
    /// The route's path.
    pub path: String,
    /// The name of the service.
    pub service: String,
    /// The steps, in percent.
    pub steps: Vec<u8>,
    /// The share now, in percent: 0 after a limit was passed.
    pub percent: u8,
    /// Why it is 0, if a limit was passed.
    pub rolled_back: Option<RolledBack>,
    /// The reads that all processes saw in the step so far.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
}

/// A canary that rose, or fell back to 0 %.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanaryStep {
    /// The id of the application.
    pub application: String,
    /// The id of the route.
    pub route: String,
    /// The route's path.
    pub path: String,
    /// The share now, in percent.
    pub percent: u8,
    /// Why it is 0, if a limit was passed.
    pub rolled_back: Option<RolledBack>,
}

/// A route with a plan.
struct Planned<'a> {
    route: &'a Route,
    plan: CanaryPlan,
    progress: CanaryProgress,
}

impl Spaces {
    /// Looks at each canary that rises by itself, and lets it rise or fall. Gives those that did. Call it every second,
    /// from one process of several.
    pub fn step_canaries(&self, now: Instant) -> Vec<CanaryStep> {
        let mut windows = self.canary_windows();
        let running: Vec<_> = {
            let model = self.model();
            let running = planned(&model).filter(|found| {
                found.progress.rolled_back.is_none() && found.route.state == ResourceState::Active
            });
            running
                .map(|Planned { route, plan, progress }| (route.clone(), plan, progress))
                .collect()
        };
        windows.keep(|id| running.iter().any(|(route, ..)| route.id == id));
        let elsewhere = if running.is_empty() { BTreeMap::new() } else { self.seen_elsewhere() };
        let due: Vec<_> = running
            .into_iter()
            .filter_map(|(route, plan, progress)| {
                let mut tally = self.seen_here(&route);
                tally.add(&elsewhere.get(&route.id).copied().unwrap_or_default());
                let next = windows.next(&route.id, &plan, &progress, &tally, now)?;
                Some((route, plan, progress, next))
            })
            .collect();
        // A change may wait for other processes, and readers of the windows must not.
        drop(windows);
        let moved = due.into_iter().filter_map(|(route, plan, progress, next)| {
            self.move_canary(&route, &plan, &progress, next)
        });
        moved.collect()
    }

    /// Tells the process that leads what this one saw of canaries that rise by themselves. Call it every second, from each
    /// process that does not lead.
    ///
    /// # Errors
    /// If the state cannot be written; what was seen is lost then.
    pub fn tell_canaries(&self, state: &journal::Journal) -> Result<(), journal::Error> {
        let routes: Vec<_> = planned(&self.model()).map(|found| found.route.clone()).collect();
        let seen = routes.into_iter().map(|route| (self.seen_here(&route), route.id));
        let seen = seen.filter(|(seen, _)| *seen != CanaryTally::default());
        let seen: Vec<_> = seen.map(|(seen, route)| (route, seen)).collect();
        if seen.is_empty() { Ok(()) } else { canary_counts::add(state, &seen) }
    }

    /// What this process saw of a canary since it was last asked.
    fn seen_here(&self, route: &Route) -> CanaryTally {
        self.0.plane.take_canary_tally(&route.details.application, &route.id)
    }

    /// What the other processes told of canaries since they were last asked, by route.
    fn seen_elsewhere(&self) -> BTreeMap<String, CanaryTally> {
        if !self.0.settings.shared {
            return BTreeMap::new();
        }
        self.0.journal.take_canary_counts().unwrap_or_else(|error| {
            log::error!("canaries: what other processes saw: {}", runtime::chain(&error));
            BTreeMap::new()
        })
    }

    /// Notes how far a canary has come now, if nothing has changed it meanwhile.
    fn move_canary(
        &self,
        route: &Route,
        plan: &CanaryPlan,
        before: &CanaryProgress,
        next: CanaryProgress,
    ) -> Option<CanaryStep> {
        let stored = self.change(|model, changes| {
            let Some(found) = model.routes.get(&route.id) else { return Ok(false) };
            let same = planned_route(model, found)
                .is_some_and(|found| found.progress == *before && found.plan == *plan);
            if same {
                let mut changed = found.clone();
                changed.details.canary = Some(next.clone());
                changes.push(ModelChange::Route(changed));
            }
            Ok(same)
        });
        let (id, label) = (&route.id, route.label());
        let moved = matches!(stored, Ok(true));
        match (stored, &next.rolled_back) {
            (Ok(true), Some(RolledBack { reason, percent, .. })) => {
                log::warn!(
                    "the canary of the route {id} ({label}) is back from {percent} % to 0 %: {reason}"
                );
            }
            (Ok(true), None) => {
                log::info!("the canary of the route {id} ({label}) is at {} %", next.percent(plan))
            }
            (Ok(false), _) => {}
            (Err(error), _) => {
                log::error!("the canary of the route {id} stays as it is: {}", error.message())
            }
        }
        moved.then(|| CanaryStep {
            application: route.details.application.clone(),
            route: id.clone(),
            path: label,
            percent: next.percent(plan),
            rolled_back: next.rolled_back,
        })
    }

    /// The canaries that rise by themselves, by route.
    pub fn canaries(&self) -> Vec<CanaryView> {
        let (windows, model) = (self.canary_windows(), self.model());
        let view = |Planned { route, plan, progress }: Planned<'_>| {
            let seen = windows.seen(&route.id);
            CanaryView {
                application: route.details.application.clone(),
                route: route.id.clone(),
                path: route.label(),
                service: model
                    .services
                    .get(&route.details.service)
                    .map_or_else(String::new, |found| found.details.name.clone()),
                percent: progress.percent(&plan),
                steps: plan.steps,
                rolled_back: progress.rolled_back,
                requests: seen.requests,
                failed: seen.failed,
            }
        };
        planned(&model).map(view).collect()
    }

    fn canary_windows(&self) -> MutexGuard<'_, CanaryWindows> {
        // A thread that panicked with the lock left counts that are only too small.
        self.0.canaries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tags that hold for a route: its own, and those of its service that it does not have.
pub(super) fn read_tags(service: &Service, route: &Route) -> Tags {
    let read = service.tags.iter().filter(|(key, _)| key.starts_with("banyan:"));
    let mut tags: Tags = read.map(|(key, value)| (key.clone(), value.clone())).collect();
    tags.extend(route.tags.clone());
    tags
}

/// Puts the share of a canary that rises by itself among the tags of its route.
pub(super) fn set_share(route: &Route, tags: &mut Tags) {
    if let Some((plan, progress)) = plan_of(route, tags) {
        tags.insert("banyan:canary".to_owned(), progress.percent(&plan).to_string());
    }
}

/// Lets the canary of a route, or those of a service's routes, begin anew. The last change gives that its tags.
pub(super) fn begin_anew(model: &Model, changes: &mut Vec<ModelChange>, arn: Arn<'_>) {
    if let Some(ModelChange::Route(route)) = changes.last_mut() {
        route.details.canary = None;
    }
    let routes = model.routes.values().filter(|route| route.details.service == arn.id);
    for route in routes.filter(|route| route.details.canary.is_some()) {
        let mut begun = route.clone();
        begun.details.canary = None;
        changes.push(ModelChange::Route(begun));
    }
}

fn planned(model: &Model) -> impl Iterator<Item = Planned<'_>> {
    model.routes.values().filter_map(|route| planned_route(model, route))
}

fn planned_route<'a>(model: &Model, route: &'a Route) -> Option<Planned<'a>> {
    route.details.source.as_ref()?;
    let service = model.services.get(&route.details.service)?;
    if !route.tags.contains_key(STEPS) && !service.tags.contains_key(STEPS) {
        return None;
    }
    let (plan, progress) = plan_of(route, &read_tags(service, route))?;
    Some(Planned { route, plan, progress })
}

/// The plan that tags make, and how far the route has come in it.
fn plan_of(route: &Route, tags: &Tags) -> Option<(CanaryPlan, CanaryProgress)> {
    let plan = CanaryPlan::tagged(tags)?;
    let steps = tags.get(STEPS)?;
    let known = route.details.canary.clone().filter(|known| known.steps == *steps);
    Some((plan, known.unwrap_or_else(|| CanaryProgress::begin(steps))))
}
