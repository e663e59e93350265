//! A network between primary and follower breaks, or lets nothing through, and is whole again later.

use super::case::Deed::{Cut, Swallow};
use super::case::Way::{Back, There};
use super::case::Who::{Control, Follower, Primary};
use super::case::stop;
use crate::matrix;

matrix! {
    the_feed_is_cut_before_the_fence: stop(Control, "moves.intent", Cut(There));
    the_feed_is_silent_before_the_fence: stop(Control, "moves.intent", Swallow(There));
    the_feed_is_cut_while_writes_are_fenced: stop(Primary, "store.fence.after-commit", Cut(There));
    the_feed_is_silent_while_writes_are_fenced: stop(Primary, "store.fence.after-commit", Swallow(There));
    the_feed_is_cut_after_the_handover: stop(Primary, "store.handover.after-commit", Cut(There));
    the_feed_is_silent_after_the_handover: stop(Primary, "store.handover.after-commit", Swallow(There));
    the_way_back_is_cut_before_the_fence: stop(Control, "moves.intent", Cut(Back));
    the_way_back_is_cut_after_the_handover: stop(Primary, "store.handover.after-commit", Cut(Back));
    the_way_back_is_silent_after_the_handover: stop(Primary, "store.handover.after-commit", Swallow(Back));
    the_way_back_is_cut_after_the_promotion: stop(Follower, "store.promote.after-commit", Cut(Back));
    the_way_back_is_silent_after_the_promotion: stop(Follower, "store.promote.after-commit", Swallow(Back));
}

mod sqlite_to_postgresql {
    crate::matrix_on! { Sqlite, Postgres;
        the_feed_is_silent_after_the_handover
        the_way_back_is_cut_after_the_promotion
    }
}
