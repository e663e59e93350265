//! The answers that every stage of the board gives to the byte.

use serde::Deserialize;

use crate::Program;

const READS: &str = include_str!("../golden/reads.json");

#[derive(Deserialize)]
struct Read {
    method: String,
    path: String,
    status: u16,
    content_type: String,
    body: String,
}

/// Asks for every golden read that belongs to one of these collections, or to none, and compares
/// status, content type and body.
///
/// # Panics
/// If one differs.
pub async fn golden_reads(program: &Program, collections: &[&str]) {
    let reads: Vec<Read> = serde_json::from_str(READS).expect("golden/reads.json is valid");
    let mut compared = 0;
    for read in reads {
        let collection = read.path.split('/').nth(2).unwrap_or_default();
        if !collection.is_empty() && !collections.contains(&collection) {
            continue;
        }
        let answer = program.send(&read.method, &read.path, &[], "").await;
        assert_eq!(answer.status, read.status, "{}", read.path);
        assert_eq!(answer.header("content-type"), read.content_type, "{}", read.path);
        assert_eq!(answer.body, read.body, "{}", read.path);
        compared += 1;
    }
    assert!(compared > 2, "only {compared} golden reads were compared");
}
