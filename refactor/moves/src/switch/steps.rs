//! Steps that a switch, its end and a reverse by force have in common.

use std::thread::sleep;
use std::time::{Duration, Instant};

use spaces::{ApiError, HealthCheck};

use crate::follow;
use crate::record::{PrimarySide, SwitchStep};
use crate::refusal::CommandRefusal;
use crate::times::Times;
use crate::work::CommandWork;

/// How often a store is asked while others wait for it.
pub(crate) const POLL: Duration = Duration::from_millis(3);
/// How often it is looked whether a route's health check has ended.
const CHECK_POLL: Duration = Duration::from_millis(100);
/// How long a command waits for what happens without it once ownership is handed over.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Leads the route to the primary: ACTIVE if that is the target. It needs no health check, because the primary has
/// just answered; one that is under way is waited for. The first step protects the route that the target needs from
/// deletion. If the route was deleted just before, it is made again.
///
/// # Errors
/// The error of the route's application.
pub(crate) fn flip(
    work: &mut CommandWork<'_>,
    primary: PrimarySide,
    epoch: u64,
) -> Result<(), CommandRefusal> {
    work.in_epoch(epoch)?;
    work.set_primary(primary)?;
    let active = primary != PrimarySide::Source;
    let start = Instant::now();
    loop {
        let route = if active {
            follow::make_route(work)?
        } else {
            // Without a route everything goes to the source.
            let Some(route) = work.route() else { return Ok(()) };
            route.id
        };
        let place = work.record.place();
        match work.inner.spaces.update_route(&place, &route, active, HealthCheck::Skipped) {
            Err(ApiError::Validation(_)) if start.elapsed() < PATIENCE => sleep(CHECK_POLL),
            flipped => return Ok(flipped.map(drop)?),
        }
    }
}

/// Notes that a step is done. From here on a restart knows it; what the stores say counts all the same.
pub(crate) fn step(
    work: &mut CommandWork<'_>,
    times: &mut Times,
    step: SwitchStep,
) -> Result<(), CommandRefusal> {
    times.passed(step);
    if let Some(intent) = &mut work.record.pending {
        intent.step = step;
    }
    // While writes wait, nothing waits for the disk: the intent is there, and the stores know the rest.
    if !(SwitchStep::Fenced..SwitchStep::Promoted).contains(&step) {
        work.save()?;
    }
    Ok(())
}
