//! How users are kept.

use models::User;
use store::{Cells, Column, Record, StoreError, Table, Value};

/// The collection of users.
pub struct Users;

impl Record for Users {
    type Content = User;

    const TABLE: Table = Table {
        name: "users",
        columns: &[Column::text("username"), Column::text("name"), Column::text("bio")],
        unique: Some("username"),
        filters: &[],
    };

    fn values(user: &User) -> Vec<Value<'_>> {
        vec![Value::Text(&user.username), Value::Text(&user.name), Value::Text(&user.bio)]
    }

    fn content(cells: &mut dyn Cells) -> Result<User, StoreError> {
        Ok(User { username: cells.text()?, name: cells.text()?, bio: cells.text()? })
    }
}
