//! Refactor spaces in memory: the rules that order depends on, and calls that fail or never return.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};

use serde_json::Value;

use cloudformation::provider::{
    CreatedResource, Properties, Provider, ProviderCall, ResourceKind, StepFailure,
};

/// The moment at which a call stops, as if the process was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Nothing has been done yet.
    Before,
    /// All has been done, but the answer is lost.
    After,
}

/// The resources and what is to go wrong; shared by all "processes" of a test.
#[derive(Clone, Default)]
pub(crate) struct World {
    state: Arc<(Mutex<State>, Condvar)>,
}

#[derive(Default)]
struct State {
    given: u32,
    resources: BTreeMap<String, (ResourceKind, Properties)>,
    by_token: BTreeMap<String, CreatedResource>,
    calls: Vec<String>,
    fail: Vec<usize>,
    refuse: Option<String>,
    crash: Option<(usize, Crash)>,
    crashed: bool,
}

impl World {
    /// The calls so far: what was asked for, and of which resource of the template.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    /// Forgets the calls and counts anew.
    pub(crate) fn forget_calls(&self) {
        self.lock().calls.clear();
    }

    /// The calls of these numbers, from 0, fail.
    pub(crate) fn fail_at(&self, calls: &[usize]) {
        self.lock().fail = calls.to_vec();
    }

    /// Every call whose text begins so fails.
    pub(crate) fn refuse(&self, prefix: Option<&str>) {
        self.lock().refuse = prefix.map(str::to_owned);
    }

    /// The call of that number, from 0, never returns.
    pub(crate) fn crash_at(&self, call: usize, crash: Crash) {
        let mut state = self.lock();
        state.crash = Some((call, crash));
        state.crashed = false;
    }

    /// Waits until a call has stopped dead; false if `done` says that it will not come to that.
    pub(crate) fn crashed(&self, done: impl Fn() -> bool) -> bool {
        loop {
            {
                let state = self.lock();
                let pause = std::time::Duration::from_millis(2);
                let (state, _) = self.state.1.wait_timeout(state, pause).unwrap();
                if state.crashed {
                    return true;
                }
            }
            if done() {
                return self.lock().crashed;
            }
        }
    }

    /// Removes a resource by hand.
    pub(crate) fn lose(&self, physical_id: &str) {
        self.lock().resources.remove(physical_id).unwrap();
    }

    /// Changes a property of a resource by hand.
    pub(crate) fn change(&self, physical_id: &str, name: &str, value: Value) {
        self.lock().resources.get_mut(physical_id).unwrap().1.insert(name.to_owned(), value);
    }

    /// What there is, without ids, so that worlds can be compared: kind and what the properties say of it.
    pub(crate) fn picture(&self) -> Vec<String> {
        let state = self.lock();
        let mut picture: Vec<String> = state
            .resources
            .values()
            .map(|(kind, properties)| {
                let target = text(properties, "ServiceIdentifier");
                let url = state
                    .resources
                    .iter()
                    .find(|(id, _)| !target.is_empty() && id.ends_with(&target));
                let url = url.map(|(_, (_, service))| service["UrlEndpoint"]["Url"].to_string());
                let own = properties.get("UrlEndpoint").map(|endpoint| endpoint["Url"].to_string());
                format!(
                    "{kind:?} {}{} {} {}",
                    text(properties, "Name"),
                    path(properties).unwrap_or_default(),
                    url.or(own).unwrap_or_default(),
                    properties.get("Tags").map(Value::to_string).unwrap_or_default()
                )
            })
            .collect();
        picture.sort();
        picture
    }

    /// The values of a property, of all resources that have it.
    pub(crate) fn property(&self, name: &str) -> Vec<String> {
        let state = self.lock();
        state
            .resources
            .values()
            .map(|(_, properties)| text(properties, name))
            .filter(|text| !text.is_empty())
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.0.lock().unwrap()
    }

    fn call<T>(
        &self,
        what: &str,
        step: &ProviderCall,
        work: impl FnOnce(&mut State) -> Result<T, StepFailure>,
    ) -> Result<T, StepFailure> {
        let mut state = self.lock();
        let number = state.calls.len();
        let text = format!("{what} {}", step.logical_id);
        state.calls.push(text.clone());
        let crash = state.crash.filter(|(at, _)| *at == number).map(|(_, crash)| crash);
        if crash == Some(Crash::Before) {
            self.stop_dead(state);
        }
        let answer = if state.fail.contains(&number)
            || state.refuse.as_ref().is_some_and(|prefix| text.starts_with(prefix))
        {
            Err(StepFailure { reason: format!("{text} was told to fail") })
        } else {
            work(&mut state)
        };
        if crash == Some(Crash::After) {
            self.stop_dead(state);
        }
        answer
    }

    /// The thread is lost, as all threads of a killed process are.
    fn stop_dead(&self, mut state: std::sync::MutexGuard<'_, State>) -> ! {
        state.crash = None;
        state.crashed = true;
        self.state.1.notify_all();
        drop(state);
        loop {
            std::thread::park();
        }
    }
}

impl Provider for World {
    fn check(&self, _: ResourceKind, _: &Properties) -> Result<(), StepFailure> {
        Ok(())
    }

    fn create(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        properties: &Properties,
    ) -> Result<CreatedResource, StepFailure> {
        assert!((1..=64).contains(&step.token.len()), "token {}", step.token);
        assert!(!step.restores, "a rollback makes nothing new");
        assert!(step.stack_id.contains(&format!(":{}:", step.region)), "{step:?}");
        self.call("create", step, |state| state.create(step, kind, properties, None))
    }

    fn update(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        physical_id: &str,
        _: &Properties,
        new: &Properties,
    ) -> Result<BTreeMap<String, String>, StepFailure> {
        self.call("update", step, |state| {
            let Some((_, properties)) = state.resources.get_mut(physical_id) else {
                return Err(StepFailure { reason: format!("{physical_id} is not there") });
            };
            *properties = new.clone();
            Ok(attributes(kind, physical_id))
        })
    }

    fn delete(
        &self,
        step: &ProviderCall,
        _: ResourceKind,
        physical_id: &str,
    ) -> Result<(), StepFailure> {
        self.call("delete", step, |state| state.delete(physical_id))
    }

    fn actual(
        &self,
        _: &str,
        _: ResourceKind,
        physical_id: &str,
        _: &Properties,
    ) -> Result<Option<Properties>, StepFailure> {
        Ok(self.lock().resources.get(physical_id).map(|(_, properties)| properties.clone()))
    }

    fn replace_route(
        &self,
        step: &ProviderCall,
        old: &str,
        properties: &Properties,
    ) -> Result<CreatedResource, StepFailure> {
        self.call("swap", step, |state| {
            let created = state.create(step, ResourceKind::Route, properties, Some(old))?;
            state.resources.remove(old);
            Ok(created)
        })
    }
}

impl State {
    fn create(
        &mut self,
        step: &ProviderCall,
        kind: ResourceKind,
        properties: &Properties,
        instead_of: Option<&str>,
    ) -> Result<CreatedResource, StepFailure> {
        if let Some(created) = self.by_token.get(&step.token) {
            return Ok(created.clone());
        }
        let refused = |reason: &str| Err(StepFailure { reason: reason.to_owned() });
        for name in ["EnvironmentIdentifier", "ApplicationIdentifier", "ServiceIdentifier"] {
            let id = text(properties, name);
            if !id.is_empty() && !self.resources.keys().any(|known| known.ends_with(&id)) {
                return refused(&format!("{name} {id} does not exist"));
            }
        }
        if kind == ResourceKind::Route {
            let application = text(properties, "ApplicationIdentifier");
            let routes = |path: &Option<String>| {
                self.resources.iter().any(|(id, (_, other))| {
                    instead_of != Some(id.as_str())
                        && id.contains("rte-")
                        && text(other, "ApplicationIdentifier") == application
                        && self::path(other) == *path
                })
            };
            let path = path(properties);
            if routes(&path) {
                return refused("there is a route of that path");
            }
            if path.is_some() && !routes(&None) {
                return refused("there is no DEFAULT route yet");
            }
        }
        self.given += 1;
        let own = format!("{}-{:010}", prefix(kind), self.given);
        let parents =
            [text(properties, "EnvironmentIdentifier"), text(properties, "ApplicationIdentifier")];
        let parts: Vec<&str> =
            parents.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let physical_id = [parts, vec![own.as_str()]].concat().join("|");
        let created = CreatedResource {
            physical_id: physical_id.clone(),
            attributes: attributes(kind, &physical_id),
        };
        self.resources.insert(physical_id, (kind, properties.clone()));
        self.by_token.insert(step.token.clone(), created.clone());
        Ok(created)
    }

    fn delete(&mut self, physical_id: &str) -> Result<(), StepFailure> {
        let Some((_, properties)) = self.resources.get(physical_id) else { return Ok(()) };
        let own = physical_id.rsplit('|').next().unwrap();
        let used = self.resources.iter().find(|(id, (_, other))| {
            id.as_str() != physical_id
                && (id.contains(own) || text(other, "ServiceIdentifier") == own)
        });
        if let Some((user, _)) = used {
            return Err(StepFailure { reason: format!("{physical_id} is needed by {user}") });
        }
        if own.starts_with("rte-") && path(properties).is_none() {
            let application = text(properties, "ApplicationIdentifier");
            let other = self.resources.iter().find(|(id, (_, other))| {
                id.contains("rte-")
                    && path(other).is_some()
                    && text(other, "ApplicationIdentifier") == application
            });
            if let Some((other, _)) = other {
                return Err(StepFailure {
                    reason: format!("the default route goes last; {other} is still there"),
                });
            }
        }
        self.resources.remove(physical_id);
        Ok(())
    }
}

fn prefix(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Environment => "env",
        ResourceKind::Application => "app",
        ResourceKind::Service => "svc",
        ResourceKind::Route => "rte",
    }
}

fn attributes(kind: ResourceKind, physical_id: &str) -> BTreeMap<String, String> {
    let own = physical_id.rsplit('|').next().unwrap().to_owned();
    let arn = format!("arn:aws:refactor-spaces:local:000000000000:{own}");
    let id = match kind {
        ResourceKind::Environment => "EnvironmentIdentifier",
        ResourceKind::Application => "ApplicationIdentifier",
        ResourceKind::Service => "ServiceIdentifier",
        ResourceKind::Route => "RouteIdentifier",
    };
    let mut attributes = BTreeMap::from([(id.to_owned(), own), ("Arn".to_owned(), arn)]);
    if kind == ResourceKind::Application {
        attributes.insert("ProxyUrl".to_owned(), "http://127.0.0.1:8080/api".to_owned());
    }
    attributes
}

fn text(properties: &Properties, name: &str) -> String {
    properties.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn path(properties: &Properties) -> Option<String> {
    Some(properties.get("UriPathRoute")?["SourcePath"].as_str()?.to_owned())
}
