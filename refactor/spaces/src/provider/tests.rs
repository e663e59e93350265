use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::*;
use crate::resource::{Protection, ResourceState};
use crate::{PageRequest, Quotas, Settings};
use proxy::DataPlane;

/// An address that no test connects to.
const CONTROL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// Spaces on a disk of their own, with a service that answers.
struct World {
    spaces: Spaces,
    upstream: SocketAddr,
    steps: std::cell::Cell<u32>,
    runtime: Runtime,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let upstream = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let _ = stream.read(&mut [0; 4_096]);
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
                );
            }
        });
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let spaces = open(&folder, &runtime, CONTROL);
        Self { spaces, upstream, steps: 0.into(), runtime, folder }
    }

    /// The same disk after a restart.
    fn restart(self) -> Self {
        self.restart_with(CONTROL)
    }

    /// The same disk after a restart with the control port there.
    fn restart_with(self, control: SocketAddr) -> Self {
        let Self { spaces, upstream, steps, runtime, folder } = self;
        let second = Duration::from_secs(1);
        let quiet = tokio::sync::oneshot::channel().0;
        runtime.block_on(spaces.0.plane.drain(second, second, quiet));
        drop(spaces);
        let spaces = open(&folder, &runtime, control);
        Self { spaces, upstream, steps, runtime, folder }
    }

    fn step(&self) -> ProviderCall {
        self.steps.set(self.steps.get() + 1);
        ProviderCall {
            region: "local".into(),
            stack_id: "arn:stack".into(),
            logical_id: "Thing".into(),
            token: format!("step-{}", self.steps.get()),
            restores: false,
        }
    }

    fn make(&self, kind: ResourceKind, properties: Value) -> Result<CreatedResource, String> {
        let properties = properties.as_object().unwrap();
        self.spaces.create(&self.step(), kind, properties).map_err(|failure| failure.reason)
    }

    fn service(&self, place: &Value, url: String) -> String {
        let mut properties = place.clone();
        properties["Name"] = "svc".into();
        properties["EndpointType"] = "URL".into();
        properties["UrlEndpoint"] = json!({ "Url": url });
        self.make(ResourceKind::Service, properties).unwrap().attributes["ServiceIdentifier"]
            .clone()
    }

    /// An environment and an application, as a template's properties name them; and the path of both.
    fn application(&self) -> (Value, String) {
        let tags = json!([{ "Key": "team", "Value": "board" }]);
        let environment =
            json!({ "Name": "env", "NetworkFabricType": "TRANSIT_GATEWAY", "Tags": tags });
        let environment = self.make(ResourceKind::Environment, environment).unwrap();
        assert!(environment.attributes["TransitGatewayId"].starts_with("tgw-"));
        let id = environment.attributes["EnvironmentIdentifier"].clone();
        assert_eq!(environment.physical_id, id);
        let application = json!({
            "EnvironmentIdentifier": id, "Name": "app", "ProxyType": "API_GATEWAY",
            "VpcId": "vpc-01234567", "ApiGatewayProxy": { "StageName": "api" },
        });
        let application = self.make(ResourceKind::Application, application).unwrap();
        let application_id = application.attributes["ApplicationIdentifier"].clone();
        assert_eq!(application.physical_id, format!("{id}|{application_id}"));
        assert_eq!(application.attributes.len(), 8);
        let place = json!({ "EnvironmentIdentifier": id, "ApplicationIdentifier": application_id });
        (place, application.physical_id)
    }

    fn routes(&self, place: &Value) -> Vec<Value> {
        self.spaces.routes(&place_of(place), &PageRequest::read(&[]).unwrap()).unwrap().items
    }
}

fn place_of(properties: &Value) -> ApplicationPath {
    let text = |name: &str| properties[name].as_str().unwrap().to_owned();
    ApplicationPath {
        region: "local".into(),
        environment: text("EnvironmentIdentifier"),
        application: text("ApplicationIdentifier"),
    }
}

fn open(folder: &TempDir, runtime: &Runtime, control: SocketAddr) -> Spaces {
    let quotas = Quotas { environments: 9, applications: 9, services: 99, routes: 99 };
    let applications = "127.0.0.1:0".parse().unwrap();
    let advice = |_: &Protection| "; give it back first".to_owned();
    let drain = Duration::from_secs(1);
    let followed_advice = |path: &str| format!("; {path} was made by a move");
    let (https, shared) = (false, false);
    let settings =
        Settings { applications, https, control, drain, shared, quotas, advice, followed_advice };
    let state = journal::Journal::open(folder.path()).unwrap();
    let plane = DataPlane::new(proxy::Settings::default()).unwrap();
    Spaces::open(state, plane, settings, runtime.handle().clone()).unwrap()
}

fn fallback(place: &Value, service: &str) -> Value {
    let mut properties = place.clone();
    properties["RouteType"] = "DEFAULT".into();
    properties["ServiceIdentifier"] = service.into();
    properties
}

fn uri_path(place: &Value, service: &str, path: &str) -> Value {
    let mut properties = place.clone();
    properties["RouteType"] = "URI_PATH".into();
    properties["ServiceIdentifier"] = service.into();
    properties["UriPathRoute"] = json!({ "SourcePath": path, "ActivationState": "ACTIVE" });
    properties
}

#[test]
fn a_stack_of_all_kinds_is_made_and_taken_down() {
    let world = World::new();
    let (place, application) = world.application();
    let service = world.service(&place, format!("http://{}", world.upstream));
    let default = world.make(ResourceKind::Route, fallback(&place, &service)).unwrap();
    let route = world.make(ResourceKind::Route, uri_path(&place, &service, "/users/{id}")).unwrap();
    let resources: Value = serde_json::from_str(&route.attributes["PathResourceToId"]).unwrap();
    assert!(resources["/users/{id}"].is_string(), "{resources}");
    let environment = application.split('|').next().unwrap();
    let service = format!("{application}|{service}");
    let early =
        world.spaces.delete(&world.step(), ResourceKind::Route, &default.physical_id).unwrap_err();
    assert!(early.reason.contains("/users/{id}"), "{early:?}");
    for (kind, id) in [
        (ResourceKind::Route, route.physical_id.as_str()),
        (ResourceKind::Route, &default.physical_id),
        (ResourceKind::Service, &service),
        (ResourceKind::Application, &application),
        (ResourceKind::Environment, environment),
    ] {
        for _ in 0..2 {
            // The second time it is gone, and counts as deleted.
            world.spaces.delete(&world.step(), kind, id).unwrap();
        }
    }
}

#[test]
fn a_step_that_comes_again_after_a_restart_makes_nothing() {
    let world = World::new();
    let (place, _) = world.application();
    let service = world.service(&place, format!("http://{}", world.upstream));
    let first = fallback(&place, &service);
    let step = world.step();
    let made = world.spaces.create(&step, ResourceKind::Route, first.as_object().unwrap()).unwrap();
    let world = world.restart();
    let again =
        world.spaces.create(&step, ResourceKind::Route, first.as_object().unwrap()).unwrap();
    assert_eq!(again, made);
    assert_eq!(world.routes(&place).len(), 1);
}

#[test]
fn a_step_that_comes_again_makes_anew_what_was_deleted_meanwhile() {
    let world = World::new();
    let properties = json!({ "Name": "env", "NetworkFabricType": "NONE" });
    let (step, properties) = (world.step(), properties.as_object().unwrap());
    let create =
        || world.spaces.create(&step, ResourceKind::Environment, properties).unwrap().physical_id;
    let first = create();
    world.spaces.delete_environment("local", &first).unwrap();
    let second = create();
    assert_ne!(second, first);
    assert!(world.spaces.environment("local", &second).is_ok());
    assert_eq!(create(), second, "and that once");
}

#[test]
fn a_service_that_comes_again_is_the_same_wherever_its_url_leads_by_then() {
    let world = World::new();
    let (mut service, _) = world.application();
    service["Name"] = "svc".into();
    service["EndpointType"] = "URL".into();
    service["UrlEndpoint"] = json!({ "Url": format!("http://{}", world.upstream) });
    let service = service.as_object().unwrap();
    let step = world.step();
    let made = world.spaces.create(&step, ResourceKind::Service, service).unwrap();
    let upstream = world.upstream;
    let world = world.restart_with(upstream);
    let new = world.spaces.create(&world.step(), ResourceKind::Service, service).unwrap_err();
    assert!(new.reason.contains("leads back to this proxy"), "{new:?}");
    assert_eq!(world.spaces.create(&step, ResourceKind::Service, service).unwrap(), made);
}

#[test]
fn an_unhealthy_route_leaves_no_trace_and_a_rollback_asks_nobody() {
    let world = World::new();
    let (place, _) = world.application();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = world.service(&place, format!("http://{closed}"));
    let refused = world.make(ResourceKind::Route, fallback(&place, &dead)).unwrap_err();
    assert!(refused.contains("health check") && refused.contains(&closed.to_string()), "{refused}");
    assert!(world.routes(&place).is_empty());
    let restoring = ProviderCall { restores: true, ..world.step() };
    let properties = fallback(&place, &dead);
    world.spaces.create(&restoring, ResourceKind::Route, properties.as_object().unwrap()).unwrap();
    assert_eq!(world.routes(&place)[0]["State"], ResourceState::Active.as_str());
}

#[test]
fn a_check_that_ends_late_decides_no_later_activation() {
    let world = World::new();
    let (place, _) = world.application();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let service = world.service(&place, format!("http://{}", silent.local_addr().unwrap()));
    let restoring = ProviderCall { restores: true, ..world.step() };
    let route = fallback(&place, &service);
    world.spaces.create(&restoring, ResourceKind::Route, route.as_object().unwrap()).unwrap();
    let id = world.routes(&place)[0]["RouteId"].as_str().unwrap().to_owned();
    let place = place_of(&place);
    let switch = |active| {
        let check = HealthCheck::Background(Duration::ZERO);
        world.spaces.update_route(&place, &id, active, check).unwrap()
    };
    let state = || world.spaces.route(&place, &id).unwrap().state;
    switch(false);
    let first = switch(true);
    world.spaces.settle(&id, first.updated_ms, Err("it is down".into()));
    assert_eq!(state(), ResourceState::Failed);
    let second = switch(true);
    world.spaces.settle(&id, first.updated_ms, Ok(()));
    assert_eq!(state(), ResourceState::Updating, "the first check has no say any more");
    world.spaces.settle(&id, second.updated_ms, Ok(()));
    assert_eq!(state(), ResourceState::Active);
}

#[test]
fn a_route_is_swapped_in_one_step_or_stays() {
    let world = World::new();
    let (place, _) = world.application();
    let old = world.service(&place, format!("http://{}/old", world.upstream));
    let new = world.service(&place, format!("http://{}/new", world.upstream));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = world.service(&place, format!("http://{closed}"));
    world.make(ResourceKind::Route, fallback(&place, &old)).unwrap();
    let route = world.make(ResourceKind::Route, uri_path(&place, &old, "/users")).unwrap();
    let swap = |step: &ProviderCall, service: &str| {
        let properties = uri_path(&place, service, "/users");
        Provider::replace_route(
            &world.spaces,
            step,
            &route.physical_id,
            properties.as_object().unwrap(),
        )
    };
    swap(&world.step(), &dead).unwrap_err();
    let services = || {
        let routes = world.routes(&place);
        let services = routes.iter().map(|route| route["ServiceId"].as_str().unwrap().to_owned());
        services.collect::<Vec<_>>()
    };
    assert_eq!(services(), [old.clone(), old.clone()]);
    let step = world.step();
    let swapped = swap(&step, &new).unwrap();
    assert_eq!(services(), [old, new.clone()]);
    assert_ne!(swapped.physical_id, route.physical_id);
    assert_eq!(swap(&step, &new).unwrap(), swapped, "a repeat makes nothing");
    // The old one is gone: no obstacle, but the path is taken by now.
    let taken = swap(&world.step(), &new).unwrap_err();
    assert!(taken.reason.contains("clashes"), "{taken:?}");
}

#[test]
fn tags_and_the_activation_state_change_in_place() {
    let world = World::new();
    let (place, _) = world.application();
    let service = world.service(&place, format!("http://{}", world.upstream));
    world.make(ResourceKind::Route, fallback(&place, &service)).unwrap();
    let old = uri_path(&place, &service, "/users");
    let route = world.make(ResourceKind::Route, old.clone()).unwrap();
    let mut new = old.clone();
    new["UriPathRoute"]["ActivationState"] = "INACTIVE".into();
    new["Tags"] = json!([{ "Key": "banyan:canary", "Value": "10" }]);
    let update = |old: &Value, new: &Value| {
        let (old, new) = (old.as_object().unwrap(), new.as_object().unwrap());
        world.spaces.update(&world.step(), ResourceKind::Route, &route.physical_id, old, new)
    };
    assert_eq!(update(&old, &new).unwrap(), route.attributes);
    let shown = world.routes(&place)[1].clone();
    assert_eq!(
        (&shown["State"], &shown["Tags"]),
        (&json!("INACTIVE"), &json!({ "banyan:canary": "10" }))
    );
    update(&new, &old).unwrap();
    let shown = world.routes(&place)[1].clone();
    assert_eq!((&shown["State"], &shown["Tags"]), (&json!("ACTIVE"), &json!({})));
}

#[test]
fn a_tag_that_is_refused_today_can_be_restored() {
    let world = World::new();
    let (place, _) = world.application();
    let service = world.service(&place, format!("http://{}", world.upstream));
    let new = fallback(&place, &service);
    let route = world.make(ResourceKind::Route, new.clone()).unwrap();
    let mut old = new.clone();
    old["Tags"] = json!([{ "Key": "banyan:canry", "Value": "10" }]);
    let (old, new) = (old.as_object().unwrap(), new.as_object().unwrap());
    let update =
        |step| world.spaces.update(&step, ResourceKind::Route, &route.physical_id, new, old);
    let refused = update(world.step()).unwrap_err().reason;
    assert!(refused.contains("banyan:canry is not known"), "{refused}");
    assert!(world.spaces.check(ResourceKind::Route, old).is_err());
    update(ProviderCall { restores: true, ..world.step() }).unwrap();
    assert_eq!(world.routes(&place)[0]["Tags"], json!({ "banyan:canry": "10" }));
}

#[test]
fn names_that_templates_hand_on_are_checked() {
    let world = World::new();
    let (mut place, application) = world.application();
    place["ApplicationIdentifier"] = application.into();
    let refused = world.make(ResourceKind::Route, fallback(&place, "svc-0123456789")).unwrap_err();
    assert!(refused.starts_with("ApplicationIdentifier holds several ids; use app-"), "{refused}");
}

#[test]
fn a_protected_route_stays_and_so_does_what_takes_its_place() {
    let world = World::new();
    let (place, _) = world.application();
    let [one, same, other] = ["/one", "/one", "/other"]
        .map(|path| world.service(&place, format!("http://{}{path}", world.upstream)));
    world.make(ResourceKind::Route, fallback(&place, &one)).unwrap();
    let route = world.make(ResourceKind::Route, uri_path(&place, &one, "/users")).unwrap();
    let (path, step) = (place_of(&place), world.step());
    let id = || world.routes(&place)[1]["RouteId"].as_str().unwrap().to_owned();
    let shown = world.routes(&place)[1].clone();
    let (collection, primary) = ("users".to_owned(), "http://one/users".to_owned());
    let protection = Protection::LeadsToPrimary { collection, primary };
    world.spaces.protect_route(&path, &id(), Some(protection.clone())).unwrap();
    assert_eq!(world.routes(&place)[1], shown, "clients see nothing of it");
    let swap = |service: &str, physical_id: &str| {
        let properties = uri_path(&place, service, "/users");
        let properties = properties.as_object().unwrap();
        Provider::replace_route(&world.spaces, &world.step(), physical_id, properties)
    };
    let refused = swap(&other, &route.physical_id).unwrap_err().reason;
    let expected = format!(
        "the route {} (/users) leads to the primary of users, http://one/users, which would get no more writes; give it \
         back first",
        id()
    );
    assert_eq!(refused, expected);
    let swapped = swap(&same, &route.physical_id).unwrap();
    assert_ne!(id(), shown["RouteId"].as_str().unwrap(), "the same URL may take its place");
    let refused = world.spaces.delete(&step, ResourceKind::Route, &swapped.physical_id);
    assert!(refused.unwrap_err().reason.contains(&id()));
    let may_go = world.spaces.may_go(&step.region, ResourceKind::Route, &swapped.physical_id);
    assert!(may_go.unwrap_err().reason.contains("give it back first"));
    world.spaces.may_go(&step.region, ResourceKind::Service, &one).unwrap();

    let world = world.restart();
    let id = world.routes(&place)[1]["RouteId"].as_str().unwrap().to_owned();
    world.spaces.delete_route(&path, &id).unwrap_err();
    world.spaces.protect_only(&[].into()).unwrap();
    let only = [(id.clone(), protection)].into();
    world.spaces.protect_only(&only).unwrap();
    world.spaces.delete_route(&path, &id).unwrap_err();
    world.spaces.protect_route(&path, &id, None).unwrap();
    world.spaces.delete_route(&path, &id).unwrap();
}
