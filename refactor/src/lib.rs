//! The refactor proxy: moves the traffic of an HTTP service, route by route.

#[cfg_attr(not(test), expect(dead_code, reason = "the control port mounts it"))]
mod cloudformation;
pub mod proxy;
