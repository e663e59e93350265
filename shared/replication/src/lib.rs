//! The protocol of a move: what the programs that have a collection say to each other, and to the control plane that
//! moves it.
//!
//! A store is primary or follower of a collection ([`Ownership`]). A follower reads the change feed of its source
//! ([`Changes`]). A control plane takes the [`steps`] of a move, and compares both sides ([`Digest`]). All of it is below
//! `/api/<collection>/-/`, and every type of it is here once, its one client ([`PeerClient`]), the [`follower`], and what a program answers ([`calls`]). There is no SQL
//! in this crate and no HTTP server.
//!
//! ```
//! use replication::{FeedCursor, Key, Position};
//!
//! let position: Position = "3.1842".parse().unwrap();
//! assert!(position < Position { epoch: 4, at: 0 });
//!
//! let cursor: FeedCursor = "1842:b42".parse().unwrap();
//! assert!(cursor < FeedCursor::all(1842));
//! assert!(Key::number(42) < Key::number(100));
//! ```

mod key;
mod position;

mod document;
mod ownership;

mod applied;
mod blocking_transaction;
mod following;
mod limits;
mod move_error;

mod compare;
mod feed;
mod history;

mod lost;
#[cfg(feature = "store")]
mod position_watch;

mod error_code;
pub mod headers;
mod queries;
pub mod steps;

#[cfg(feature = "client")]
mod client;

#[cfg(feature = "follower")]
pub mod follower;

#[cfg(feature = "calls")]
pub mod calls;

pub use applied::{Applied, RowRate};
pub use blocking_transaction::BlockingTransaction;
#[cfg(feature = "client")]
pub use client::{PeerClient, PeerError, PeerFault, PeerPage, QUICK, SLOW};
pub use compare::{Digest, Hashes, RowHash};
pub use document::{Document, Facts, OwnershipStep, random_id};
pub use error_code::ErrorCode;
pub use feed::{AnswerHead, Changes, Entry, FeedPage, FeedRow, IdempotencyRecord, heard};
pub use following::{FollowerSeen, FollowerState, Following};
pub use history::{LastHeard, LaterRun, check_history, check_purged};
pub use key::{Key, MAX_KEY_BYTES, NotAKey, NotANumber};
pub use limits::{MAX_FEED_BYTES, MAX_FENCE, MIN_TOMBSTONE_AGE};
pub use lost::past_lost;
pub use move_error::MoveError;
pub use ownership::{Fence, Followed, Handover, Ownership, Peer, Role, SideStatus};
pub use position::{FeedCursor, NotACursor, NotTwoNumbers, Position, Within};
#[cfg(feature = "store")]
pub use position_watch::{Heard, KnownPosition, PositionWatch};
pub use queries::{ChangesQuery, DigestQuery, HashesQuery, StandingQuery};

/// The number of this protocol. A program that speaks another one is not moved.
pub const PROTOCOL: u32 = 2;
