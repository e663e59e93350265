//! An application whose reads of users are divided between two services.

use harness::Program;
use serde_json::Value;

use crate::client::{application, fallback, get, post, service, uri_path};

/// An application: its DEFAULT route leads to one service, and `/users` to another one.
pub(crate) struct Users {
    /// Its path on the control port.
    pub(crate) application: String,
    /// The URL of user 1 behind the proxy.
    pub(crate) url: String,
    /// The id of the service behind `/users`.
    pub(crate) service: String,
    /// The route of `/users`, as it was made.
    pub(crate) route: Value,
}

impl Users {
    /// Between services at these URLs, with these tags on the route of `/users`.
    pub(crate) async fn make(program: &Program, old: &str, new: &str, tags: &Value) -> Self {
        let application = application(program).await;
        let url = get(program, &application).await["ApiGatewayProxy"]["ProxyUrl"].clone();
        let url = format!("{}/users/1", url.as_str().unwrap());
        let routes = format!("{application}/routes");
        let monolith = service(program, &application, old).await;
        post(program, &routes, &fallback(&monolith)).await;
        let service = service(program, &application, new).await;
        let mut body = uri_path(&service, "/users", "ACTIVE");
        body["UriPathRoute"]["IncludeChildPaths"] = true.into();
        body["UriPathRoute"]["AppendSourcePath"] = true.into();
        body["Tags"] = tags.clone();
        let route = post(program, &routes, &body).await;
        Self { application, url, service, route }
    }
}
