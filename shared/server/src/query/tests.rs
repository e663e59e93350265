//! Which parameters are read, and how.

use actix_web::ResponseError;
use actix_web::body::MessageBody;
use models::View;
use store::Order;

use super::{ListQuery, NoQuery, Problem, ReadQuery, member_id};

fn list(query: &str) -> Result<ListQuery, Problem> {
    ListQuery::read(query)
}

fn faults(query: &str) -> Vec<String> {
    let body = list(query).unwrap_err().error_response().into_body();
    let body = body.try_into_bytes().unwrap_or_default();
    let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let errors = document["errors"].as_array().unwrap().iter();
    errors.map(|error| error["parameter"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_list_has_defaults() {
    let expected = ListQuery {
        view: View::Basic,
        limit: 100,
        after: None,
        before: None,
        order: Order::Ascending,
    };
    assert_eq!(list("").unwrap(), expected);
    let query = list("view=full&limit=1000&before=7&order=desc").unwrap();
    let (before, order) = (Some(7), Order::Descending);
    let expected = ListQuery { view: View::Full, limit: 1000, after: None, before, order };
    assert_eq!(query, expected);
}

#[test]
fn everything_wrong_is_named_at_once() {
    assert_eq!(faults("limit=0&order=up&view=x&after=-1"), ["view", "limit", "after", "order"]);
    assert_eq!(faults("limt=5"), ["limt"]);
    assert_eq!(faults(&"b&a&".repeat(10_000)), ["a", "b"]);
    assert_eq!(faults("limit=5&limit=5"), ["limit"]);
    for limit in ["1001", "", "+1", "01", "1.0", "99999999999999999999", "%00"] {
        assert_eq!(faults(&format!("limit={limit}")), ["limit"], "{limit}");
    }
}

#[test]
fn an_id_has_one_form() {
    assert_eq!(member_id("1"), Some(1));
    assert_eq!(member_id("9223372036854775807"), Some(models::MAX_ID));
    for id in ["0", "-1", "+1", "01", "1.0", "abc", "", "9223372036854775808", "1 "] {
        assert!(member_id(id).is_none(), "{id}");
    }
}

#[test]
fn a_write_takes_no_parameters() {
    assert!(NoQuery::read("view=full").is_err());
    assert!(NoQuery::read("").is_ok());
}
