//! Reading the text of a key back to its columns.

use crate::collection::Member;
use crate::key::{KeyColumn, KeyKind};

/// Reads a key of the feed: its table, and the texts of its columns. Nothing if it is none of these tables'.
pub(crate) fn read<'a>(members: &'a [Member], key: &str) -> Option<(&'a Member, Vec<String>)> {
    let (member, rest) = match members {
        [only] => (only, key),
        _ => {
            let (name, rest) = key.split_once('/')?;
            (members.iter().find(|member| member.name == name)?, rest)
        }
    };
    if let [KeyColumn { kind: KeyKind::Text, .. }] = &*member.key {
        let text = if rest == "\u{1}\u{1}" { String::new() } else { unmarked(rest) };
        return Some((member, vec![text]));
    }
    let last = member.key.len();
    let mut rest = rest;
    let mut columns = Vec::with_capacity(last);
    for (place, column) in member.key.iter().enumerate() {
        let end = match column.kind {
            KeyKind::Integer => 1 + digits(rest)?,
            KeyKind::Uuid => UUID,
            KeyKind::Text if place + 1 == last => rest.len(),
            KeyKind::Text => rest.find("\u{1}\u{1}")?,
        };
        let (part, behind) = rest.split_at_checked(end)?;
        rest = behind;
        columns.push(match column.kind {
            KeyKind::Integer => number(part)?,
            KeyKind::Uuid => part.to_owned(),
            KeyKind::Text => unmarked(part),
        });
        if column.kind == KeyKind::Text && place + 1 < last {
            rest = rest.strip_prefix("\u{1}\u{1}")?;
        }
    }
    rest.is_empty().then_some((member, columns))
}

/// The length of a UUID's text.
const UUID: usize = 36;

/// Takes the mark behind each byte 1 away.
fn unmarked(text: &str) -> String {
    text.replace("\u{1}\u{2}", "\u{1}")
}

/// How many digits a number has, by its first letter.
fn digits(text: &str) -> Option<usize> {
    match text.bytes().next()? {
        letter @ b'a'..=b's' => Some(usize::from(letter - b'a') + 1),
        letter @ b'H'..=b'Z' => Some(usize::from(b'Z' - letter) + 1),
        _ => None,
    }
}

/// The text of a number.
fn number(part: &str) -> Option<String> {
    let (letter, digits) = part.split_at_checked(1)?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    if letter.bytes().all(|letter| letter >= b'a') {
        return Some(digits.to_owned());
    }
    let digits = digits.bytes().map(|digit| char::from(b'9' - (digit - b'0')));
    Some(std::iter::once('-').chain(digits).collect())
}

#[cfg(test)]
mod tests {
    use super::{KeyColumn, KeyKind, Member, read};

    fn member(name: &str, kinds: &[KeyKind]) -> Member {
        let key = kinds.iter().map(|kind| KeyColumn { name: "c".to_owned(), kind: *kind });
        let (schema, name) = ("public".to_owned(), name.to_owned());
        Member { number: 1, schema, name, key: key.collect(), relations: Vec::new() }
    }

    fn columns(kinds: &[KeyKind], key: &str) -> Option<Vec<String>> {
        read(&[member("t", kinds)], key).map(|(_, columns)| columns)
    }

    #[test]
    fn a_key_is_read_back_to_its_columns() {
        use KeyKind::{Integer, Text, Uuid};
        let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        type Case<'a> = (&'a [KeyKind], &'a str, Option<&'a [&'a str]>);
        let cases: [Case<'_>; 12] = [
            (&[Integer], "b42", Some(&["42"])),
            (&[Integer], "a0", Some(&["0"])),
            (&[Integer], "Z4", Some(&["-5"])),
            (&[Integer], "H0776627963145224191", Some(&["-9223372036854775808"])),
            (&[Integer], "b4", None),
            (&[Integer], "b421", None),
            (&[Text], "é\u{1}\u{2}x", Some(&["é\u{1}x"])),
            (&[Text], "\u{1}\u{1}", Some(&[""])),
            (&[Text, Integer], "a\u{1}\u{2}\u{1}\u{1}a7", Some(&["a\u{1}", "7"])),
            (&[Integer, Text], "a7", Some(&["7", ""])),
            (&[Uuid, Integer], &format!("{uuid}a7"), Some(&[uuid, "7"])),
            (&[Uuid], "é", None),
        ];
        for (kinds, key, expected) in cases {
            let expected =
                expected.map(|columns| columns.iter().map(|c| (*c).to_owned()).collect());
            assert_eq!(columns(kinds, key), expected, "{key:?}");
        }
    }

    #[test]
    fn a_key_of_one_of_several_tables_begins_with_its_name() {
        let members = [member("orders", &[KeyKind::Integer]), member("lines", &[KeyKind::Text])];
        let table =
            |key: &str| read(&members, key).map(|(member, columns)| (&*member.name, columns));
        assert_eq!(table("orders/a1"), Some(("orders", vec!["1".to_owned()])));
        assert_eq!(table("lines/a/b"), Some(("lines", vec!["a/b".to_owned()])));
        assert_eq!(table("others/a1"), None);
    }
}
