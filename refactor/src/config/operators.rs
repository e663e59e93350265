//! What is kept for operators: the shared state, and the keys that they sign with. Both are secrets.

use postgres::PostgresUrl;
use runtime::Variables;

use crate::keyring::Keyring;

/// The database of several processes. Either variable may hold a password, so neither's value is shown.
pub(super) fn database(variables: &mut Variables) -> Option<PostgresUrl> {
    let names = ["CONTROL_DATABASE_URL", "CONTROL_DATABASE_SECRET"];
    let read = match names.map(|name| variables.secret(name)) {
        [None, None] => return None,
        [Some(_), Some(_)] => {
            Err(format!("{}: take the one or the other, not both", names.join(", ")))
        }
        [Some(url), None] => url.parse().map_err(|error| format!("{}: {error}", names[0])),
        [None, Some(json)] => {
            PostgresUrl::from_secret(json).map_err(|error| format!("{}: {error}", names[1]))
        }
    };
    read.map_err(|error| variables.wrong(error)).ok()
}

/// The keys of operators, which no error shows.
pub(super) fn keys(variables: &mut Variables) -> Option<Keyring> {
    let read = Keyring::read(variables.secret("CONTROL_KEYS")?);
    if read.is_none() {
        variables.wrong(
            "CONTROL_KEYS: takes {\"accessKeyId\": ID, \"secretAccessKey\": SECRET}, or an array of these: each ID once, of 3 to \
             128 letters and digits, and each SECRET of at least 16 characters"
                .to_owned(),
        );
    }
    read
}
