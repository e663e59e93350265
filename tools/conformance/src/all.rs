//! The checks, one after the other.

use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use replication::{PROTOCOL, Role};
use reqwest::Client;
use runtime::Token;

use crate::checks;
use crate::run::Run;
use crate::sample::Sample;
use crate::stop::{Checked, Stop};
use crate::subject::{Subject, document};
use crate::{Options, Report};

/// Checks the collection at a URL. It must be primary, with no follower and no fence. The rows that the checks make are
/// deleted in the end; the epoch is two higher than before.
///
/// # Errors
/// If the program cannot be checked at all; nothing was changed then.
pub async fn run(url: &str, token: Token, options: &Options) -> Result<Report, String> {
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    let http = http.build().map_err(|error| format!("cannot ask: {error}"))?;
    let subject = Subject::new(http.clone(), token.clone(), url);
    let empty = options.empty.as_ref().map(|url| Subject::new(http, token.clone(), url));
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut run = Run {
        subject,
        sample: Sample::of(options)?,
        report: Report::default(),
        empty,
        rows: Vec::new(),
        listen: options.listen,
        token,
        number: AtomicU64::new(u64::try_from(since.as_millis()).unwrap_or(0)),
    };
    match begin(&run).await {
        Ok(()) => {}
        Err(Stop::Failed(why)) => return Err(why),
        Err(broken) => {
            run.report.stopped(broken);
            return Ok(run.report.finish("an earlier check failed"));
        }
    }
    let whole = every(&mut run, options.first).await;
    clear(&mut run).await;
    let reason = match (whole, &run.empty) {
        (false, _) => "an earlier check failed",
        (true, None) => "name a store that was never used with --empty",
        (true, Some(_)) => "nothing could be tried",
    };
    Ok(run.report.finish(reason))
}

/// Every check in its order. False if not all could be made.
async fn every(run: &mut Run, first: bool) -> bool {
    // What the later ones rely on is checked by the earlier ones.
    macro_rules! check {
        ($($check:path),*) => {{
            let mut whole = true;
            $(
                if let Err(stop) = $check(run).await {
                    run.report.stopped(stop);
                    whole = false;
                    if first { return false; }
                }
            )*
            whole
        }};
    }
    let asked = check!(
        checks::access::check,
        checks::document::check,
        checks::clients::check,
        checks::feed::check,
        checks::writers::check,
        checks::compare::check
    );
    let copied = match run.empty {
        Some(_) => check!(checks::copy::check),
        None => true,
    };
    let fenced = check!(checks::fence::check);
    // A program that does not fence must not be asked to hand over.
    fenced && check!(checks::handover::check) && asked && copied
}

/// Refuses a collection that is in the middle of something.
async fn begin(run: &Run) -> Checked {
    let url = &run.subject.url;
    let refused = |why: &str| Err(Stop::Failed(format!("{url} {why}")));
    let answer = run.subject.get("ownership").await?;
    if answer.status != 200 {
        return refused(&format!(
            "answers {}: is it the collection's URL, and the right token?",
            answer.shown()
        ));
    }
    let own = document(&answer)?;
    if own.protocol != PROTOCOL {
        return refused(&format!("speaks protocol {}, and the checks {PROTOCOL}", own.protocol));
    }
    if own.role != Role::Primary || own.forwarded.is_some() {
        return refused(&format!("is {}: the checks take a primary", own.role.name()));
    }
    if own.fence.is_some() || !own.followers.is_empty() {
        return refused("is fenced or followed: the checks need a collection for themselves");
    }
    Ok(())
}

/// Deletes what was made.
async fn clear(run: &mut Run) {
    let rows = std::mem::take(&mut run.rows);
    let mut left = 0;
    for made in &rows {
        left += usize::from(run.sample.delete(&run.subject, made).await.is_err());
    }
    if left > 0 {
        run.report.leaves(format!("{left} rows that the checks made and could not delete"));
    }
}
