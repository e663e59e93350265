//! The service that answers a request, and the other one that could: the two sides of its route.

use std::net::IpAddr;
use std::sync::Arc;

use http1::RequestHead;
use routes::RequestPath;

use crate::ownership::Epochs;
use crate::split::Split;
use crate::target::RouteTarget;
use crate::target::{RouteMatch, RouteTable};

/// The service that answers a request, and the other side if there is one.
#[derive(Debug)]
pub(super) struct Destination {
    /// The route of its path. It may take no traffic: then its service answers only if it is the primary.
    pub(super) matched: Arc<RouteTarget>,
    pub(super) side: RouteSide,
    /// The other side of a route whose tags divide it.
    pub(super) other: Option<Other>,
    /// Whether it is a read that a canary's own service answers.
    pub(super) is_canary: bool,
}

/// A service that can answer a request.
#[derive(Clone, Debug)]
pub(super) struct RouteSide {
    pub(super) target: Arc<RouteTarget>,
    /// How many bytes of the path the route takes away.
    pub(super) matched: usize,
}

/// The side that does not answer.
#[derive(Debug)]
pub(super) struct Other {
    /// The route whose tags say so.
    pub(super) route: Arc<RouteTarget>,
    pub(super) side: RouteSide,
}

/// The primary of a request that this route takes.
pub(super) fn destination(
    table: &RouteTable,
    head: &RequestHead<'_>,
    client: IpAddr,
    path: &RequestPath<'_>,
    found: &RouteMatch<'_>,
) -> Destination {
    let alone = || Destination {
        matched: matched(table, head, path, found),
        side: RouteSide::of(found),
        other: None,
        is_canary: false,
    };
    let Some(split) = &found.target.split else { return alone() };
    let Some(rest) = rest(table, head, client, path, found) else { return alone() };
    divide(split, split.keeps(head, client), found, &rest)
}

fn divide(
    split: &Split,
    keeps: bool,
    found: &RouteMatch<'_>,
    rest: &RouteMatch<'_>,
) -> Destination {
    let (destination, other) = if keeps { (found, rest) } else { (rest, found) };
    let other = Other { route: Arc::clone(found.target), side: RouteSide::of(other) };
    let is_canary = keeps && split.canary.is_some();
    Destination {
        matched: Arc::clone(found.target),
        side: RouteSide::of(destination),
        other: Some(other),
        is_canary,
    }
}

/// The route of a path that a route takes: of one that the default route takes, it may be one that takes no traffic.
fn matched(
    table: &RouteTable,
    head: &RequestHead<'_>,
    path: &RequestPath<'_>,
    found: &RouteMatch<'_>,
) -> Arc<RouteTarget> {
    let inactive = (found.target.route.source.is_none() && table.has_inactive)
        .then(|| table.find_inactive(&head.method, path, &[]))
        .flatten();
    Arc::clone(inactive.as_ref().unwrap_or(found).target)
}

/// The target of a request without this route. The next best route may pass the request on too; the last one does
/// not.
fn rest<'a>(
    table: &'a RouteTable,
    head: &RequestHead<'_>,
    client: IpAddr,
    path: &RequestPath<'_>,
    found: &RouteMatch<'a>,
) -> Option<RouteMatch<'a>> {
    let (method, mut passed) = (&head.method, vec![found.target]);
    let mut rest = table.find_past(method, path, &passed)?;
    while rest.target.split.as_ref().is_some_and(|split| !split.keeps(head, client)) {
        passed.push(rest.target);
        match table.find_past(method, path, &passed) {
            Some(next) => rest = next,
            None => break,
        }
    }
    Some(rest)
}

impl Destination {
    /// The services that may get the request, as far as the route's tags say it.
    pub(super) fn sides(&self) -> impl Iterator<Item = &RouteSide> {
        [&self.side].into_iter().chain(self.other.as_ref().map(|other| &other.side))
    }
}

impl RouteSide {
    /// Whether its service would get a path that is for the operators of a collection that moves.
    pub(super) fn is_for_operators(&self, path: &RequestPath<'_>, epochs: &Epochs) -> bool {
        let base = &self.target.service.base;
        path.is_for_operators(base, self.matched, |name| epochs.moves(name))
    }

    pub(super) fn of(found: &RouteMatch<'_>) -> Self {
        Self { target: Arc::clone(found.target), matched: found.matched }
    }
}
