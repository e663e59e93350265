//! What is kept, for how long, and how much of it.

use super::{ANSWERS, Answers, BYTES, LARGEST, LONGEST, ReadAnswer};

fn answer(bytes: usize) -> ReadAnswer {
    ReadAnswer::new("\"1\"", "", vec![b'x'; bytes]).unwrap()
}

fn keep(answers: &mut Answers<u64>, target: &str, snapshot: u64, bytes: usize) {
    for _ in 0..2 {
        answers.keep(target, snapshot, &answer(bytes));
    }
}

#[test]
fn an_answer_holds_while_the_store_is_as_it_was() {
    let mut answers = Answers::default();
    keep(&mut answers, "/api/users/1", 7, 10);
    assert!(answers.get("/api/users/1", 7).is_some());
    assert!(answers.get("/api/users/1", 8).is_none());
    assert!(answers.get("/api/users/1?view=full", 7).is_none());
    keep(&mut answers, "/api/users/1", 8, 20);
    assert_eq!(answers.get("/api/users/1", 8).map(|answer| answer.body.len()), Some(20));
}

#[test]
fn an_answer_is_kept_when_it_is_given_for_the_second_time() {
    let mut answers = Answers::default();
    answers.keep("/api/users/1", 7, &answer(10));
    assert!(answers.get("/api/users/1", 7).is_none());
    answers.keep("/api/users/1", 7, &answer(10));
    assert!(answers.get("/api/users/1", 7).is_some());
}

#[test]
fn answers_take_a_bounded_amount_of_memory() {
    let mut answers = Answers::default();
    for id in 0..3 * ANSWERS {
        keep(&mut answers, &format!("/api/users/{id}"), 7, 10_000);
        let kept =
            answers.known.iter().map(|(target, known)| target.len() + known.answer.body.len());
        assert_eq!(answers.bytes, kept.sum::<usize>());
        assert!(answers.bytes <= BYTES && answers.known.len() <= ANSWERS);
    }
    keep(&mut answers, "/api/users", 7, LARGEST + 1);
    assert!(answers.get("/api/users", 7).is_none());
    let long = format!("/api/users/1?{}", "&".repeat(LONGEST));
    keep(&mut answers, &long, 7, 10);
    assert!(answers.get(&long, 7).is_none());
}

#[test]
fn a_kept_answer_is_renewed_without_the_others() {
    let mut answers = Answers::default();
    for id in 0..ANSWERS {
        keep(&mut answers, &format!("/{id}"), 7, 1);
    }
    assert!(answers.known.len() > ANSWERS / 2);
    let before = answers.known.len();
    let target = answers.known.keys().next().unwrap().clone();
    keep(&mut answers, &target, 8, 1);
    assert_eq!(answers.known.len(), before);
}
