//! What only the primary of a collection does.

use actix_web::http::header::HeaderMap;
use replication::calls::{Denied, is_primary, may_read, may_write, still_serves};
use replication::headers::{READ, READ_PRIMARY};
use runtime::RequestFault;
use store::StoreError;

use crate::problem::Problem;
use crate::served::Served;

impl Served {
    /// Refuses a write that belongs elsewhere, before anything is asked for it. The store decides again, in
    /// the transaction of the write.
    ///
    /// # Errors
    /// 421 if another store is the primary of the collection.
    pub(super) async fn must_own(&self) -> Result<(), Problem> {
        may_write(&self.stored(), &self.ownership_cache).await.map_err(self.denied())
    }

    /// The same, by the store's own word: for a refusal that rests on what was read here.
    ///
    /// # Errors
    /// 421 if another store is the primary of the collection.
    pub(super) async fn must_own_now(&self) -> Result<(), Problem> {
        is_primary(&self.stored(), &self.ownership_cache).await.map_err(self.denied())
    }

    /// Refuses a read if this store may not answer it. A read that asks for the primary is refused by all other stores.
    ///
    /// # Errors
    /// 421 if the collection is gone from here, not copied yet or too far behind, or if the read asks for the
    /// primary and this store is not. 400 for another [`READ`] than [`READ_PRIMARY`].
    pub(super) async fn must_serve(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if let Some(read) = headers.get(READ) {
            if read != READ_PRIMARY {
                let fault = RequestFault::header("Banyan-Read", "takes `primary`, or is left out");
                return Err(Problem::malformed("a header is wrong", vec![fault]));
            }
            return self.must_own_now().await;
        }
        may_read(&self.stored(), &self.ownership_cache).await.map_err(self.denied())
    }

    /// Refuses what was read from a copy that another program may have begun to clear.
    ///
    /// # Errors
    /// 421 if the collection is gone from here.
    pub(super) async fn still_serves(&self) -> Result<(), Problem> {
        still_serves(&self.stored(), &self.ownership_cache).await.map_err(self.denied())
    }

    fn denied(&self) -> impl Fn(Denied<StoreError>) -> Problem {
        |denied| match denied {
            Denied::Elsewhere(primary) => Problem::misdirected(primary),
            Denied::Stale(primary) => Problem::stale(primary),
            Denied::Store(error) => self.problem(None)(error),
        }
    }
}
