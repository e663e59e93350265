//! Moving a collection from one program to another.

mod lag;
mod pace;
mod pulse;
mod token;

pub(crate) use self::token::Token;
