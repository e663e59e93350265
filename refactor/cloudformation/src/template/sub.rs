//! `Fn::Sub`: a text with `${...}` in it.

use super::arguments::arguments;
use super::expression::{Expression, ExpressionKind, SubPiece};
use super::node::{At, Data};

/// Reads a text, or a list of a text and a map of variables.
///
/// # Errors
/// For another shape, and for a `${` that names nothing or does not end.
pub(super) fn read(argument: &At<'_>) -> Result<ExpressionKind, String> {
    let (text, variables) = match argument.data() {
        Data::List(_) => {
            let what = "a text and a map of variables";
            let [text, variables] = arguments(argument, what, |at| Ok(at.clone()))?;
            (text.text()?, Expression::map(&variables)?)
        }
        _ => (argument.text()?, Vec::new()),
    };
    let pieces = pieces(&text, &variables).map_err(|what| argument.error(what))?;
    Ok(ExpressionKind::Sub { pieces, variables })
}

/// Splits the text of `Fn::Sub`. `${!Literal}` stays `${Literal}`.
fn pieces(text: &str, variables: &[(String, Expression)]) -> Result<Vec<SubPiece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}').ok_or("Fn::Sub: a ${ without its }")?;
        pieces.push(SubPiece::Text(before.to_owned()));
        let name = name.trim();
        pieces.push(match (name.strip_prefix('!'), name.split_once('.')) {
            (Some(literal), _) => SubPiece::Text(format!("${{{literal}}}")),
            _ if name.is_empty() => return Err("Fn::Sub: ${} names nothing".to_owned()),
            (None, Some((resource, attribute)))
                if !variables.iter().any(|(known, _)| known == name) =>
            {
                SubPiece::GetAtt { resource: resource.to_owned(), attribute: attribute.to_owned() }
            }
            _ => SubPiece::Ref(name.to_owned()),
        });
        rest = after;
    }
    pieces.push(SubPiece::Text(rest.to_owned()));
    pieces.retain(|piece| *piece != SubPiece::Text(String::new()));
    Ok(pieces)
}
