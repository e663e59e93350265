//! Moving a collection from one program to another: what a program answers under `/-/`, and what it does
//! by itself as a follower, as a source, and as a store that gave its collection away.

mod custody;
mod keeper;
mod shared;

mod endpoints;

mod adopt;
mod aside;
mod beat;
mod copy;
mod peers;
mod rival;
mod successor;

mod lag;
mod metrics;
mod pace;
mod progress;
mod pulse;

pub(crate) use self::beat::beat;
pub(crate) use self::custody::{Custody, Found, Place};
pub(crate) use self::endpoints::mount;
pub(crate) use self::keeper::Keeper;
pub(crate) use self::metrics::OwnershipMetrics;
pub(crate) use self::pulse::Pulse;
pub(crate) use self::rival::Lookout;
pub(crate) use self::shared::Moving;

/// What is spoken between programs that move a collection. Another number is another language.
const PROTOCOL: u32 = 1;
