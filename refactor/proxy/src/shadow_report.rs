//! What the shadow of a route found, for operators.

use shadow::{DifferenceLog, Pointer, ShadowReport};

use crate::target::RouteTarget;

/// What the shadow of a route found, and with a log its last differences; nothing if the route mirrors nothing.
pub(crate) fn report(
    application: &str,
    target: &RouteTarget,
    differences: Option<&DifferenceLog>,
) -> Option<ShadowReport> {
    let mirror = target.split.as_ref()?.mirror.as_ref()?;
    let source = target.route.source.as_ref().filter(|_| target.route.active)?;
    let texts = |pointers: &[Pointer]| pointers.iter().map(ToString::to_string).collect();
    Some(ShadowReport {
        application: application.to_owned(),
        route: target.route.id.clone(),
        path: source.template.clone(),
        service: target.route.service.clone(),
        percent: mirror.share.get(),
        since: mirror.since,
        ignored: texts(mirror.comparison.ignored()),
        noise: texts(&mirror.comparison.noise()),
        counts: mirror.counts(),
        differences: differences.map(|log| log.of(&target.route.id, mirror.since)),
    })
}
