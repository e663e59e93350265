//! The statements that apply rows to one table.
//!
//! Values come as texts, and each is cast to the type of its column. A row that is there already is changed only if it
//! differs. Columns that are computed from others are left out; a value of an identity column is kept
//! (`OVERRIDING SYSTEM VALUE`).

mod checks;

use postgres::order::TRANSACTION;

use super::exchange::Exchange;
use crate::collection::Member;
use crate::key::names;
use crate::name::{quoted, text};
use crate::objects::Objects;
use crate::session::{Error, Session};

/// The columns of a table that can be set: name, type, whether it takes a value only when its row is made, and whether its
/// text depends on the search path.
const COLUMNS: &str = "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod), a.attidentity = 'a', \
     y.typname ~ '^_?reg' AND y.typnamespace = 'pg_catalog'::regnamespace \
     FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' \
     ORDER BY a.attnum";

/// Whether rows of some tables can be deleted and made again without a trace: no foreign key acts on it.
const REPLACEABLE: &str = "SELECT NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.contype = 'f' \
     AND c.confrelid = ANY ($1::oid[]) AND c.confdeltype <> 'a')";

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct Settable {
    pub(crate) name: String,
    /// Its type as SQL writes it.
    pub(crate) kind: String,
    /// Whether it is `GENERATED ALWAYS AS IDENTITY`, which no update sets.
    always: bool,
    /// Whether its values are names in the catalog, such as `regclass`.
    is_name: bool,
}

/// From what the rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The parameters of the statement.
    Page,
    /// The table of rows that are held back.
    Held,
}

/// A table of the collection, as the present transaction sees it.
#[derive(Clone, Debug)]
pub(crate) struct Target<'a> {
    member: &'a Member,
    objects: &'a Objects,
    pub(crate) columns: Vec<Settable>,
}

impl<'a> Target<'a> {
    pub(crate) async fn read(
        session: &Session,
        objects: &'a Objects,
        member: &'a Member,
    ) -> Result<Self, Error> {
        let oid = member.relations.first().map_or(0, |own| own.oid);
        let rows = session.rows("reading the columns", COLUMNS, &[&oid]).await?;
        let columns = rows
            .iter()
            .map(|row| Settable {
                name: row.get(0),
                kind: row.get(1),
                always: row.get(2),
                is_name: row.get(3),
            })
            .collect();
        Ok(Self { member, objects, columns })
    }

    /// Whether [`Target::exchange`] changes nothing else.
    pub(crate) async fn is_replaceable(&self, session: &Session) -> Result<bool, Error> {
        let oids: Vec<u32> = self.member.relations.iter().map(|relation| relation.oid).collect();
        let rows = session.rows("reading the foreign keys", REPLACEABLE, &[&oids]).await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    /// Deletes rows. From a page: a list of texts for each column of the key.
    pub(crate) fn delete(&self, source: Source) -> String {
        format!(
            "DELETE FROM {} t USING ({}) d WHERE ROW({}) = ROW({})",
            self.member.sql(),
            self.gone(source, 1),
            names(&self.member.key, "t."),
            names(&self.member.key, "d.")
        )
    }

    /// Changes rows that differ, and makes those that are not there. From a page: a list of texts for each column.
    pub(crate) fn upsert(&self, source: Source) -> String {
        let (table, same) = (self.member.sql(), self.same());
        let rest = self.rest();
        let changes = if rest.is_empty() {
            // A table of keys has nothing to change.
            format!("SELECT FROM {table} t WHERE false")
        } else {
            let sets = rest.iter().map(|column| format!("{0} = i.{0}", quoted(&column.name)));
            let sets = sets.collect::<Vec<_>>().join(", ");
            format!(
                "UPDATE {table} t SET {sets} FROM incoming i WHERE {same} AND {} RETURNING 1",
                self.differs()
            )
        };
        // The changes come first: they are counted before a row is made.
        format!(
            "WITH incoming AS MATERIALIZED ({}), changed AS ({changes}) {} \
             WHERE (SELECT count(*) FROM changed) >= 0 AND NOT EXISTS (SELECT 1 FROM {table} t WHERE {same})",
            self.incoming(source, 1),
            self.insert("incoming"),
        )
    }

    /// The parts of one statement over several tables in which rows exchange values of which there may be only one: all
    /// that differ or are deleted go, and then all are made. Foreign keys are checked when all of it is done. From a page: a
    /// list for each column, and one for each column of the keys of those that are deleted; the first has the number
    /// `first`.
    pub(crate) fn exchange(&self, source: Source, first: usize) -> Exchange {
        let (table, number, same) = (self.member.sql(), self.member.number, self.same());
        let (own, goes) = (names(&self.member.key, "t."), names(&self.member.key, "d."));
        let mut gone = self.gone(source, first + self.columns.len());
        if !self.rest().is_empty() {
            let key = names(&self.member.key, "i.");
            let differs = self.differs();
            gone = format!(
                "SELECT {key} FROM in_{number} i JOIN {table} t ON {same} WHERE {differs} UNION ALL {gone}"
            );
        }
        Exchange {
            incoming: format!("in_{number} AS MATERIALIZED ({})", self.incoming(source, first)),
            gone: format!("DELETE FROM {table} t USING ({gone}) d WHERE ROW({own}) = ROW({goes})"),
            returning: own,
            made: format!(
                "{} WHERE (NOT EXISTS (SELECT 1 FROM {table} t WHERE {same}) \
                 OR EXISTS (SELECT 1 FROM gone_{number} t WHERE {same}))",
                self.insert(&format!("in_{number}"))
            ),
            number,
        }
    }

    /// The columns that an update sets.
    fn rest(&self) -> Vec<&Settable> {
        let is_key = |column: &Settable| self.member.key.iter().any(|key| key.name == column.name);
        self.columns.iter().filter(|column| !is_key(column) && !column.always).collect()
    }

    fn same(&self) -> String {
        let same = self.member.key.iter().map(|key| format!("t.{0} = i.{0}", quoted(&key.name)));
        same.collect::<Vec<_>>().join(" AND ")
    }

    /// This compares the bytes of records (manual, 9.24.6), so it takes any type.
    fn differs(&self) -> String {
        let of = |prefix: &str| {
            let all = self.rest().into_iter();
            let all = all.map(|column| format!("{prefix}{}", quoted(&column.name)));
            all.collect::<Vec<_>>().join(", ")
        };
        format!("ROW({})::record *<> ROW({})::record", of("t."), of("i."))
    }

    fn insert(&self, from: &str) -> String {
        let of = |prefix: &str| {
            let all = self.columns.iter();
            let all = all.map(|column| format!("{prefix}{}", quoted(&column.name)));
            all.collect::<Vec<_>>().join(", ")
        };
        format!(
            "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {from} i",
            self.member.sql(),
            of(""),
            of("i.")
        )
    }

    /// The keys of the rows that are deleted.
    fn gone(&self, source: Source, first: usize) -> String {
        let key = &self.member.key;
        match source {
            Source::Page => {
                let cast = key.iter().enumerate().map(|(place, column)| {
                    let value = column.kind.cast_of(&format!("v.k{place}"));
                    format!("{value} AS {}", quoted(&column.name))
                });
                let cast = cast.collect::<Vec<_>>().join(", ");
                format!("SELECT {cast} FROM {}", lists(first, key.len(), "k"))
            }
            Source::Held => {
                let cast = key.iter().enumerate().map(|(place, column)| {
                    let value = column.kind.cast_of(&format!("h.k[{}]", place + 1));
                    format!("{value} AS {}", quoted(&column.name))
                });
                let cast = cast.collect::<Vec<_>>().join(", ");
                let (held, number) = (self.objects.held(), self.member.number);
                format!(
                    "SELECT {cast} FROM {held} h WHERE h.member = {number} AND h.content IS NULL"
                )
            }
        }
    }

    /// The rows that are present, each value of the type of its column.
    fn incoming(&self, source: Source, first: usize) -> String {
        let cast = |value: String, column: &Settable| {
            format!("({value})::{} AS {}", column.kind, quoted(&column.name))
        };
        match source {
            Source::Page => {
                let columns = self.columns.iter().enumerate();
                let listed = columns.map(|(place, column)| cast(format!("v.c{place}"), column));
                let listed = listed.collect::<Vec<_>>().join(", ");
                format!("SELECT {listed} FROM {}", lists(first, self.columns.len(), "c"))
            }
            Source::Held => {
                let listed = self.columns.iter().map(|column| {
                    cast(format!("h.content::json ->> {}", text(&column.name)), column)
                });
                format!(
                    "SELECT {} FROM {} h WHERE h.member = {} AND h.content IS NOT NULL",
                    listed.collect::<Vec<_>>().join(", "),
                    self.objects.held(),
                    self.member.number
                )
            }
        }
    }

    /// Notes in the feed that rows changed. From a page: a list of the keys, and one for each of their columns.
    pub(crate) fn note(&self) -> String {
        format!(
            "INSERT INTO {} AS f (key, position, member, k) SELECT v.key, {TRANSACTION}, {}, {} FROM {} {NEWER}",
            self.objects.feed(),
            self.member.number,
            self.key_array(),
            self.keyed_lists(0)
        )
    }

    /// Holds rows back: a list of their contents, one of the keys, and one for each column of these.
    pub(crate) fn hold(&self) -> String {
        format!(
            "INSERT INTO {} (key, member, k, content) SELECT v.key, {}, {}, v.content FROM {} \
             ON CONFLICT (key) DO UPDATE SET content = excluded.content",
            self.objects.held(),
            self.member.number,
            self.key_array(),
            self.keyed_lists(1)
        )
    }

    fn key_array(&self) -> String {
        let parts = (0..self.member.key.len()).map(|place| format!("v.k{place}"));
        format!("ARRAY[{}]", parts.collect::<Vec<_>>().join(", "))
    }

    fn keyed_lists(&self, before: usize) -> String {
        let count = self.member.key.len();
        let mut names: Vec<_> = (0..before).map(|_| "content".to_owned()).collect();
        names.push("key".to_owned());
        names.extend((0..count).map(|place| format!("k{place}")));
        unnest(1, &names)
    }
}

/// What a key's line in the feed gets if there is one.
const NEWER: &str =
    "ON CONFLICT (key) DO UPDATE SET position = excluded.position, noted_at = excluded.noted_at";

/// Notes in the feed that all rows that are held back changed.
pub(crate) fn note_held(objects: &Objects) -> String {
    format!(
        "INSERT INTO {} AS f (key, position, member, k) SELECT key, {TRANSACTION}, member, k FROM {} {NEWER}",
        objects.feed(),
        objects.held()
    )
}

/// Lists of texts as rows with these columns. The first list is the parameter `first`.
fn unnest(first: usize, names: &[String]) -> String {
    let arrays = (first..first + names.len()).map(|place| format!("${place}::text[]"));
    format!("unnest({}) AS v ({})", arrays.collect::<Vec<_>>().join(", "), names.join(", "))
}

fn lists(first: usize, count: usize, letter: &str) -> String {
    let names: Vec<_> = (0..count).map(|place| format!("{letter}{place}")).collect();
    unnest(first, &names)
}
