//! TagResource, UntagResource, ListTagsForResource. (The model's descriptions of the first two are
//! swapped; the names are right.)

use super::canary::{STEPS, begin_anew};
use crate::arn::Arn;
use crate::members::{check_count, check_read};
use crate::resource::Tags;
use crate::{ApiError, Spaces};
use proxy::TagPlace;

impl Spaces {
    /// Adds tags to a resource, or gives them new values. `banyan:canary-steps` lets a canary begin anew, also with the
    /// same value.
    ///
    /// # Errors
    /// 404; 400 if it would have too many, or one that begins with `banyan:` is refused. Those that it has already are
    /// not looked at: they may be older than the rule.
    pub fn tag(&self, arn: Arn<'_>, new: Tags) -> Result<(), ApiError> {
        self.check_authority_at(arn, &new)?;
        self.change(|model, changes| {
            changes.push(model.retag(arn, |tags| {
                tags.extend(new.clone());
                check_read(&new, model.tag_place(arn))
                    .and_then(|()| check_count(tags))
                    .map_err(|broken| ApiError::Validation(format!("Tags {broken}")))
            })?);
            if new.contains_key(STEPS) {
                begin_anew(model, changes, arn);
            }
            Ok(())
        })
    }

    /// Removes tags from a resource; keys that it does not have are ignored.
    ///
    /// # Errors
    /// 404.
    pub fn untag(&self, arn: Arn<'_>, keys: &[String]) -> Result<(), ApiError> {
        self.retag(arn, |tags| tags.retain(|key, _| !keys.contains(key)))
    }

    /// Gives a resource these tags and no others. They were checked when they were read.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn set_tags(&self, arn: Arn<'_>, new: Tags) -> Result<(), ApiError> {
        self.check_authority_at(arn, &new)?;
        self.retag(arn, |tags| *tags = new)
    }

    /// The tags of a resource.
    ///
    /// # Errors
    /// 404.
    pub fn tags(&self, arn: Arn<'_>) -> Result<Tags, ApiError> {
        self.model().tags(arn).cloned()
    }

    /// Logs the tags that mean nothing: a state that is older than their rules may hold them.
    pub(crate) fn warn_of_tags(&self) {
        let model = self.model();
        let applications = model.applications.values().map(|found| (found.named(), &found.tags));
        let services = model.services.values().map(|found| (found.named(), &found.tags));
        let routes = model.routes.values().map(|found| (found.named(), &found.tags));
        for (arn, tags) in applications.chain(services).chain(routes) {
            if let Err(broken) = check_read(tags, model.tag_place(arn)) {
                log::warn!("the {} {} {broken}; it has no effect", arn.kind.noun(), arn.id);
            }
        }
    }

    /// Checks the authority that new tags of a service name.
    fn check_authority_at(&self, arn: Arn<'_>, new: &Tags) -> Result<(), ApiError> {
        let place = self.model().tag_place(arn);
        // Elsewhere, and with another value, the tag is refused.
        if place != TagPlace::Service || check_read(new, place).is_err() {
            return Ok(());
        }
        let url = self.model().services.get(arn.id).map(|service| service.details.url.clone());
        url.map_or(Ok(()), |url| self.check_authority(&url, new))
    }

    fn retag(&self, arn: Arn<'_>, edit: impl FnOnce(&mut Tags)) -> Result<(), ApiError> {
        self.change(|model, changes| {
            changes.push(model.retag(arn, |tags| {
                edit(tags);
                Ok(())
            })?);
            Ok(())
        })
    }
}
