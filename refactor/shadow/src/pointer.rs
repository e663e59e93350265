//! JSON pointers (RFC 6901), as places in a document and as patterns of such places.

use std::fmt;

/// A JSON pointer. Its token `-`, for RFC 6901 the element behind the last one, stands for every element of
/// an array: `/-/updatedAt` is that member of each. (A tag's value on AWS can hold it, and no `*`.)
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointer(Vec<String>);

/// One step into a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointerStep<'a> {
    Member(&'a str),
    Element(usize),
}

impl Pointer {
    /// Reads pointers that are separated by spaces or commas.
    ///
    /// # Errors
    /// What is wrong with the first that is none.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        let pointers = text.split([' ', ',']).filter(|pointer| !pointer.is_empty());
        pointers.map(Self::read).collect()
    }

    fn read(text: &str) -> Result<Self, String> {
        let Some(tokens) = text.strip_prefix('/') else {
            return Err(format!("{text:?} does not begin with /"));
        };
        let escaped = |token: &str| {
            // After each ~ stands 0 or 1 (RFC 6901, 3).
            token.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
        };
        if !tokens.split('/').all(escaped) {
            return Err(format!("{text:?} has a ~ that is neither ~0 nor ~1"));
        }
        let tokens = tokens.split('/').map(|token| token.replace("~1", "/").replace("~0", "~"));
        Ok(Self(tokens.collect()))
    }

    /// Whether it points at this place.
    pub(crate) fn is_at(&self, place: &[PointerStep<'_>]) -> bool {
        let is_step = |(token, step): (&String, &PointerStep<'_>)| match step {
            PointerStep::Member(name) => token == name,
            PointerStep::Element(index) => token == "-" || *token == index.to_string(),
        };
        self.0.len() == place.len() && self.0.iter().zip(place).all(is_step)
    }

    /// This place.
    pub(crate) fn of(place: &[PointerStep<'_>]) -> Self {
        Self(
            place
                .iter()
                .map(|step| match step {
                    PointerStep::Member(name) => (*name).to_owned(),
                    PointerStep::Element(index) => index.to_string(),
                })
                .collect(),
        )
    }

    /// This place and those like it: in every element of the arrays on its way.
    pub(crate) fn alike(place: &[PointerStep<'_>]) -> Self {
        Self(
            place
                .iter()
                .map(|step| match step {
                    PointerStep::Member(name) => (*name).to_owned(),
                    PointerStep::Element(_) => "-".to_owned(),
                })
                .collect(),
        )
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

#[cfg(test)]
mod tests {
    use super::{Pointer, PointerStep};

    #[test]
    fn pointers_are_read_and_written_as_rfc_6901_has_them() {
        let text = "/a/b /m~0n,/x~1y  /-/at,/";
        let pointers = Pointer::list(text).unwrap();
        let written: Vec<_> = pointers.iter().map(ToString::to_string).collect();
        assert_eq!(written, ["/a/b", "/m~0n", "/x~1y", "/-/at", "/"]);
        assert!(pointers[1].is_at(&[PointerStep::Member("m~n")]));
        assert!(pointers[2].is_at(&[PointerStep::Member("x/y")]));
        assert!(pointers[4].is_at(&[PointerStep::Member("")]));
        assert_eq!(Pointer::list(" , "), Ok(Vec::new()));
        for wrong in ["a", "/a b", "/a~", "/a~2", "#/a"] {
            assert!(Pointer::list(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_dash_is_every_element_of_an_array_and_one_name_of_a_member() {
        let at =
            |text: &str, place: &[PointerStep<'_>]| Pointer::list(text).unwrap()[0].is_at(place);
        let (element, member) = (PointerStep::Element(7), PointerStep::Member("at"));
        assert!(at("/-/at", &[element, member]));
        assert!(at("/7/at", &[element, member]));
        assert!(!at("/8/at", &[element, member]));
        assert!(!at("/-", &[element, member]));
        assert!(!at("/-/at", &[PointerStep::Member("x"), member]));
        assert!(at("/-", &[PointerStep::Member("-")]));
    }
}
