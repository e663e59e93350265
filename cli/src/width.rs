//! How wide texts are on a terminal, and texts that fit a column.

use std::env;
use std::io::stdout;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthChar;

/// The width of what is no terminal, unless the variable `COLUMNS` says another.
const DEFAULT: usize = 100;
const SMALLEST: usize = 40;
const LARGEST: usize = 240;

/// How wide the output may be: as the terminal.
pub(crate) fn of_output() -> usize {
    let said = || env::var("COLUMNS").ok()?.parse().ok();
    of_terminal(stdout()).or_else(said).unwrap_or(DEFAULT).clamp(SMALLEST, LARGEST)
}

/// How many columns a terminal has, if it says so.
pub(crate) fn of_terminal(stream: impl AsFd) -> Option<usize> {
    let size = tcgetwinsize(stream).ok()?;
    (size.ws_col > 0).then(|| size.ws_col.into())
}

/// How wide a text is.
pub(crate) fn of(text: &str) -> usize {
    text.chars().map(|character| character.width().unwrap_or(0)).sum()
}

/// A text from its character `from` on, cut to a width; `…` stands for what is left out.
pub(crate) fn cut(text: &str, from: usize, width: usize) -> String {
    let mut cut = String::new();
    let mut left = width;
    if from > 0 {
        cut.push('…');
        left = left.saturating_sub(1);
    }
    let rest: String = text.chars().skip(from).collect();
    if of(&rest) <= left {
        return cut + &rest;
    }
    for character in rest.chars() {
        let width = character.width().unwrap_or(0);
        // One more column is for the mark.
        if width + 1 > left {
            break;
        }
        left -= width;
        cut.push(character);
    }
    cut + "…"
}

/// A text with spaces behind it, up to a width.
pub(crate) fn padded(text: String, width: usize) -> String {
    let spaces = width.saturating_sub(of(&text));
    text + &" ".repeat(spaces)
}

#[cfg(test)]
mod tests {
    use super::{cut, of, padded};

    #[test]
    fn what_is_cut_fits_and_says_so() {
        assert_eq!(cut("abcdef", 0, 6), "abcdef");
        assert_eq!(cut("abcdefg", 0, 6), "abcde…");
        assert_eq!(cut("abcdefghij", 4, 6), "…efgh…");
        assert_eq!(cut("abcdef", 4, 6), "…ef");
        // Two columns each.
        assert_eq!(cut("世界世界", 0, 6), "世界…");
        assert!((1..20).all(|width| of(&cut("a世b界c世d界", 2, width)) <= width.max(2)));
        assert_eq!(padded("世".to_owned(), 4), "世  ");
    }
}
