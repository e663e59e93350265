//! TagResource, UntagResource, ListTagsForResource. (The model's descriptions of the first two are
//! swapped; the names are right.)

use super::check_tags;
use crate::spaces::arn;
use crate::spaces::model::no_such_arn;
use crate::spaces::resource::{Kind, Tags};
use crate::spaces::{ApiError, Spaces, rules};

impl Spaces {
    /// Adds tags to a resource, or gives them new values.
    ///
    /// # Errors
    /// 404; 400 where it would have too many, or one of a route that is read has no such value.
    pub(crate) fn tag(&self, arn: &str, new: Tags) -> Result<(), ApiError> {
        self.retag(arn, |kind, tags| {
            tags.extend(new);
            check_tags(kind, tags)
        })
    }

    /// Removes tags from a resource; keys that it does not have are ignored.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn untag(&self, arn: &str, keys: &[String]) -> Result<(), ApiError> {
        self.retag(arn, |_, tags| {
            tags.retain(|key, _| !keys.contains(key));
            Ok(())
        })
    }

    /// Gives a resource these tags and no others.
    ///
    /// # Errors
    /// 404; 400 where they are too many, or one of a route that is read has no such value.
    pub(crate) fn set_tags(&self, arn: &str, new: Tags) -> Result<(), ApiError> {
        self.retag(arn, |kind, tags| {
            *tags = new;
            check_tags(kind, tags)
        })
    }

    /// The tags of a resource.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn tags(&self, arn: &str) -> Result<Tags, ApiError> {
        let (kind, id) = named(arn)?;
        let model = self.model();
        model.tags(kind, id, arn).cloned().ok_or_else(|| no_such_arn(kind, id, arn))
    }

    fn retag(
        &self,
        arn: &str,
        edit: impl FnOnce(Kind, &mut Tags) -> Result<(), ApiError>,
    ) -> Result<(), ApiError> {
        let (kind, id) = named(arn)?;
        self.change(|model, changes| {
            changes.push(model.retag(kind, id, arn, |tags| edit(kind, tags))?);
            Ok(())
        })
    }
}

/// What an ARN names.
///
/// # Errors
/// 400 where it is none.
pub(super) fn named(text: &str) -> Result<(Kind, &str), ApiError> {
    let refused = |broken| ApiError::Validation(format!("ResourceArn {broken}"));
    rules::resource_arn(text).map_err(refused)?;
    arn::parse(text).ok_or_else(|| refused("is no ARN".into()))
}
