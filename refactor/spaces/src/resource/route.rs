//! Routes: which requests go to which service.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_64;

use super::{CanaryProgress, Details, MemberView, Protection, Resource, ResourceType, Tags};
use crate::error::ApiError;
use crate::members::Members;
use crate::rules;
use proxy::TagPlace;

/// A route.
pub type Route = Resource<RouteDetails>;

/// The methods that a route can list, as the service model orders them.
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// What only a route has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteDetails {
    pub(crate) environment: String,
    /// The id of the application.
    pub application: String,
    /// The id of the service.
    pub service: String,
    /// The paths it takes; none: all that no other route takes.
    pub source: Option<Source>,
    /// What needs it; then it cannot be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) protection: Option<Protection>,
    /// How far its canary has come, if it rises by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) canary: Option<CanaryProgress>,
}

/// Which requests a URI_PATH route takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Such as `/users/{id}`.
    pub path: String,
    /// Upper case, each once; empty: all.
    pub methods: Vec<String>,
    /// Whether the paths below are taken too.
    pub children: bool,
    /// Whether the service gets the source path.
    pub append: bool,
}

/// What a route is to be.
#[derive(Clone, Debug, Serialize)]
pub struct NewRoute {
    /// The id of the service.
    pub service: String,
    /// The paths it takes; none: all that no other route takes.
    pub source: Option<Source>,
    /// Whether it is to take traffic.
    pub active: bool,
    /// The tags.
    pub tags: Tags,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum RouteType {
    Default,
    UriPath,
}

impl NewRoute {
    /// Reads the body of CreateRoute.
    ///
    /// # Errors
    /// 400 with each member that breaks its rule.
    pub fn read(mut members: Members<'_>) -> Result<Self, ApiError> {
        let choices = [("DEFAULT", RouteType::Default), ("URI_PATH", RouteType::UriPath)];
        let route_type = members.one_of("RouteType", &choices);
        let route_type = members.required("RouteType", route_type);
        let service =
            members.text("ServiceIdentifier", |text| rules::id(ResourceType::Service, text));
        let service = members.required("ServiceIdentifier", service);
        let fallback = members.object("DefaultRoute", "DefaultRoute.", activation);
        let uri_path = members.object("UriPathRoute", "UriPathRoute.", read_uri_path);
        for (given, other, name) in [
            (RouteType::Default, "DEFAULT", "UriPathRoute"),
            (RouteType::UriPath, "URI_PATH", "DefaultRoute"),
        ] {
            if route_type == Some(given) && members.has(name) {
                members.wrong(name, &format!("must be left out where RouteType is {other}"));
            }
        }
        if route_type == Some(RouteType::UriPath) && !members.has("UriPathRoute") {
            members.wrong("UriPathRoute", "is required where RouteType is URI_PATH");
        }
        let tags = members.tags_of(match route_type {
            Some(RouteType::Default) => TagPlace::DefaultRoute,
            Some(RouteType::UriPath) | None => TagPlace::Route,
        });
        members.finish(|| {
            let (source, active) = match route_type? {
                RouteType::Default => (None, fallback.unwrap_or(true)),
                RouteType::UriPath => uri_path.map(|(source, active)| (Some(source), active))?,
            };
            Some(Self { service: service?, source, active, tags })
        })
    }

    /// `DEFAULT`, or the path: what the route is called in messages.
    pub(crate) fn label(&self) -> String {
        label(self.source.as_ref())
    }
}

fn read_uri_path(members: &mut Members<'_>) -> Option<(Source, bool)> {
    let path = members.text("SourcePath", rules::source_path);
    let path = members.required("SourcePath", path);
    let active = activation(members);
    let active = members.required("ActivationState", active);
    let methods = members.some_of("Methods", &METHODS);
    let children = members.flag("IncludeChildPaths");
    let append = members.flag("AppendSourcePath");
    Some((Source { path: path?, methods, children, append }, active?))
}

/// Whether a route is to be ACTIVE.
fn activation(members: &mut Members<'_>) -> Option<bool> {
    members.one_of("ActivationState", &[("ACTIVE", true), ("INACTIVE", false)])
}

/// Reads the body of UpdateRoute.
///
/// # Errors
/// 400 if ActivationState is missing or none.
pub fn read_update(object: &Map<String, Value>) -> Result<bool, ApiError> {
    let mut members = Members::new(object);
    let active = activation(&mut members);
    let active = members.required("ActivationState", active);
    members.finish(|| active)
}

fn label(source: Option<&Source>) -> String {
    match source {
        None => "DEFAULT".into(),
        Some(source) if source.methods.is_empty() => source.path.clone(),
        Some(source) => format!("{} {}", source.methods.join(","), source.path),
    }
}

impl Details for RouteDetails {
    const KIND: ResourceType = ResourceType::Route;

    fn parents(&self) -> Vec<&str> {
        vec![&self.environment, &self.application]
    }

    fn view(&self, view: &mut MemberView<'_>) {
        view.set("EnvironmentId", self.environment.clone());
        view.set("ApplicationId", self.application.clone());
        view.set("ServiceId", self.service.clone());
        let id = view.id.to_owned();
        view.set("PathResourceToId", self.path_resources(&id));
        let Some(source) = &self.source else { return view.set("RouteType", "DEFAULT") };
        view.set("RouteType", "URI_PATH");
        view.set("SourcePath", source.path.clone());
        view.set("Methods", source.methods.clone());
        view.set("IncludeChildPaths", source.children);
        view.set("AppendSourcePath", source.append);
    }
}

impl RouteDetails {
    /// The ids that AWS would give to each path on the way to the route's own.
    pub(crate) fn path_resources(&self, id: &str) -> Map<String, Value> {
        let path = self.source.as_ref().map_or("/", |source| &source.path);
        let ends = path.match_indices('/').skip(1).map(|(end, _)| end);
        let ends = ends.chain([path.len()]);
        let named = |end: usize| {
            let path = &path[..end];
            let mut hash = xxh3_64(format!("{id}{path}").as_bytes());
            let digit = || {
                let digit = char::from_digit((hash % 36) as u32, 36);
                hash /= 36;
                digit.unwrap_or('0')
            };
            (path.to_owned(), std::iter::repeat_with(digit).take(10).collect::<String>().into())
        };
        ends.map(named).collect()
    }
}

impl Route {
    /// The answer to CreateRoute: nested, where Get is flat.
    pub fn created(&self) -> Value {
        let mut answer = self.summary();
        let Some(members) = answer.as_object_mut() else { return answer };
        for name in ["EnvironmentId", "PathResourceToId", "SourcePath", "Methods"] {
            members.remove(name);
        }
        for name in ["IncludeChildPaths", "AppendSourcePath"] {
            members.remove(name);
        }
        if let Some(source) = &self.details.source {
            let state =
                if self.state == super::ResourceState::Inactive { "INACTIVE" } else { "ACTIVE" };
            let nested = json!({
                "SourcePath": source.path,
                "ActivationState": state,
                "Methods": source.methods,
                "IncludeChildPaths": source.children,
                "AppendSourcePath": source.append,
            });
            members.insert("UriPathRoute".into(), nested);
        }
        answer
    }

    /// `DEFAULT`, or the path: what the route is called in messages.
    pub(crate) fn label(&self) -> String {
        label(self.details.source.as_ref())
    }
}
