//! `follow`: the target copies the source's collection, and keeps following.

use super::code::Code;
use super::options::CommandOptions;
use super::pair::Pair;
use super::record::{Direction, Outcome, Verb};
use super::refusal::CommandRefusal;
use super::sides::is_service_name;
use super::work::CommandWork;
use replication::{Role, SideStatus};
use spaces::resource::{MADE_BY_FOLLOW, NewRoute, NewService, Source, Tags, now_ms};
use spaces::{HealthCheck, RequestContext};

/// Lets the target follow.
///
/// 1. Looks at both sides: the source is the primary, and the target follows it already or was never used.
/// 2. Makes the service and the route if they are missing. The route is INACTIVE: it takes no traffic, but tells the
///    proxy to which other service a write may go.
/// 3. Tells the proxy that the collection moves, and the target to follow the source. From here on it goes on by itself, even if any of the programs restarts.
///
/// Each step can be repeated. A refusal before the third leaves at most a route that takes no traffic, which `cancel`
/// removes.
///
/// # Errors
/// 409 that says what stands against it.
pub(super) fn run(
    work: &mut CommandWork<'_>,
    options: &CommandOptions,
) -> Result<(), CommandRefusal> {
    let pair = Pair::of(work, Direction::Switch);
    let (source, target) = pair.look_unless_superseded(work)?;
    check(work, &source, &target)?;
    let before = work.route();
    let route = make_route(work)?;
    // Other processes read it there.
    work.save()?;
    work.tell_epoch()?;
    pair.to.follow(&pair.from.url, options.most_rows_per_second).map_err(|error| {
        CommandRefusal::peer(&format!("{} does not follow", work.target_name()), &error)
    })?;
    let mut outcome = format!("{} follows {}", work.target_name(), work.source_name());
    if before.is_none() {
        let collection = &work.record.collection;
        outcome += &format!(
            "; the route {route} (/{collection}) was made for it, INACTIVE: it takes no traffic before a switch"
        );
    }
    let (verb, pause_ms, steps) = (Verb::Follow, None, Vec::new());
    work.ended(Outcome { verb, done: true, outcome, pause_ms, at_ms: now_ms(), steps })
}

fn check(
    work: &CommandWork<'_>,
    source: &SideStatus,
    target: &SideStatus,
) -> Result<(), CommandRefusal> {
    let collection = &work.record.collection;
    let (source_name, target_name) = (work.source_name(), work.target_name());
    if source.store == target.store {
        return Err(CommandRefusal::of(
            Code::SameStore,
            format!(
                "{collection} cannot follow itself: {source_name} and {target_name} are the same store"
            ),
        ));
    }
    if source.role == Role::Retired {
        return Err(CommandRefusal::of(
            Code::Completed,
            format!("{source_name} has given {collection} away for good, and cannot be followed"),
        ));
    }
    if target.is_primary() && target.lineage == source.lineage {
        return Err(CommandRefusal::of(
            Code::TargetIsPrimary,
            format!("{target_name} is the primary of {collection} already"),
        ));
    }
    if source.role == Role::Follower {
        let primary = source.successor.as_ref().map_or("another one", |peer| &peer.url);
        return Err(CommandRefusal::of(
            Code::NotPrimary,
            format!("{source_name} is not the primary of {collection}: it follows {primary}"),
        ));
    }
    if target.follows(&source.store) || (target.role == Role::Primary && !target.rows) {
        return Ok(());
    }
    let holds = match target.role {
        Role::Primary => "holds data of its own".to_owned(),
        Role::Retired => "was retired".to_owned(),
        Role::Follower => {
            let source =
                target.followed.as_ref().map_or("no store", |followed| &followed.source.url);
            format!("follows {source}")
        }
    };
    Err(CommandRefusal::of(
        Code::TargetInUse,
        format!("{target_name} {holds}, and nothing of it is overwritten"),
    ))
}

/// Makes the service and the INACTIVE route of the collection if there is no route; returns the route's id. The
/// record notes what was made, so that `cancel` removes it and nothing else. The route is protected as the record says.
///
/// # Errors
/// What the application says.
pub(super) fn make_route(work: &mut CommandWork<'_>) -> Result<String, CommandRefusal> {
    if let Some(route) = work.route() {
        work.protect_route()?;
        return Ok(route.id);
    }
    // The id of the record is part of the tokens: after a crash the same two are found again. So is what was made before
    // and is known to be gone: its token would bring back its name alone.
    work.save()?;
    let place = work.record.place();
    let made = work.record.made.clone();
    let request = |what: &str, before: Option<&String>| RequestContext {
        region: place.region.clone(),
        token: Some(format!("move-{}-{what}-{}", work.record.id, before.map_or("", |id| id))),
        lasting: true,
    };
    let collection = &work.record.collection;
    let path = format!("/{collection}");
    let url = work.record.target.strip_suffix(&path).unwrap_or(&work.record.target);
    let service = NewService {
        name: service_name(collection).to_owned(),
        // Part of what the request's token stands for: a control plane that runs again has to say the same.
        description: Some(MADE_BY_FOLLOW.into()),
        vpc_id: None,
        url: url.to_owned(),
        health_url: None,
        tags: Tags::new(),
    };
    let spaces = &work.inner.spaces;
    let before = made.service.as_ref().and_then(|id| spaces.service(&place, id).ok());
    let service = match before.filter(|before| before.details.url == service.url) {
        Some(before) => before,
        None => {
            let request = request("service", made.service.as_ref());
            spaces.create_service(&request, &place, &service)?
        }
    };
    let source = Source { path, methods: Vec::new(), children: true, append: true };
    let route = NewRoute {
        service: service.id.clone(),
        source: Some(source),
        active: false,
        tags: Tags::new(),
    };
    let request = request("route", made.route.as_ref());
    let route = spaces.create_route(&request, &place, &route, HealthCheck::Skipped)?;
    work.record.made.service = Some(service.id);
    work.record.made.route = Some(route.id.clone());
    work.save()?;
    work.protect_route()?;
    Ok(route.id)
}

/// What the service of a collection is called: as the last segment of its path, if a service can have that name.
fn service_name(collection: &str) -> &str {
    let last = collection.rsplit('/').next().unwrap_or(collection);
    if is_service_name(last) { last } else { "collection" }
}
