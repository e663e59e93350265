//! What a stack asks of the refactor spaces: make, change, swap and remove one resource.
//!
//! The engine decides order, rollback and what is recorded; a provider knows resources and nothing of stacks. Each
//! call blocks until its change is durable and live, and the engine makes one call at a time.
//!
//! The engine may be killed at any moment and repeats after a restart the call that it had begun. So every call must
//! be repeatable: `update` and `delete` by what they do, `create` and `replace_route` by [`ProviderCall::token`].

use std::collections::BTreeMap;

/// Properties of a resource: every function is evaluated, every value has the type that the schema says, and there is
/// nothing that the schema does not know. Names and nesting are those of the template (`Tags` is a list of `Key`
/// and `Value`).
pub type Properties = serde_json::Map<String, serde_json::Value>;

/// The resource types that a provider makes. Network placeholders never leave the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// `AWS::RefactorSpaces::Environment`.
    Environment,
    /// `AWS::RefactorSpaces::Application`.
    Application,
    /// `AWS::RefactorSpaces::Service`.
    Service,
    /// `AWS::RefactorSpaces::Route`.
    Route,
}

/// On whose behalf a call is made, and which call it is.
#[derive(Clone, Debug)]
pub struct ProviderCall {
    /// Region of the stack, for the ARN of what is made.
    pub region: String,
    /// ARN of the stack.
    pub stack_id: String,
    /// Name of the resource in its template.
    pub logical_id: String,
    /// 1 to 64 printable ASCII characters that no other step ever had. A repeat of `create` or `replace_route` with a
    /// token that was carried out before answers what was made then, however long ago, and makes nothing.
    pub token: String,
    /// A rollback puts back what stood before: the health check at activation is left out, because the answer to
    /// "this was unhealthy" cannot be to leave traffic at what is being taken away.
    pub restores: bool,
}

/// A resource that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedResource {
    /// What `Ref` gives: `env-...`, `env-...|app-...`, `env-...|app-...|svc-...` or `...|rte-...`.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives, by attribute name.
    pub attributes: BTreeMap<String, String>,
}

/// Why a step was not carried out. Nothing was made, changed or removed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFailure {
    /// A sentence for the events of the stack: what was refused, why, and what to do.
    pub reason: String,
}

/// Makes, changes and removes the resources of `AWS::RefactorSpaces::*`.
pub trait Provider: Send + Sync + 'static {
    /// Checks the properties of a resource before anything is made, by what they are alone. What is not known yet
    /// ([`super::is_unknown`]) is not looked at.
    ///
    /// # Errors
    /// All that `create` would refuse, whatever there is already.
    fn check(&self, kind: ResourceKind, properties: &Properties) -> Result<(), StepFailure>;

    /// Makes a resource. A route that is to be `ACTIVE` must pass its health check; one that does not is a
    /// [`StepFailure`], and no trace of it stays.
    fn create(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        properties: &Properties,
    ) -> Result<CreatedResource, StepFailure>;

    /// Changes a resource in place: `Tags`, and of a route the `ActivationState` within `DefaultRoute` or
    /// `UriPathRoute`. Nothing else differs between `old` and `new`. Answers all attributes, as `create` does.
    fn update(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        physical_id: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<BTreeMap<String, String>, StepFailure>;

    /// Removes a resource. One that is already gone counts as removed.
    fn delete(
        &self,
        step: &ProviderCall,
        kind: ResourceKind,
        physical_id: &str,
    ) -> Result<(), StepFailure>;

    /// Checks that a resource may be removed, as far as that is known before anything else is done. What other resources
    /// of its stack still need is no obstacle: the engine removes those first.
    ///
    /// # Errors
    /// What keeps it.
    fn may_go(
        &self,
        _region: &str,
        _kind: ResourceKind,
        _physical_id: &str,
    ) -> Result<(), StepFailure> {
        Ok(())
    }

    /// The properties of a resource as they are now: those that `expected` has, but for what may change in place (`Tags`,
    /// `ActivationState`). `None` if the resource is gone.
    fn actual(
        &self,
        region: &str,
        kind: ResourceKind,
        physical_id: &str,
        expected: &Properties,
    ) -> Result<Option<Properties>, StepFailure>;

    /// Swaps a route: the old one goes and the new one comes in one step, because a path may exist only once and no
    /// request may fall through to the default route in between. The health check of the new one comes first; if it
    /// fails, the old one stays. An old route that is already gone is no obstacle.
    fn replace_route(
        &self,
        step: &ProviderCall,
        old_physical_id: &str,
        properties: &Properties,
    ) -> Result<CreatedResource, StepFailure>;
}
