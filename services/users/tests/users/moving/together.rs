//! Two programs on one PostgreSQL database.

use harness::{Setup, postgres};

use super::{create, position};
use crate::BINARY;

#[tokio::test(flavor = "multi_thread")]
async fn a_program_knows_what_another_one_wrote_when_a_reader_says_so() {
    let Some(database) = postgres().await else { return };
    let setup = Setup::new(BINARY).postgres(database);
    let (one, other) = (setup.clone().start().await, setup.start().await);
    for number in 0..20 {
        let written = create(&one, &format!("u{number}")).await;
        let said = [("banyan-position", written.header("banyan-position"))];
        let read = other.send("GET", written.header("location"), &said, "").await;
        assert_eq!(read.status, 200, "{}", read.body);
        assert!(position(&read) >= position(&written), "{:?}", position(&read));
    }
    let known = position(&other.get("/api/users").await);
    for said in ["999.0", "1", ""] {
        let read = other.send("GET", "/api/users", &[("banyan-position", said)], "").await;
        assert_eq!((read.status, position(&read)), (200, known), "{said:?}");
    }
}
