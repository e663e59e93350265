//! The steps of a move, as a coordinator takes them.

use serde_json::{Value, json};

use crate::{Answer, Program, Setup, until};

/// What programs under test show each other.
pub const MOVE_TOKEN: &str = "a-token-of-the-tests";

const BEARER: &str = "Bearer a-token-of-the-tests";

impl Setup {
    /// With a token, so that its collections can move.
    pub fn movable(self) -> Self {
        self.env("MOVE_TOKEN", MOVE_TOKEN)
    }
}

impl Program {
    /// The URL of one of its collections.
    pub fn collection(&self, name: &str) -> String {
        format!("{}/api/{name}", self.url())
    }

    /// Asks for a path under `/-/`, with the token.
    pub async fn ask(&self, collection: &str, path: &str) -> Answer {
        let path = format!("/api/{collection}/-/{path}");
        self.send("GET", &path, &[("authorization", BEARER)], "").await
    }

    /// Takes a step of a move, with the token.
    pub async fn step(&self, collection: &str, step: &str, body: Value) -> Answer {
        let path = format!("/api/{collection}/-/{step}");
        let headers = [("authorization", BEARER), ("content-type", "application/json")];
        self.send("POST", &path, &headers, &body.to_string()).await
    }

    /// Takes a step of a move that must be done: the document of ownership after it.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn done(&self, collection: &str, step: &str, body: Value) -> Value {
        let answer = self.step(collection, step, body).await;
        assert_eq!(answer.status, 200, "{step}: {}\n{}", answer.body, self.log());
        answer.json()
    }

    /// The document of ownership.
    ///
    /// # Panics
    /// If there is none.
    pub async fn ownership(&self, collection: &str) -> Value {
        let answer = self.ask(collection, "ownership").await;
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, self.log());
        answer.json()
    }

    /// Waits until the document of ownership meets the condition.
    ///
    /// # Panics
    /// If it does not.
    pub async fn ownership_is(
        &self,
        collection: &str,
        what: &str,
        condition: impl Fn(&Value) -> bool,
    ) {
        until(what, async || condition(&self.ownership(collection).await)).await;
    }

    /// Makes it follow the collection of another program, and waits until it has everything.
    ///
    /// # Panics
    /// If it does not.
    pub async fn follow(&self, collection: &str, source: &Self) {
        // A machine that does many things at once may take longer than a source is given.
        until("it begins to follow", || async {
            let body = json!({"source": source.collection(collection)});
            let answer = self.step(collection, "follow", body).await;
            assert!([200, 503].contains(&answer.status), "{}\n{}", answer.body, self.log());
            answer.status == 200
        })
        .await;
        self.follows(collection).await;
        self.catch_up(collection, source).await;
    }

    /// Waits until it follows with everything that was there, and answers reads.
    ///
    /// # Panics
    /// If it does not.
    pub async fn follows(&self, collection: &str) {
        let following = |document: &Value| document["following"]["state"] == "following";
        self.ownership_is(collection, "it follows", following).await;
        self.answers_reads(collection).await;
    }

    /// Waits until it answers reads of the collection. A copy that was started again does not until it knows how old it
    /// is, and its program is ready before that if another of its collections can be read.
    ///
    /// # Panics
    /// If it does not.
    pub async fn answers_reads(&self, collection: &str) {
        let path = format!("/api/{collection}?limit=1");
        let what = format!("it answers reads of {collection}");
        until(&what, async || self.get(&path).await.status == 200).await;
    }

    /// Waits until it has everything that the other program has now, and answers reads.
    ///
    /// # Panics
    /// If it does not get it.
    pub async fn catch_up(&self, collection: &str, source: &Self) {
        let source = source.ownership(collection).await;
        let position = (source["epoch"].as_u64(), source["position"].as_u64());
        self.ownership_is(collection, "it has caught up", |document| {
            let covered = document["followed"]["covered"].as_str().unwrap_or_default();
            let covered = covered.split_once('.').unwrap_or_default();
            (covered.0.parse().ok(), covered.1.parse().ok()) >= position
        })
        .await;
        self.answers_reads(collection).await;
    }

    /// Hands the collection over to its follower, and follows it back.
    ///
    /// # Panics
    /// If it is not handed over.
    pub async fn hand_over(&self, collection: &str, to: &Self) {
        let epoch = self.ownership(collection).await["epoch"].as_u64();
        let fence = json!({"id": "switch", "epoch": epoch, "ms": 30_000});
        self.done(collection, "fence", fence).await;
        to.catch_up(collection, self).await;
        let peer = to.ownership(collection).await["store"].clone();
        let peer = json!({"store": peer, "url": to.collection(collection)});
        self.done(collection, "handover", json!({"id": "switch", "epoch": epoch, "to": peer}))
            .await;
        let primary = |document: &Value| document["role"] == "primary";
        to.ownership_is(collection, "it is the primary", primary).await;
        self.follows(collection).await;
    }
}
