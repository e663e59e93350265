//! Works out the values of a template: conditions, functions and pseudo parameters.
//!
//! A value may not be known yet: that of a resource that is still to be made, or of a parameter while a template is only
//! validated. [`KNOWN_AFTER_APPLY`] stands for it, and a text that holds it is not known as a whole.

mod cidr;
mod conditions;
mod dynamic;
mod evaluate;
mod scope;
mod value;

pub(crate) use scope::{Exports, ResourceLookup, Scope, StackIdentity};
pub(crate) use value::text;
pub use value::{KNOWN_AFTER_APPLY, is_unknown};

#[cfg(test)]
mod tests;
