//! The bare loop: inserts one row after the other into a table like that of posts, commits a group of them at a time, durably,
//! and prints how many it did a second.
//!
//! Usage: inserts DATABASE SECONDS GROUP. DATABASE is one that the monolith made.

use std::error::Error;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::Connection;

const TEXT: &str = "I need a new guitar to play the most savory licks in Ooo";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(database), Some(seconds), Some(group)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: inserts DATABASE SECONDS GROUP".into());
    };
    let (seconds, group): (f64, i64) = (seconds.parse()?, group.parse()?);
    let connection = Connection::open(database)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    connection.pragma_update(None, "cache_size", -32 * 1024)?;
    let mut position: i64 =
        connection.query_row("SELECT max(position) FROM posts", [], |row| row.get(0))?;
    let insert = "INSERT INTO posts (rev, created_at, updated_at, thread, text, author, position) VALUES (1, ?1, ?1, 1, ?2, 1, ?3)";
    let mut insert = connection.prepare(insert)?;
    let (start, mut rows) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs_f64(seconds) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..group {
            position += 1;
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis() as i64;
            insert.execute((now, TEXT, position))?;
        }
        connection.execute_batch("COMMIT")?;
        rows += group;
    }
    println!("{:.0}", rows as f64 / start.elapsed().as_secs_f64());
    Ok(())
}
