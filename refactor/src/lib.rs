//! The refactor proxy: moves the traffic of an HTTP service, route by route.

pub mod proxy;
