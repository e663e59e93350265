//! Following the changes that another process makes.

use std::collections::BTreeSet;
use std::mem;
use std::net::SocketAddr;

use crate::Spaces;
use crate::change_log::MOST_BEHIND;
use crate::journal::SpacesJournal;
use crate::model::{Model, ModelChange};
use crate::resource::{Application, ResourceType};
use proxy::Route as LiveRoute;

impl Spaces {
    /// Reads everything again, and does in the data plane what is different: routes of applications, new applications,
    /// and those that are gone. Changes of this process wait meanwhile, so it never goes back behind one.
    ///
    /// # Errors
    /// If the state cannot be read; nothing is changed then.
    pub fn reload(&self, state: &journal::Journal) -> Result<(), journal::Error> {
        self.reload_from(&SpacesJournal::open(state.read_only())?)
    }

    /// Reads what changed between two versions of the shared state, and does that in the data plane. If it does not know the
    /// changes between them, or applications came or went, it reads everything.
    ///
    /// # Errors
    /// As [`Spaces::reload`].
    pub fn catch_up(
        &self,
        state: &journal::Journal,
        from: i64,
        to: i64,
    ) -> Result<(), journal::Error> {
        if from < 0 || to - from > MOST_BEHIND {
            return self.reload(state);
        }
        // As in `reload_from`: this process may lead from now on, and change something.
        let mut model = self.model();
        let Some(changes) = SpacesJournal::open(state.read_only())?.load_between(from, to)? else {
            drop(model);
            return self.reload(state);
        };
        let all = |change: &ModelChange| match change {
            ModelChange::Application(_) => true,
            ModelChange::Delete(kind, _) => *kind == ResourceType::Application,
            _ => false,
        };
        if changes.iter().any(all) {
            drop(model);
            return self.reload(state);
        }
        let touched = changes.iter().flat_map(|change| model.touched(change)).collect();
        changes.into_iter().for_each(|change| model.apply(change));
        self.publish(&model, touched);
        Ok(())
    }

    pub(crate) fn reload_from(&self, journal: &SpacesJournal) -> Result<(), journal::Error> {
        let mut model = self.model();
        let mut new = journal.load()?;
        for application in new.applications.values_mut() {
            let known = model.applications.get(&application.id);
            let is_open = known.filter(|known| self.hears(&known.id));
            application.details.https = self.0.settings.https;
            application.details.address = match is_open {
                Some(known) => known.details.address,
                None => self.own_address(application),
            };
        }
        let old = mem::replace(&mut *model, new);
        self.follow_changes(&old, &mut model);
        Ok(())
    }

    fn follow_changes(&self, old: &Model, new: &mut Model) {
        for id in old.applications.keys().filter(|id| !new.applications.contains_key(*id)) {
            self.deaf().remove(id);
            self.0.runtime.spawn(self.0.plane.close(id, self.0.settings.drain));
        }
        let ids: BTreeSet<_> = new.applications.keys().cloned().collect();
        for id in ids {
            let routes = self.live_routes(new, &id);
            if self.hears(&id) && old.applications.contains_key(&id) {
                // The same routes again would make every upload one that began before them.
                if self.live_routes(old, &id) != routes {
                    self.0.plane.set_routes(&id, routes);
                }
            } else if let Some(application) = new.applications.get_mut(&id)
                && !self.0.plane.drains()
            {
                self.open_here(application, routes);
            }
        }
    }

    /// Listens for an application of all processes at an address of this one.
    fn open_here(&self, application: &mut Application, routes: Vec<LiveRoute>) {
        let details = &mut application.details;
        match self.0.plane.open(&application.id, details.live_stage(), details.address, routes) {
            Ok(address) => {
                details.address = address;
                self.deaf().remove(&application.id);
                log::info!(
                    "the application {} takes traffic at {}",
                    application.id,
                    details.proxy_url()
                );
            }
            Err(error) => {
                let why = format!("cannot listen on {}: {error}", details.address);
                let before = self.deaf().insert(application.id.clone(), why.clone());
                if before.as_ref() != Some(&why) {
                    log::error!("the application {}: {why}", application.id);
                }
            }
        }
    }

    /// Why applications cannot be listened for in this process; nothing if all can.
    pub fn deafness(&self) -> Option<String> {
        let deaf = self.deaf();
        let why: Vec<_> =
            deaf.iter().map(|(id, why)| format!("the application {id}: {why}")).collect();
        (!why.is_empty()).then(|| why.join("; "))
    }

    fn hears(&self, id: &str) -> bool {
        !self.deaf().contains_key(id)
    }

    /// The address of this process for an application of all processes: its own PORT, and the place of the application.
    fn own_address(&self, application: &Application) -> SocketAddr {
        let base = self.0.settings.applications.port();
        let place = application.details.place.unwrap_or_default();
        let port = if base == 0 { 0 } else { base.saturating_add(place) };
        self.address(application.details.endpoint_type, port)
    }
}
