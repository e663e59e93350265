//! Ids and ARNs of resources.

use std::iter::repeat_with;

use super::resource_type::{ACCOUNT, ResourceType};

/// How many characters follow the prefix of an id.
const ID_CHARACTERS: usize = 10;

/// A new id of that kind, such as `env-a1B2c3D4e5`.
pub(crate) fn new_id(kind: ResourceType) -> String {
    let characters = repeat_with(fastrand::alphanumeric).take(ID_CHARACTERS);
    characters.fold(kind.prefix().to_owned(), |mut id, character| {
        id.push(character);
        id
    })
}

/// Whether it is an id of that kind.
pub(crate) fn is_id(kind: ResourceType, text: &str) -> bool {
    text.strip_prefix(kind.prefix()).is_some_and(|rest| {
        rest.len() == ID_CHARACTERS && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The ARN of a resource: `arn:aws:refactor-spaces:REGION:ACCOUNT:environment/env-.../...`.
/// `parents` are the ids of its environment and its application, as far as it has them.
pub(crate) fn format(region: &str, parents: &[&str], kind: ResourceType, id: &str) -> String {
    let mut arn = format!("arn:aws:refactor-spaces:{region}:{ACCOUNT}:");
    for (kind, parent) in ResourceType::ALL.iter().zip(parents) {
        arn.push_str(&format!("{}/{parent}/", kind.noun()));
    }
    arn.push_str(&format!("{}/{id}", kind.noun()));
    arn
}

/// An ARN, taken apart. There need not be such a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    pub(crate) text: &'a str,
    /// The region.
    pub region: &'a str,
    /// The kind of the resource, the last of the path.
    pub kind: ResourceType,
    /// The id of the resource.
    pub id: &'a str,
}

impl<'a> Arn<'a> {
    /// `None` for what [`format`] cannot give, in whatever region and account.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (region, rest) = text.strip_prefix("arn:aws:refactor-spaces:")?.split_once(':')?;
        let (account, path) = rest.split_once(':')?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let right = !region.is_empty() && region.bytes().all(plain);
        let digits = account.len() == ACCOUNT.len() && account.bytes().all(|b| b.is_ascii_digit());
        let segments: Vec<_> = path.split('/').collect();
        let (pairs, []) = segments.as_chunks::<2>() else { return None };
        let named = |[noun, id]: &[&'a str; 2]| {
            let kind = ResourceType::ALL.into_iter().find(|kind| kind.noun() == *noun)?;
            is_id(kind, id).then_some((kind, *id))
        };
        let way: Vec<_> = pairs.iter().map(named).collect::<Option<_>>()?;
        let kinds: Vec<_> = way.iter().map(|(kind, _)| *kind).collect();
        let (kind, id) = *way.last()?;
        (right && digits && kinds == kind.way()).then_some(Self { text, region, kind, id })
    }
}

#[cfg(test)]
mod tests {
    use super::{Arn, format, is_id, new_id};
    use crate::resource::ResourceType;

    #[test]
    fn an_arn_names_the_way_to_its_resource() {
        let arn = format(
            "eu-west-1",
            &["env-0123456789", "app-0123456789"],
            ResourceType::Route,
            "rte-a",
        );
        assert_eq!(
            arn,
            "arn:aws:refactor-spaces:eu-west-1:000000000000:environment/env-0123456789/application/app-0123456789/route/rte-a"
        );
    }

    #[test]
    fn an_arn_is_taken_apart_only_if_all_of_it_is_one() {
        let (env, app) = ("env-0123456789", "app-0123456789");
        for (parents, kind, id) in [
            (&[][..], ResourceType::Environment, env),
            (&[env][..], ResourceType::Application, app),
            (&[env, app][..], ResourceType::Service, "svc-0123456789"),
            (&[env, app][..], ResourceType::Route, "rte-0123456789"),
        ] {
            let text = format("eu-west-1", parents, kind, id);
            let arn = Arn { text: &text, region: "eu-west-1", kind, id };
            assert_eq!(Arn::parse(&text), Some(arn));
        }
        for (parents, kind, id) in [
            (&[][..], ResourceType::Environment, app),
            (&[][..], ResourceType::Application, app),
            (&[env][..], ResourceType::Service, "svc-0123456789"),
            (&[env, env][..], ResourceType::Route, "rte-0123456789"),
        ] {
            let text = format("local", parents, kind, id);
            assert_eq!(Arn::parse(&text), None, "{text}");
        }
        for text in
            ["", "arn:aws:s3:::bucket", "arn:aws:refactor-spaces:r:0:environment/env-0123456789"]
        {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ids_have_their_kinds_prefix_and_ten_characters() {
        for kind in ResourceType::ALL {
            let id = new_id(kind);
            assert!(is_id(kind, &id), "{id}");
        }
        for id in ["env-", "env-012345678", "env-01234567890", "env-01234_6789", "ENV-0123456789"] {
            assert!(!is_id(ResourceType::Environment, id), "{id}");
        }
    }
}
