//! ListEnvironmentVpcs: the VPCs that the applications and services of an environment name.

use std::collections::BTreeMap;

use serde_json::json;

use crate::resource::ACCOUNT;
use crate::{ApiError, PageRequest, ResourcePage, Spaces};

/// VPCs are given by their ids and never made here, so nothing is known of their addresses.
const CIDR_BLOCK: &str = "0.0.0.0/0";
/// Nor of their names: as AWS shows a VPC without the tag Name.
const NO_NAME: &str = "";

impl Spaces {
    /// The VPCs of an environment, by the time when each was first named.
    ///
    /// # Errors
    /// 404; 400 for a token of another list.
    pub fn vpcs(
        &self,
        region: &str,
        environment: &str,
        page: &PageRequest,
    ) -> Result<ResourcePage, ApiError> {
        let model = self.model();
        model.environment(region, environment)?;
        let applications = model.applications.values().filter_map(|found| {
            let details = &found.details;
            (details.environment == environment).then_some((&details.vpc_id, found.created_ms))
        });
        let services = model.services.values().filter_map(|found| {
            let details = &found.details;
            let vpc_id = details.vpc_id.as_ref().filter(|_| details.environment == environment)?;
            Some((vpc_id, found.created_ms))
        });
        let mut named = BTreeMap::new();
        for (vpc_id, created_ms) in applications.chain(services) {
            let first = named.entry(vpc_id.clone()).or_insert(created_ms);
            *first = created_ms.min(*first);
        }
        let items = named.into_iter().map(|(id, created)| ((created, id.clone()), (id, created)));
        page.cut(&format!("vpcs {environment}"), items.collect(), |(id, created)| {
            let seconds = created as f64 / 1_000.0;
            json!({
                "AccountId": ACCOUNT,
                "CidrBlocks": [CIDR_BLOCK],
                "CreatedTime": seconds,
                "EnvironmentId": environment,
                "LastUpdatedTime": seconds,
                "VpcId": id,
                "VpcName": NO_NAME,
            })
        })
    }
}
