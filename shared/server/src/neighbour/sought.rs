//! What is looked for in another collection.

use std::fmt;

use models::Target;
use url::Url;

use crate::problem::NAMED;

/// A member, by its id or by its name: the text in its unique field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sought {
    Id(u64),
    Named(String),
}

impl Sought {
    /// The member's address in the collection at `url`.
    pub(super) fn url(&self, url: &str) -> Result<String, String> {
        let name = match self {
            Self::Id(id) => return Ok(format!("{url}/{id}")),
            Self::Named(name) => name,
        };
        let mut address = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        match address.path_segments_mut() {
            Ok(mut path) => _ = path.extend([NAMED, name]),
            Err(()) => return Err(format!("{url} has no path")),
        }
        address.query_pairs_mut().append_pair("view", "full");
        Ok(address.into())
    }

    /// Whether a 404 names this very member: `user 7` of the users, or `user named`.
    pub(super) fn is_missing(&self, named: &str, target: &Target) -> bool {
        let (member, which) = named.split_once(' ').unwrap_or_default();
        let same = match self {
            Self::Id(id) => which.parse() == Ok(*id),
            Self::Named(_) => which == NAMED,
        };
        same && member == target.member
    }
}

impl fmt::Display for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Named(name) => write!(f, "{name:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use models::Target;

    use super::Sought;

    #[test]
    fn a_404_is_of_the_member_that_it_names_whatever_the_plural_is() {
        let categories = &Target::new("categories", "category");
        assert!(Sought::Id(7).is_missing("category 7", categories));
        assert!(Sought::Named("7".into()).is_missing("category named", categories));
        for other in ["category 8", "categorie 7", "categories 7", "user 7", "category", "7", ""] {
            assert!(!Sought::Id(7).is_missing(other, categories), "{other:?}");
        }
        for other in ["category 7", "user named", "named", ""] {
            assert!(!Sought::Named("7".into()).is_missing(other, categories), "{other:?}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_the_address() {
        let url =
            |name: &str| Sought::Named(name.into()).url("http://users:3000/api/users").unwrap();
        assert_eq!(url("finn"), "http://users:3000/api/users/named/finn?view=full");
        assert_eq!(
            url("a/../b?c#d"),
            "http://users:3000/api/users/named/a%2F..%2Fb%3Fc%23d?view=full"
        );
        assert!(!url("..").contains("/.."));
        assert_eq!(Sought::Id(7).url("http://a/api/users").as_deref(), Ok("http://a/api/users/7"));
    }
}
