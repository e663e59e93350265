use super::*;
use crate::resource::{Resource, RouteDetails, Tags};

const APPLICATION: &str = "app-0123456789";

/// `GET,PUT /path/*`: methods if any, the path, `/*` for child paths; `DEFAULT`.
fn source(text: &str) -> Option<Source> {
    if text == "DEFAULT" {
        return None;
    }
    let (methods, path) = text.rsplit_once(' ').unwrap_or(("", text));
    let children = path.ends_with("/*");
    Some(Source {
        path: path.trim_end_matches("/*").into(),
        methods: methods
            .split(',')
            .filter(|method| !method.is_empty())
            .map(str::to_owned)
            .collect(),
        children,
        append: false,
    })
}

fn route(number: usize, text: &str, state: ResourceState) -> Route {
    let details = RouteDetails {
        environment: "env-0123456789".into(),
        application: APPLICATION.into(),
        service: "svc-0123456789".into(),
        source: source(text),
        protection: None,
        canary: None,
    };
    Resource::new(format!("rte-{number:010}"), "local", state, Tags::new(), details)
}

fn routes(texts: &[&str]) -> Vec<Route> {
    texts
        .iter()
        .enumerate()
        .map(|(number, text)| route(number, text, ResourceState::Active))
        .collect()
}

fn new(text: &str, active: bool) -> NewRoute {
    NewRoute { service: "svc-0123456789".into(), source: source(text), active, tags: Tags::new() }
}

/// The id of the route or application that stands against a new route.
fn against(existing: &[Route], text: &str) -> Option<String> {
    match check_new(&new(text, true), APPLICATION, existing.iter()) {
        Ok(()) => None,
        Err(ApiError::Conflict { id, .. }) => Some(id),
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn the_first_route_is_the_default_route_and_there_is_one() {
    assert_eq!(against(&[], "/a").as_deref(), Some(APPLICATION));
    assert_eq!(against(&[], "DEFAULT"), None);
    assert_eq!(against(&routes(&["DEFAULT"]), "DEFAULT").as_deref(), Some("rte-0000000000"));
    assert_eq!(against(&routes(&["DEFAULT"]), "/a"), None);
}

#[test]
fn no_route_is_active_without_the_default_route() {
    for state in [
        ResourceState::Inactive,
        ResourceState::Creating,
        ResourceState::Updating,
        ResourceState::Failed,
    ] {
        let existing = [route(0, "DEFAULT", state)];
        assert_eq!(against(&existing, "/a").as_deref(), Some("rte-0000000000"), "{state:?}");
        assert!(check_new(&new("/a", false), APPLICATION, existing.iter()).is_ok());
    }
}

#[test]
fn paths_clash_as_in_a_tree_of_resources() {
    let clashing = [
        ("/posts", "/posts"),
        ("/users/{id}", "/users/{name}"),
        ("/users/{id}/posts", "/users/{name}/threads"),
        ("/users/*", "/users/{id}"),
        ("/users/*", "/users/{id}/posts"),
        ("GET /users/*", "PUT /users/{id}"),
        ("GET,PUT /a", "PUT,POST /a"),
        ("/a/*", "/a/*"),
        ("/{x}/y/*", "/a"),
    ];
    let standing = [
        ("/posts", "/posts/new"),
        ("/posts", "/postscript"),
        ("/posts/*", "/posts/new"),
        ("/posts/*", "/posts/new/*"),
        ("/users/{id}", "/users/me"),
        ("/users/{id}", "/users/{id}/posts"),
        ("/users", "/users/{id}"),
        ("/users/{id}/*", "/users/{id}/posts"),
        ("/users/{id}", "/threads/{name}"),
        ("/users/a/{x}", "/users/b/{y}"),
        ("/posts", "GET /posts"),
        ("GET /posts", "POST /posts"),
        ("/posts/*", "GET /posts/*"),
    ];
    for (a, b) in clashing {
        if a.starts_with("/{") {
            // Whatever else is there: it clashes with the DEFAULT route.
            assert_eq!(against(&routes(&["DEFAULT", b]), a).as_deref(), Some("rte-0000000000"));
            continue;
        }
        for (old, added) in [(a, b), (b, a)] {
            let found = against(&routes(&["DEFAULT", "/other", old]), added);
            assert_eq!(found.as_deref(), Some("rte-0000000002"), "{added} after {old}");
        }
    }
    for (a, b) in standing {
        for (old, added) in [(a, b), (b, a)] {
            assert_eq!(against(&routes(&["DEFAULT", old]), added), None, "{added} after {old}");
        }
    }
}

#[test]
fn a_message_names_what_clashes() {
    let error = check_new(&new("GET /a", true), APPLICATION, routes(&["DEFAULT", "GET /a"]).iter());
    let message = error.unwrap_err().message().to_owned();
    assert_eq!(message, "GET /a clashes with the route rte-0000000001: both take /a for GET");
}

#[test]
fn the_default_route_rests_only_when_all_others_do() {
    let check = |existing: &[Route], number: usize, active: bool| {
        check_activation(&existing[number], active, existing.iter())
    };
    let mut existing = routes(&["DEFAULT", "/a"]);
    assert!(matches!(check(&existing, 0, false), Err(ApiError::Validation(_))));
    for state in [ResourceState::Creating, ResourceState::Updating] {
        existing[1].state = state;
        assert!(check(&existing, 0, false).is_err(), "{state:?}");
        assert!(check(&existing, 1, true).is_err(), "{state:?}: a check is under way");
    }
    for state in [ResourceState::Inactive, ResourceState::Failed] {
        existing[1].state = state;
        assert_eq!(check(&existing, 0, false), Ok(()), "{state:?}");
    }
    existing[0].state = ResourceState::Inactive;
    assert!(matches!(check(&existing, 1, true), Err(ApiError::Validation(_))));
    assert_eq!(check(&existing, 0, true), Ok(()));
}

#[test]
fn a_default_route_that_takes_the_place_of_another_stays_active() {
    let others = routes(&["/a"]);
    assert_eq!(check_new(&new("DEFAULT", true), APPLICATION, others.iter()), Ok(()));
    assert!(check_new(&new("DEFAULT", false), APPLICATION, others.iter()).is_err());
}

#[test]
fn the_default_route_goes_last() {
    let existing = routes(&["DEFAULT", "/a", "/b", "/c", "/d", "/e", "/f"]);
    assert_eq!(check_delete(&existing[1], existing.iter()), Ok(()));
    let error = check_delete(&existing[0], existing.iter()).unwrap_err();
    assert_eq!(error.status(), 409);
    assert!(error.message().contains("rte-0000000001 (/a)"), "{error:?}");
    assert!(error.message().ends_with("1 more"), "{error:?}");
    assert_eq!(check_delete(&existing[0], existing[..1].iter()), Ok(()));
}
