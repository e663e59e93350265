//! The order in which resources are made. Deletes run backwards.

use std::collections::{BTreeMap, BTreeSet};

use super::functions::Scope;
use super::kinds::{Maker, Type};
use super::template::{Resource, Template};

/// What a resource waits for, by name.
pub(crate) type Needs = BTreeMap<String, BTreeSet<String>>;

/// Resources that wait for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Circle(Vec<String>);

impl std::fmt::Display for Circle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut names = self.0.clone();
        names.sort();
        let first = self.0.first().map(String::as_str).unwrap_or_default();
        write!(
            f,
            "Circular dependency between resources: [{}] ({} -> {first})",
            names.join(", "),
            self.0.join(" -> ")
        )
    }
}

/// The resources whose conditions hold, in the order of the template.
pub(crate) fn present<'a>(template: &'a Template, scope: &Scope) -> Vec<&'a Resource> {
    template.resources.iter().filter(|resource| scope.holds(resource.condition.as_ref())).collect()
}

/// What each present resource waits for: `Ref`, `Fn::GetAtt` and `DependsOn`. A DEFAULT route comes before the
/// URI_PATH routes of its application, whatever the template says, because the API wants it so.
pub(crate) fn needs(template: &Template, scope: &Scope) -> Needs {
    let present = present(template, scope);
    let names: BTreeSet<&str> =
        present.iter().map(|resource| resource.logical_id.as_str()).collect();
    let mut needs: Needs = present
        .iter()
        .map(|resource| {
            let mut needed: BTreeSet<String> = resource.depends_on.iter().cloned().collect();
            for (_, value) in &resource.properties {
                scope.dependencies(value, &mut |name| {
                    needed.insert(name.to_owned());
                });
            }
            needed.retain(|name| names.contains(name.as_str()));
            (resource.logical_id.clone(), needed)
        })
        .collect();
    let routes: Vec<(&str, Route)> = present
        .iter()
        .filter_map(|resource| Some((resource.logical_id.as_str(), route(resource, scope)?)))
        .collect();
    for (default, first) in routes.iter().filter(|(_, route)| route.kind == "DEFAULT") {
        let later =
            |route: &Route| route.kind == "URI_PATH" && route.application == first.application;
        for (path, _) in routes.iter().filter(|(_, route)| later(route)) {
            if let Some(needed) = needs.get_mut(*default) {
                needed.remove(*path);
            }
            if let Some(needed) = needs.get_mut(*path) {
                needed.insert((*default).to_owned());
            }
        }
    }
    needs
}

/// Sorts so that everything comes after what it needs. Placeholders come first if there is a choice, and so go last:
/// a delete that is refused has then taken nothing away. Otherwise the order of `names` stays.
///
/// # Errors
/// The resources that wait for each other.
pub(crate) fn sort(names: &[(String, Maker)], needs: &Needs) -> Result<Vec<String>, Circle> {
    let mut waiting: Vec<&(String, Maker)> = names.iter().collect();
    waiting.sort_by_key(|(_, maker)| matches!(maker, Maker::Spaces(_)));
    let mut open: BTreeSet<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
    let mut sorted: Vec<String> = Vec::with_capacity(names.len());
    while !waiting.is_empty() {
        let free = |name: &str| {
            needs
                .get(name)
                .is_none_or(|needed| needed.iter().all(|needed| !open.contains(needed.as_str())))
        };
        let Some(index) = waiting.iter().position(|(name, _)| free(name)) else {
            return Err(circle(&waiting, needs));
        };
        let (name, _) = waiting.remove(index);
        open.remove(name.as_str());
        sorted.push(name.clone());
    }
    Ok(sorted)
}

/// Walks from one waiting resource to the next until one comes again.
fn circle(waiting: &[&(String, Maker)], needs: &Needs) -> Circle {
    let mut path: Vec<String> = Vec::new();
    let mut next = waiting.first().map(|(name, _)| name.clone());
    while let Some(name) = next {
        if let Some(start) = path.iter().position(|known| *known == name) {
            return Circle(path.split_off(start));
        }
        next = needs
            .get(&name)
            .and_then(|needed| {
                needed.iter().find(|needed| waiting.iter().any(|(waits, _)| waits == *needed))
            })
            .cloned();
        path.push(name);
    }
    Circle(path)
}

struct Route {
    kind: String,
    application: String,
}

/// A route's type and application as far as the template tells: resources stand for themselves.
fn route(resource: &Resource, scope: &Scope) -> Option<Route> {
    let kind = Type::find(&resource.kind, &resource.logical_id).ok()?;
    if kind.maker != Maker::Spaces(super::provider::ResourceKind::Route) {
        return None;
    }
    let property = |name: &str| {
        let (_, value) = resource.properties.iter().find(|(known, _)| known == name)?;
        let symbol = |resource: &str, attribute: Option<&str>| match attribute {
            Some(attribute) => Ok(format!("{resource}.{attribute}")),
            None => Ok(resource.to_owned()),
        };
        scope.evaluate(value, &symbol).ok().flatten().as_ref().and_then(super::functions::text)
    };
    Some(Route { kind: property("RouteType")?, application: property("ApplicationIdentifier")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Placeholder;
    use crate::provider::ResourceKind;

    fn sorted(names: &[(&str, Maker)], needs: &[(&str, &[&str])]) -> Result<Vec<String>, String> {
        let names: Vec<(String, Maker)> =
            names.iter().map(|(name, maker)| ((*name).to_owned(), *maker)).collect();
        let needs = needs
            .iter()
            .map(|(name, needs)| {
                ((*name).to_owned(), needs.iter().map(|need| (*need).to_owned()).collect())
            })
            .collect();
        sort(&names, &needs).map_err(|circle| circle.to_string())
    }

    const REAL: Maker = Maker::Spaces(ResourceKind::Service);
    const PLACEHOLDER: Maker = Maker::Nobody(Placeholder::Vpc);

    #[test]
    fn everything_comes_after_what_it_needs_and_placeholders_come_first() {
        let order = sorted(
            &[("a", REAL), ("b", REAL), ("c", REAL), ("v", PLACEHOLDER)],
            &[("a", &["c"]), ("c", &["b"])],
        );
        assert_eq!(order.unwrap(), ["v", "b", "c", "a"]);
        let order = sorted(&[("a", REAL), ("b", REAL)], &[]);
        assert_eq!(order.unwrap(), ["a", "b"], "the order of the template stays");
    }

    #[test]
    fn a_circle_is_named_without_what_only_leads_to_it() {
        let circle = sorted(
            &[("x", REAL), ("a", REAL), ("b", REAL), ("c", REAL)],
            &[("x", &["a"]), ("a", &["b"]), ("b", &["c"]), ("c", &["a"])],
        );
        assert_eq!(
            circle.unwrap_err(),
            "Circular dependency between resources: [a, b, c] (a -> b -> c -> a)"
        );
        let own = sorted(&[("a", REAL)], &[("a", &["a"])]);
        assert_eq!(own.unwrap_err(), "Circular dependency between resources: [a] (a -> a)");
    }
}
