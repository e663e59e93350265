//! The tags of a route that mean something here; all others are the user's own.

use std::collections::BTreeMap;

use crate::limits::Patience;
use crate::split::Split;

/// Whether the tags of a route keep the rules of those that are read.
///
/// # Errors
/// The first that breaks its rule, and the rule.
pub fn check(tags: &BTreeMap<String, String>) -> Result<(), String> {
    Patience::default().tagged(tags)?;
    Split::tagged(tags)?;
    Ok(())
}
