//! The rows of an application: a route each, with the data that moves below its path.

use moves::Move;

use crate::facts::{Application, Route, Service};
use crate::meter::Figures;
use crate::snapshot::Snapshot;

/// A row of the picture and of the table.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// Its paths, or the collection's.
    pub(crate) label: String,
    /// None for a collection that has no route yet.
    pub(crate) route: Option<&'a Route>,
    pub(crate) service: Option<&'a Service>,
    pub(crate) found: Option<&'a Move>,
    /// None if it is not known yet.
    pub(crate) figures: Option<Figures>,
}

impl Row<'_> {
    /// What tells it apart on a page.
    pub(crate) fn id(&self) -> String {
        match (self.route, self.found) {
            (Some(route), _) => route.route_id.clone(),
            (None, Some(found)) => format!("{}-{}", found.application, found.collection),
            (None, None) => self.label.clone(),
        }
    }

    /// What its service is called.
    pub(crate) fn service_name(&self) -> String {
        match (self.service, self.found) {
            (Some(service), _) => service.name.clone(),
            (None, Some(found)) => host_of(&found.target.url).to_owned(),
            (None, None) => "service".to_owned(),
        }
    }

    pub(crate) fn is_default(&self) -> bool {
        self.route.is_some_and(Route::is_default)
    }
}

/// The host and port of a URL.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// The rows of an application: what moves, then the others by their traffic, the default route last.
pub(crate) fn rows<'a>(look: &'a Snapshot, application: &Application) -> Vec<Row<'a>> {
    let id = &application.application_id;
    let overview = &look.overview;
    let routes = overview.routes.iter().filter(|route| route.application_id == *id);
    let mut rows: Vec<Row<'a>> = routes
        .map(|route| Row {
            label: route.label(),
            route: Some(route),
            service: overview.service(&route.service_id),
            found: overview.move_of(&route.route_id),
            figures: look.figures(id, &route.route_id),
        })
        .collect();
    let without = overview.moves.iter().filter(|found| {
        found.application == *id
            && found.route.as_ref().is_none_or(|led| overview.route(&led.id).is_none())
    });
    rows.extend(without.map(|found| Row {
        label: format!("/{}", found.collection),
        route: None,
        service: None,
        found: Some(found),
        figures: None,
    }));
    let traffic = |row: &Row<'_>| row.figures.as_ref().map_or(0.0, Figures::requests);
    rows.sort_by(|a, b| {
        let rank = |row: &Row<'_>| (row.is_default(), row.found.is_none());
        // What moves keeps its place; a busier route comes first among the others.
        rank(a).cmp(&rank(b)).then_with(|| {
            let busier = if a.found.is_none() {
                decade(traffic(b)).cmp(&decade(traffic(a)))
            } else {
                std::cmp::Ordering::Equal
            };
            busier.then_with(|| a.label.cmp(&b.label))
        })
    });
    rows
}

/// The order of magnitude, so that routes do not change places all the time.
fn decade(rate: f64) -> i32 {
    if rate < 1.0 { -1 } else { rate.log10() as i32 }
}
