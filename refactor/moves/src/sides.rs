//! The source and the target of a collection, read from the routes of an application.

use std::collections::BTreeMap;

use url::Url;

use super::code::{Code, Finding};
use super::refusal::CommandRefusal;
use spaces::resource::{Application, ResourceState, Route, Service};
use spaces::{ApplicationPath, Spaces};

/// The base URL of the service that a collection moves to if neither a route nor a request names one.
pub type Targets = BTreeMap<String, Url>;

/// Both sides of a collection in an application.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    pub(super) place: ApplicationPath,
    /// The collection's URL at the service of the DEFAULT route.
    pub(super) source: String,
    /// The route of the collection, if there is one.
    pub(super) route: Option<RouteDestination>,
}

/// A route, and where it leads.
#[derive(Clone, Debug)]
pub(super) struct RouteDestination {
    pub(super) id: String,
    pub(super) state: ResourceState,
    /// The collection's URL at its service.
    pub(super) url: String,
}

/// The application that is named, or the only one there is.
///
/// # Errors
/// 404 if there is none, or none of that name; 409 that names them if there are several.
pub(super) fn application(
    spaces: &Spaces,
    wanted: Option<&str>,
) -> Result<Application, CommandRefusal> {
    let all = spaces.all_applications();
    let named = || {
        let name = |found: &Application| format!("{} ({})", found.id, found.details.name);
        all.iter().map(name).collect::<Vec<_>>().join(", ")
    };
    match (wanted, all.as_slice()) {
        (_, []) => Err(CommandRefusal::missing(Finding::new(
            Code::NoApplication,
            "there is no application yet",
        ))),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(CommandRefusal::of(
            Code::SeveralApplications,
            format!("there are several applications, {}", named()),
        )),
        (Some(wanted), _) => {
            let found = all.iter().find(|found| found.id == wanted);
            found.cloned().ok_or_else(|| {
                CommandRefusal::missing(format!(
                    "there is no application {wanted}; there are {}",
                    named()
                ))
            })
        }
    }
}

/// Both sides of a collection.
///
/// # Errors
/// 404 if the application has no DEFAULT route.
pub(super) fn sides(
    spaces: &Spaces,
    application: &Application,
    collection: &str,
) -> Result<Sides, CommandRefusal> {
    within(&spaces.layout(&application.id), application, collection)
}

/// The same, in what was read of the application.
pub(super) fn within(
    layout: &[(Route, Service)],
    application: &Application,
    collection: &str,
) -> Result<Sides, CommandRefusal> {
    let fallback = layout.iter().find(|(route, _)| route.details.source.is_none());
    let Some((_, fallback)) = fallback else {
        return Err(CommandRefusal::missing(Finding::new(
            Code::NoDefaultRoute,
            format!(
                "the application {} has no DEFAULT route, and so nothing that {collection} could leave",
                application.id
            ),
        )));
    };
    Ok(Sides {
        place: ApplicationPath {
            region: application.region.clone(),
            environment: application.details.environment.clone(),
            application: application.id.clone(),
        },
        source: joined(&fallback.details.url, &format!("/{collection}")),
        route: led_in(layout, collection),
    })
}

/// The route of a collection in an application.
pub(super) fn led(
    spaces: &Spaces,
    application: &str,
    collection: &str,
) -> Option<RouteDestination> {
    led_in(&spaces.layout(application), collection)
}

fn led_in(layout: &[(Route, Service)], collection: &str) -> Option<RouteDestination> {
    let own = layout.iter().find(|(route, _)| self::collection(route) == Some(collection));
    own.map(|(route, service)| RouteDestination {
        id: route.id.clone(),
        state: route.state,
        url: collection_url(route, service),
    })
}

/// The URL of a collection at the program that a command names, which is not this one.
///
/// # Errors
/// 400 that says what it is instead, and what to give.
pub(super) fn wanted(
    spaces: &Spaces,
    base: &str,
    collection: &str,
) -> Result<String, CommandRefusal> {
    let url = at_program(base, collection)?;
    spaces.leads_elsewhere(base).map_err(|why| {
        CommandRefusal::invalid(Finding::new(Code::BadTarget, format!("the target {base} {why}")))
    })?;
    Ok(url)
}

/// The URL of a collection at a program, such as `http://127.0.0.1:3001`.
///
/// # Errors
/// 400 if it is no URL of a program.
pub(super) fn at_program(base: &str, collection: &str) -> Result<String, CommandRefusal> {
    let url = program(base).ok_or_else(|| {
        CommandRefusal::invalid(format!(
            "the target {base:?} is no URL of a program, such as http://127.0.0.1:3001"
        ))
    })?;
    // A name of several segments is the whole path.
    let path = if collection.contains('/') {
        format!("/{collection}")
    } else {
        format!("/api/{collection}")
    };
    Ok(joined(url.as_str(), &path))
}

/// A URL that names a program: a scheme, a host, perhaps a port, and nothing else.
pub fn program(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    (web && bare && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// The name of a collection: one segment of a path that can be a service's name too, or the whole path if it has several
/// segments, such as `api/orders`.
pub fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let is_segment = |segment: &str| {
        (1..=63).contains(&segment.len())
            && segment.bytes().all(inner)
            && !["-", ".", ".."].contains(&segment)
    };
    is_service_name(text)
        || (text.len() <= 255 && text.contains('/') && text.split('/').all(is_segment))
}

/// A name that a service can have.
pub(super) fn is_service_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=63).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(inner)
}

/// The collection of which a route takes every request, if there is one.
pub(super) fn collection(route: &Route) -> Option<&str> {
    let source = route.details.source.as_ref();
    let whole = source.filter(|source| source.methods.is_empty() && source.children)?;
    whole.path.strip_prefix('/')
}

fn collection_url(route: &Route, service: &Service) -> String {
    let source = route.details.source.as_ref().filter(|source| source.append);
    joined(&service.details.url, source.map_or("", |source| &source.path))
}

fn joined(base: &str, path: &str) -> String {
    format!("{}{path}", base.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::{at_program, is_name};

    #[test]
    fn a_collection_is_found_below_api_of_its_program() {
        for base in ["http://127.0.0.1:3001", "http://127.0.0.1:3001/"] {
            assert_eq!(at_program(base, "users").unwrap(), "http://127.0.0.1:3001/api/users");
            assert_eq!(at_program(base, "v1/users").unwrap(), "http://127.0.0.1:3001/v1/users");
        }
        for base in ["127.0.0.1:3001", "ftp://a", "http://a/api", "http://a?b", "http://u:p@a", ""]
        {
            assert!(at_program(base, "users").is_err(), "{base}");
        }
    }

    #[test]
    fn a_name_is_one_segment_of_a_path_or_a_whole_path() {
        for text in ["users", "in-thread2", "api/orders", "v1/Orders", "a/b.c/d_e"] {
            assert!(is_name(text), "{text}");
        }
        for text in [
            "", "ab", "Users", "a%2fb", "..", "-ab", "users?", "/a/b", "a/b/", "a//b", "a/../b",
            "a/-/b", "a/{b}",
        ] {
            assert!(!is_name(text), "{text}");
        }
    }
}
