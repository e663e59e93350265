//! Other collections: whether the members that a write names exist.
//!
//! In the monolith a neighbour is the same store; between services it is asked by HTTP. A follower may lag, so only
//! the primary is believed, that a member exists and that it does not, as it stands when the write is checked.

mod ask;
mod hint;
mod local;
mod newest;
mod remote;
mod sought;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::join_all;
use models::{FieldErrors, Name, Reference, Target};

pub(crate) use self::local::Local;
pub(crate) use self::remote::Remote;
pub(crate) use self::sought::Sought;
use crate::config::url_variable;
use crate::problem::Problem;
use crate::trace::Trace;

/// The collections that members of this one refer to.
#[derive(Default)]
pub(crate) struct Neighbours(BTreeMap<Name, Arc<dyn Neighbour>>);

/// Another collection.
pub(crate) trait Neighbour: Send + Sync {
    /// The id of this member; `None` if there is none.
    fn find<'a>(&'a self, sought: &'a Sought, trace: &'a Trace) -> Answer<'a>;
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Option<u64>, Problem>> + 'a>>;

impl Neighbours {
    pub(crate) fn insert(&mut self, collection: Name, neighbour: Arc<dyn Neighbour>) {
        self.0.insert(collection, neighbour);
    }

    /// Which of these references lead nowhere.
    ///
    /// # Errors
    /// 503 if that cannot be found out.
    pub(crate) async fn check(
        &self,
        references: &[Reference],
        trace: &Trace,
    ) -> Result<FieldErrors, Problem> {
        let asked = join_all(references.iter().map(async |reference| {
            let neighbour = self.of(&reference.target)?;
            neighbour.find(&Sought::Id(reference.id), trace).await.map(|found| found.is_some())
        }));
        let mut errors = FieldErrors::default();
        for (reference, exists) in references.iter().zip(asked.await) {
            if !exists? {
                let Reference { field, target, id } = reference;
                let among = &target.collection;
                errors.add(field.clone(), format!("names {id}, which is not among the {among}"));
            }
        }
        Ok(errors)
    }

    /// The id of the member with this name; `None` if there is none.
    ///
    /// # Errors
    /// 503 if that cannot be found out.
    pub(crate) async fn named(
        &self,
        target: &Target,
        name: &str,
        trace: &Trace,
    ) -> Result<Option<u64>, Problem> {
        self.of(target)?.find(&Sought::Named(name.to_owned()), trace).await
    }

    fn of(&self, target: &Target) -> Result<&Arc<dyn Neighbour>, Problem> {
        self.0.get(&target.collection).ok_or_else(|| unset(&target.collection))
    }
}

fn unset(collection: &str) -> Problem {
    let variable = url_variable(collection);
    Problem::unavailable(format!(
        "this service cannot ask for {collection} ({variable} is not set); nothing was stored"
    ))
}

/// 503 for a neighbour of which it is not known whether it has the member.
fn silent(collection: &str, sought: &Sought) -> Problem {
    Problem::unavailable(format!(
        "the primary of {collection} does not answer, so it is not known whether {sought} exists there; nothing was stored"
    ))
}
