//! An application: its environment, services and routes, as the console of Refactor Spaces shows them.

use maud::html;

use super::Main;
use super::home::drawing;
use super::listing::listing;
use super::parts::state;
use super::rows::rows;
use super::text::foreign;
use crate::live::Live;
use crate::snapshot::Snapshot;
use crate::view::link;

/// How many routes of a service are named.
const ROUTES: usize = 8;

/// The application of this id.
pub(crate) fn application(
    look: &Snapshot,
    id: &str,
    (filter, page): (&str, usize),
    live: &Live,
) -> Main {
    let overview = &look.overview;
    let Some(application) = overview.application(id) else {
        return Main::missing("There is no application with this id.");
    };
    let environment = overview
        .environments
        .iter()
        .find(|found| found.environment_id == application.environment_id);
    let services: Vec<_> =
        overview.services.iter().filter(|found| found.application_id == id).collect();
    let all = rows(look, application);
    Main::new(
        application.name.clone(),
        html! {
            h1 { (foreign(&application.name)) " " (state(&application.state)) }
            @if let Some(error) = &application.error {
                div class="note bad" role="alert" { p { (foreign(&error.message)) } }
            }
            dl class="facts" {
                div { dt { "Proxy URL" } dd { code { (foreign(&application.api_gateway_proxy.proxy_url)) } } }
                div { dt { "Application" } dd { code { (foreign(id)) } } }
                @if let Some(environment) = environment {
                    div { dt { "Environment" } dd { (foreign(&environment.name)) " " code { (foreign(&environment.environment_id)) } } }
                    div { dt { "Environment ARN" } dd { code { (foreign(&environment.arn)) } } }
                }
            }
            (drawing(look, application, &all, live))
            h2 { "Routes" }
            (listing(&all, &link(&["applications", id]), (filter, page), id, live))
            h2 { "Services" }
            div class="scroll" tabindex="0" role="region" aria-label="Services" {
                table {
                    thead { tr {
                        th scope="col" { "Name" } th scope="col" { "Address" } th scope="col" { "Routes" } th scope="col" { "Description" }
                    } }
                    tbody {
                        @for service in &services {
                            tr {
                                th scope="row" data-label="Name" { (foreign(&service.name)) }
                                td data-label="Address" { code { (foreign(service.address())) } }
                                td data-label="Routes" {
                                    @let led: Vec<_> = overview.routes.iter().filter(|route| route.service_id == service.service_id).collect();
                                    @for (place, route) in led.iter().take(ROUTES).enumerate() {
                                        @if place > 0 { ", " }
                                        a href=(link(&["routes", &route.route_id])) { (foreign(&route.label())) }
                                    }
                                    @if led.len() > ROUTES { ", and " (led.len() - ROUTES) " more" }
                                }
                                td data-label="Description" {
                                    @if let Some(text) = &service.description { (foreign(text)) }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}
