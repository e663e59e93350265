//! What helps: the only place of the control plane that knows the commands and options of `banyan`.

use moves::{Code, Finding, Refusal};
use spaces::resource::Protection;

/// What is wrong with the move of a collection, and what helps.
pub(super) fn finding(collection: &str, found: &Finding) -> String {
    with_advice(&found.text, found.code.as_slice(), collection)
}

/// Why a command on a collection was refused, and what helps.
pub(super) fn refusal(collection: &str, refusal: &Refusal) -> String {
    with_advice(refusal.text(), refusal.codes(), collection)
}

/// What helps if a protected route is to be deleted, as the end of a sentence.
pub(crate) fn protection(protection: &Protection) -> String {
    let Protection::LeadsToPrimary { collection, .. } = protection;
    format!(
        ": `banyan reverse {collection}` gives {collection} back, and `banyan cancel {collection}` ends the move; the \
         route may go then. If its programs are gone for good: `banyan cancel {collection} --force`"
    )
}

fn with_advice(text: &str, codes: &[Code], collection: &str) -> String {
    if codes.is_empty() {
        return text.to_owned();
    }
    let advice: Vec<_> = codes.iter().map(|code| advice(*code, collection)).collect();
    let between = if text.ends_with('.') { "" } else { ":" };
    format!("{text}{between} {}", advice.join("; "))
}

/// What helps against it, as the end of a sentence.
fn advice(code: Code, collection: &str) -> String {
    match code {
        Code::NoToken => "set MOVE_TOKEN to the token of the programs (16 characters or more, the same for all), and \
            start it again; `banyan up` does both"
            .into(),
        Code::NoApplication => "deploy rs.yaml, or start with MONOLITH_URL".into(),
        Code::SeveralApplications => "say which one with --application".into(),
        Code::NoDefaultRoute => "deploy rs.yaml, or make the route".into(),
        Code::BadTarget => {
            "`banyan status` shows the addresses of the services of a board".into()
        }
        Code::NoTarget => "say --target http://HOST:PORT, the address of its service".into(),
        Code::OtherTarget => format!(
            "`banyan cancel {collection}` first, and delete the route /{collection} if you made it yourself"
        ),
        Code::SameStore => "say another --target".into(),
        Code::TargetInUse => "start it with an empty database, or say another --target".into(),
        Code::OwnData => format!(
            "start it with an empty database, then `banyan follow {collection}` lets it follow"
        ),
        Code::UnderWay => "`banyan status` shows how far it is".into(),
        Code::Again(verb) => format!("`banyan {} {collection}` tries again", verb.word()),
        // As `banyan up` calls the programs.
        Code::SourceSilent => start("monolith"),
        Code::TargetSilent => start(collection),
        Code::OtherToken => "start its program with the MOVE_TOKEN of this control plane".into(),
        Code::NotPrimary => "`banyan status` shows which one is".into(),
        Code::SourceIsPrimary => {
            format!("`banyan switch {collection}` makes the target the primary")
        }
        Code::TargetIsPrimary => format!(
            "`banyan reverse {collection}` gives it back, `banyan complete {collection}` ends the move"
        ),
        Code::ReverseFirst => format!("`banyan reverse {collection}` gives it back first"),
        Code::HandedOver => format!(
            "`banyan status` shows how far it is, and `banyan reverse {collection}` gives it back"
        ),
        Code::NotTaken => format!(
            "Only if it is lost for good: `banyan reverse {collection}` says what may be lost, and what --force would do"
        ),
        Code::TargetLost { epoch } => format!(
            "`banyan reverse {collection} --force` makes the source the primary all the same, in epoch {epoch}"
        ),
        Code::OldEpoch => format!(
            "`banyan reverse {collection} --force` leads to the source all the same, and gives up what it does not have"
        ),
        Code::Superseded => format!(
            "put a newer backup back; or keep the database aside, start its program with an empty one, and \
             `banyan follow {collection}`"
        ),
        Code::Completed => format!("`banyan complete {collection}` has ended the move for good"),
        Code::NotFollowed => format!("`banyan follow {collection}` lets it"),
        Code::NotFollowedBack => "`banyan status` shows why; complete when it does".into(),
        Code::NoCopy => {
            format!("`banyan follow {collection}` makes one, and waits until it is there")
        }
        Code::Copying => format!("`banyan follow {collection}` shows how it goes on"),
        Code::Lags => "wait, or say more with --max-lag-ms".into(),
        Code::LagUnknown => format!("`banyan follow {collection}` waits until the lag is known"),
        Code::FeedSlow => {
            "try again, `banyan status` names the transaction once it takes longer".into()
        }
        Code::NoWayBack => {
            "look at the address and the MOVE_TOKEN of both programs, then try again".into()
        }
        Code::NotCompared => {
            format!("`banyan diff {collection}` compares the copy; --force goes on without")
        }
        Code::Differs => format!(
            "`banyan diff {collection}` names the rows; `banyan cancel {collection}` and `banyan follow {collection}` \
             copy anew; --force goes on all the same"
        ),
        Code::SourceDiffers => format!(
            "`banyan diff {collection}` names the rows; write them anew, or go on with --force"
        ),
        Code::RowsWouldGo => format!(
            "`banyan diff {collection}` names those that differ; --keep-data leaves the rows there, --force goes on all \
             the same"
        ),
        Code::NoRoute => format!("`banyan switch {collection}` makes it again"),
    }
}

fn start(program: &str) -> String {
    format!(
        "start it, with `banyan start {program}` if `banyan stop` has stopped it, and ask again (`banyan status` shows \
         what is ready)"
    )
}
