//! The member that a page changes or deletes.

use serde_json::Value;

use crate::api::Member;
use crate::failure::Failure;
use crate::kind::Kind;
use crate::site::Site;

/// A member as it is stored.
pub(crate) struct Stored {
    pub(crate) member: Member<Value>,
    /// Its entity tag.
    pub(crate) tag: String,
}

impl Stored {
    /// Reads it.
    ///
    /// # Errors
    /// If there is no such member, or the API does not answer.
    pub(crate) async fn read(site: &Site, kind: &Kind, id: u64) -> Result<Self, Failure> {
        let found = site.api.member(kind.collection, id).await?;
        let (member, tag) = found.ok_or(Failure::NoMember(kind.one))?;
        Ok(Self { member, tag })
    }
}

/// The member in a path, for a page with a form.
///
/// # Errors
/// If there is no such member, the board is read-only, or the API does not answer.
pub(crate) async fn to_change(
    site: &Site,
    path: &(String, u64),
) -> Result<(&'static Kind, u64, Stored), Failure> {
    site.must_write()?;
    let (kind, id) = kind_in(path)?;
    Ok((kind, id, Stored::read(site, kind, id).await?))
}

/// The collection and the id in a path.
///
/// # Errors
/// If there is no such collection.
pub(crate) fn kind_in(path: &(String, u64)) -> Result<(&'static Kind, u64), Failure> {
    let kind = Kind::named(&path.0).ok_or(Failure::NoPage)?;
    Ok((kind, path.1))
}
