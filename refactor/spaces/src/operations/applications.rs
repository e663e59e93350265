//! CreateApplication, GetApplication, ListApplications, DeleteApplication; and where they listen.

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use super::{RequestContext, delete, make, unused_id};
use crate::model::{Model, ModelChange};
use crate::resource::{
    Application, ApplicationDetails, EndpointType, FaultCode, Gateway, NewApplication,
    ResourceFault, ResourceState, ResourceType,
};
use crate::{ApiError, PageRequest, ResourcePage, Spaces};

/// How many ports are tried before there is none for a new application.
const PORTS_TRIED: u16 = 1_000;
/// How long a delete waits for the requests that are in flight. They may go on afterwards.
const CLOSE_TIME: Duration = Duration::from_secs(2);

impl Spaces {
    /// Makes an application and listens for it.
    ///
    /// # Errors
    /// 404, 402; 409 for a token that came with another body; 500 if no port is free.
    pub fn create_application(
        &self,
        request: &RequestContext,
        environment: &str,
        new: &NewApplication,
    ) -> Result<Application, ApiError> {
        let mut opened = None;
        let result = self.change(|model, changes| {
            let token = request.token("CreateApplication", &[environment], new)?;
            if let Some(made) = self.replay(model, token.as_ref())? {
                return Ok(made);
            }
            model.environment(&request.region, environment)?;
            self.check_quota(&request.region, environment, model.applications.values())?;
            let id = unused_id(model, ResourceType::Application);
            let (address, place) = self.open_port(model, &id, new)?;
            opened = Some(id.clone());
            let details = ApplicationDetails {
                name: new.name.clone(),
                environment: environment.to_owned(),
                vpc_id: new.vpc_id.clone(),
                endpoint_type: new.endpoint_type,
                stage: new.stage.clone(),
                address,
                https: self.0.settings.https,
                place,
                gateway: Gateway::new(&request.region, &id),
            };
            make(changes, request, id, new.tags.clone(), details, token, ModelChange::Application)
        });
        match (&result, opened) {
            (Ok(made), Some(_)) => {
                log::info!(
                    "the application {} takes traffic at {}",
                    made.id,
                    made.details.proxy_url()
                );
            }
            // An error may come after the commit: the application is there then.
            (Err(_), Some(id)) => self.close_if_gone(&id),
            (_, None) => {}
        }
        result
    }

    /// Listens on the first port that is free, and that no other application waits for. Gives its place among the ports
    /// too, if there are other processes with ports of their own.
    fn open_port(
        &self,
        model: &Model,
        id: &str,
        new: &NewApplication,
    ) -> Result<(SocketAddr, Option<u16>), ApiError> {
        let base = self.address(new.endpoint_type, self.0.settings.applications.port());
        let open = |port: u16| {
            self.0.plane.open(id, new.live_stage(), (base.ip(), port).into(), Vec::new())
        };
        let failed = |error: io::Error| {
            log::error!("no port for a new application at {base} or after it: {error}");
            ApiError::Internal(format!(
                "there is no port to listen on at {base} or after it ({error}); free one, or set HOST \
                 and PORT"
            ))
        };
        let taken: Vec<_> =
            model.applications.values().filter_map(|found| found.details.place).collect();
        let own: Vec<_> = self.own_addresses(model).iter().map(SocketAddr::port).collect();
        let places = (0..=PORTS_TRIED).filter(|place| !taken.contains(place));
        let shared = self.0.settings.shared;
        let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
        for place in places {
            let port = if base.port() == 0 { 0 } else { base.port().saturating_add(place) };
            if port != 0 && own.contains(&port) {
                continue;
            }
            match open(port) {
                Ok(address) => return Ok((address, shared.then_some(place))),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && port != 0 => {
                    refused = error;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(refused))
    }

    pub(super) fn address(&self, endpoint_type: EndpointType, port: u16) -> SocketAddr {
        let ip = self.0.settings.applications.ip();
        match endpoint_type {
            EndpointType::Regional => (ip, port).into(),
            EndpointType::Private => (runtime::loopback_like(ip), port).into(),
        }
    }

    /// Stops listening for an application that is not there.
    fn close_if_gone(&self, id: &str) {
        if self.model().applications.contains_key(id) {
            return;
        }
        let (closed, waiting) = mpsc::channel();
        let closing = self.0.plane.close(id, self.0.settings.drain);
        self.0.runtime.spawn(async move {
            closing.await;
            // If this took too long, the caller no longer waits.
            let _ = closed.send(());
        });
        if waiting.recv_timeout(CLOSE_TIME).is_err() {
            log::info!("requests in flight to a deleted application go on to their end");
        }
    }

    /// Listens for every application as before the restart. One whose port is taken is FAILED.
    pub(crate) fn listen_again(&self) -> Result<(), journal::Error> {
        let mut model = self.model();
        let mut changes = Vec::new();
        for known in model.applications.values() {
            let mut application = known.clone();
            let details = &mut application.details;
            details.address = self.address(details.endpoint_type, details.address.port());
            details.https = self.0.settings.https;
            let routes = self.live_routes(&model, &application.id);
            let opened =
                self.0.plane.open(&application.id, details.live_stage(), details.address, routes);
            let url = details.proxy_url();
            match opened {
                Ok(_) => {
                    log::info!("the application {} takes traffic at {url}", application.id);
                    (application.state, application.error) = (ResourceState::Active, None);
                }
                Err(error) => {
                    let message = format!(
                        "cannot listen on {}: {error}; free the port and start refactor again",
                        details.address
                    );
                    log::error!("the application {} is FAILED: {message}", application.id);
                    application.state = ResourceState::Failed;
                    let (kind, id) = (ResourceType::Application, application.id.clone());
                    let code = FaultCode::ResourceCreationFailure;
                    application.error = Some(ResourceFault { code, message, kind, id });
                }
            }
            if application != *known {
                changes.push(ModelChange::Application(application));
            }
        }
        self.commit(&mut model, changes)
    }

    /// An application.
    ///
    /// # Errors
    /// 404.
    pub fn application(
        &self,
        region: &str,
        environment: &str,
        id: &str,
    ) -> Result<Application, ApiError> {
        self.model().application(region, environment, id).cloned()
    }

    /// The applications of an environment.
    ///
    /// # Errors
    /// 404; 400 for a token of another list.
    pub fn applications(
        &self,
        region: &str,
        environment: &str,
        page: &PageRequest,
    ) -> Result<ResourcePage, ApiError> {
        let model = self.model();
        model.environment(region, environment)?;
        let all = model.applications.values();
        let all = all.filter(|found| found.details.environment == environment);
        page.of(&format!("applications {environment}"), all)
    }

    /// Removes an application without services and routes, and stops listening for it; gives what it
    /// was.
    ///
    /// # Errors
    /// 404; 409 on a route or service that it has.
    pub fn delete_application(
        &self,
        region: &str,
        environment: &str,
        id: &str,
    ) -> Result<Application, ApiError> {
        let application = self.change(|model, changes| {
            let application = model.application(region, environment, id)?.clone();
            let held = |kind: ResourceType, held: &str, what: &str| {
                let noun = kind.noun();
                let message =
                    format!("the application {id} has the {noun} {held} ({what}); delete it first");
                Err(ApiError::conflict(kind, held, message))
            };
            if let Some(route) = model.routes_of(id).next() {
                return held(ResourceType::Route, &route.id, &route.label());
            }
            if let Some(service) = model.services_of(id).next() {
                return held(ResourceType::Service, &service.id, &service.details.name);
            }
            delete(changes, &application);
            Ok(application)
        });
        // An error may come after the commit. One that never was has no port.
        self.close_if_gone(id);
        application
    }
}
