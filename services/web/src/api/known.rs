//! Members that a page names beside what it is about, such as the authors of posts. If they cannot be read just now, the page is shown
//! without their names.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use serde::de::DeserializeOwned;

use super::Api;
use super::reads::Member;

/// The most members that are asked for at once.
const TOGETHER: usize = 8;
/// For how long a member is asked for.
const LOOKUP_TIME: Duration = Duration::from_secs(1);

/// Members by their ids, as far as they are known; `None` for one that does not exist.
#[derive(Debug)]
pub(crate) struct Known<T>(HashMap<u64, Option<Member<T>>>);

/// What is known of a member.
#[derive(Debug)]
pub(crate) enum Lookup<'a, T> {
    Found(&'a Member<T>),
    /// It was deleted, or never existed.
    Gone,
    /// The API does not say just now.
    Unknown,
}

impl<T> Clone for Lookup<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Lookup<'_, T> {}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> Known<T> {
    /// What is known of the member with this id.
    pub(crate) fn get(&self, id: u64) -> Lookup<'_, T> {
        match self.0.get(&id) {
            Some(Some(member)) => Lookup::Found(member),
            Some(None) => Lookup::Gone,
            None => Lookup::Unknown,
        }
    }
}

impl Api {
    /// The members with these ids. After the first that cannot be read, no other is asked for.
    pub(crate) async fn known<T: DeserializeOwned>(
        &self,
        collection: &str,
        ids: impl IntoIterator<Item = u64>,
    ) -> Known<T> {
        let ids: BTreeSet<u64> = ids.into_iter().collect();
        let asked =
            ids.into_iter().map(async |id| (id, self.lookup(collection, id, LOOKUP_TIME).await));
        let mut answers = std::pin::pin!(stream::iter(asked).buffer_unordered(TOGETHER));
        let mut known = HashMap::new();
        while let Some((id, answer)) = answers.next().await {
            match answer {
                Ok(member) => _ = known.insert(id, member.map(|(member, _)| member)),
                Err(error) => {
                    log::warn!("a page is shown without some names: {error}");
                    break;
                }
            }
        }
        Known(known)
    }
}
