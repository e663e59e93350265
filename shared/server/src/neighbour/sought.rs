//! What is looked for in another collection.

use std::fmt;

use models::Target;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

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
        if matches!(name.as_str(), "." | "..") {
            return Err(format!("{name:?} cannot stand in a path"));
        }
        // All of it, since a parser of addresses leaves some characters out: the rest could be another's name.
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        Ok(format!("{url}/{NAMED}/{name}?view=full"))
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
            "http://users:3000/api/users/named/a%2F%2E%2E%2Fb%3Fc%23d?view=full"
        );
        // A parser of addresses leaves out tabs and line ends, and the rest would be the name of another user.
        assert_eq!(url("fi\tn\r\nn"), "http://users:3000/api/users/named/fi%09n%0D%0An?view=full");
        for name in [".", ".."] {
            assert!(Sought::Named(name.into()).url("http://a/api/users").is_err(), "{name}");
        }
        assert_eq!(Sought::Id(7).url("http://a/api/users").as_deref(), Ok("http://a/api/users/7"));
    }
}
