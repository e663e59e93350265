//! Lists, page by page, in the order of creation.

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::error::ApiError;
use super::resource::{Details, Resource};

/// The most items of a page, and the default.
const ITEMS: usize = 100;

/// Which page is asked for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    items: usize,
    token: Option<String>,
}

/// A page, and the token of the next one if there is one.
pub struct ResourcePage {
    /// What is listed, in order.
    pub items: Vec<Value>,
    /// What asks for the next page.
    pub next: Option<String>,
}

/// The place of an item in its list.
type ListPosition = (i64, String);

impl PageRequest {
    /// Reads `maxResults` and `nextToken`.
    ///
    /// # Errors
    /// 400 if one breaks its rule.
    pub fn read(query: &[(String, String)]) -> Result<Self, ApiError> {
        let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        let mut faults = Vec::new();
        let number = |text: &String| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| digits)
        };
        let items = get("maxResults").map_or(Some(ITEMS), number);
        let items = items.filter(|items| (1..=ITEMS).contains(items)).unwrap_or_else(|| {
            faults.push(format!("maxResults must be a number from 1 to {ITEMS}"));
            ITEMS
        });
        let token = get("nextToken").cloned();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/+=".contains(&byte);
        if token
            .as_ref()
            .is_some_and(|token| !(1..=2_048).contains(&token.len()) || !token.bytes().all(allowed))
        {
            faults.push("nextToken must be the NextToken of the page before".into());
        }
        if faults.is_empty() {
            Ok(Self { items, token })
        } else {
            Err(ApiError::Validation(faults.join("; ")))
        }
    }

    /// The page of this list. `list` names it, so that no other list takes its tokens.
    ///
    /// # Errors
    /// 400 if the token is not one of this list's.
    pub(crate) fn cut<T>(
        &self,
        list: &str,
        mut items: Vec<(ListPosition, T)>,
        show: impl Fn(T) -> Value,
    ) -> Result<ResourcePage, ApiError> {
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        if let Some(token) = &self.token {
            let after = position(list, token).ok_or_else(|| {
                let message =
                    "nextToken is not one that this list gave; leave it out to begin anew";
                ApiError::Validation(message.into())
            })?;
            items.retain(|(position, _)| *position > after);
        }
        let more = items.len() > self.items;
        items.truncate(self.items);
        let next = items.last().filter(|_| more).map(|(position, _)| token(list, position));
        Ok(ResourcePage { items: items.into_iter().map(|(_, item)| show(item)).collect(), next })
    }

    /// The page of resources.
    ///
    /// # Errors
    /// As [`PageRequest::cut`].
    pub(crate) fn of<'a, D: Details + 'a>(
        &self,
        list: &str,
        resources: impl Iterator<Item = &'a Resource<D>>,
    ) -> Result<ResourcePage, ApiError> {
        let items = resources.map(|found| ((found.created_ms, found.id.clone()), found)).collect();
        self.cut(list, items, Resource::summary)
    }
}

/// A token: the position of the last item, and a sum that binds it to its list, in hexadecimal.
fn token(list: &str, (created, id): &ListPosition) -> String {
    let position = format!("{created} {id}");
    let sum = xxh3_64(format!("{list} {position}").as_bytes());
    position.bytes().fold(format!("{sum:016x}"), |token, byte| format!("{token}{byte:02x}"))
}

fn position(list: &str, given: &str) -> Option<ListPosition> {
    let digits = given.get(16..)?.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    let text = String::from_utf8(bytes?).ok()?;
    let (created, id) = text.split_once(' ')?;
    let position = (created.parse().ok()?, id.to_owned());
    (token(list, &position) == given).then_some(position)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::PageRequest;

    fn request(query: &[(&str, &str)]) -> Result<PageRequest, String> {
        let query: Vec<_> =
            query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        PageRequest::read(&query).map_err(|error| error.message().to_owned())
    }

    fn items() -> Vec<((i64, String), Value)> {
        [(2, "b"), (1, "z"), (2, "a"), (3, "c"), (1, "y")]
            .map(|(created, id)| ((created, id.to_owned()), json!(id)))
            .to_vec()
    }

    #[test]
    fn pages_walk_the_list_by_time_and_id() {
        let mut seen = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut query = vec![("maxResults", "2")];
            if let Some(token) = &token {
                query.push(("nextToken", token));
            }
            let page = request(&query).unwrap().cut("list", items(), |item| item).unwrap();
            seen.extend(page.items);
            match page.next {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, ["y", "z", "a", "b", "c"]);
    }

    #[test]
    fn a_full_last_page_has_no_next() {
        let page = request(&[("maxResults", "5")]).unwrap().cut("list", items(), |item| item);
        assert_eq!(page.unwrap().next, None);
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        let first = request(&[("maxResults", "1")]).unwrap().cut("list", items(), |item| item);
        let token = first.unwrap().next.unwrap();
        let again = request(&[("nextToken", &token)]).unwrap();
        assert!(again.cut("other", items(), |item| item).is_err());
        assert!(again.cut("list", items(), |item| item).is_ok());
        for bad in ["x", "00", "zz112233445566778899", &token[..token.len() - 2]] {
            let page = request(&[("nextToken", bad)]).unwrap().cut("list", items(), |item| item);
            assert!(page.is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_asked_for_has_bounds() {
        for bad in [
            ("maxResults", "0"),
            ("maxResults", "101"),
            ("maxResults", "x"),
            ("nextToken", ""),
            ("nextToken", "a b"),
        ] {
            assert!(request(&[bad]).unwrap_err().contains(bad.0), "{bad:?}");
        }
    }
}
