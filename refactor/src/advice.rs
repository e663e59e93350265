//! What helps: the only place of the control plane that knows the commands and options of `banyan`.

use moves::{Code, CommandRefusal, ErrorCode, Finding};
use spaces::resource::Protection;

/// What is wrong with the move of a collection, and what helps.
pub(crate) fn finding(collection: &str, found: &Finding) -> String {
    with_advice(&found.text, found.code.as_slice(), collection)
}

/// Why a command on a collection was refused, and what helps.
pub(crate) fn refusal(collection: &str, refusal: &CommandRefusal) -> String {
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

/// What helps if a new route clashes with one that `follow` made, as the end of a sentence.
pub(crate) fn followed_route(path: &str) -> String {
    let collection = path.trim_start_matches('/');
    format!(
        "; `banyan follow {collection}` made that one. Leave the new one out, and `banyan switch {collection}` lets that one take \
         traffic; or delete it, and the new one takes its place: the copy goes on meanwhile"
    )
}

fn with_advice(text: &str, codes: &[Code], collection: &str) -> String {
    let advice: Vec<_> = codes.iter().filter_map(|code| advice(*code, collection)).collect();
    if advice.is_empty() {
        return text.to_owned();
    }
    let between = if text.ends_with('.') { "" } else { ":" };
    format!("{text}{between} {}", advice.join("; "))
}

/// What helps against it, as the end of a sentence.
fn advice(code: Code, collection: &str) -> Option<String> {
    let advice = match code {
        Code::Program(code) => return program(code, collection),
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
    };
    Some(advice)
}

/// What helps if a program refuses its part, in addition to what it says itself.
fn program(code: ErrorCode, collection: &str) -> Option<String> {
    Some(match code {
        ErrorCode::WentBack | ErrorCode::Purged | ErrorCode::UnfitPage => {
            format!("`banyan cancel {collection}` and `banyan follow {collection}` copy anew")
        }
        ErrorCode::InUse | ErrorCode::FollowsAnother => {
            format!("`banyan cancel {collection}` ends a copy")
        }
        ErrorCode::HandoverOpen => {
            format!("`banyan reverse {collection}` says what helps if it is lost for good")
        }
        ErrorCode::NoSuccessor => {
            format!("`banyan switch {collection}` before `banyan complete {collection}`")
        }
        ErrorCode::NotPrimary
        | ErrorCode::NotFollower
        | ErrorCode::OtherEpoch
        | ErrorCode::HandedOver
        | ErrorCode::NeverHandedOver
        | ErrorCode::SourceNotPrimary => "`banyan status` shows which one is the primary".into(),
        ErrorCode::Unreadable
        | ErrorCode::BodyLate
        | ErrorCode::BodyTooLarge
        | ErrorCode::OtherMediaType
        | ErrorCode::Fenced
        | ErrorCode::NotFenced
        | ErrorCode::FenceTooLong
        | ErrorCode::WritesRunning
        | ErrorCode::SameStore
        | ErrorCode::OtherCollection
        | ErrorCode::PeerUnavailable
        | ErrorCode::PeerRefuses
        | ErrorCode::ProbeFailed
        | ErrorCode::Unavailable
        | ErrorCode::NoSpace
        | ErrorCode::OutcomeUnknown
        | ErrorCode::OutcomeLate
        | ErrorCode::Internal => return None,
    })
}

fn start(program: &str) -> String {
    format!(
        "start it, with `banyan start {program}` if `banyan stop` has stopped it, and ask again (`banyan status` shows \
         what is ready)"
    )
}

#[cfg(test)]
mod tests {
    use moves::{Code, ErrorCode, Finding};

    use super::finding;

    fn shown(text: &str, code: Option<Code>) -> String {
        finding("users", &Finding { text: text.into(), code })
    }

    #[test]
    fn what_helps_stands_behind_what_is_wrong() {
        assert_eq!(shown("it lags", None), "it lags");
        let code = Some(Code::Program(ErrorCode::FollowsAnother));
        assert_eq!(shown("it follows a", code), "it follows a: `banyan cancel users` ends a copy");
        assert_eq!(shown("no space", Some(Code::Program(ErrorCode::NoSpace))), "no space");
        let code = Some(Code::NoRoute);
        assert_eq!(shown("No route.", code), "No route. `banyan switch users` makes it again");
    }
}
