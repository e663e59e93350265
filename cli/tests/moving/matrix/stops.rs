//! One program stands still for longer than a fence lasts, and then goes on as if nothing had been; or another one ends
//! meanwhile.

use super::case::Deed::{Kill, Wait};
use super::case::Who::{Cli, Control, Follower, Primary};
use super::case::stop;
use crate::matrix;

matrix! {
    the_primary_is_late_with_its_fence: stop(Primary, "store.fence.before-commit", Wait);
    the_primary_is_late_to_say_that_it_fences: stop(Primary, "store.fence.after-commit", Wait);
    the_primary_is_late_with_its_handover: stop(Primary, "store.handover.before-commit", Wait);
    the_primary_is_late_to_say_that_it_handed_over: stop(Primary, "store.handover.after-commit", Wait);
    the_primary_is_late_to_follow_back: stop(Primary, "store.follow-back.before-commit", Wait);
    the_follower_is_late_with_a_change: stop(Follower, "store.apply.before-commit", Wait);
    the_follower_is_late_to_be_the_primary: stop(Follower, "store.promote.before-commit", Wait);
    the_follower_is_late_to_say_that_it_is_the_primary: stop(Follower, "store.promote.after-commit", Wait);
    the_control_plane_is_late_to_fence: stop(Control, "moves.intent", Wait);
    the_control_plane_is_late_to_wait: stop(Control, "moves.fenced", Wait);
    the_control_plane_is_late_to_hand_over: stop(Control, "moves.caught-up", Wait);
    the_control_plane_is_late_to_see_the_promotion: stop(Control, "moves.handed-over", Wait);
    the_control_plane_is_late_to_flip: stop(Control, "moves.promoted", Wait);
    the_control_plane_is_late_to_look_back: stop(Control, "moves.flipped", Wait);
    the_follower_ends_while_the_primary_fences: stop(Primary, "store.fence.after-commit", Kill(Follower));
    the_follower_ends_while_the_primary_hands_over: stop(Primary, "store.handover.before-commit", Kill(Follower));
    the_control_plane_ends_while_the_primary_fences: stop(Primary, "store.fence.after-commit", Kill(Control));
    the_control_plane_ends_while_the_primary_hands_over: stop(Primary, "store.handover.before-commit", Kill(Control));
    the_control_plane_ends_while_the_follower_is_promoted: stop(Follower, "store.promote.before-commit", Kill(Control));
    the_primary_ends_while_the_follower_is_promoted: stop(Follower, "store.promote.before-commit", Kill(Primary));
    the_primary_ends_while_the_control_plane_waits: stop(Control, "moves.fenced", Kill(Primary));
    the_primary_ends_while_the_control_plane_is_to_hand_over: stop(Control, "moves.caught-up", Kill(Primary));
    the_follower_ends_while_the_control_plane_is_to_hand_over: stop(Control, "moves.caught-up", Kill(Follower));
    the_primary_ends_while_the_control_plane_is_to_flip: stop(Control, "moves.promoted", Kill(Primary));
    the_command_ends_while_the_primary_fences: stop(Primary, "store.fence.after-commit", Kill(Cli));
    the_command_ends_while_the_primary_hands_over: stop(Primary, "store.handover.before-commit", Kill(Cli));
}

mod postgresql_to_postgresql {
    crate::matrix_on! { Postgres, Postgres;
        the_primary_is_late_with_its_fence
        the_primary_is_late_with_its_handover
        the_follower_is_late_to_be_the_primary
        the_control_plane_is_late_to_hand_over
    }
}
