//! What becomes of a write that is given up.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use rusqlite::Connection;

use super::{DatabaseFile, Writer, connection};
use crate::{Late, StoreError, in_time};

const LIMIT: Duration = Duration::from_secs(12);
const SETTLE: Duration = Duration::from_secs(2);

fn writer(path: &Path) -> Writer {
    let connection = connection::write(path).unwrap();
    connection.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    Writer::start(connection, &DatabaseFile::at(path).unwrap()).unwrap()
}

/// Writes a note, then does `last` in the same transaction.
async fn write(
    writer: &Writer,
    text: &'static str,
    last: impl FnOnce() + Send + 'static,
) -> Result<(), StoreError> {
    let work = move |connection: &Connection| {
        connection.execute("INSERT INTO notes VALUES ($1)", [text]).unwrap();
        last();
        Ok(())
    };
    writer.write(work, |()| {}).await
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_given_up_in_the_queue_is_never_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.db");
    let writer = Arc::new(writer(&path));
    let ((go_on, until), (begins, began)) = (channel(), channel());
    let begun = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move {
            let stand_still = move || {
                begins.send(()).unwrap();
                until.recv().unwrap();
            };
            in_time(LIMIT, SETTLE, write(&writer, "begun", stand_still)).await
        }
    });
    tokio::task::yield_now().await;
    // The clock stands still until the writer does.
    began.recv().unwrap();
    let waiting = in_time(LIMIT, SETTLE, write(&writer, "waiting", || {})).await;
    assert_eq!(waiting.unwrap_err(), Late::NotBegun);
    assert_eq!(begun.await.unwrap().unwrap_err(), Late::Unknown);
    go_on.send(()).unwrap();
    writer.stop().await;
    let connection = connection::read(&path).unwrap();
    let mut texts = connection.prepare("SELECT text FROM notes").unwrap();
    let texts = texts.query_map([], |row| row.get(0)).unwrap();
    assert_eq!(texts.collect::<Result<Vec<String>, _>>().unwrap(), ["begun"]);
}
