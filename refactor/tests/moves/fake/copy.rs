//! One copy, and how its program behaves.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::time::{SystemTime, UNIX_EPOCH};

use replication::{
    BlockingTransaction, ErrorCode, FeedCursor, Followed, FollowerState, Following, Ownership,
    PROTOCOL, Peer, Position, SideStatus,
};
use serde_json::json;

/// The copies of all programs, by base URL.
pub(crate) type Copies = BTreeMap<String, Copy>;

/// One copy, and how its program behaves.
#[derive(Clone)]
pub(crate) struct Copy {
    pub(super) ownership: Ownership,
    /// Rev and name by id.
    pub(crate) rows: BTreeMap<u64, (u64, String)>,
    pub(crate) lag_ms: Option<u64>,
    pub(crate) detail: Option<String>,
    pub(crate) protocol: u32,
    /// It cannot go on following.
    pub(crate) broken: bool,
    /// It applies nothing.
    pub(crate) frozen: bool,
    /// A last write commits as its writes are fenced, and no follower gets it.
    pub(crate) late: bool,
    /// What holds its feed back.
    pub(crate) blocked_by: Option<BlockingTransaction>,
    /// What it does is done, and the answer is lost: of this path, so often.
    pub(crate) loses: Option<(&'static str, usize)>,
    /// It does not do this, and says that it cannot just now.
    pub(crate) cannot: Option<&'static str>,
    /// It refuses to do this.
    pub(crate) refuses: Option<&'static str>,
    /// It answers nothing.
    pub(crate) dead: bool,
    /// It cannot read the other side's feed.
    pub(crate) blind: bool,
    /// What it was told, in order.
    pub(crate) told: Vec<String>,
    /// How many requests showed it the token.
    pub(crate) shown: usize,
}

impl Deref for Copy {
    type Target = Ownership;

    fn deref(&self) -> &Ownership {
        &self.ownership
    }
}

impl DerefMut for Copy {
    fn deref_mut(&mut self) -> &mut Ownership {
        &mut self.ownership
    }
}

impl Copy {
    /// An empty store that was never used.
    pub(super) fn unused() -> Self {
        let random = |what: &str| format!("{what}{:016x}", fastrand::u64(..));
        let ownership = json!({
            "collection": "users", "store": random("store"), "lineage": random("lineage"),
            "role": "primary", "epoch": 1, "since": 0, "position": 0, "run": "run", "rows": false,
        });
        Self {
            ownership: serde_json::from_value(ownership).unwrap(),
            rows: BTreeMap::new(),
            lag_ms: Some(1),
            detail: None,
            protocol: PROTOCOL,
            broken: false,
            frozen: false,
            late: false,
            blocked_by: None,
            loses: None,
            cannot: None,
            refuses: None,
            dead: false,
            blind: false,
            told: Vec::new(),
            shown: 0,
        }
    }

    /// Up to where it has everything.
    pub(super) fn covered(&self) -> Position {
        let own = Position { epoch: self.epoch, at: self.position };
        self.followed.as_ref().map_or(own, |followed| followed.covered)
    }

    /// What it says of itself.
    pub(super) fn status(&self) -> SideStatus {
        let Self { ownership, rows, lag_ms, detail, protocol, broken, blocked_by, .. } = self;
        let followed = ownership.followed.as_ref();
        let following = followed.map(|followed| Following {
            state: match (broken, followed.copied) {
                (true, _) => FollowerState::Broken,
                (false, true) => FollowerState::Following,
                (false, false) => FollowerState::Copying,
            },
            detail: detail.clone(),
            code: broken.then_some(ErrorCode::Purged),
            rows: rows.len() as u64,
            rows_per_second: 10,
            lag_changes: Some(0),
            lag_ms: *lag_ms,
            throttled: false,
        });
        SideStatus {
            protocol: *protocol,
            ownership: Ownership {
                rows: !rows.is_empty(),
                fence: ownership.fence.clone().filter(|fence| fence.until_ms > now_ms()),
                successor: followed.map(|followed| followed.source.clone()),
                ..ownership.clone()
            },
            following,
            followers: Vec::new(),
            blocked_by: blocked_by.clone(),
        }
    }
}

/// What follows this source and has nothing of it yet.
pub(super) fn followed(source: Peer) -> Followed {
    let covered = Position { epoch: 0, at: 0 };
    Followed { source, cursor: FeedCursor::START, run: None, covered, copied: false }
}

pub(super) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}
