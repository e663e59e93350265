//! What can be written: the collections, and the fields of their forms.

use serde_json::{Map, Value};

use crate::form::Form;

/// A collection that has a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Its name in the API, and in the addresses here.
    pub(crate) collection: &'static str,
    /// What one member is called.
    pub(crate) one: &'static str,
    /// What a form asks for.
    pub(crate) fields: &'static [Field],
    /// The fields with ids that are written once, when a member is made.
    pub(crate) references: &'static [&'static str],
}

/// A field of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// As in the API.
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    /// What the field takes; empty if that needs no words.
    pub(crate) hint: &'static str,
    /// The height of a field for lines of text; 1 for a field of one line.
    pub(crate) rows: u8,
}

/// The users.
pub(crate) static USERS: Kind = Kind {
    collection: "users",
    one: "user",
    fields: &[
        Field {
            name: "username",
            label: "Username",
            hint: "Up to 32 of a-z, 0-9, dot, hyphen and underscore. No two users share one.",
            rows: 1,
        },
        Field {
            name: "name",
            label: "Name",
            hint: "The name to show, up to 100 characters.",
            rows: 1,
        },
        Field { name: "bio", label: "About (optional)", hint: "Up to 1,000 characters.", rows: 4 },
    ],
    references: &[],
};

/// The threads.
pub(crate) static THREADS: Kind = Kind {
    collection: "threads",
    one: "thread",
    fields: &[Field { name: "title", label: "Title", hint: "Up to 200 characters.", rows: 1 }],
    references: &["createdBy"],
};

/// The posts.
pub(crate) static POSTS: Kind = Kind {
    collection: "posts",
    one: "post",
    fields: &[Field { name: "text", label: "Text", hint: "Up to 10,000 characters.", rows: 6 }],
    references: &["thread", "user"],
};

impl Kind {
    /// The collection of that name.
    pub(crate) fn named(collection: &str) -> Option<&'static Self> {
        [&USERS, &THREADS, &POSTS].into_iter().find(|kind| kind.collection == collection)
    }

    /// What a form says, as the API takes it: the fields alone.
    pub(crate) fn body(&self, form: &Form) -> Map<String, Value> {
        let field = |field: &Field| (field.name.to_owned(), Value::from(form.text(field.name)));
        self.fields.iter().map(field).collect()
    }

    /// The same with the references, for a new member.
    pub(crate) fn new_body(&self, form: &Form) -> Map<String, Value> {
        let mut body = self.body(form);
        for name in self.references {
            body.insert((*name).to_owned(), form.id(name).into());
        }
        body
    }

    /// Whether a member has what a form says.
    pub(crate) fn has(&self, member: &Value, form: &Form) -> bool {
        self.body(form).iter().all(|(name, value)| member.get(name) == Some(value))
    }
}
