//! The operations of the API, by what they are about.

mod activation;
mod applications;
mod authorities;
mod canary;
mod environments;
mod follow;
mod layout;
mod policies;
mod protection;
mod publish;
mod routes;
mod services;
mod shares;
mod tags;
mod vpcs;

pub use activation::HealthCheck;
pub use canary::{CanaryStep, CanaryView};
pub use layout::Everything;
pub use shares::RouteShares;

use ring::digest::{SHA256, digest};
use serde::Serialize;
use serde_json::Value;

use super::Spaces;
use super::arn::new_id;
use super::error::ApiError;
use super::model::{Model, ModelChange};
use super::resource::{Details, Resource, ResourceState, ResourceType, Tags};
use super::token::ClientToken;

/// The region of a request, and the token by which a repeat is known.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The region that is asked.
    pub region: String,
    /// The same token with the same parameters gets the first answer again, and makes nothing.
    pub token: Option<String>,
    /// Whether the token is remembered for as long as what it made exists, instead of 24 hours.
    pub lasting: bool,
}

impl RequestContext {
    /// The token in the scope of an operation and its parents.
    fn token(
        &self,
        operation: &str,
        parents: &[&str],
        wanted: &impl Serialize,
    ) -> Result<Option<ClientToken>, ApiError> {
        let Some(token) = &self.token else { return Ok(None) };
        let wanted = serde_json::to_vec(wanted).map_err(|error| ApiError::internal(&error))?;
        let owner = if self.lasting { "stack" } else { "client" };
        let scope = format!("{owner} {} {operation} {}", self.region, parents.join("/"));
        let fingerprint = digest(&SHA256, &wanted).as_ref().to_vec();
        Ok(Some(ClientToken { scope, token: token.clone(), fingerprint, lasting: self.lasting }))
    }
}

impl Spaces {
    /// What the token was answered with before. A lasting one is forgotten with what it made: a stack makes that anew.
    ///
    /// # Errors
    /// 409 if it came with other parameters then, or what it made is deleted: a request that comes late must not make again
    /// what was deleted in the meantime (The Amazon Builders' Library, "Making retries safe with idempotent APIs").
    fn replay<D: Details>(
        &self,
        model: &Model,
        token: Option<&ClientToken>,
    ) -> Result<Option<Resource<D>>, ApiError> {
        let Some(token) = token else { return Ok(None) };
        let answered =
            self.0.journal.answered(token).map_err(|error| ApiError::internal(&error))?;
        let Some(answered) = answered else { return Ok(None) };
        let resource: Resource<D> =
            serde_json::from_value(answered.answer).map_err(|error| ApiError::internal(&error))?;
        let (exists, id) = (model.has(D::KIND, &resource.id), &resource.id);
        if !exists && token.lasting {
            return Ok(None);
        }
        let message = if answered.fingerprint != token.fingerprint {
            format!(
                "the ClientToken came before with another request, which made {id}; use a new one"
            )
        } else if exists {
            return Ok(Some(resource));
        } else {
            format!("the ClientToken came before and made {id}, which is deleted; use a new one")
        };
        Err(ApiError::conflict(D::KIND, id, message))
    }

    /// Whether there is room for one more of a kind.
    ///
    /// # Errors
    /// 402 on the parent if there is none.
    fn check_quota<'a, D: Details + 'a>(
        &self,
        region: &str,
        parent: &str,
        all: impl ExactSizeIterator<Item = &'a Resource<D>>,
    ) -> Result<(), ApiError> {
        let (most, kind) = (self.0.settings.quotas.of(D::KIND), D::KIND);
        // If all regions together have fewer, there is no need to count those of one region.
        if all.len() < most || all.filter(|resource| resource.region == region).count() < most {
            return Ok(());
        }
        let (noun, code) = (kind.noun(), kind.quota_code());
        let message = format!(
            "the region {region} has {most} {code}, as many as there may be; delete a {noun}, or raise \
             BANYAN_MAX_{}",
            code.to_uppercase()
        );
        Err(ApiError::Quota { message, kind, id: parent.to_owned() })
    }
}

/// A new resource that is ACTIVE at once, with its token if it came with one.
fn make<D: Details>(
    changes: &mut Vec<ModelChange>,
    request: &RequestContext,
    id: String,
    tags: Tags,
    details: D,
    token: Option<ClientToken>,
    change: fn(Resource<D>) -> ModelChange,
) -> Result<Resource<D>, ApiError> {
    let made = Resource::new(id, &request.region, ResourceState::Active, tags, details);
    put(changes, &made, token, change)?;
    Ok(made)
}

/// A new resource, with its token if it came with one.
fn put<D: Details>(
    changes: &mut Vec<ModelChange>,
    resource: &Resource<D>,
    token: Option<ClientToken>,
    change: fn(Resource<D>) -> ModelChange,
) -> Result<(), ApiError> {
    if let Some(token) = token {
        changes.push(ModelChange::ClientToken(token, resource.id.clone(), document(resource)?));
    }
    changes.push(change(resource.clone()));
    Ok(())
}

/// A resource as the journal keeps it.
fn document<D: Details>(resource: &Resource<D>) -> Result<Value, ApiError> {
    serde_json::to_value(resource).map_err(|error| ApiError::internal(&error))
}

/// An id that no resource has.
fn unused_id(model: &Model, kind: ResourceType) -> String {
    loop {
        let id = new_id(kind);
        if !model.has(kind, &id) {
            return id;
        }
    }
}

/// A resource goes, and its policy with it.
fn delete<D: Details>(changes: &mut Vec<ModelChange>, resource: &Resource<D>) {
    changes.push(ModelChange::Policy(resource.arn.clone(), None));
    changes.push(ModelChange::Delete(D::KIND, resource.id.clone()));
}
