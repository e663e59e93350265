//! The refactor proxy.

fn main() {}
