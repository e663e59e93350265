use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;

use super::RouteTable;
use crate::path::{PathScope, RequestPath};
use crate::route::{Route, SourcePath};

fn source(template: &str, methods: &[Method], children: bool, append: bool) -> Option<SourcePath> {
    Some(SourcePath { template: template.to_owned(), methods: methods.to_vec(), children, append })
}

fn target(id: &str, source: Option<SourcePath>, url: &str, active: bool) -> Arc<Route> {
    let (upstream, tags) = (url.parse().unwrap(), BTreeMap::new());
    Arc::new(Route { id: id.to_owned(), source, upstream, service: String::new(), active, tags })
}

/// A table of routes that are called by their index.
fn table(routes: Vec<(Option<SourcePath>, &str)>) -> RouteTable<Route> {
    let routes = routes.into_iter().enumerate();
    RouteTable::new(
        routes.map(|(index, (source, url))| target(&index.to_string(), source, url, true)),
    )
}

/// The id of the route that a request finds, and the URL that its service gets.
fn find(table: &RouteTable<Route>, method: &Method, target: &str) -> Option<(String, String)> {
    let PathScope::Application(path) = RequestPath::place(target, "api").unwrap() else {
        panic!("{target}")
    };
    let found = table.find(method, &path)?;
    let Route { id, upstream, .. } = &**found.target;
    let mut url = format!("http://{}", upstream.authority()).into_bytes();
    path.join(upstream.path().trim_end_matches('/'), upstream.query(), found.matched, &mut url);
    Some((id.clone(), String::from_utf8(url).unwrap()))
}

#[test]
fn paths_are_joined_as_the_contract_has_it() {
    for (template, append, children, url, target, expected) in [
        (None, true, true, "http://m/api", "/users/1", "http://m/api/users/1"),
        (None, true, true, "http://m/api", "/", "http://m/api/"),
        (None, true, true, "http://m/api", "", "http://m/api"),
        (None, true, true, "http://m", "/api/users", "http://m/api/users"),
        (None, true, true, "http://m", "", "http://m/"),
        (None, true, true, "http://m/api", "/api/users", "http://m/api/api/users"),
        (
            Some("/posts"),
            true,
            true,
            "http://p/api",
            "/posts/in-thread/2?limit=5",
            "http://p/api/posts/in-thread/2?limit=5",
        ),
        (Some("/posts"), true, true, "http://p/api", "/posts", "http://p/api/posts"),
        (Some("/posts"), true, true, "http://p/api/", "/posts/", "http://p/api/posts/"),
        (Some("/posts"), true, true, "http://p", "/posts/1", "http://p/posts/1"),
        (Some("/posts"), false, true, "http://p/api/posts", "/posts/1", "http://p/api/posts/1"),
        (Some("/posts"), false, true, "http://p/v2", "/posts", "http://p/v2"),
        (Some("/posts"), false, true, "http://p/v2", "/posts/", "http://p/v2/"),
        (Some("/posts"), false, true, "http://p", "/posts", "http://p/"),
        (Some("/posts"), true, false, "http://p/api", "/posts/1", "default"),
        (Some("/posts"), true, true, "http://p/api", "/postscript", "default"),
        (
            Some("/users/{id}/posts"),
            true,
            false,
            "http://p/api",
            "/users/7/posts",
            "http://p/api/users/7/posts",
        ),
        (Some("/users/{id}"), false, false, "http://u/one", "/users/7", "http://u/one"),
        (Some("/a"), true, true, "http://p/x?k=1", "/a/b?q=2", "http://p/x/a/b?k=1&q=2"),
        (Some("/a"), true, true, "http://p", "/a/b%2Fc%20d", "http://p/a/b%2Fc%20d"),
        (Some("/a"), true, true, "http://p:81", "/a//b/", "http://p:81/a//b/"),
        (Some("/a"), false, true, "http://p", "/%61/b", "http://p/b"),
        (Some("/a"), true, true, "http://p", "//a/b", "http://p//a/b"),
        (Some("/a"), true, true, "http://p", "///a", "http://p///a"),
        (Some("/a"), true, true, "http://p", "/a//", "http://p/a//"),
        (Some("/a"), false, true, "http://p", "//a//b", "http://p//b"),
        (Some("/a"), false, true, "http://p", "//a//", "http://p//"),
    ] {
        let source = template.and_then(|template| source(template, &[], children, append));
        let table = match source {
            None => table(vec![(None, url)]),
            source => table(vec![(None, "http://default"), (source, url)]),
        };
        let (id, found) = find(&table, &Method::GET, &format!("/api{target}")).unwrap();
        match expected {
            "default" => assert_eq!(id, "0", "{target}"),
            expected => assert_eq!(found, expected, "{target}"),
        }
    }
}

#[test]
fn the_most_specific_route_takes_a_request() {
    let url = "http://x";
    let table = table(vec![
        (source("/users", &[], false, true), url),
        (source("/users", &[Method::GET, Method::POST], false, true), url),
        (source("/users/{id}", &[Method::GET], false, true), url),
        (source("/users/me", &[Method::PUT], false, true), url),
        (source("/users/{id}/posts", &[], true, true), url),
        (source("/users/me/{tab}", &[Method::GET], false, true), url),
        (source("/{any}/deep", &[], false, true), url),
        (source("/files", &[Method::GET], true, true), url),
        (source("/files/x", &[Method::POST], false, true), url),
    ]);
    for (method, target, expected) in [
        ("GET", "/users", Some("1")),
        ("GET", "/users/", Some("1")),
        ("PATCH", "/users", Some("0")),
        ("HEAD", "/users", Some("0")),
        ("GET", "/users/7", Some("2")),
        ("GET", "/users/7/", Some("2")),
        ("GET", "/users//", Some("1")),
        ("GET", "//users", Some("1")),
        ("GET", "///users//7//", Some("2")),
        ("GET", "//", None),
        ("GET", "/users;a=b/7", None),
        ("HEAD", "/users/7", None),
        ("PUT", "/users/me", Some("3")),
        ("GET", "/users/me", Some("2")),
        ("GET", "/users/me/posts", Some("5")),
        ("POST", "/users/me/posts", Some("4")),
        ("GET", "/users/me/posts/1", Some("4")),
        ("GET", "/users/deep", Some("2")),
        ("PUT", "/users/deep", Some("6")),
        ("GET", "/u%73ers/a%2Fb", Some("2")),
        ("GET", "/users%2F7", None),
        ("GET", "/files/x", Some("7")),
        ("POST", "/files/x", Some("8")),
        ("POST", "/files/y", None),
        ("GET", "/files/x/y", Some("7")),
        ("GET", "/filesx", None),
        ("GET", "", None),
    ] {
        let method = method.parse().unwrap();
        let found = find(&table, &method, &format!("/api{target}")).map(|(id, _)| id);
        assert_eq!(found.as_deref(), expected, "{method} {target}");
    }
}

/// The rules of matching once more, as a list that is looked through.
fn naive(routes: &[SourcePath], method: &Method, path: &str) -> Option<usize> {
    let asked: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let rank = |source: &SourcePath| {
        let template: Vec<&str> = source.template.split('/').skip(1).collect();
        let below = asked.len() > template.len();
        if asked.len() < template.len() || (below && !source.children) {
            return None;
        }
        if !source.methods.is_empty() && !source.methods.contains(method) {
            return None;
        }
        // Literal before parameter before "child of", from the first segment on.
        let mut rank = String::new();
        for (segment, asked) in template.iter().zip(&asked) {
            match segment.starts_with('{') {
                true => rank.push('1'),
                false if segment == asked => rank.push('0'),
                _ => return None,
            }
        }
        rank.push(if below { '2' } else { '0' });
        Some((rank, source.methods.is_empty()))
    };
    let ranked = routes.iter().enumerate().filter_map(|(n, source)| Some((rank(source)?, n)));
    ranked.min().map(|(_, index)| index)
}

#[test]
fn the_tree_finds_what_a_search_through_a_list_finds() {
    let mut random = fastrand::Rng::with_seed(4);
    let methods = [Method::GET, Method::POST, Method::HEAD];
    for round in 0..300 {
        let mut routes: Vec<SourcePath> = Vec::new();
        for _ in 0..random.usize(1..25) {
            let segments = (0..random.usize(1..5)).map(|_| *random.choice(SEGMENTS).unwrap());
            let template: String = segments.flat_map(|segment| ["/", segment]).collect();
            let listed = random.choice([&methods[..0], &methods[..1], &methods[1..]]).unwrap();
            let route = SourcePath {
                template,
                methods: listed.to_vec(),
                children: random.bool(),
                append: true,
            };
            // The control plane refuses two routes for the same path and method.
            let clashes = |other: &SourcePath| {
                other.template == route.template && other.methods == route.methods
            };
            if !routes.iter().any(clashes) {
                routes.push(route);
            }
        }
        let table = table(routes.iter().map(|route| (Some(route.clone()), "http://x")).collect());
        for _ in 0..100 {
            let segments = (0..random.usize(0..6)).map(|_| *random.choice(ASKED).unwrap());
            let path: String = segments.flat_map(|segment| ["/", segment]).collect();
            let method = random.choice(&methods).unwrap();
            let found = find(&table, method, &format!("/api{path}")).map(|(id, _)| id);
            let expected = naive(&routes, method, &path).map(|index| index.to_string());
            assert_eq!(found, expected, "round {round}: {method} {path:?} among {routes:#?}");
        }
    }
}

#[test]
fn a_changed_table_is_as_if_it_were_made_anew_and_leaves_the_old_one_as_it_was() {
    let mut random = fastrand::Rng::with_seed(5);
    let mut tables = vec![(Arc::new(RouteTable::default()), BTreeMap::<String, Arc<Route>>::new())];
    for _ in 0..300 {
        let (mut table, mut routes) = tables[random.usize(..tables.len())].clone();
        for _ in 0..random.usize(1..4) {
            let id = random.u8(..20).to_string();
            if random.u8(..3) == 0 {
                table = Arc::new(table.with([(id.clone(), None)]));
                routes.remove(&id);
                continue;
            }
            let segments = (0..random.usize(1..5)).map(|_| *random.choice(SEGMENTS).unwrap());
            let template: String = segments.flat_map(|segment| ["/", segment]).collect();
            let source = (random.u8(..10) > 0)
                .then(|| source(&template, &[], random.bool(), true))
                .flatten();
            let target = target(&id, source, "http://x", random.u8(..4) > 0);
            table = Arc::new(table.with([(id.clone(), Some(Arc::clone(&target)))]));
            routes.insert(id, target);
        }
        tables.push((table, routes));
    }
    for (table, routes) in tables {
        let live = routes.values().filter(|target| target.active);
        let anew = RouteTable::new(live.cloned());
        for _ in 0..30 {
            let segments = (0..random.usize(0..6)).map(|_| *random.choice(ASKED).unwrap());
            let path: String = segments.flat_map(|segment| ["/", segment]).collect();
            let path = format!("/api{path}");
            assert_eq!(find(&table, &Method::GET, &path), find(&anew, &Method::GET, &path));
        }
        for id in (0..20).map(|id| id.to_string()) {
            assert_eq!(table.get(&id).map(Arc::as_ptr), routes.get(&id).map(Arc::as_ptr));
        }
    }
}

const SEGMENTS: &[&str] = &["a", "b", "{x}"];
const ASKED: &[&str] = &["a", "b", "c", ""];
