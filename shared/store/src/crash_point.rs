//! Places at which a test can make a program crash.

/// A place at which a test can make a program crash: around the commit of a step.
pub(crate) fn fault(step: &str, moment: &str) {
    fault::point(&format!("store.{step}.{moment}"));
}
