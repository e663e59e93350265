//! Reading the feed while many clients write.

use std::pin::pin;

use futures_util::future::{Either, join_all, select};
use replication::Position;

use super::feed::differ;
use super::pages::Reader;
use crate::Rule::F3;
use crate::run::Run;
use crate::sample::Made;
use crate::stop::{Checked, must};

/// So many clients write at the same time.
const WRITERS: usize = 8;
/// How many rows each of them makes and changes.
const ROWS: usize = 6;

/// What a client made, and how far the store was after that.
type Written = (Vec<Made>, Position);

/// A reader that follows while writers write has the rows that one has which comes later.
pub(crate) async fn check(run: &mut Run) -> Checked {
    let mut follows = Reader::new();
    let mut last = Position::default();
    for (rows, at) in write_and_read(run, &mut follows).await? {
        run.rows.extend(rows);
        last = last.max(at);
    }
    follows.until(&run.subject, 3, last.at).await?;
    let mut later = Reader::new();
    later.until(&run.subject, 10_000, last.at).await?;
    let same = follows.rows == later.rows;
    must!(
        F3,
        same,
        "a reader that followed {WRITERS} writers has other rows than one that came later: {}",
        differ(&follows, &later)
    );
    run.held(&[F3]);
    Ok(())
}

/// Lets many clients write, and a follower read pages that end in the middle of what is being written.
async fn write_and_read(run: &Run, follows: &mut Reader) -> Checked<Vec<Written>> {
    let mut written = pin!(join_all((0..WRITERS).map(|_| writes(run))));
    loop {
        let page = pin!(follows.page(&run.subject, 3, 50));
        match select(written, page).await {
            Either::Left((done, page)) => {
                page.await?;
                return done.into_iter().collect();
            }
            Either::Right((page, writing)) => {
                page?;
                written = writing;
            }
        }
    }
}

/// Makes rows and changes each; gives them and how far the store is then.
async fn writes(run: &Run) -> Checked<Written> {
    let (mut rows, mut last) = (Vec::new(), Position::default());
    for _ in 0..ROWS {
        let made = run.sample.create(&run.subject, run.number()).await?;
        last = last.max(run.sample.change(&run.subject, &made, run.number()).await?);
        rows.push(made);
    }
    Ok((rows, last))
}
