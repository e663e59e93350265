//! The route table: an immutable tree, matched by path and method, replaced whole.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use http::Method;

use crate::proxy::path::{Path, Segments};
use crate::proxy::target::Target;

/// The routes of one application.
#[derive(Debug, Default)]
pub(crate) struct Table {
    root: Node,
    default: Option<Arc<Target>>,
    /// Every route, in the order in which they came.
    all: Vec<Arc<Target>>,
}

/// The routes at one path, and the paths below it.
#[derive(Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, Node, BuildHasherDefault<SegmentHasher>>,
    parameter: Option<Box<Node>>,
    here: Vec<Arc<Target>>,
}

/// FNV-1a. Only the operator chooses what is stored under it, so nobody can make it collide on purpose.
#[derive(Debug)]
struct SegmentHasher(u64);

impl Default for SegmentHasher {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for SegmentHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A route that was found for a request.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) target: &'a Arc<Target>,
    /// How many bytes of the path the route's template took.
    pub(crate) matched: usize,
}

impl Table {
    pub(crate) fn new(targets: impl IntoIterator<Item = Arc<Target>>) -> Self {
        let mut table = Self { all: targets.into_iter().collect(), ..Self::default() };
        for target in &table.all {
            match &target.route.source {
                None => table.default = Some(Arc::clone(target)),
                Some(source) => {
                    let template = source.template.trim_matches('/');
                    let segments = template.split('/').filter(|segment| !segment.is_empty());
                    let node = segments.fold(&mut table.root, Node::below);
                    node.here.push(Arc::clone(target));
                }
            }
        }
        table
    }

    /// Every route of the table, in the order in which they came.
    pub(crate) fn targets(&self) -> &[Arc<Target>] {
        &self.all
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
        let asked = Asked { method, passed, whole: path.raw.len() };
        let found = self.root.find(&asked, path.segments());
        found.or_else(|| {
            let target = self.default.as_ref().filter(|target| !asked.passes(target))?;
            Some(Found { target, matched: 0 })
        })
    }
}

/// What a route is looked for with.
struct Asked<'a> {
    method: &'a Method,
    /// The routes that are passed by.
    passed: &'a [&'a Arc<Target>],
    /// The length of the whole path.
    whole: usize,
}

impl Asked<'_> {
    fn passes(&self, target: &Arc<Target>) -> bool {
        self.passed.iter().any(|passed| Arc::ptr_eq(passed, target))
    }
}

impl Node {
    fn below(&mut self, segment: &str) -> &mut Self {
        if segment.starts_with('{') {
            self.parameter.get_or_insert_default()
        } else {
            self.literals.entry(segment.into()).or_default()
        }
    }

    /// Each node is visited at most once: it stands at one depth of one path.
    fn find(&self, asked: &Asked<'_>, rest: Segments<'_>) -> Option<Found<'_>> {
        let deeper = match rest.split() {
            None => return self.take(asked, false, asked.whole - rest.remaining()),
            Some((segment, rest)) => {
                self.literals.get(&*segment).and_then(|node| node.find(asked, rest)).or_else(|| {
                    let node = self.parameter.as_deref().filter(|_| !segment.is_empty())?;
                    node.find(asked, rest)
                })
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

#[cfg(test)]
mod tests;
