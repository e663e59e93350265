//! CloudFormation: what a stack asks for.

pub(crate) mod provider;
