//! The health check that a route passes before it takes traffic.

use std::sync::mpsc;
use std::time::Duration;

use super::document;
use crate::health;
use crate::model::ModelChange;
use crate::resource::{FaultCode, ResourceFault, ResourceState, ResourceType, Route, Service};
use crate::{ApiError, Spaces};

/// More than a health check takes: two names to look up, and an answer.
const CHECK_TIME: Duration = Duration::from_secs(15);

/// When a route's service is asked whether it is healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthCheck {
    /// After the route is stored, and its caller waits for so long. The route is FAILED if the check
    /// fails.
    Background(Duration),
    /// Before anything is stored. If the check fails, nothing is stored.
    First,
    /// Never.
    Skipped,
}

impl Spaces {
    /// Asks a service now.
    ///
    /// # Errors
    /// 409 on the service if it is not healthy.
    pub(super) fn check_first(&self, service: &Service) -> Result<(), ApiError> {
        let (ended, waiting) = mpsc::channel();
        let (details, own) = (service.details.clone(), self.own_addresses(&self.model()));
        let authority = self.authority_of(service);
        self.0.runtime.spawn(async move {
            // If this took too long, the caller no longer waits.
            let _ = ended.send(health::check(&details, authority, own).await);
        });
        let checked = waiting.recv_timeout(CHECK_TIME);
        let checked = checked.unwrap_or_else(|_| Err("the health check did not end".into()));
        checked.map_err(|failed| {
            let message =
                format!("the health check of the service {} failed: {failed}", service.id);
            ApiError::conflict(ResourceType::Service, &service.id, message)
        })
    }

    /// The route once its check has ended, or as it is when the caller has waited long enough.
    pub(super) fn settled(&self, route: Route, check: HealthCheck) -> Route {
        let HealthCheck::Background(wait) = check else { return route };
        if !under_way(&route) {
            return route;
        }
        let ended = self.check_in_background(&route);
        // If the time was too short, the state says that the check is under way.
        let _ = ended.recv_timeout(wait);
        self.model().routes.get(&route.id).cloned().unwrap_or(route)
    }

    /// Makes the checks again that a restart broke off.
    pub(crate) fn check_again(&self) {
        let routes: Vec<_> =
            self.model().routes.values().filter(|route| under_way(route)).cloned().collect();
        for route in routes {
            log::info!(
                "the route {} is {}: its health check is made again",
                route.id,
                route.state.as_str()
            );
            drop(self.check_in_background(&route));
        }
    }

    /// Starts a check; the receiver hears when its outcome is stored.
    fn check_in_background(&self, route: &Route) -> mpsc::Receiver<()> {
        let (ended, waiting) = mpsc::channel();
        let (service, own) = {
            let model = self.model();
            (model.services.get(&route.details.service).cloned(), self.own_addresses(&model))
        };
        let (spaces, id, asked_ms) = (self.clone(), route.id.clone(), route.updated_ms);
        self.0.runtime.spawn(async move {
            let outcome = match &service {
                Some(service) => {
                    let authority = spaces.authority_of(service);
                    health::check(&service.details, authority, own).await
                }
                None => Err("its service does not exist".into()),
            };
            let stored = tokio::task::spawn_blocking(move || {
                spaces.settle(&id, asked_ms, outcome);
                // If this took too long, the caller no longer waits.
                let _ = ended.send(());
            });
            if let Err(error) = stored.await {
                log::error!("a health check was not stored: {}", runtime::chain(&error));
            }
        });
        waiting
    }

    /// Stores the outcome of a check, if the route still waits for it: it is as it was when it was asked for, last
    /// changed at `asked_ms`. A later activation waits for a check of its own.
    pub(crate) fn settle(&self, id: &str, asked_ms: i64, outcome: Result<(), String>) {
        let stored = self.change(|model, changes| {
            let waits = |route: &&Route| under_way(route) && route.updated_ms == asked_ms;
            let Some(route) = model.routes.get(id).filter(waits) else {
                return Ok(());
            };
            let mut settled = route.clone();
            settled.touch();
            (settled.state, settled.error) = match outcome {
                Ok(()) => (ResourceState::Active, None),
                Err(message) => {
                    log::warn!("the route {id} ({}) is FAILED: {message}", route.label());
                    let code = FaultCode::ServiceEndpointHealthCheckFailure;
                    let service = route.details.service.clone();
                    let fault =
                        ResourceFault { code, message, kind: ResourceType::Service, id: service };
                    (ResourceState::Failed, Some(fault))
                }
            };
            if route.state == ResourceState::Creating {
                changes.push(ModelChange::Answer(id.to_owned(), document(&settled)?));
            }
            changes.push(ModelChange::Route(settled));
            Ok(())
        });
        if let Err(error) = stored {
            log::error!("the route {id} stays as it is: {}", error.message());
        }
    }
}

/// Whether a check decides what becomes of the route.
pub(super) fn under_way(route: &Route) -> bool {
    matches!(route.state, ResourceState::Creating | ResourceState::Updating)
}
