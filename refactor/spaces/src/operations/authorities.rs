//! The private authorities that services name by a tag.

use std::sync::Arc;

use proxy::PrivateAuthorities;
use url::Url;

use crate::resource::{Service, Tags};
use crate::{ApiError, Spaces};

/// The tag that names the only authority for the certificate of a service.
const TAG: &str = PrivateAuthorities::TAG;

impl Spaces {
    /// Checks the authority that these tags of a service name.
    ///
    /// # Errors
    /// 400 if its file cannot be used, or the URL of the service is not https.
    pub(super) fn check_authority(&self, url: &str, tags: &Tags) -> Result<(), ApiError> {
        let Some(name) = tags.get(TAG) else { return Ok(()) };
        let wrong = |why: &str| ApiError::Validation(format!("Tags: {TAG}={name}: {why}"));
        if !url.starts_with("https:") {
            return Err(wrong(
                "takes a service whose Url is https: another one shows no certificate",
            ));
        }
        self.0.plane.authorities().pem(name).map(drop).map_err(|why| wrong(&why))
    }

    /// The certificates that alone vouch for a service, in PEM form; none: those that this machine trusts do.
    ///
    /// # Errors
    /// Says what is wrong with the file that its tag names.
    pub(crate) fn authority_of(&self, service: &Service) -> Result<Option<Arc<[u8]>>, String> {
        let pem = service.tags.get(TAG).map(|name| self.0.plane.authorities().pem(name));
        pem.transpose()
    }

    /// The same for a URL: that of the service with this scheme, host and port. If there are several, it is the one with
    /// the longest path that leads to the URL.
    ///
    /// # Errors
    /// As for a service.
    pub fn authority_at(&self, url: &str) -> Result<Option<Arc<[u8]>>, String> {
        let Ok(asked) = Url::parse(url) else { return Ok(None) };
        let found = {
            let model = self.model();
            let at = |service: &&Service| {
                let served = Url::parse(&service.details.url).ok();
                served.is_some_and(|served| served.origin() == asked.origin())
            };
            let fits = |service: &&Service| {
                let base = service.details.url.trim_end_matches('/');
                let below = url
                    .strip_prefix(base)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                (below, base.len(), service.tags.contains_key(TAG))
            };
            model.services.values().filter(at).max_by_key(fits).cloned()
        };
        found.map_or(Ok(None), |service| self.authority_of(&service))
    }
}
