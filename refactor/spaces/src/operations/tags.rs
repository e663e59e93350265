//! TagResource, UntagResource, ListTagsForResource. (The model's descriptions of the first two are
//! swapped; the names are right.)

use super::check_tags;
use crate::arn::Arn;
use crate::resource::{ResourceType, Tags};
use crate::{ApiError, Spaces};

impl Spaces {
    /// Adds tags to a resource, or gives them new values.
    ///
    /// # Errors
    /// 404; 400 if it would have too many, or one of a route that is read has no such value.
    pub fn tag(&self, arn: Arn<'_>, new: Tags) -> Result<(), ApiError> {
        self.retag(arn, |kind, tags| {
            tags.extend(new);
            check_tags(kind, tags)
        })
    }

    /// Removes tags from a resource; keys that it does not have are ignored.
    ///
    /// # Errors
    /// 404.
    pub fn untag(&self, arn: Arn<'_>, keys: &[String]) -> Result<(), ApiError> {
        self.retag(arn, |_, tags| {
            tags.retain(|key, _| !keys.contains(key));
            Ok(())
        })
    }

    /// Gives a resource these tags and no others.
    ///
    /// # Errors
    /// 404; 400 if they are too many, or one of a route that is read has no such value.
    pub(crate) fn set_tags(&self, arn: Arn<'_>, new: Tags) -> Result<(), ApiError> {
        self.retag(arn, |kind, tags| {
            *tags = new;
            check_tags(kind, tags)
        })
    }

    /// The tags of a resource.
    ///
    /// # Errors
    /// 404.
    pub fn tags(&self, arn: Arn<'_>) -> Result<Tags, ApiError> {
        self.model().tags(arn).cloned()
    }

    fn retag(
        &self,
        arn: Arn<'_>,
        edit: impl FnOnce(ResourceType, &mut Tags) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        self.change(|model, changes| {
            changes.push(model.retag(arn, |tags| edit(arn.kind, tags))?);
            Ok(())
        })
    }
}
