//! `complete`: the source's part is over.

use super::code::Code;
use super::diff_run::DiffVerdict;
use super::options::CommandOptions;
use super::pair::Pair;
use super::record::{Direction, Outcome, PrimarySide, Verb};
use super::refusal::CommandRefusal;
use super::switch::steps;
use super::work::CommandWork;
use replication::Role;
use spaces::resource::now_ms;

/// Retires the source.
///
/// 1. Looks at both sides: the target is the primary, the source follows it.
/// 2. Leads the route to the target again, if it was changed since the switch.
/// 3. Tells the source to retire: it stops following and answering, and removes its rows unless they are to stay.
///
/// Each step can be repeated. After the third there is no way back.
///
/// # Errors
/// 409 that says what stands against it; then nothing was changed.
pub(super) fn run(
    work: &mut CommandWork<'_>,
    options: &CommandOptions,
) -> Result<(), CommandRefusal> {
    let collection = work.record.collection.clone();
    let pair = Pair::of(work, Direction::Switch);
    let (source, target) = pair.look_unless_superseded(work)?;
    if source.is_primary() {
        return Err(CommandRefusal::of(
            Code::SourceIsPrimary,
            format!("{} is still the primary of {collection}", work.source_name()),
        ));
    }
    if !target.is_primary() || target.lineage != source.lineage {
        return Err(CommandRefusal::of(
            Code::UnderWay,
            format!("{} is not the primary of {collection} yet", work.target_name()),
        ));
    }
    if source.role == Role::Follower && !source.follows(&target.store) {
        return Err(CommandRefusal::of(
            Code::NotFollowedBack,
            format!("{} does not follow {} yet", work.source_name(), work.target_name()),
        ));
    }
    let before = source.role == Role::Retired;
    let verdict = work.verdict(Some((&source, &target)))?;
    if !before
        && !options.keep_data
        && !options.force
        && matches!(verdict, DiffVerdict::Differs { .. })
    {
        return Err(CommandRefusal::of(
            Code::RowsWouldGo,
            format!(
                "complete {collection}: the copy {}, and {} would remove its rows",
                verdict.shown(),
                work.source_name()
            ),
        ));
    }
    let primary = if before { PrimarySide::TargetForGood } else { PrimarySide::Target };
    steps::flip(work, primary, target.epoch)?;
    pair.from.retire(options.keep_data).map_err(|error| {
        CommandRefusal::peer(&format!("{} was not retired", work.source_name()), &error)
    })?;
    work.record.primary = PrimarySide::TargetForGood;
    let source = work.source_name();
    let outcome = match (before, options.keep_data) {
        (false, true) => format!("{source} is retired and keeps its rows"),
        (false, false) => format!("{source} is retired and has removed its rows"),
        (true, true) => format!("was completed already: {source} is retired"),
        (true, false) => format!("was completed already: {source} is retired, and keeps no rows"),
    };
    let (verb, pause_ms, steps) = (Verb::Complete, None, Vec::new());
    work.ended(Outcome { verb, done: true, outcome, pause_ms, at_ms: now_ms(), steps })?;
    work.protect_route()
}
