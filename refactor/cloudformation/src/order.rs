//! The order in which resources are made. Deletes run backwards.

use std::collections::{BTreeMap, BTreeSet};

use super::functions::Scope;
use super::kinds::{Maker, Type};
use super::provider::ResourceKind;
use super::template::{Template, TemplateResource};

/// What a resource waits for, by name.
pub(crate) type Needs = BTreeMap<String, BTreeSet<String>>;

/// The resources whose conditions hold, in the order of the template.
pub(crate) fn present<'a>(template: &'a Template, scope: &Scope) -> Vec<&'a TemplateResource> {
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
            let values = resource.values().flat_map(|value| scope.dependencies(value));
            needed.extend(values.map(str::to_owned));
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

/// Sorts resources, each of which has a name and a type, so that everything comes after what it needs. Placeholders come
/// first if there is a choice, and so go last: a delete that is refused has then taken nothing away. Otherwise the order
/// stays.
///
/// # Errors
/// The resources that wait for each other.
pub(crate) fn sort<'a>(
    resources: impl Iterator<Item = (&'a str, &'a str)>,
    needs: &Needs,
) -> Result<Vec<String>, String> {
    let is_made = |(_, kind): &(&str, &str)| {
        Type::of(kind).is_some_and(|kind| matches!(kind.maker, Maker::Spaces(_)))
    };
    let (made, placeholders): (Vec<_>, Vec<_>) = resources.partition(is_made);
    let mut waiting: Vec<&str> =
        placeholders.into_iter().chain(made).map(|(name, _)| name).collect();
    let mut open: BTreeSet<&str> = waiting.iter().copied().collect();
    let mut sorted: Vec<String> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let free = |name: &str| {
            needs
                .get(name)
                .is_none_or(|needed| needed.iter().all(|needed| !open.contains(needed.as_str())))
        };
        let Some(index) = waiting.iter().position(|name| free(name)) else {
            return Err(circle(&waiting, needs));
        };
        let name = waiting.remove(index);
        open.remove(name);
        sorted.push(name.to_owned());
    }
    Ok(sorted)
}

/// Walks from one waiting resource to the next until one comes again, and tells that way.
fn circle(waiting: &[&str], needs: &Needs) -> String {
    let mut path: Vec<&str> = Vec::new();
    let mut next = waiting.first().copied();
    while let Some(name) = next {
        if let Some(start) = path.iter().position(|known| *known == name) {
            path.drain(..start);
            break;
        }
        path.push(name);
        let mut needed = needs.get(name).into_iter().flatten().map(String::as_str);
        next = needed.find(|needed| waiting.contains(needed));
    }
    let way = path.join(" -> ");
    let first = path.first().copied().unwrap_or_default();
    path.sort_unstable();
    let names = path.join(", ");
    format!("Circular dependency between resources: [{names}] ({way} -> {first})")
}

struct Route {
    kind: String,
    application: String,
}

/// A route's type and application as far as the template tells: resources stand for themselves.
fn route(resource: &TemplateResource, scope: &Scope) -> Option<Route> {
    let kind = Type::find(&resource.kind, &resource.logical_id).ok()?;
    if kind.maker != Maker::Spaces(ResourceKind::Route) {
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

    fn sorted(names: &[(&str, &str)], needs: &[(&str, &[&str])]) -> Result<Vec<String>, String> {
        let needs = needs
            .iter()
            .map(|(name, needs)| {
                ((*name).to_owned(), needs.iter().map(|need| (*need).to_owned()).collect())
            })
            .collect();
        sort(names.iter().copied(), &needs)
    }

    const REAL: &str = "AWS::RefactorSpaces::Service";
    const PLACEHOLDER: &str = "AWS::EC2::VPC";

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
