//! Routes that deployments change.

use http::Method;
use serde_json::{Value, json};

use crate::board::Board;

impl Board {
    /// Everything that the control plane has of the only application: its services and its routes.
    pub(crate) async fn resources(&self) -> Value {
        let application = self.application().await;
        let mut all = Vec::new();
        for what in ["services", "routes"] {
            all.push(self.called(Method::GET, &format!("{application}/{what}"), Value::Null).await);
        }
        Value::Array(all)
    }

    /// Puts tags on the route of a collection.
    pub(crate) async fn tag(&self, collection: &str, tags: Value) {
        let route = self.look(collection).await.route.expect("a route").id;
        let path = format!("{}/routes/{route}", self.application().await);
        let found = self.called(Method::GET, &path, Value::Null).await;
        let arn = found["Arn"].as_str().expect("an ARN").replace(':', "%3A").replace('/', "%2F");
        self.called(Method::POST, &format!("/tags/{arn}"), json!({ "Tags": tags })).await;
    }

    /// Makes the route of a collection ACTIVE or INACTIVE.
    pub(crate) async fn activate(&self, collection: &str, state: &str) {
        let route = self.look(collection).await.route.expect("a route").id;
        let path = format!("{}/routes/{route}", self.application().await);
        self.called(Method::PATCH, &path, json!({ "ActivationState": state })).await;
    }

    /// The path of the only application.
    async fn application(&self) -> String {
        let environments = self.called(Method::GET, "/environments", Value::Null).await;
        let environment = id(&environments["EnvironmentSummaryList"], "EnvironmentId");
        let path = format!("/environments/{environment}/applications");
        let applications = self.called(Method::GET, &path, Value::Null).await;
        format!("{path}/{}", id(&applications["ApplicationSummaryList"], "ApplicationId"))
    }

    async fn called(&self, method: Method, path: &str, body: Value) -> Value {
        let called = self.control().send(method, path, &body).await;
        called.unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// The id of the only one of a list.
fn id(list: &Value, name: &str) -> String {
    let list = list.as_array().expect("a list");
    assert_eq!(list.len(), 1, "{list:?}");
    list[0][name].as_str().expect("an id").to_owned()
}
