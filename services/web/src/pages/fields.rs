//! A form: what stands in its fields, and what is wrong with it.

use maud::{Markup, html};
use serde_json::Value;

use super::refused::said;
use crate::api::Refusal;
use crate::form::{Form, TOKEN};
use crate::kind::{Field, Kind};
use crate::visitor::Visitor;

/// A form that is filled in, for the first time or again.
pub(crate) struct Filled {
    kind: &'static Kind,
    /// What stands in each field.
    values: Vec<String>,
    /// Fields that are not shown.
    hidden: Vec<(&'static str, String)>,
    refusal: Option<Refusal>,
}

impl Filled {
    /// A form with nothing in it; `name` is the hidden field that guards it.
    pub(crate) fn empty(kind: &'static Kind, name: &'static str, guard: String) -> Self {
        let values = vec![String::new(); kind.fields.len()];
        Self { kind, values, hidden: vec![(name, guard)], refusal: None }
    }

    /// A form with what is stored.
    pub(crate) fn stored(
        kind: &'static Kind,
        member: &Value,
        name: &'static str,
        guard: String,
    ) -> Self {
        let value = |field: &Field| member[field.name].as_str().unwrap_or_default().to_owned();
        let values = kind.fields.iter().map(value).collect();
        let thread = member["thread"].as_u64().map(|id| ("thread", id.to_string()));
        let hidden = [(name, guard)].into_iter().chain(thread).collect();
        Self { kind, values, hidden, refusal: None }
    }

    /// A form that was refused, with what was written.
    pub(crate) fn of(
        kind: &'static Kind,
        form: &Form,
        name: &'static str,
        guard: String,
        refusal: Refusal,
    ) -> Self {
        let values = kind.fields.iter().map(|field| form.text(field.name)).collect();
        let references = kind.references.iter();
        let references = references.filter_map(|name| Some((*name, form.id(name)?.to_string())));
        let hidden = [(name, guard)].into_iter().chain(references).collect();
        Self { kind, values, hidden, refusal: Some(refusal) }
    }

    /// The same with this id in a hidden field.
    pub(crate) fn with(mut self, name: &'static str, id: Option<u64>) -> Self {
        if let Some(id) = id {
            self.hidden.retain(|(known, _)| *known != name);
            self.hidden.push((name, id.to_string()));
        }
        self
    }

    /// What was refused about it, if it was.
    pub(super) fn is_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// The reason, with a link to each field that is wrong.
    pub(super) fn summary(&self) -> Markup {
        let Some(refusal) = &self.refusal else { return Markup::default() };
        let errors = match refusal {
            Refusal::Invalid(errors) => errors.as_slice(),
            _ => &[],
        };
        html! {
            div.problem role="alert" {
                (said(refusal))
                @if !errors.is_empty() {
                    ul {
                        @for error in errors {
                            @match self.kind.fields.iter().find(|field| field.name == error.field) {
                                Some(field) => li { a href={ "#" (field.name) } { (field.label) ": " (error.detail) } },
                                None => li { (reference(&error.field)) },
                            }
                        }
                    }
                }
            }
        }
    }

    /// Everything between the begin and the end of the form, but its buttons.
    pub(super) fn inputs(&self, visitor: &Visitor) -> Markup {
        html! {
            (hidden_token(visitor))
            @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
            @for (field, value) in self.kind.fields.iter().zip(&self.values) { (self.input(field, value)) }
        }
    }

    fn input(&self, field: &Field, value: &str) -> Markup {
        let error = match &self.refusal {
            Some(Refusal::Invalid(errors)) => errors.iter().find(|error| error.field == field.name),
            _ => None,
        };
        let (hint, wrong) = (format!("{}-hint", field.name), format!("{}-error", field.name));
        let described = if error.is_some() { format!("{hint} {wrong}") } else { hint.clone() };
        let invalid = error.map(|_| "true");
        html! {
            div.field {
                label for=(field.name) { (field.label) }
                p.hint id=(hint) { (field.hint) }
                @if let Some(error) = error { p.error id=(wrong) { (field.label) " " (error.detail) } }
                @if field.rows == 1 {
                    input id=(field.name) name=(field.name) value=(value) dir="auto" autocomplete="off"
                        aria-describedby=(described) aria-invalid=[invalid];
                } @else {
                    // A browser drops the first line end after the tag.
                    textarea id=(field.name) name=(field.name) rows=(field.rows) dir="auto"
                        aria-describedby=(described) aria-invalid=[invalid] { "\n" (value) }
                }
            }
        }
    }
}

/// The hidden field with the token.
pub(super) fn hidden_token(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(visitor.token); }
}

/// What is wrong with a field that no form shows.
fn reference(field: &str) -> &'static str {
    match field {
        "createdBy" | "user" => {
            "The user that you write as does not exist any more. Choose another one."
        }
        "thread" => "This thread does not exist any more.",
        _ => "Another part of the form is wrong.",
    }
}
