//! Ids and ARNs of resources.

use std::iter::repeat_with;

use super::resource::{ACCOUNT, Kind};

/// How many characters follow the prefix of an id.
const ID_CHARACTERS: usize = 10;

/// A new id of that kind, such as `env-a1B2c3D4e5`.
pub(crate) fn new_id(kind: Kind) -> String {
    let characters = repeat_with(fastrand::alphanumeric).take(ID_CHARACTERS);
    characters.fold(kind.prefix().to_owned(), |mut id, character| {
        id.push(character);
        id
    })
}

/// Whether it is an id of that kind.
pub(crate) fn is_id(kind: Kind, text: &str) -> bool {
    text.strip_prefix(kind.prefix()).is_some_and(|rest| {
        rest.len() == ID_CHARACTERS && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// The ARN of a resource: `arn:aws:refactor-spaces:REGION:ACCOUNT:environment/env-.../...`.
/// `parents` are the ids of its environment and its application, as far as it has them.
pub(crate) fn format(region: &str, parents: &[&str], kind: Kind, id: &str) -> String {
    let mut arn = format!("arn:aws:refactor-spaces:{region}:{ACCOUNT}:");
    for (kind, parent) in Kind::ALL.iter().zip(parents) {
        arn.push_str(&format!("{}/{parent}/", kind.noun()));
    }
    arn.push_str(&format!("{}/{id}", kind.noun()));
    arn
}

/// The kind and the id of the resource that an ARN names, the last of its path.
pub(crate) fn parse(arn: &str) -> Option<(Kind, &str)> {
    let path = arn.strip_prefix("arn:aws:refactor-spaces:")?.splitn(3, ':').nth(2)?;
    let mut segments = path.rsplit('/');
    let (id, noun) = (segments.next()?, segments.next()?);
    let kind = Kind::ALL.into_iter().find(|kind| kind.noun() == noun)?;
    is_id(kind, id).then_some((kind, id))
}

#[cfg(test)]
mod tests {
    use super::{format, is_id, new_id, parse};
    use crate::spaces::resource::Kind;

    #[test]
    fn an_arn_names_the_way_to_its_resource() {
        let arn = format("eu-west-1", &["env-0123456789", "app-0123456789"], Kind::Route, "rte-a");
        assert_eq!(
            arn,
            "arn:aws:refactor-spaces:eu-west-1:000000000000:environment/env-0123456789/application/app-0123456789/route/rte-a"
        );
        let arn = format("local", &[], Kind::Environment, "env-0123456789");
        assert_eq!(parse(&arn), Some((Kind::Environment, "env-0123456789")));
        for arn in
            ["", "arn:aws:s3:::bucket", "arn:aws:refactor-spaces:r:0:environment/app-0123456789"]
        {
            assert_eq!(parse(arn), None, "{arn}");
        }
    }

    #[test]
    fn ids_have_their_kinds_prefix_and_ten_characters() {
        for kind in Kind::ALL {
            let id = new_id(kind);
            assert!(is_id(kind, &id), "{id}");
        }
        for id in ["env-", "env-012345678", "env-01234567890", "env-01234_6789", "ENV-0123456789"] {
            assert!(!is_id(Kind::Environment, id), "{id}");
        }
    }
}
