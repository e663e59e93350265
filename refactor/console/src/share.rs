//! Sets the canary and the shadow of a route.

use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use crate::answer::Answer;
use crate::facts::Route;
use crate::hub::Hub;
use crate::pages::{self, Entered, Main};
use crate::request::Request;
use crate::sessions::Session;
use crate::shown::{shown, told};
use crate::source::Ask;
use crate::view::{link, path};

/// The tags that the form sets, and its fields.
const FIELDS: [(&str, &str); 2] = [("banyan:canary", "canary"), ("banyan:shadow", "shadow")];

/// Does what the form says, if the route still is as the form showed it.
pub(crate) fn share(hub: &Hub, id: &str, request: &Request, session: &Session) -> Answer {
    let look = hub.look_now();
    let Some(route) = look.overview.route(id).filter(|route| !route.is_default()) else {
        return told(session, 404, "Not done", "There is no such route. Nothing was done.");
    };
    let again = |status, problem: &str, typed| {
        let before = Entered { problem: Some(problem), typed };
        shown(&Main { status, ..pages::shares(route, session, &before) }, session, None)
    };
    if has_changed(route, request) {
        let problem = "The shares have changed since your page was made, so nothing was done. This is how they are now.";
        return again(409, problem, None);
    }
    let (mut set, mut removed) = (Map::new(), Serializer::new(String::new()));
    for (tag, field) in FIELDS {
        let wanted = request.field(field).trim();
        let present = request.form.iter().any(|(name, _)| name == field);
        if !present || route.percent(tag).unwrap_or_default() == wanted {
            continue;
        }
        if wanted.is_empty() {
            removed.append_pair("tagKeys", tag);
        } else if wanted.parse::<u8>().is_ok_and(|percent| percent <= 100) {
            set.insert(tag.to_owned(), wanted.into());
        } else {
            let problem = "A share is a whole number from 0 to 100, or empty. Nothing was done.";
            return again(400, problem, Some(request));
        }
    }
    let (path, region) = (path(&["tags", &route.arn]), route.region());
    let ask = |method, query: &str, body: &Value| {
        hub.source.ask(&Ask { region, method, path: &path, query, body })
    };
    let sets = !set.is_empty();
    if sets && let Err(refused) = ask("POST", "", &json!({ "Tags": set })) {
        return again(refused.status, &refused.message, Some(request));
    }
    let query = removed.finish();
    if !query.is_empty()
        && let Err(refused) = ask("DELETE", &query, &Value::Null)
    {
        if !sets {
            return again(refused.status, &refused.message, Some(request));
        }
        let problem = format!(
            "One share was set. The other was to be removed, and that failed: {}. Load this page again before you go on.",
            refused.message
        );
        return again(refused.status, &problem, Some(request));
    }
    hub.look_now();
    hub.wake();
    Answer::see(link(&["routes", id]))
}

/// Whether the form showed other shares than there are now. The share of a canary that rises by itself changes without
/// a form, and the form does not set it.
fn has_changed(route: &Route, request: &Request) -> bool {
    Route::SHARES
        .into_iter()
        .filter(|tag| !(route.rises() && *tag == "banyan:canary"))
        .any(|tag| request.field(&pages::shown_as(tag)) != route.percent(tag).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use proxy::{RouteTraffic, ShadowReport};
    use serde_json::{Value, json};

    use super::share;
    use crate::hub::Hub;
    use crate::request::Request;
    use crate::sessions::Session;
    use crate::source::{Ask, ControlPlane, Refused};

    /// A route whose tags can be set, and how often they were.
    #[derive(Clone, Default)]
    struct Tagged(Arc<Mutex<(BTreeMap<String, String>, usize)>>);

    impl Tagged {
        fn set(&self, tag: &str, value: &str) {
            self.0.lock().unwrap().0.insert(format!("banyan:{tag}"), value.to_owned());
        }

        fn tag(&self, tag: &str) -> Option<String> {
            self.0.lock().unwrap().0.get(&format!("banyan:{tag}")).cloned()
        }
    }

    impl ControlPlane for Tagged {
        fn ask(&self, ask: &Ask<'_>) -> Result<Value, Refused> {
            let (tags, asked) = &mut *self.0.lock().unwrap();
            if ask.path == "/-/overview" {
                let route = json!({
                    "RouteId": "rte-1", "Arn": "arn:x:y:local:1:rte-1", "SourcePath": "/users", "Tags": tags,
                });
                return Ok(json!({ "routes": [route] }));
            }
            *asked += 1;
            if ask.method == "DELETE" {
                if tags.get("refuses").is_some() {
                    return Err(Refused { status: 409, message: "not now".into() });
                }
                for (_, key) in url::form_urlencoded::parse(ask.query.as_bytes()) {
                    tags.remove(&*key);
                }
            } else {
                let new = ask.body["Tags"].as_object().unwrap().clone();
                tags.extend(new.iter().map(|(k, v)| (k.clone(), v.as_str().unwrap().to_owned())));
            }
            Ok(json!({}))
        }

        fn traffic(&self) -> Vec<RouteTraffic> {
            Vec::new()
        }

        fn shadows(&self) -> Vec<ShadowReport> {
            Vec::new()
        }

        fn shadow(&self, _: &str) -> Option<ShadowReport> {
            None
        }
    }

    /// Sends a form that showed these shares; gives its status and page.
    fn send(tagged: &Tagged, shown: [&str; 2], typed: [&str; 2]) -> (u16, String) {
        let names = ["shown-banyan:canary", "shown-banyan:shadow", "canary", "shadow"];
        let values = shown.into_iter().chain(typed).map(str::to_owned);
        let form = names.map(str::to_owned).into_iter().zip(values).collect();
        let session = Session {
            secret: "s".into(),
            key_id: "KEY".into(),
            read_only: false,
            expires_ms: i64::MAX / 2,
        };
        let request = Request { is_post: true, form, ..Request::default() };
        let answer = share(&Hub::new(tagged.clone()), "rte-1", &request, &session);
        (answer.status, answer.body)
    }

    #[test]
    fn a_form_does_not_undo_what_another_page_set_meanwhile() {
        let tagged = Tagged::default();
        tagged.set("canary", "50");
        let (status, page) = send(&tagged, ["", ""], ["", "10"]);
        assert_eq!(status, 409, "{page}");
        assert!(page.contains(r#"value="50""#), "it shows what is so now: {page}");
        assert_eq!((tagged.tag("canary").as_deref(), tagged.tag("shadow")), (Some("50"), None));
        assert_eq!(send(&tagged, ["50", ""], ["", "10"]).0, 303);
        assert_eq!((tagged.tag("canary"), tagged.tag("shadow").as_deref()), (None, Some("10")));
    }

    #[test]
    fn both_shares_are_checked_before_one_is_set() {
        let tagged = Tagged::default();
        let (status, page) = send(&tagged, ["", ""], ["5", "abc"]);
        assert_eq!((status, tagged.tag("canary")), (400, None), "{page}");
        assert!(page.contains(r#"value="5""#) && page.contains(r#"value="abc""#), "{page}");
        assert_eq!(send(&tagged, ["", ""], ["5", "7"]).0, 303);
        assert_eq!((tagged.tag("canary").as_deref(), tagged.0.lock().unwrap().1), (Some("5"), 1));
        // One is set, the other one is to go, and that fails.
        tagged.0.lock().unwrap().0.insert("refuses".into(), String::new());
        let (status, page) = send(&tagged, ["5", "7"], ["", "9"]);
        assert_eq!((status, tagged.tag("shadow").as_deref()), (409, Some("9")));
        assert!(page.contains("One share was set"), "{page}");
    }
}
