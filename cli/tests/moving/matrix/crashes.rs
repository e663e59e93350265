//! One program crashes, at each place of a change of the primary, on each side.

use super::case::Who::{Cli, Control, Follower, Primary};
use super::case::crash;
use crate::matrix;

matrix! {
    the_primary_crashes_before_its_fence_is_on_disk: crash(Primary, "store.fence.before-commit");
    the_primary_crashes_after_its_fence_is_on_disk: crash(Primary, "store.fence.after-commit");
    the_primary_crashes_before_its_handover_is_on_disk: crash(Primary, "store.handover.before-commit");
    the_primary_crashes_after_its_handover_is_on_disk: crash(Primary, "store.handover.after-commit");
    the_primary_crashes_before_it_follows_back: crash(Primary, "store.follow-back.before-commit");
    the_primary_crashes_after_it_follows_back: crash(Primary, "store.follow-back.after-commit");
    the_follower_crashes_before_a_change_is_on_disk: crash(Follower, "store.apply.before-commit");
    the_follower_crashes_after_a_change_is_on_disk: crash(Follower, "store.apply.after-commit");
    the_follower_crashes_before_it_is_the_primary: crash(Follower, "store.promote.before-commit");
    the_follower_crashes_after_it_is_the_primary: crash(Follower, "store.promote.after-commit");
    the_control_plane_crashes_with_its_intent: crash(Control, "moves.intent");
    the_control_plane_crashes_while_writes_are_fenced: crash(Control, "moves.fenced");
    the_control_plane_crashes_when_the_follower_has_caught_up: crash(Control, "moves.caught-up");
    the_control_plane_crashes_after_the_handover: crash(Control, "moves.handed-over");
    the_control_plane_crashes_after_the_promotion: crash(Control, "moves.promoted");
    the_control_plane_crashes_after_the_flip: crash(Control, "moves.flipped");
    the_control_plane_crashes_after_the_way_back: crash(Control, "moves.followed-back");
    the_command_is_killed_when_it_was_sent: crash(Cli, "cli.sent");
    the_command_is_killed_when_it_was_answered: crash(Cli, "cli.answered");
}

mod sqlite_to_postgresql {
    crate::matrix_on! { Sqlite, Postgres;
        the_primary_crashes_after_its_fence_is_on_disk
        the_primary_crashes_after_its_handover_is_on_disk
        the_follower_crashes_before_it_is_the_primary
        the_follower_crashes_after_it_is_the_primary
        the_control_plane_crashes_while_writes_are_fenced
        the_control_plane_crashes_after_the_handover
    }
}

mod postgresql_to_postgresql {
    crate::matrix_on! { Postgres, Postgres;
        the_primary_crashes_before_its_fence_is_on_disk
        the_primary_crashes_before_its_handover_is_on_disk
        the_primary_crashes_before_it_follows_back
        the_primary_crashes_after_its_handover_is_on_disk
        the_follower_crashes_before_it_is_the_primary
        the_follower_crashes_after_it_is_the_primary
        the_control_plane_crashes_while_writes_are_fenced
        the_control_plane_crashes_after_the_handover
    }
}
