//! The route table: an immutable tree, matched by path and method.
//!
//! A table that is changed is a copy that shares all with the old one but the path to what changed.

mod map;

use std::sync::Arc;

use http::Method;

use crate::path::{Path, Segments};
use crate::target::Target;
use map::Map;

/// The routes of one application. A clone costs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    root: Arc<Node>,
    /// At most one takes traffic; by id.
    defaults: Vec<Arc<Target>>,
    /// Every route, by id.
    all: Map<Arc<Target>>,
    /// How often the application's routes were changed before; what was learned of others counts no more.
    pub(crate) version: u64,
    /// Held by each upload that began with these routes and is not kept, since nobody else could have owned it.
    pub(crate) uploads: Arc<()>,
}

/// The routes at one path, and the paths below it.
#[derive(Clone, Debug, Default)]
struct Node {
    literals: Map<Arc<Node>>,
    parameter: Option<Arc<Node>>,
    /// By id.
    here: Vec<Arc<Target>>,
}

/// A route that was found for a request.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) target: &'a Arc<Target>,
    /// How many bytes of the path the route's template took.
    pub(crate) matched: usize,
}

impl Table {
    /// Every route of these; of two with the same id the later one.
    pub(crate) fn new(targets: impl IntoIterator<Item = Arc<Target>>) -> Self {
        let mut table = Self::default();
        targets.into_iter().for_each(|target| table.insert(target));
        table
    }

    /// This one, as what comes after another.
    pub(crate) fn after(self, old: &Self) -> Self {
        Self { version: old.version + 1, uploads: Arc::default(), ..self }
    }

    /// The route of an id.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Target>> {
        self.all.get(id)
    }

    /// Adds a route, or puts it in the place of the one with its id.
    pub(crate) fn insert(&mut self, target: Arc<Target>) {
        let id = target.route.id.clone();
        self.remove(&id);
        self.all.insert(&id, Arc::clone(&target));
        match &target.route.source {
            None => put(&mut self.defaults, Arc::clone(&target)),
            Some(source) => {
                let root = Arc::make_mut(&mut self.root);
                let node = segments(&source.template).fold(root, Node::below);
                put(&mut node.here, Arc::clone(&target));
            }
        }
    }

    /// Takes the route of an id away; one that is not there leaves everything as it is.
    pub(crate) fn remove(&mut self, id: &str) {
        let Some(target) = self.all.get(id).cloned() else { return };
        self.all.remove(id);
        match &target.route.source {
            None => self.defaults.retain(|other| other.route.id != id),
            Some(source) => {
                Arc::make_mut(&mut self.root).remove(segments(&source.template), id);
            }
        }
    }

    /// The most specific route: literal before parameter before "child of", in the end the default
    /// route. The work grows with the depth of the path.
    pub(crate) fn find(&self, method: &Method, path: &Path<'_>) -> Option<Found<'_>> {
        self.find_past(method, path, &[])
    }

    /// The most specific route but for some: where a request would go without them.
    pub(crate) fn find_past(
        &self,
        method: &Method,
        path: &Path<'_>,
        passed: &[&Arc<Target>],
    ) -> Option<Found<'_>> {
        self.look(&Asked { method, passed, active: true, whole: path.raw.len() }, path)
    }

    /// The most specific of the routes that take no traffic, but for some: where a request could go.
    pub(crate) fn find_inactive(
        &self,
        method: &Method,
        path: &Path<'_>,
        passed: &[&Arc<Target>],
    ) -> Option<Found<'_>> {
        self.look(&Asked { method, passed, active: false, whole: path.raw.len() }, path)
    }

    fn look(&self, asked: &Asked<'_>, path: &Path<'_>) -> Option<Found<'_>> {
        self.root.find(asked, path.segments()).or_else(|| {
            let target = self.defaults.iter().find(|target| !asked.passes(target))?;
            Some(Found { target, matched: 0 })
        })
    }
}

/// What a route is looked for with.
struct Asked<'a> {
    method: &'a Method,
    /// The routes that are passed by.
    passed: &'a [&'a Arc<Target>],
    /// Whether those are looked for that take traffic, or the others.
    active: bool,
    /// The length of the whole path.
    whole: usize,
}

impl Asked<'_> {
    /// Whether a route is none for this request, wherever it stands.
    fn passes(&self, target: &Arc<Target>) -> bool {
        target.route.active != self.active
            || self.passed.iter().any(|passed| Arc::ptr_eq(passed, target))
    }
}

impl Node {
    fn below<'a>(&'a mut self, segment: &str) -> &'a mut Self {
        Arc::make_mut(if segment.starts_with('{') {
            self.parameter.get_or_insert_default()
        } else {
            self.literals.get_or_insert(segment, Arc::default())
        })
    }

    /// Takes a route away that is at the end of a path, and the nodes on its way that are left with nothing.
    fn remove<'a>(&mut self, mut path: impl Iterator<Item = &'a str>, id: &str) {
        match path.next() {
            None => self.here.retain(|target| target.route.id != id),
            Some(segment) => {
                let below = self.below(segment);
                below.remove(path, id);
                if below.is_empty() && segment.starts_with('{') {
                    self.parameter = None;
                } else if below.is_empty() {
                    self.literals.remove(segment);
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.literals.is_empty() && self.parameter.is_none() && self.here.is_empty()
    }

    /// Each node is visited at most once: it stands at one depth of one path.
    fn find(&self, asked: &Asked<'_>, rest: Segments<'_>) -> Option<Found<'_>> {
        let deeper = match rest.split() {
            None => return self.take(asked, false, asked.whole - rest.remaining()),
            Some((segment, rest)) => {
                let literal = self.literals.get(&segment).and_then(|node| node.find(asked, rest));
                literal.or_else(|| self.parameter.as_deref()?.find(asked, rest))
            }
        };
        deeper.or_else(|| self.take(asked, true, asked.whole - rest.remaining()))
    }

    /// The route at this node for the method: one that lists it before one for all.
    fn take(&self, asked: &Asked<'_>, below: bool, matched: usize) -> Option<Found<'_>> {
        let mut sources = self.here.iter().filter_map(|target| {
            let source = target.route.source.as_ref()?;
            let takes = (source.children || !below) && !asked.passes(target);
            takes.then_some((target, source))
        });
        let listing = sources.clone().find(|(_, source)| source.methods.contains(asked.method));
        let (target, source) =
            listing.or_else(|| sources.find(|(_, source)| source.methods.is_empty()))?;
        Some(Found { target, matched: if source.append { 0 } else { matched } })
    }
}

/// The segments of a template.
fn segments(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter(|segment| !segment.is_empty())
}

/// Adds a route where it stands by its id.
fn put(targets: &mut Vec<Arc<Target>>, target: Arc<Target>) {
    let place = targets.partition_point(|other| other.route.id < target.route.id);
    targets.insert(place, target);
}

#[cfg(test)]
mod tests;
