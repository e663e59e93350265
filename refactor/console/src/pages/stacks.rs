//! Stacks: what was made from templates. These pages change nothing.

use cloudformation::StackInside;
use maud::html;

use super::Main;
use super::parts::{empty, state};
use super::text::foreign;
use crate::snapshot::Snapshot;
use crate::view::link;

/// All stacks.
pub(crate) fn stacks(look: &Snapshot) -> Main {
    let stacks = &look.overview.stacks;
    Main::new(
        "Stacks",
        html! {
            h1 { "Stacks" }
            @if stacks.is_empty() {
                (empty("There is no stack yet.", Some("aws cloudformation deploy --template-file rs.yaml --stack-name banyan --parameter-overrides MonolithUrl=URL/api")))
            } @else {
                div class="scroll" tabindex="0" role="region" aria-label="Stacks" {
                    table {
                        thead { tr { th scope="col" { "Name" } th scope="col" { "State" } th scope="col" { "Region" } th scope="col" { "Last changed" } } }
                        tbody {
                            @for stack in stacks {
                                tr {
                                    th scope="row" data-label="Name" { a href=(link(&["stacks", &stack.id])) { (foreign(&stack.name)) } }
                                    td data-label="State" { (state(&stack.status)) @if let Some(reason) = &stack.reason { " " (foreign(reason)) } }
                                    td data-label="Region" { (foreign(&stack.region)) }
                                    td data-label="Last changed" { (foreign(stack.updated.as_ref().unwrap_or(&stack.created))) }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// The inside of one.
pub(crate) fn inside(inside: &StackInside) -> Main {
    let StackInside { stack, resources, events } = inside;
    Main::new(
        stack.name.clone(),
        html! {
            p class="trail" { a href="/console/stacks" { "Stacks" } }
            h1 { (foreign(&stack.name)) " " (state(&stack.status)) }
            @if let Some(reason) = &stack.reason { p { (foreign(reason)) } }
            p { code { (foreign(&stack.id)) } }
            h2 { "Resources" }
            div class="scroll" tabindex="0" role="region" aria-label="Resources" {
                table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Type" } th scope="col" { "State" } th scope="col" { "Id" } } }
                    tbody {
                        @for resource in resources {
                            tr {
                                th scope="row" data-label="Name" { (foreign(&resource.name)) }
                                td data-label="Type" { (foreign(&resource.kind)) }
                                td data-label="State" { (state(&resource.status)) @if let Some(reason) = &resource.reason { " " (foreign(reason)) } }
                                td data-label="Id" { @if let Some(id) = &resource.id { code { (foreign(id)) } } }
                            }
                        }
                    }
                }
            }
            h2 { "Events" }
            div class="scroll" tabindex="0" role="region" aria-label="Events" {
                table {
                    thead { tr { th scope="col" { "Time" } th scope="col" { "Name" } th scope="col" { "State" } th scope="col" { "Reason" } } }
                    tbody {
                        @for event in events {
                            tr {
                                td data-label="Time" { (foreign(&event.time)) }
                                th scope="row" data-label="Name" { (foreign(&event.name)) }
                                td data-label="State" { (state(&event.status)) }
                                td data-label="Reason" { @if let Some(reason) = &event.reason { (foreign(reason)) } }
                            }
                        }
                    }
                }
            }
        },
    )
}
