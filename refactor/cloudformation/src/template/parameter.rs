//! The Parameters section: declarations. Values are checked against them in `parameters.rs`.

use regex::{Regex, RegexBuilder};

use super::node::At;
use super::parameter_kind::ParameterKind;

/// How large a compiled pattern may be, in bytes: a template must not cost more than its size suggests.
const PATTERN_SIZE_LIMIT: usize = 256 * 1024;

/// A declared parameter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) kind: ParameterKind,
    pub(crate) description: Option<String>,
    pub(crate) default: Option<String>,
    /// Values are shown as `****`.
    pub(crate) no_echo: bool,
    /// Empty: any value.
    pub(crate) allowed_values: Vec<String>,
    pub(crate) allowed_pattern: Option<Pattern>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_value: Option<f64>,
    pub(crate) max_value: Option<f64>,
    /// Said instead of the rule when a value breaks one.
    pub(crate) constraint_description: Option<String>,
}

/// `AllowedPattern`: the whole value has to match.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// As written.
    pub(crate) source: String,
    whole: Regex,
}

impl Pattern {
    /// Whether the whole of `value` matches.
    pub(crate) fn matches(&self, value: &str) -> bool {
        self.whole.is_match(value)
    }
}

impl Parameter {
    /// Reads a declaration.
    ///
    /// # Errors
    /// For a member or a type that is not known, a rule that cannot be read, and a pattern that needs look-around
    /// or back-references, which are not supported.
    pub(super) fn read(name: &str, at: &At<'_>) -> Result<Self, String> {
        let mut kind = None;
        let mut parameter = Self { name: name.to_owned(), ..Self::default() };
        for (member, at) in at.entries()? {
            match member {
                "Type" => {
                    kind = Some(ParameterKind::find(&at.text()?).map_err(|what| at.error(what))?);
                }
                "Description" => parameter.description = Some(at.text()?),
                "Default" => parameter.default = Some(at.text()?),
                "NoEcho" => parameter.no_echo = number::<bool>(&at)?,
                "AllowedValues" => {
                    parameter.allowed_values =
                        at.items()?.iter().map(At::text).collect::<Result<_, _>>()?;
                }
                "AllowedPattern" => parameter.allowed_pattern = Some(pattern(&at)?),
                "MinLength" => parameter.min_length = Some(number(&at)?),
                "MaxLength" => parameter.max_length = Some(number(&at)?),
                "MinValue" => parameter.min_value = Some(number(&at)?),
                "MaxValue" => parameter.max_value = Some(number(&at)?),
                "ConstraintDescription" => parameter.constraint_description = Some(at.text()?),
                _ => {
                    return Err(at.error(format!("Invalid template parameter property '{member}'")));
                }
            }
        }
        parameter.kind =
            kind.ok_or_else(|| at.error("Every Parameters object must contain a Type member"))?;
        Ok(parameter)
    }
}

fn number<T: std::str::FromStr>(at: &At<'_>) -> Result<T, String> {
    let text = at.text()?;
    let Ok(value) = text.parse() else {
        return Err(at.error(format!("{text} has the wrong type")));
    };
    Ok(value)
}

fn pattern(at: &At<'_>) -> Result<Pattern, String> {
    let source = at.text()?;
    // The value as a whole is compiled first: a stray parenthesis must not close the group around it.
    let compile = |pattern: &str| RegexBuilder::new(pattern).size_limit(PATTERN_SIZE_LIMIT).build();
    compile(&source)
        .and_then(|_| compile(&format!(r"\A(?:{source})\z")))
        .map(|whole| Pattern { source: source.clone(), whole })
        .map_err(|err| at.error(format!("the pattern {source} cannot be used: {err}")))
}
