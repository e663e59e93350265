//! The answer to each call.

use serde::de::DeserializeOwned;

use super::answered_collection::json;
use super::{Answering, Call, CallRefusal, ServedStore, changes, compare, document, query, steps};

impl<S: ServedStore> Answering<S> {
    /// The answer to a call with this query and this body, as JSON. The caller has shown the token.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn answer(
        &self,
        call: Call,
        query: &str,
        body: &[u8],
    ) -> Result<Vec<u8>, CallRefusal> {
        match call {
            Call::Ownership => json(&document::show(self, query::read(query)?).await?),
            Call::Changes => changes::changes(self, query::read(query)?).await,
            Call::Digest => json(&compare::digest(self, query::read(query)?).await?),
            Call::Hashes => json(&compare::hashes(self, query::read(query)?).await?),
            Call::NamedHashes => json(&compare::named(self, read(body)?).await?),
            Call::Follow => json(&steps::follow(self, read(body)?).await?),
            Call::Cancel => json(&steps::cancel(self, read(body)?).await?),
            Call::Probe => json(&steps::probe(self, read(body)?).await?),
            Call::Fence => json(&steps::fence(self, read(body)?).await?),
            Call::Release => json(&steps::release(self, read(body)?).await?),
            Call::Handover => json(&steps::handover(self, read(body)?).await?),
            Call::Retire => json(&steps::retire(self, read(body)?).await?),
            Call::Take => json(&steps::take(self, read(body)?).await?),
            Call::Forget => json(&steps::forget(self, read(body)?).await?),
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, CallRefusal> {
    Ok(runtime::read_object(std::marker::PhantomData, body)?)
}
