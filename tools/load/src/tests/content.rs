//! What is written.

use crate::content::{Collection, LINES, MemberContent, Token, WORDS};

const TOKEN: Token = Token { run: 1_764_000_000_000_999, client: 9_999, number: 4_000_000 };

#[test]
fn a_token_is_read_from_what_was_written() {
    let content = MemberContent { version: 3, user: 1, thread: 2 };
    for collection in Collection::ALL {
        let whole = collection.whole(TOKEN, content);
        assert_eq!(collection.token(&whole), Some(TOKEN));
        assert_eq!(collection.differs(&whole, TOKEN, content), None);
        let older = MemberContent { version: 2, ..content };
        assert!(collection.differs(&whole, TOKEN, older).is_some());
    }
    let thread = Collection::Threads.whole(TOKEN, MemberContent { user: 7, ..content });
    let differs = Collection::Threads.differs(&thread, TOKEN, content);
    assert_eq!(differs, Some(("createdBy".to_owned(), 1.into())));
    assert_eq!(Collection::Users.token(&serde_json::json!({"username": "pb"})), None);
}

#[test]
fn what_is_written_keeps_the_rules_of_the_board() {
    assert!(TOKEN.to_string().len() <= 32);
    let longest = TOKEN.to_string().len() + LINES as usize * (WORDS.len() + 1);
    assert!(longest < 1_000, "{longest}");
}
