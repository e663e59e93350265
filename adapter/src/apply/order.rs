//! The order in which the tables of a collection get their rows: those that others refer to come first.

use crate::collection::{Collection, Member};
use crate::session::{Error, Session};

/// The foreign keys between some tables: those that refer, and those that are referred to.
const REFERENCES: &str = "SELECT DISTINCT c.conrelid, c.confrelid FROM pg_constraint c WHERE c.contype = 'f' \
     AND c.conrelid = ANY ($1::oid[]) AND c.confrelid = ANY ($1::oid[]) AND c.conrelid <> c.confrelid";

/// Whether a delete in some tables may delete or change other rows of theirs, even by way of a table between them.
const ACTS: &str = "SELECT count(*) FILTER (WHERE c.conrelid = ANY ($1::oid[])) > 0 \
     AND count(*) FILTER (WHERE c.confrelid = ANY ($1::oid[])) > 0 FROM pg_constraint c \
     WHERE c.contype = 'f' AND c.confdeltype IN ('c', 'n', 'd')";

/// Whether a foreign key may do so in a collection.
pub(crate) async fn any_acts(session: &Session, collection: &Collection) -> Result<bool, Error> {
    let rows = session.rows("reading the foreign keys", ACTS, &[&collection.oids()]).await?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}

/// The places of the tables in that order. Tables that refer to each other stay as they were named.
pub(crate) async fn order(session: &Session, collection: &Collection) -> Result<Vec<usize>, Error> {
    let members = &collection.members;
    if members.len() == 1 {
        return Ok(vec![0]);
    }
    let rows = session.rows("reading the foreign keys", REFERENCES, &[&collection.oids()]).await?;
    let place =
        |oid: u32| members.iter().position(|member| member.relations.iter().any(|r| r.oid == oid));
    let edges = rows.iter().filter_map(|row| Some((place(row.get(0))?, place(row.get(1))?)));
    Ok(sorted(members, &edges.filter(|(child, parent)| child != parent).collect::<Vec<_>>()))
}

fn sorted(members: &[Member], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut order = Vec::with_capacity(members.len());
    while order.len() < members.len() {
        let left = || (0..members.len()).filter(|place| !order.contains(place));
        let ready = |place: &usize| {
            edges.iter().all(|(child, parent)| child != place || order.contains(parent))
        };
        let Some(next) = left().find(ready).or_else(|| left().next()) else { break };
        order.push(next);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::{Member, sorted};

    #[test]
    fn a_table_comes_behind_those_that_it_refers_to() {
        let member = |number| Member {
            number,
            schema: String::new(),
            name: String::new(),
            key: Vec::new(),
            relations: Vec::new(),
        };
        let members: Vec<_> = (1..=3).map(member).collect();
        assert_eq!(sorted(&members, &[(0, 1), (1, 2)]), [2, 1, 0]);
        assert_eq!(sorted(&members, &[]), [0, 1, 2]);
        assert_eq!(sorted(&members, &[(0, 1), (1, 0)]), [2, 0, 1], "two refer to each other");
    }
}
