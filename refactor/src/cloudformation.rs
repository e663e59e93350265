//! CloudFormation: templates, change sets and stacks, as much of them as `aws cloudformation` needs.

pub(crate) mod provider;
