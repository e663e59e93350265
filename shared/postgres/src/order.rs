//! The order of changes, and the clock: SQL that the programs with a change feed in PostgreSQL have in common.
//!
//! A change is numbered by its transaction. Transactions commit in another order than they are numbered in, so a reader
//! goes in order only up to the oldest transaction that still runs ([`HORIZON`]): nothing can be added before it.

/// The number of the present transaction, also inside a savepoint. Two that run at once may commit in either order.
pub const TRANSACTION: &str = "pg_current_xact_id()::text::bigint";

/// All transactions with lower numbers have ended, in every database of the server.
pub const HORIZON: &str = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// No transaction that the snapshot sees has this number or a higher one.
pub const BEYOND: &str = "pg_snapshot_xmax(pg_current_snapshot())::text::bigint";

/// The server's clock in milliseconds: programs on several machines go by one clock. The transaction's own time would
/// stand still while it waits.
pub const CLOCK: &str = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
