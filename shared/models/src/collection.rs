//! A collection, as data.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::{Cell, Field, Kind, Name, Rule, Target};

/// The description of a collection. Validation, SQL, the API's description and JSON are all made from it.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its name, in paths, in sentences, and as the name of its table: an SQL identifier in lower case.
    pub name: Name,
    /// One member's name in sentences: `user`.
    pub member: Name,
    /// What a client may write, in wire order.
    pub fields: Vec<Field>,
    /// Whether the basic view carries the id.
    pub basic_has_id: bool,
    /// The field that says which user a member belongs to: a reference to that user, or, in the users themselves, the
    /// unique field with their name. Without one, a member belongs to no user.
    pub author: Option<Name>,
    /// The demo data, a JSON array of members.
    pub demo: Name,
}

/// The longest name of a collection or a column. PostgreSQL cuts identifiers at 63 bytes, and the names of indexes hold
/// both.
const LONGEST: usize = 24;
/// Columns that each table has besides its fields.
const COLUMNS: [&str; 7] =
    ["id", "rev", "created_at", "updated_at", "deleted", "position", "superseded"];
/// What the full view shows besides the fields.
const SHOWN: [&str; 3] = ["id", "createdAt", "updatedAt"];

impl Collection {
    /// A collection without demo data, whose basic view carries the id.
    pub fn new(
        name: impl Into<Name>,
        member: impl Into<Name>,
        fields: impl Into<Vec<Field>>,
    ) -> Self {
        Self {
            name: name.into(),
            member: member.into(),
            fields: fields.into(),
            basic_has_id: true,
            author: None,
            demo: Cow::Borrowed("[]"),
        }
    }

    /// The same collection, without the id in the basic view.
    pub fn basic_without_id(self) -> Self {
        Self { basic_has_id: false, ..self }
    }

    /// The same collection, whose members belong to the user in this field.
    pub fn authored_by(self, field: impl Into<Name>) -> Self {
        Self { author: Some(field.into()), ..self }
    }

    /// The same collection with its demo data.
    pub fn demo(self, demo: impl Into<Name>) -> Self {
        Self { demo: demo.into(), ..self }
    }

    /// Itself, for the collections that refer to it.
    pub fn target(&self) -> Target {
        Target { collection: self.name.clone(), member: self.member.clone() }
    }

    /// The collections that its members refer to, in the order of the fields.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.fields.iter().filter_map(|field| match &field.rule {
            Rule::Reference(target) => Some(target),
            Rule::Text { .. } | Rule::Integer { .. } | Rule::Boolean | Rule::Time => None,
        })
    }

    /// The fields that have a list of their own, and the lists' path segments.
    pub fn filters(&self) -> impl Iterator<Item = (&Field, &Name)> {
        self.fields.iter().filter_map(|field| Some((field, field.filter.as_ref()?)))
    }

    /// The field in which no two members agree.
    pub fn unique(&self) -> Option<&Field> {
        self.fields.iter().find(|field| field.unique)
    }

    /// The cell of that field among a member's cells.
    pub fn unique_cell<'a>(&self, cells: &'a [Cell]) -> Option<&'a Cell> {
        cells.get(self.fields.iter().position(|field| field.unique)?)
    }

    /// The field that says which user a member belongs to, and its place.
    pub fn author(&self) -> Option<(usize, &Field)> {
        let author = self.author.as_ref()?;
        self.fields.iter().enumerate().find(|(_, field)| field.name == *author)
    }

    /// Looks whether it can be stored and served: a description may be made at run time.
    ///
    /// # Errors
    /// The first thing that is wrong with it, as a sentence.
    pub fn check(&self) -> Result<(), String> {
        identifier(&self.name)?;
        if self.fields.is_empty() {
            return Err("it has no fields".into());
        }
        let mut names = BTreeSet::from(SHOWN);
        let mut columns = BTreeSet::from(COLUMNS);
        for field in &self.fields {
            let Field { name, column, .. } = field;
            identifier(column)?;
            if !names.insert(name) {
                return Err(format!("two fields are called `{name}`"));
            }
            if !columns.insert(column) {
                return Err(format!("two columns are called `{column}`"));
            }
            if !field.required && field.empty().is_none() {
                return Err(format!("`{name}` has no empty value, so it cannot be optional"));
            }
            if field.unique && (field.kind() != Kind::Text || !field.required) {
                return Err(format!("`{name}` is unique, so it must be a text that is required"));
            }
            if field.filter.is_some() && field.kind() != Kind::Id {
                return Err(format!("`{name}` has a list of its own, so it must hold an id"));
            }
        }
        if let Some(author) = &self.author {
            let names_a_user = |field: &Field| field.unique || field.kind() == Kind::Id;
            if !self.author().is_some_and(|(_, field)| names_a_user(field)) {
                return Err(format!(
                    "`{author}` says which user a member belongs to, so it must be a reference or unique"
                ));
            }
        }
        if self.fields.iter().filter(|field| field.unique).count() > 1 {
            return Err("more than one field is unique".into());
        }
        Ok(())
    }
}

/// Names stand in SQL as they are.
fn identifier(name: &str) -> Result<(), String> {
    let letters = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if begins && name.len() <= LONGEST && name.bytes().all(letters) {
        return Ok(());
    }
    Err(format!(
        "`{name}` is no name of a table or column: it takes 1 to {LONGEST} of a-z, 0-9 and _, beginning with a letter"
    ))
}

#[cfg(test)]
mod tests {
    use crate::{Alphabet, Collection, Field, USERS};

    fn field(name: &'static str) -> Field {
        Field::text(name, 0..=9, Alphabet::Line)
    }

    fn check(fields: impl Into<Vec<Field>>) -> Result<(), String> {
        Collection::new("notes", "note", fields).check()
    }

    #[test]
    fn a_description_that_cannot_be_stored_is_refused() {
        check([field("title").unique(), Field::reference("createdBy", USERS).filter("by")])
            .unwrap();
        let authored = |name| {
            let fields = [field("title"), field("name").unique(), Field::reference("by", USERS)];
            Collection::new("notes", "note", fields).authored_by(name).check().is_ok()
        };
        assert_eq!(["name", "by", "title", "user"].map(authored), [true, true, false, false]);
        let wrong = [
            check([]),
            check([field("a"), field("a")]),
            check([field("a"), field("b").column("a")]),
            check([field("id").column("number")]),
            check([field("a").column("deleted")]),
            check([field("a").column("a; DROP TABLE users")]),
            check([field("größe")]),
            check([field("a").unique(), field("b").unique()]),
            check([field("a").unique().optional()]),
            check([field("a").filter("with")]),
            check([Field::time("at").optional()]),
            check([Field::reference("user", USERS).optional()]),
            Collection::new("Notes", "note", [field("a")]).check(),
        ];
        for (number, wrong) in wrong.into_iter().enumerate() {
            assert!(wrong.is_err(), "{number}");
        }
    }

    #[test]
    fn a_name_that_is_known_at_run_time_will_do() {
        let name = String::from("notes");
        let field = Field::boolean(format!("is{}", "Pinned"));
        assert_eq!(field.column, "is_pinned");
        let notes = Collection::new(name, "note", [field]);
        assert_eq!((notes.check(), notes.target().collection), (Ok(()), "notes".into()));
    }
}
