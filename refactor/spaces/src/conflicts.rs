//! Which routes can stand beside each other in one application.

use super::error::ApiError;
use super::resource::{NewRoute, ResourceState, ResourceType, Route, Source};

/// Whether a new route can join those of its application.
///
/// # Errors
/// 409 on the route that stands against it, or on the application if its DEFAULT route is missing.
pub(crate) fn check_new<'a>(
    new: &NewRoute,
    application: &str,
    existing: impl Iterator<Item = &'a Route> + Clone,
) -> Result<(), ApiError> {
    let fallback = existing.clone().find(|route| route.details.source.is_none());
    let Some(source) = &new.source else {
        if let Some(route) = fallback {
            let message =
                format!("the application {application} has a DEFAULT route already: {}", route.id);
            return Err(ApiError::conflict(ResourceType::Route, &route.id, message));
        }
        // Others are there already only if this one takes the place of another DEFAULT route.
        return match existing.clone().find(|route| takes_traffic(route)) {
            Some(live) if !new.active => {
                Err(ApiError::conflict(ResourceType::Route, &live.id, lonely(live)))
            }
            _ => Ok(()),
        };
    };
    let Some(fallback) = fallback else {
        return Err(ApiError::conflict(
            ResourceType::Application,
            application,
            format!(
                "the first route of an application is its DEFAULT route, and {application} has none; \
                 create a route of RouteType DEFAULT first"
            ),
        ));
    };
    if new.active && fallback.state != ResourceState::Active {
        return Err(ApiError::conflict(
            ResourceType::Route,
            &fallback.id,
            inactive_default(fallback),
        ));
    }
    if source.path.starts_with("/{") {
        return Err(ApiError::conflict(
            ResourceType::Route,
            &fallback.id,
            format!(
                "a parameter in the first segment ({}) clashes with the DEFAULT route {}, which takes \
                 all paths",
                source.path, fallback.id
            ),
        ));
    }
    for route in existing {
        let clash = route.details.source.as_ref().and_then(|other| clash(source, other));
        if let Some(clash) = clash {
            let message = format!("{} clashes with the route {}: {clash}", new.label(), route.id);
            return Err(ApiError::conflict(ResourceType::Route, &route.id, message));
        }
    }
    Ok(())
}

/// Whether a route may be told to become ACTIVE, or INACTIVE.
///
/// # Errors
/// 400, because the service model has no 409 there.
pub(crate) fn check_activation<'a>(
    route: &Route,
    active: bool,
    mut siblings: impl Iterator<Item = &'a Route>,
) -> Result<(), ApiError> {
    let refuse = |message: String| Err(ApiError::Validation(format!("ActivationState: {message}")));
    if matches!(route.state, ResourceState::Creating | ResourceState::Updating) {
        let (id, state) = (&route.id, route.state.as_str());
        return refuse(format!(
            "the route {id} is {state}; try again when its health check has ended"
        ));
    }
    match (&route.details.source, active) {
        (Some(_), true) => match siblings.find(|sibling| sibling.details.source.is_none()) {
            Some(fallback) if fallback.state != ResourceState::Active => {
                refuse(inactive_default(fallback))
            }
            _ => Ok(()),
        },
        (None, false) => {
            let live = siblings.find(|sibling| sibling.id != route.id && takes_traffic(sibling));
            live.map_or(Ok(()), |live| refuse(lonely(live)))
        }
        (Some(_), false) | (None, true) => Ok(()),
    }
}

/// Whether a route may go.
///
/// # Errors
/// 409 on another route, if the DEFAULT route would go before it.
pub(crate) fn check_delete<'a>(
    route: &Route,
    siblings: impl Iterator<Item = &'a Route>,
) -> Result<(), ApiError> {
    if route.details.source.is_some() {
        return Ok(());
    }
    let others: Vec<_> = siblings.filter(|sibling| sibling.id != route.id).collect();
    let Some(first) = others.first() else { return Ok(()) };
    const NAMED: usize = 5;
    let mut named: Vec<_> = others
        .iter()
        .take(NAMED)
        .map(|route| format!("{} ({})", route.id, route.label()))
        .collect();
    if others.len() > NAMED {
        named.push(format!("{} more", others.len() - NAMED));
    }
    let message = format!(
        "the DEFAULT route {} is deleted after all other routes of its application; delete these \
         first: {}",
        route.id,
        named.join(", ")
    );
    Err(ApiError::conflict(ResourceType::Route, &first.id, message))
}

/// Whether a route takes traffic, or will when its check has ended.
fn takes_traffic(route: &Route) -> bool {
    matches!(route.state, ResourceState::Active | ResourceState::Creating | ResourceState::Updating)
}

fn lonely(live: &Route) -> String {
    format!(
        "the DEFAULT route may be INACTIVE only when all others are, and {} ({}) is {}",
        live.id,
        live.label(),
        live.state.as_str()
    )
}

fn inactive_default(fallback: &Route) -> String {
    format!(
        "a route can be ACTIVE only while the DEFAULT route is, and {} is {}",
        fallback.id,
        fallback.state.as_str()
    )
}

/// Why two source paths cannot both be routed, as a tree of resources in API Gateway cannot hold both.
fn clash(new: &Source, old: &Source) -> Option<String> {
    let (mut a, mut b) = (new.path.split('/').skip(1), old.path.split('/').skip(1));
    loop {
        return match (a.next(), b.next()) {
            (None, None) => overlap(new, old),
            (Some(a), Some(b)) if a == b => continue,
            (Some(a), Some(b)) => (is_parameter(a) && is_parameter(b)).then(|| {
                format!("{a} and {b} stand at the same place in their paths; use one name there")
            }),
            (None, Some(next)) => below(new, old, next),
            (Some(next), None) => below(old, new, next),
        };
    }
}

/// The child paths of `short` and the parameter with which `long` goes on want the same place.
fn below(short: &Source, long: &Source, next: &str) -> Option<String> {
    (short.children && is_parameter(next)).then(|| {
        format!("{} with IncludeChildPaths and {} want the same place", short.path, long.path)
    })
}

/// The same path is routed twice only if one of the routes lists its methods, or no method is in
/// both lists: a listed method wins.
fn overlap(new: &Source, old: &Source) -> Option<String> {
    match (new.methods.as_slice(), old.methods.as_slice()) {
        ([], []) => Some(format!("both take {} for all methods", new.path)),
        ([], _) | (_, []) => None,
        (new_methods, old_methods) => {
            let both: Vec<_> =
                new_methods.iter().filter(|method| old_methods.contains(method)).cloned().collect();
            (!both.is_empty()).then(|| format!("both take {} for {}", new.path, both.join(", ")))
        }
    }
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

#[cfg(test)]
mod tests;
