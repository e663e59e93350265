//! Which routes must stay. The coordinator of moves says it, and it is on disk with the route.

use std::collections::BTreeMap;

use crate::model::{ApplicationPath, ModelChange};
use crate::resource::{Protection, ResourceType, Route};
use crate::{ApiError, Spaces};

impl Spaces {
    /// Protects a route from its deletion, or lets it go. When this returns, it is on disk.
    ///
    /// # Errors
    /// 404.
    pub fn protect_route(
        &self,
        place: &ApplicationPath,
        id: &str,
        protection: Option<Protection>,
    ) -> Result<(), ApiError> {
        self.change(|model, changes| {
            changes.extend(changed(model.route(place, id)?, protection.as_ref()));
            Ok(())
        })
    }

    /// Protects these routes, by id, and no others.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub fn protect_only(
        &self,
        protected: &BTreeMap<String, Protection>,
    ) -> Result<(), journal::Error> {
        let mut model = self.model();
        let routes = model.routes.values();
        let changes = routes.filter_map(|route| changed(route, protected.get(&route.id))).collect();
        self.commit(&mut model, changes)
    }

    /// Whether a route may go.
    ///
    /// # Errors
    /// 409 on the route if something needs it.
    pub(crate) fn check_protection(&self, route: &Route) -> Result<(), ApiError> {
        let Some(protection) = &route.details.protection else { return Ok(()) };
        let (id, label, advice) = (&route.id, route.label(), (self.0.settings.advice)(protection));
        let message = format!("the route {id} ({label}) {protection}{advice}");
        Err(ApiError::conflict(ResourceType::Route, id, message))
    }
}

/// The route with another protection, if that is another one. Neither its state nor its times change.
fn changed(route: &Route, protection: Option<&Protection>) -> Option<ModelChange> {
    let mut changed = route.clone();
    changed.details.protection = protection.cloned();
    (changed != *route).then_some(ModelChange::Protection(changed))
}
