//! Errors, as a log shows them.

use std::error::Error;

/// An error with all its causes, on one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some drivers repeat their cause in their own words.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fmt;

    use super::chain;

    #[derive(Debug)]
    struct Failed(&'static str, Option<Box<Failed>>);

    impl fmt::Display for Failed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Failed {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&**self.1.as_ref()?)
        }
    }

    #[test]
    fn a_chain_shows_each_cause_once() {
        let fire = || Some(Box::new(Failed("disk on fire", None)));
        assert_eq!(chain(&Failed("the store failed", fire())), "the store failed: disk on fire");
        let repeated = Failed("the store failed: disk on fire", fire());
        assert_eq!(chain(&repeated), "the store failed: disk on fire");
    }
}
