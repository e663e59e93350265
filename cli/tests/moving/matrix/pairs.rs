//! Two programs end at once.

use super::case::Who::{Control, Follower, Primary};
use super::case::crash_both;
use crate::matrix;

matrix! {
    control_plane_and_primary_end_with_the_intent: crash_both(Control, "moves.intent", Primary);
    control_plane_and_primary_end_while_writes_are_fenced: crash_both(Control, "moves.fenced", Primary);
    control_plane_and_primary_end_after_the_handover: crash_both(Control, "moves.handed-over", Primary);
    control_plane_and_primary_end_after_the_promotion: crash_both(Control, "moves.promoted", Primary);
    control_plane_and_follower_end_while_writes_are_fenced: crash_both(Control, "moves.fenced", Follower);
    control_plane_and_follower_end_before_the_handover: crash_both(Control, "moves.caught-up", Follower);
    control_plane_and_follower_end_after_the_handover: crash_both(Control, "moves.handed-over", Follower);
    control_plane_and_follower_end_after_the_promotion: crash_both(Control, "moves.promoted", Follower);
    primary_and_follower_end_with_the_fence: crash_both(Primary, "store.fence.after-commit", Follower);
    primary_and_follower_end_with_the_handover: crash_both(Primary, "store.handover.after-commit", Follower);
    primary_and_control_plane_end_with_the_handover: crash_both(Primary, "store.handover.after-commit", Control);
    follower_and_primary_end_with_the_promotion: crash_both(Follower, "store.promote.after-commit", Primary);
    follower_and_primary_end_before_the_promotion: crash_both(Follower, "store.promote.before-commit", Primary);
}
