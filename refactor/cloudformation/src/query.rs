//! The Query API: form fields in, XML out. One file a topic; each action is one function.

mod actions;
mod api;
mod change_set;
mod change_sets;
mod changes;
mod checks;
mod definition;
mod deletion;
mod direct;
mod drift;
mod error;
mod execution;
mod form;
mod lists;
mod page;
mod planned;
mod resources;
mod stacks;
mod start;
mod templates;
mod xml;

use http::StatusCode;

use crate::Caller;
use form::Form;

pub use api::{Api, HELD_ANSWERS};

impl Api {
    /// Answers one request: its form fields, decoded. Blocks: until the change is on disk, and for up to 25 s until a
    /// stack operation is done.
    pub fn handle(&self, caller: &Caller, form: &[(String, String)]) -> (StatusCode, String) {
        let form = Form::new(&caller.region, form);
        let action = form.get("Action").unwrap_or_default();
        match actions::find(action, &form).and_then(|run| run(self, &form)) {
            Ok(xml) => (StatusCode::OK, xml.into_answer(action)),
            Err(err) => err.into_answer(),
        }
    }
}
