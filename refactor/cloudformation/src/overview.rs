//! Stacks as people look at them: all of them, and the inside of one.

use serde::{Deserialize, Serialize};

use crate::query::Api;
use crate::stacks::{Event, Stack, StackError, StackResource};

/// The most events of a stack that are shown.
const EVENTS: usize = 200;

/// A stack. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackSeen {
    /// Its ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Such as `UPDATE_COMPLETE`.
    pub status: String,
    /// Why it is in this state.
    pub reason: Option<String>,
    /// When it was made.
    pub created: String,
    /// When it was last changed.
    pub updated: Option<String>,
    /// When it was deleted.
    pub deleted: Option<String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceSeen {
    /// Its name in the template.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// The id of what there is, if there is anything.
    pub id: Option<String>,
    /// Such as `CREATE_COMPLETE`.
    pub status: String,
    /// Why it is in this state.
    pub reason: Option<String>,
}

/// A line of a stack's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventSeen {
    /// When.
    pub time: String,
    /// The name of the resource, or of the stack.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// The state since then.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
}

/// The inside of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackInside {
    /// The stack.
    pub stack: StackSeen,
    /// Its resources, by name.
    pub resources: Vec<ResourceSeen>,
    /// Its newest events, the newest first.
    pub events: Vec<EventSeen>,
}

impl Api {
    /// The stacks of every region that are not deleted, the newest first.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn overview(&self) -> Result<Vec<StackSeen>, StackError> {
        let stacks = self.store.read(|state| state.all_living())?;
        Ok(stacks.iter().map(StackSeen::of).collect())
    }

    /// The inside of the stack of this ARN; none if there is no such stack.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn inside(&self, id: &str) -> Result<Option<StackInside>, StackError> {
        self.store.read(|state| {
            let Some(stack) = state.known(id)? else { return Ok(None) };
            let resources = state.resources(id)?;
            let events = state.events(id)?;
            Ok(Some(StackInside {
                stack: StackSeen::of(&stack),
                resources: resources.iter().map(ResourceSeen::of).collect(),
                events: events.iter().take(EVENTS).map(EventSeen::of).collect(),
            }))
        })
    }
}

impl StackSeen {
    fn of(stack: &Stack) -> Self {
        Self {
            id: stack.id.clone(),
            name: stack.name.clone(),
            region: stack.region.clone(),
            status: stack.status.word().to_owned(),
            reason: stack.reason.clone(),
            created: stack.created.clone(),
            updated: stack.updated.clone(),
            deleted: stack.deleted.clone(),
        }
    }
}

impl ResourceSeen {
    fn of(resource: &StackResource) -> Self {
        Self {
            name: resource.logical_id.clone(),
            kind: resource.kind.clone(),
            id: resource.current.as_ref().map(|current| current.physical_id.clone()),
            status: resource.status.word().to_owned(),
            reason: resource.reason.clone(),
        }
    }
}

impl EventSeen {
    fn of(event: &Event) -> Self {
        Self {
            time: event.time.clone(),
            name: event.logical_id.clone(),
            kind: event.kind.clone(),
            status: event.status.clone(),
            reason: event.reason.clone(),
        }
    }
}
