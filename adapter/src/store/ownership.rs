//! The ownership of a collection inside a transaction: loading it, changing it, saving it.

use postgres::order::{BEYOND, CLOCK, HORIZON, TRANSACTION};
use replication::{Document, Entry, Facts, random_id};

use crate::content::Content;
use crate::objects::Objects;
use crate::session::Session;
use crate::store_error::StoreError;

/// The statements on the ownership of one collection.
#[derive(Debug)]
pub(super) struct Statements {
    /// Gives the document, the clock, the newest place, the newest run, the highest place that was purged, whether
    /// there ever was a row, between which transactions the snapshot lies, and whether the installation is whole.
    load: String,
    /// Gives the document; holds it until the transaction ends.
    pub(super) hold: String,
    /// `$1` document.
    save: String,
    /// Says that this transaction applies rows of another store.
    pub(super) applying: String,
    /// `$1` role, `$2` epoch, `$3` fenced until, `$4` primary. Changes the row only if one of these is another.
    save_fence: String,
    /// `$1` kind, `$2` content.
    mark: String,
    pub(super) forget_marks: String,
    /// `$1` run, `$2` purged up to, `$3` place.
    begin_run: String,
    pub(super) forget_runs: String,
    /// `$1` run. Gives 1 if it is known.
    pub(super) run_known: String,
    /// `$1` run. Gives the place that each later run began with, and the place that it purged up to.
    pub(super) runs_after: String,
    /// `$1` a place. Gives place and content of each mark above it.
    pub(super) marks: String,
    /// `$1` follower, `$2` place.
    pub(super) passed: String,
    pub(super) followers: String,
    /// Gives the place that every follower has come to.
    pub(super) all_passed: String,
    /// `$1` follower.
    pub(super) forget_follower: String,
    pub(super) forget_followers: String,
}

impl Statements {
    pub(super) fn new(objects: &Objects) -> Self {
        let (name, feed, log) = (objects.name(), objects.feed(), objects.log());
        let (ownership, runs, marks) = (objects.ownership(), objects.runs(), objects.marks());
        let (fence, followers) = (objects.fence(), objects.followers());
        let whose = format!("collection = {name}");
        Self {
            load: format!(
                "SELECT o.document, {CLOCK}, coalesce(greatest((SELECT position FROM {feed} ORDER BY position DESC, \
                 key DESC LIMIT 1), (SELECT max(position) FROM {log}), (SELECT max(position) FROM {marks} WHERE {whose})), 0), \
                 coalesce((SELECT run FROM {runs} WHERE {whose} ORDER BY number DESC LIMIT 1), ''), \
                 coalesce((SELECT max(purged) FROM {runs} WHERE {whose}), 0), \
                 EXISTS (SELECT 1 FROM {feed}) OR EXISTS (SELECT 1 FROM {log}), {HORIZON}, {BEYOND}, \
                 (SELECT c.state = 'installed' FROM {} c WHERE c.name = {name}) FROM {ownership} o WHERE {whose}",
                objects.collections()
            ),
            hold: format!("SELECT document FROM {ownership} WHERE {whose} FOR UPDATE"),
            save: format!("UPDATE {ownership} SET document = $1, applying = NULL WHERE {whose}"),
            applying: format!("UPDATE {ownership} SET applying = {TRANSACTION} WHERE {whose}"),
            save_fence: format!(
                "WITH new (role, epoch, fenced_until, \"primary\") AS (VALUES ($1::text, $2::bigint, \
                 CASE WHEN $3::bigint = 0 THEN '-infinity' ELSE to_timestamp($3::float8 / 1000) END, $4::text)) \
                 UPDATE {fence} f SET (role, epoch, fenced_until, \"primary\") = (SELECT new.* FROM new) FROM new \
                 WHERE f.{whose} AND (f.role, f.epoch, f.fenced_until, f.\"primary\") IS DISTINCT FROM \
                 (new.role, new.epoch, new.fenced_until, new.\"primary\")"
            ),
            mark: format!(
                "INSERT INTO {marks} AS m (collection, kind, position, content) VALUES ({name}, $1, {TRANSACTION}, $2) \
                 ON CONFLICT (collection, kind) DO UPDATE SET content = excluded.content, \
                 position = greatest(m.position, excluded.position)"
            ),
            forget_marks: format!("DELETE FROM {marks} WHERE {whose}"),
            begin_run: format!(
                "INSERT INTO {runs} (collection, number, run, purged, position) \
                 SELECT {name}, coalesce(max(number), 0) + 1, $1, $2, $3 FROM {runs} WHERE {whose}"
            ),
            forget_runs: format!("DELETE FROM {runs} WHERE {whose}"),
            run_known: format!("SELECT 1 FROM {runs} WHERE {whose} AND run = $1"),
            runs_after: format!(
                "SELECT position, purged FROM {runs} WHERE {whose} AND number > (SELECT number FROM {runs} WHERE {whose} \
                 AND run = $1) ORDER BY number"
            ),
            marks: format!("SELECT position, content FROM {marks} WHERE {whose} AND position > $1"),
            passed: format!(
                "INSERT INTO {followers} (collection, follower, position, seen_at) VALUES ({name}, $1, $2, {CLOCK}) \
                 ON CONFLICT (collection, follower) DO UPDATE SET position = excluded.position, seen_at = excluded.seen_at"
            ),
            followers: format!(
                "SELECT follower, position, greatest({CLOCK} - seen_at, 0) FROM {followers} WHERE {whose} ORDER BY follower"
            ),
            all_passed: format!("SELECT min(position) FROM {followers} WHERE {whose}"),
            forget_followers: format!("DELETE FROM {followers} WHERE {whose}"),
            forget_follower: format!("DELETE FROM {followers} WHERE {whose} AND follower = $1"),
        }
    }
}

/// A collection's ownership inside a transaction.
pub(super) struct OwnershipTx<'a> {
    pub(super) session: &'a Session,
    pub(super) statements: &'a Statements,
    pub(super) document: Document,
    pub(super) facts: Facts,
    /// The highest place that was purged.
    pub(super) purged: u64,
    /// All transactions with lower numbers have ended.
    pub(super) horizon: u64,
    /// No transaction that the snapshot sees has this number or a higher one.
    pub(super) beyond: u64,
    /// Whether the installation is whole.
    pub(super) installed: bool,
}

impl<'a> OwnershipTx<'a> {
    pub(super) async fn load(
        session: &'a Session,
        statements: &'a Statements,
    ) -> Result<Self, StoreError> {
        let rows = session.rows("reading the ownership", &statements.load, &[]).await?;
        let row = rows.first().ok_or(StoreError::NotInstalled)?;
        let number = |place: usize| unsigned(row.try_get(place).map_err(StoreError::failed)?);
        let text: String = row.get(0);
        let purged = number(4)?;
        let facts = Facts {
            now_ms: row.get(1),
            position: number(2)?,
            run: row.get(3),
            rows: row.get::<_, bool>(5) || purged > 0,
        };
        let document = serde_json::from_str(&text).map_err(StoreError::failed)?;
        let (horizon, beyond) = (number(6)?, number(7)?);
        let installed = row.get::<_, Option<bool>>(8).unwrap_or(false);
        Ok(Self { session, statements, document, facts, purged, horizon, beyond, installed })
    }

    pub(super) async fn save(&self) -> Result<(), StoreError> {
        let text = serde_json::to_string(&self.document).map_err(StoreError::failed)?;
        let what = "writing the ownership";
        self.session.rows(what, &self.statements.save, &[&text]).await?;
        let document = &self.document;
        let (role, epoch) = (document.acts_as().name(), sql_number(document.epoch)?);
        let fenced_until = document.fence.as_ref().map_or(0, |fence| fence.until_ms);
        let primary = document.primary();
        let sql = &self.statements.save_fence;
        self.session.rows(what, sql, &[&role, &epoch, &fenced_until, &primary]).await?;
        Ok(())
    }

    /// The place at which this transaction changes something.
    pub(super) async fn place(&self) -> Result<u64, StoreError> {
        let sql = format!("SELECT {TRANSACTION}");
        let rows = self.session.rows("reading the place", &sql, &[]).await?;
        unsigned(rows.first().map_or(0, |row| row.get(0)))
    }

    pub(super) async fn mark(&self, entry: &Entry<Content>) -> Result<(), StoreError> {
        let kind = match entry {
            Entry::Row(_) => "row",
            Entry::Heartbeat { .. } => "heartbeat",
            Entry::Handover(_) => "handover",
        };
        let content = serde_json::to_string(entry).map_err(StoreError::failed)?;
        self.session.rows("writing a mark", &self.statements.mark, &[&kind, &content]).await?;
        Ok(())
    }

    /// Begins a new part of the history with this place: all that are below it were taken before.
    pub(super) async fn begin_run(&self, purged: u64, place: i64) -> Result<(), StoreError> {
        let (id, purged) = (random_id(), sql_number(purged)?);
        let sql = &self.statements.begin_run;
        self.session.rows("beginning a run", sql, &[&id, &purged, &place]).await?;
        Ok(())
    }

    /// The place behind the newest one. It is sure only while writes are kept out.
    pub(super) fn next_place(&self) -> Result<i64, StoreError> {
        let newest = self.facts.position.max(self.document.since).max(self.purged);
        Ok(sql_number(newest)?.saturating_add(1))
    }
}

/// A number as PostgreSQL counts.
pub(super) fn sql_number(number: u64) -> Result<i64, StoreError> {
    number.try_into().map_err(StoreError::failed)
}

/// A number that PostgreSQL counts and that is never negative.
pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    number.try_into().map_err(StoreError::failed)
}
