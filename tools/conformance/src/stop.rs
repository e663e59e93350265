//! Why a check ended early.

use crate::Rule;

/// Why a check ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The program broke a rule.
    Broken(Rule, String),
    /// The check itself could not be made: the program does not answer, or takes no row of that form.
    Failed(String),
}

/// What a check comes to.
pub(crate) type Checked<T = ()> = Result<T, Stop>;

/// Ends the check if a condition does not hold: the rule is broken, and this was found.
macro_rules! must {
    ($rule:ident, $holds:expr, $($found:tt)+) => {
        if !$holds {
            return Err($crate::stop::Stop::Broken($crate::Rule::$rule, format!($($found)+)));
        }
    };
}
pub(crate) use must;
