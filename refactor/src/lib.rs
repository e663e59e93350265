//! The refactor proxy: moves the traffic of an HTTP service, route by route.

mod proxy;
mod spaces;
