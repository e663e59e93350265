//! One program stands still for longer than a hold lasts, and then goes on as if nothing had been; or another one ends
//! meanwhile.

use super::case::Deed::{Kill, Wait};
use super::case::Who::{Cli, Control, Follower, Owner};
use super::case::stop;
use crate::matrix;

matrix! {
    the_owner_is_late_with_its_hold: stop(Owner, "store.hold.before-commit", Wait);
    the_owner_is_late_to_say_that_it_holds: stop(Owner, "store.hold.after-commit", Wait);
    the_owner_is_late_with_its_grant: stop(Owner, "store.grant.before-commit", Wait);
    the_owner_is_late_to_say_that_it_granted: stop(Owner, "store.grant.after-commit", Wait);
    the_owner_is_late_to_follow_back: stop(Owner, "store.follow-back.before-commit", Wait);
    the_follower_is_late_with_a_change: stop(Follower, "store.apply.before-commit", Wait);
    the_follower_is_late_to_be_the_owner: stop(Follower, "store.promote.before-commit", Wait);
    the_follower_is_late_to_say_that_it_is_the_owner: stop(Follower, "store.promote.after-commit", Wait);
    the_control_plane_is_late_to_hold: stop(Control, "moves.intent", Wait);
    the_control_plane_is_late_to_wait: stop(Control, "moves.held", Wait);
    the_control_plane_is_late_to_grant: stop(Control, "moves.caught-up", Wait);
    the_control_plane_is_late_to_see_the_promotion: stop(Control, "moves.granted", Wait);
    the_control_plane_is_late_to_flip: stop(Control, "moves.promoted", Wait);
    the_control_plane_is_late_to_look_back: stop(Control, "moves.flipped", Wait);
    the_follower_ends_while_the_owner_holds: stop(Owner, "store.hold.after-commit", Kill(Follower));
    the_follower_ends_while_the_owner_grants: stop(Owner, "store.grant.before-commit", Kill(Follower));
    the_control_plane_ends_while_the_owner_holds: stop(Owner, "store.hold.after-commit", Kill(Control));
    the_control_plane_ends_while_the_owner_grants: stop(Owner, "store.grant.before-commit", Kill(Control));
    the_control_plane_ends_while_the_follower_is_promoted: stop(Follower, "store.promote.before-commit", Kill(Control));
    the_owner_ends_while_the_follower_is_promoted: stop(Follower, "store.promote.before-commit", Kill(Owner));
    the_owner_ends_while_the_control_plane_waits: stop(Control, "moves.held", Kill(Owner));
    the_owner_ends_while_the_control_plane_is_to_grant: stop(Control, "moves.caught-up", Kill(Owner));
    the_follower_ends_while_the_control_plane_is_to_grant: stop(Control, "moves.caught-up", Kill(Follower));
    the_owner_ends_while_the_control_plane_is_to_flip: stop(Control, "moves.promoted", Kill(Owner));
    the_command_ends_while_the_owner_holds: stop(Owner, "store.hold.after-commit", Kill(Cli));
    the_command_ends_while_the_owner_grants: stop(Owner, "store.grant.before-commit", Kill(Cli));
}

mod postgresql_to_postgresql {
    crate::matrix_on! { Postgres, Postgres;
        the_owner_is_late_with_its_hold
        the_owner_is_late_with_its_grant
        the_follower_is_late_to_be_the_owner
        the_control_plane_is_late_to_grant
    }
}
