//! What a store promises: every case is written once and run on each engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod digests;
mod engine;
mod feed;
mod fields;
mod following;
mod horizon;
mod leaving;
mod moving;
mod opening;
mod outcome;
mod ownership;
mod pooler;
mod promotion;
mod purging;
mod record;
mod starting;
mod version_2;

use engine::Engine;

/// Runs each case on SQLite, and in an ignored test, which needs `TEST_DATABASE_URL`, on PostgreSQL.
macro_rules! on_both {
    ($($module:ident::$case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::$module::$case(crate::Engine::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            #[ignore = "needs TEST_DATABASE_URL"]
            async fn $case() {
                crate::$module::$case(crate::Engine::postgres().await).await;
            })*
        }
    };
}

on_both!(
    cases::a_row_is_read_as_it_was_written,
    cases::an_update_counts_the_rev_and_keeps_what_it_must,
    cases::a_change_that_changes_nothing_leaves_the_row_alone,
    cases::a_refused_change_stores_nothing,
    cases::a_delete_keeps_the_id_and_clears_the_content,
    cases::an_id_is_never_given_twice,
    cases::names_are_unique_without_regard_to_case,
    cases::preconditions_are_checked_against_the_rev,
    cases::a_row_of_another_author_is_left_alone,
    cases::a_row_is_found_by_its_name_on_the_primary,
    cases::pages_meet_every_row_once_in_both_directions,
    cases::pages_end_at_their_limit_in_bytes,
    cases::a_filter_lists_only_its_rows,
    cases::a_walk_misses_no_row_while_others_write,
    cases::a_repeated_key_gives_the_first_answer_again,
    cases::a_key_sent_many_times_at_once_stores_one_row,
    cases::a_key_is_forgotten_after_a_day,
    cases::seeding_fills_an_empty_store_only,
    cases::many_writers_lose_nothing,
    opening::rows_outlive_the_program,
    opening::a_newer_schema_is_refused_and_left_alone,
    opening::somebody_elses_table_is_refused_and_left_alone,
    opening::two_programs_can_start_at_once,
    opening::a_closed_store_refuses_writes,
    opening::rows_of_an_older_schema_get_their_places,
    fields::a_field_that_is_added_gets_its_column,
    fields::a_row_of_a_source_without_the_field_has_it_empty,
    fields::a_field_that_rows_have_no_value_for_is_refused,
    fields::a_list_that_is_added_gets_its_index,
    fields::a_field_that_becomes_unique_is_refused,
    fields::programs_that_add_a_field_at_once_do_it_once,
    fields::every_type_of_field_is_kept_and_copied,
    feed::from_the_start_the_feed_is_the_snapshot_and_then_the_tail,
    feed::a_page_goes_on_where_the_last_one_ended,
    feed::a_full_page_promises_nothing,
    feed::a_page_ends_at_its_limit_in_bytes,
    feed::marks_stand_in_their_places,
    feed::a_deleted_row_travels_without_its_content,
    feed::keys_travel_with_their_rows_for_a_day,
    feed::who_waits_is_woken_after_a_commit,
    feed::a_store_that_went_back_is_found_out,
    feed::a_store_put_back_to_an_earlier_time_of_the_same_run_is_found_out,
    feed::a_store_put_back_while_nobody_followed_is_found_out_later,
    feed::programs_that_start_beside_writers_are_no_step_back,
    feed::the_newest_place_never_goes_back,
    feed::a_restart_is_no_step_back,
    feed::a_reader_beside_many_writers_misses_nothing,
    ownership::a_new_store_is_primary_of_the_first_epoch,
    ownership::a_fenced_store_refuses_every_write_and_stores_nothing,
    ownership::a_fence_passes_by_itself,
    ownership::a_fence_belongs_to_its_id,
    ownership::only_a_fenced_store_hands_over_and_only_once,
    ownership::a_handed_over_store_takes_no_write_and_names_its_successor,
    ownership::a_handover_is_taken_back_by_force_only,
    ownership::a_primary_gives_way_to_a_later_epoch_only,
    ownership::the_cached_position_is_that_of_the_last_write,
    following::only_an_unused_store_follows,
    following::a_rate_is_kept_until_another_one_is_told,
    following::a_page_that_does_not_fit_is_refused,
    following::a_source_is_told_what_it_has_heard_in_its_own_words,
    following::a_copy_has_everything_as_it_is,
    following::who_waits_for_a_copy_is_woken_by_a_page_without_rows,
    following::a_copy_goes_on_where_it_ended,
    following::unique_values_may_change_hands_within_a_page_and_across_pages,
    following::two_programs_may_apply_to_one_database,
    promotion::a_handover_makes_the_copy_primary,
    promotion::an_id_whose_tombstone_is_purged_is_not_given_by_the_next_primary,
    promotion::ownership_goes_there_and_back_and_there_again,
    promotion::a_first_answer_is_found_after_a_promotion,
    promotion::a_first_answer_is_found_whatever_the_two_clocks_say,
    promotion::revs_leave_room_after_a_forced_take_and_the_room_moves_along,
    leaving::a_cancelled_copy_leaves_nothing,
    leaving::a_cancelled_copy_owns_nothing_until_it_follows_again,
    leaving::a_retired_store_keeps_rows_or_not,
    leaving::a_retirement_whose_rows_do_not_go_is_not_called_not_done,
    digests::the_same_rows_have_the_same_fingerprint_on_every_store,
    digests::a_change_behind_the_back_is_seen,
    digests::chunks_cover_every_row_once,
    purging::a_tombstone_stays_until_it_is_old_and_every_follower_has_passed_it,
    purging::who_missed_a_purge_is_told,
    purging::followers_are_noted_and_forgotten,
    version_2::every_state_opens_as_it_was,
    version_2::a_move_goes_on_from_its_beginning,
    version_2::a_fence_still_belongs_to_its_id,
    version_2::a_handover_on_its_way_still_arrives,
    version_2::a_source_follows_back,
    version_2::a_cancelled_copy_follows_again,
    version_2::a_column_that_was_renamed_for_another_collection_is_left_alone,
);
