//! The members that the clients' members refer to.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::board::{Board, Lost};
use crate::content::Collection;

/// Members that are there before the clients begin, and that none of them deletes.
#[derive(Clone, Copy, Default)]
pub(crate) struct References {
    pub(crate) user: u64,
    pub(crate) thread: u64,
}

impl References {
    /// Finds the members that the others refer to, and makes those that are missing.
    ///
    /// # Errors
    /// The board gives an unexpected answer.
    pub(crate) async fn find(
        board: &Board,
        run: u64,
        collections: &[Collection],
    ) -> Result<Self, String> {
        let mut found = Self::default();
        let posts = collections.contains(&Collection::Posts);
        if posts || collections.contains(&Collection::Threads) {
            let user = json!({"username": format!("load-{run:x}"), "name": "banyan load"});
            found.user = any_of(board, Collection::Users, &user).await?;
        }
        if posts {
            let thread = json!({"title": "banyan load", "createdBy": found.user});
            found.thread = any_of(board, Collection::Threads, &thread).await?;
        }
        Ok(found)
    }
}

/// The id of a member of the collection; this one is made if there is none.
async fn any_of(board: &Board, collection: Collection, member: &Value) -> Result<u64, String> {
    let path = format!("/{}", collection.name());
    let trouble = |why: &str| format!("{}{path}: {why}", board.url);
    let lost = |lost: Lost| trouble(&lost.cause);
    let list = board.get(&format!("{path}?limit=1&view=full"), "banyan-load", None).await;
    let list = list.map_err(lost)?;
    if list.status != StatusCode::OK {
        return Err(trouble(&list.detail()));
    }
    if let Some(id) = list.json()[0]["id"].as_u64() {
        return Ok(id);
    }
    let made = board.send(Method::POST, &path, &[], Some(member)).await.map_err(lost)?;
    made.id().ok_or_else(|| trouble(&made.detail()))
}
