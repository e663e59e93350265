//! The protocol of a switch as a model: every order of events that can be within small bounds is gone through, and in
//! each state the promises are asked.
//!
//! What is in it: stores that copy each other's feed, writes that come through a proxy, coordinators that switch
//! and reverse, a network that loses, delays and repeats, and crashes. Another collection may ask at any time
//! whether a member exists. A client that wrote may read at any time, from any store. An operator may take the
//! collection back by force from a primary that only seemed to be lost; then all writes change one member. A store may be the table of a
//! program that is not ours: then its fence is in an adapter and in the database, and a write may come past the adapter.
//! What is not: other rows (a write is a number), clocks (a fence passes at any time, the proxy forgets at any time what
//! every store that answers has), and how long a coordinator waits (it may go on or back out at any time). Nor is
//! any lock that the handover waits for: the model's handover rests on the fence alone, so that a handover which
//! waits as well is a second guard.
//!
//! The explorer is our own: what is needed of one fits on a page. `stateright` brings 45 packages, an HTTP server
//! among them, and its documentation says that `eventually` does not see runs that end in a circle.

mod model;
mod state;
mod step;

mod after;
mod next;

mod explore;
mod promises;

use explore::explore;
use model::{Flaw, Model};
use promises::Promise;
use state::{Memory, Role, State, Write};

/// A switch and its way back, one of them with a rival, while writes come.
const SWITCHES: Model = Model { stores: 2, writes: 2, moves: 3, ..NOTHING };
/// Two coordinators that want different targets. A third move would find the one limit that is known: a store that
/// has not followed its successor yet, when that one hands over to a third store, waits for good. It loses nothing.
const TWO_TARGETS: Model = Model { stores: 3, writes: 2, moves: 2, ..NOTHING };
/// The same as the first, shorter, while the clients that wrote read.
const READS: Model = Model { stores: 2, writes: 2, moves: 2, reads: true, ..NOTHING };
/// A switch, and then a take by force while the primary may be alive.
const FORCED: Model = Model { stores: 2, writes: 2, moves: 1, forced: true, ..NOTHING };
/// A switch and its way back between programs that are not ours, while one write comes past the adapter.
const FOREIGN: Model = Model { stores: 2, writes: 2, moves: 2, foreign: true, ..NOTHING };
/// A model in which nothing happens.
const NOTHING: Model = Model {
    stores: 1,
    writes: 0,
    moves: 0,
    reads: false,
    forced: false,
    foreign: false,
    flaw: None,
};

#[test]
fn a_switch_and_its_way_back_keep_every_promise() {
    let states = explore(&SWITCHES).unwrap_or_else(|broken| panic!("{broken}"));
    // A model in which little can happen keeps every promise.
    let all_answered = |state: &&State| state.writes.iter().all(|write| *write == Write::Answered);
    let seen = |what: &dyn Fn(&State) -> bool| states.keys().filter(all_answered).any(what);
    assert!(seen(&|state| state.stores[1].role == Role::Primary && state.stores[1].epoch == 2));
    assert!(seen(&|state| state.stores[0].role == Role::Primary && state.stores[0].epoch == 3));
    // Two coordinators at once, and the way back.
    let rivals = |state: &State| {
        state.moves.iter().filter(|asked| asked.fenced && asked.epoch == 1).count() == 2
    };
    assert!(seen(&|state| rivals(state) && state.stores[0].epoch == 3));
}

#[test]
fn two_coordinators_with_different_targets_keep_every_promise() {
    let states = explore(&TWO_TARGETS).unwrap_or_else(|broken| panic!("{broken}"));
    for target in [1, 2] {
        assert!(states.keys().any(|state| state.stores[target].role == Role::Primary));
    }
}

#[test]
fn who_wrote_reads_nothing_older_from_any_store() {
    let states = explore(&READS).unwrap_or_else(|broken| panic!("{broken}"));
    let forgot = |state: &&State| state.memory.contains(&Memory::Forgotten);
    assert!(states.keys().filter(forgot).any(|state| state.stores[0].epoch == 3));
}

#[test]
fn a_take_by_force_loses_nothing_that_is_answered_after_it() {
    let states = explore(&FORCED).unwrap_or_else(|broken| panic!("{broken}"));
    let seen = |what: &dyn Fn(&State) -> bool| states.keys().filter(|state| state.taken).any(what);
    assert!(seen(&|state| state.stores[1].role == Role::Retired));
    let both = |state: &State| state.stores.iter().all(|store| store.role == Role::Primary);
    assert!(seen(&|state| both(state) && state.writes.contains(&Write::Stored(1))));
    assert!(seen(&|state| state.writes.iter().all(|write| *write == Write::Answered)));
    // Both gave revs of their own.
    assert!(seen(&|state| both(state) && state.revs.iter().all(|rev| *rev > 0)));
}

#[test]
fn a_foreign_primary_whose_fence_is_in_two_places_keeps_every_promise() {
    let states = explore(&FOREIGN).unwrap_or_else(|broken| panic!("{broken}"));
    let seen = |what: &dyn Fn(&State) -> bool| states.keys().any(what);
    let answered = |state: &State| state.writes.iter().all(|write| *write == Write::Answered);
    assert!(seen(&|state| answered(state) && state.stores[1].epoch == 2));
    assert!(seen(&|state| state.stores[0].role == Role::Primary && state.stores[0].epoch == 3));
    // What came past the adapter is refused at times, and stored behind the back of a closed adapter at others.
    assert!(seen(&|state| state.writes[1] == Write::Refused));
    assert!(seen(&|state| state.stores[0].closed.is_some() && state.writes[1] == Write::Stored(0)));
}

/// Each guard is needed: the model without it breaks a promise.
macro_rules! without_its_guard {
    ($($test:ident: $flaw:ident in $model:ident breaks $promise:ident;)*) => {
        $(#[test]
        fn $test() {
            let model = Model { flaw: Some(Flaw::$flaw), ..$model };
            let broken = explore(&model).err().expect("the explorer finds nothing wrong");
            assert_eq!(broken.promise, Promise::$promise, "{broken}");
        })*
    };
}

without_its_guard! {
    a_handover_without_a_fence_is_found: HandoverWithoutFence in SWITCHES breaks NothingIsLost;
    a_handover_by_a_fence_that_passed_is_found: PassedFenceHandsOver in SWITCHES breaks NothingIsLost;
    a_handover_that_lets_writes_begin_is_found: HandoverLetsWritesBegin in SWITCHES breaks NothingIsLost;
    a_fence_that_does_not_wait_for_writes_is_found: FenceDoesNotWait in SWITCHES breaks NothingIsLost;
    a_promotion_before_the_handover_is_found: PromotedBeforeTheHandover in SWITCHES breaks OnePrimary;
    a_page_applied_at_any_cursor_is_found: AnyCursor in SWITCHES breaks NothingIsDoneTwice;
    a_feed_that_passes_a_running_write_is_found: FeedPassesRunningWrites in SWITCHES breaks TheBoardGoesOn;
    a_follower_back_from_the_start_is_found: FollowsBackFromTheStart in SWITCHES breaks NothingIsDoneTwice;
    a_write_sent_again_after_a_crash_is_found: LostAnswerIsSentAgain in SWITCHES breaks NothingIsDoneTwice;
    an_epoch_that_is_handed_over_twice_is_found: EpochHandedOverTwice in TWO_TARGETS breaks OnePrimary;
    a_fence_that_never_passes_is_found: FenceNeverPasses in SWITCHES breaks TheBoardGoesOn;
    a_follower_that_confirms_is_found: FollowerConfirms in SWITCHES breaks WhatIsDeletedIsNotConfirmed;
    a_write_forgotten_while_a_copy_lags_is_found: ForgetsWhileACopyLags in READS breaks NoWriteIsUndone;
    positions_compared_without_epochs_are_found: PlacesWithoutEpochs in READS breaks NoWriteIsUndone;
    an_answer_of_an_epoch_that_is_over_is_found: OldEpochsCount in FORCED breaks NothingIsLost;
    a_proxy_that_is_told_after_the_take_is_found: ProxyIsToldLater in FORCED breaks NothingIsLost;
    an_adapter_that_stays_open_is_found: AdapterStaysOpen in FOREIGN breaks NoClientSeesTheFence;
    an_adapter_that_does_not_wait_is_found: AdapterDoesNotWait in FOREIGN breaks NoClientSeesTheFence;
    an_adapter_that_forgets_its_handover_is_found: AdapterForgetsItsHandover in FOREIGN breaks NoClientSeesTheFence;
    an_adapter_that_never_opens_is_found: AdapterNeverOpens in FOREIGN breaks TheBoardGoesOn;
    a_database_without_a_fence_is_found: DatabaseDoesNotFence in FOREIGN breaks NothingIsLost;
    a_database_that_reads_an_old_snapshot_is_found: DatabaseReadsAnOldSnapshot in FOREIGN breaks NothingIsLost;
    revs_that_leave_no_room_after_a_take_are_found: RevsWithoutRoom in FORCED breaks OneRevOneState;
}
