//! The service that answers a request, and the other one that could: the two sides of its route.

use std::sync::Arc;

use http::Method;

use crate::path::Path;
use crate::split::Split;
use crate::table::{Found, Table};
use crate::target::Target;

/// The service that answers a request, and the other side if there is one.
#[derive(Debug)]
pub(super) struct Destination {
    pub(super) side: Side,
    /// The other side of a route whose tags divide it.
    pub(super) other: Option<Other>,
}

/// A service that can answer a request.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) target: Arc<Target>,
    /// How many bytes of the path the route takes away.
    pub(super) matched: usize,
}

/// The side that does not answer.
#[derive(Debug)]
pub(super) struct Other {
    /// The route whose tags say so.
    pub(super) route: Arc<Target>,
    pub(super) side: Side,
}

/// The primary of a request that this route takes.
pub(super) fn destination(
    table: &Table,
    method: &Method,
    path: &Path<'_>,
    found: &Found<'_>,
) -> Destination {
    let Some(split) = &found.target.split else {
        return Destination { side: Side::of(found), other: None };
    };
    let Some(rest) = rest(table, method, path, found) else {
        return Destination { side: Side::of(found), other: None };
    };
    divide(split, method, found, &rest)
}

fn divide(split: &Split, method: &Method, found: &Found<'_>, rest: &Found<'_>) -> Destination {
    let (destination, other) = if split.keeps(method) { (found, rest) } else { (rest, found) };
    let other = Other { route: Arc::clone(found.target), side: Side::of(other) };
    Destination { side: Side::of(destination), other: Some(other) }
}

/// The target of a request without this route. The next best route may pass the request on too; the last one does
/// not.
fn rest<'a>(
    table: &'a Table,
    method: &Method,
    path: &Path<'_>,
    found: &Found<'a>,
) -> Option<Found<'a>> {
    let mut passed = vec![found.target];
    let mut rest = table.find_past(method, path, &passed)?;
    while rest.target.split.as_ref().is_some_and(|split| !split.keeps(method)) {
        passed.push(rest.target);
        match table.find_past(method, path, &passed) {
            Some(next) => rest = next,
            None => break,
        }
    }
    Some(rest)
}

impl Side {
    pub(super) fn of(found: &Found<'_>) -> Self {
        Self { target: Arc::clone(found.target), matched: found.matched }
    }
}
