//! What a store promises: every case is written once and run on each engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod engine;
mod opening;
mod record;

use engine::Engine;

/// Runs each case on both engines; on PostgreSQL where `TEST_DATABASE_URL` is set.
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
            async fn $case() {
                if let Some(engine) = crate::Engine::postgres().await {
                    crate::$module::$case(engine).await;
                }
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
);
