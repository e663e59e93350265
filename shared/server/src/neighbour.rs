//! Other collections: whether the members that a write names exist.
//!
//! In the monolith a neighbour is the same store; between services it is asked by HTTP. A follower may lag, so only
//! the primary is believed, that a member exists and that it does not, as it stands when the write is checked.

mod ask;
mod hint;
mod local;
mod newest;
mod remote;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::join_all;
use models::{FieldErrors, Name, Reference};

pub(crate) use self::local::Local;
pub(crate) use self::remote::Remote;
use crate::config::url_variable;
use crate::problem::Problem;
use crate::trace::Trace;

/// The collections that members of this one refer to.
#[derive(Default)]
pub(crate) struct Neighbours(BTreeMap<Name, Arc<dyn Neighbour>>);

/// Another collection.
pub(crate) trait Neighbour: Send + Sync {
    /// Whether it has a member with this id.
    fn exists<'a>(&'a self, id: u64, trace: &'a Trace) -> Answer<'a>;
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<bool, Problem>> + 'a>>;

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
            let collection = &reference.target.collection;
            let Some(neighbour) = self.0.get(collection) else { return Err(unset(collection)) };
            neighbour.exists(reference.id, trace).await
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
}

fn unset(collection: &str) -> Problem {
    let variable = url_variable(collection);
    Problem::unavailable(format!(
        "this service cannot ask for {collection} ({variable} is not set); nothing was stored"
    ))
}

/// 503 for a neighbour of which it is not known whether it has the member.
fn silent(collection: &str, id: u64) -> Problem {
    Problem::unavailable(format!(
        "the primary of {collection} does not answer, so it is not known whether {id} exists there; nothing was stored"
    ))
}
