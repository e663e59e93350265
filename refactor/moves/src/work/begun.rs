//! The record of a move that a command begins or takes up.

use crate::code::Code;
use crate::coordinator_state::CoordinatorState;
use crate::record::{MadeResources, MoveRecord, PrimarySide};
use crate::refusal::CommandRefusal;
use crate::sides::{self, Sides};

/// The record of a move as it is to be worked with: the source is where the DEFAULT route leads now.
pub(crate) fn record(
    inner: &CoordinatorState,
    collection: &str,
    sides: &Sides,
    known: Option<MoveRecord>,
    wanted: Option<&str>,
) -> Result<MoveRecord, CommandRefusal> {
    let wanted = wanted.map(|base| sides::wanted(&inner.spaces, base, collection)).transpose()?;
    let routed = sides.route.as_ref().map(|route| &route.url);
    let usual = inner.targets.get(collection);
    let usual = usual.map(|base| sides::at_program(base.as_str(), collection)).transpose()?;
    let before = known.as_ref().map(|record| record.target.clone());
    // What a route or an earlier command said stands until it is taken back.
    let stands = routed.cloned().or(before);
    let target = match (&stands, wanted) {
        (Some(stands), Some(wanted)) if *stands != wanted => {
            return Err(CommandRefusal::of(
                Code::OtherTarget,
                format!("{collection} goes to {stands}, and not to {wanted}"),
            ));
        }
        (Some(stands), _) => stands.clone(),
        (None, wanted) => wanted.or(usual).ok_or_else(|| {
            CommandRefusal::of(
                Code::NoTarget,
                format!(
                    "it is not known where {collection} is to go: there is no route /{collection}"
                ),
            )
        })?,
    };
    let source = sides.source.clone();
    if target == source {
        return Err(CommandRefusal::of(
            Code::SameStore,
            format!("{collection} cannot follow itself: source and target are both {source}"),
        ));
    }
    Ok(match known {
        Some(record) => MoveRecord { source, target, ..record },
        None => MoveRecord {
            id: format!("{:016x}", fastrand::u64(..)),
            region: sides.place.region.clone(),
            environment: sides.place.environment.clone(),
            application: sides.place.application.clone(),
            collection: collection.to_owned(),
            source,
            target,
            made: MadeResources::default(),
            primary: PrimarySide::default(),
            epoch: None,
            lost_below: 0,
            pending: None,
            last: None,
        },
    })
}
