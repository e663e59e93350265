//! The CloudFormation templates as CloudFormation would read them: `rs.yaml`, `rs-service.yaml`, `ecs.yaml`, and what stands
//! beside the Copilot manifests. What these tests do not know, the schemas of the EC2, RDS and Secrets Manager types,
//! `cfn-lint` knows; `.ci/run` runs it.

mod yaml;

mod refactor_spaces;
mod rules;
mod stack;
mod template;

mod addons;
mod ecs;
#[path = "../common/names.rs"]
mod names;
mod patches;
mod proxy;
mod services;
