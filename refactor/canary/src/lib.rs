//! A canary: the share of a route's reads that its new service answers, and the plan by which that share rises.
//!
//! Nothing here sends a request. A [`Canary`] chooses the reads of the new service, and counts what became of them. A
//! [`CanaryPlan`] says from such a [`CanaryTally`] whether the share rises, stays, or goes back to nothing.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::time::Duration;
//!
//! use canary::{CanaryPlan, CanaryTally, CanaryVerdict};
//!
//! let tags = BTreeMap::from([("banyan:canary-steps".to_owned(), "5,20,50".to_owned())]);
//! let plan = CanaryPlan::tagged(&tags).unwrap();
//! let seen = CanaryTally { requests: 1_000, failed: 3, ..CanaryTally::default() };
//! assert_eq!(plan.judge(&seen, Duration::from_secs(10)), CanaryVerdict::Hold);
//! assert_eq!(plan.judge(&seen, Duration::from_secs(60)), CanaryVerdict::Rise);
//! ```

mod percent;
mod plan;
mod share;
mod tally;

pub use percent::Percent;
pub use plan::{CanaryPlan, CanaryVerdict};
pub use share::{Canary, CanaryBy};
pub use tally::{CanaryTally, Tally};
