//! Reading a document as a database keeps it.

use replication::{Document, FeedCursor};
use serde_json::Value;

use crate::StoreError;
use crate::place::FeedPlace;

/// Reads a document that this version or one before it wrote.
///
/// # Errors
/// If it is none.
pub(crate) fn read_document(text: &str) -> Result<Document, StoreError> {
    let mut document: Value = serde_json::from_str(text).map_err(StoreError::failed)?;
    if let Some(cursor) = document.pointer_mut("/followed/cursor")
        && let Some(read) = cursor.as_str().and_then(of_version_0_1)
    {
        *cursor = Value::String(read.to_string());
    }
    serde_json::from_value(document).map_err(StoreError::failed)
}

/// A cursor that version 0.1 wrote: a place and an id, with a dot between them.
fn of_version_0_1(text: &str) -> Option<FeedCursor> {
    let (position, id) = text.split_once('.')?;
    Some(FeedPlace { position: position.parse().ok()?, id: id.parse().ok()? }.into())
}

#[cfg(test)]
mod tests {
    use models::MAX_ID;

    use super::{FeedCursor, read_document};

    #[test]
    fn a_cursor_of_the_version_before_is_read() {
        let cursors =
            [("0.0", "0:"), ("7.42", "7:b42"), (&format!("7.{MAX_ID}"), "7"), ("7:b42", "7:b42")];
        for (written, read) in cursors {
            let text = serde_json::json!({
                "store": "a", "lineage": "b", "role": "follower", "epoch": 1, "since": 0,
                "fence": null, "handover": null, "successor": null,
                "followed": {
                    "source": { "store": "c", "url": "http://c" }, "cursor": written,
                    "run": null, "covered": "1.7", "copied": true,
                },
            });
            let document = read_document(&text.to_string()).unwrap();
            let cursor: FeedCursor = read.parse().unwrap();
            assert_eq!(document.followed.unwrap().cursor, cursor, "{written}");
        }
    }
}
