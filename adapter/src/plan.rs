//! The SQL of an installation, before it is run.

use crate::collection::{Collection, Member, Relation, Wanted};
use crate::fill::batch;
use crate::functions::functions;
use crate::inspect::inspect;
use crate::name::{quoted, text};
use crate::objects::{OURS, Objects, own_tables, shared_tables};
use crate::present::{check, missing, present};
use crate::session::{Error, Session};
use crate::triggers::Trigger;

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) collection: Collection,
    /// One transaction, which locks no table of the application.
    pub(crate) begin: Vec<String>,
    /// A short transaction each.
    pub(crate) tables: Vec<(Relation, Vec<String>)>,
    /// Whether triggers of an installation that was whole come back.
    pub(crate) again: bool,
}

/// The SQL that an installation would run.
///
/// # Errors
/// As [`install`](crate::install()).
pub async fn plan(session: &Session, wanted: &Wanted) -> Result<String, Error> {
    let plan = make(session, wanted).await?;
    let objects = Objects::of(&wanted.schema, wanted.name.as_str());
    let mut sql = String::from("BEGIN;\n");
    let mut push = |statements: &[String]| {
        for statement in statements {
            sql.push_str(statement);
            sql.push_str(";\n");
        }
    };
    push(&plan.begin);
    push(&["COMMIT".to_owned()]);
    for (relation, statements) in &plan.tables {
        push(&[format!("\nBEGIN;\nLOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", relation.sql())]);
        push(statements);
        push(&["COMMIT".to_owned()]);
    }
    for member in &plan.collection.members {
        let batch = batch(member, &plan.collection.members, &objects);
        sql.push_str(&format!("\n-- again and again, until it gives no row:\n{batch};\n"));
    }
    Ok(sql)
}

pub(crate) async fn make(session: &Session, wanted: &Wanted) -> Result<Plan, Error> {
    let collection = inspect(session, wanted).await?;
    let present = present(session, &wanted.schema, &wanted.name).await?;
    check(session, &collection, &present).await?;
    let objects = Objects::of(&wanted.schema, wanted.name.as_str());
    let mut begin = Vec::new();
    if !present.schema {
        let schema = quoted(&wanted.schema);
        begin.push(format!("CREATE SCHEMA {schema}"));
        begin.push(format!("COMMENT ON SCHEMA {schema} IS {}", text(OURS)));
    }
    if !present.ours {
        begin.extend(shared_tables(&objects));
    }
    if present.collection.is_none() {
        begin.extend(own_tables(&collection, &objects));
    }
    begin.extend(functions(&collection, &objects));
    let installed = present.collection.is_some();
    let tables = missing(session, &collection).await?;
    let tables = tables.into_iter().map(|(relation, triggers): (Relation, Vec<Trigger>)| {
        let mut statements: Vec<_> =
            triggers.iter().flat_map(|trigger| trigger.create(&relation)).collect();
        let has = |member: &&Member| member.relations.contains(&relation);
        if let Some(member) = collection.members.iter().find(has).filter(|_| installed) {
            statements.extend(read_again(&objects, member.number));
        }
        (relation, statements)
    });
    let tables: Vec<_> = tables.collect();
    let whole = present.collection.as_ref().is_some_and(|record| record.state == "installed");
    let again = whole && !tables.is_empty();
    Ok(Plan { collection, begin, tables, again })
}

/// Triggers that come back were missing for a while, so the feed may lack what was written then: the rows of the table are
/// read again, and until then the installation is not whole.
fn read_again(objects: &Objects, number: i16) -> [String; 2] {
    let (members, collections, name) = (objects.members(), objects.collections(), objects.name());
    [
        format!(
            "UPDATE {members} SET filled = false, filled_to = NULL WHERE collection = {name} AND number = {number}"
        ),
        format!("UPDATE {collections} SET state = 'installing' WHERE name = {name}"),
    ]
}
