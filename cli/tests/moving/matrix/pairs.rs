//! Two programs end at once.

use super::case::Who::{Control, Follower, Owner};
use super::case::crash_both;
use crate::matrix;

matrix! {
    control_plane_and_owner_end_with_the_intent: crash_both(Control, "moves.intent", Owner);
    control_plane_and_owner_end_while_writes_are_held: crash_both(Control, "moves.held", Owner);
    control_plane_and_owner_end_after_the_grant: crash_both(Control, "moves.granted", Owner);
    control_plane_and_owner_end_after_the_promotion: crash_both(Control, "moves.promoted", Owner);
    control_plane_and_follower_end_while_writes_are_held: crash_both(Control, "moves.held", Follower);
    control_plane_and_follower_end_before_the_grant: crash_both(Control, "moves.caught-up", Follower);
    control_plane_and_follower_end_after_the_grant: crash_both(Control, "moves.granted", Follower);
    control_plane_and_follower_end_after_the_promotion: crash_both(Control, "moves.promoted", Follower);
    owner_and_follower_end_with_the_hold: crash_both(Owner, "store.hold.after-commit", Follower);
    owner_and_follower_end_with_the_grant: crash_both(Owner, "store.grant.after-commit", Follower);
    owner_and_control_plane_end_with_the_grant: crash_both(Owner, "store.grant.after-commit", Control);
    follower_and_owner_end_with_the_promotion: crash_both(Follower, "store.promote.after-commit", Owner);
    follower_and_owner_end_before_the_promotion: crash_both(Follower, "store.promote.before-commit", Owner);
}
