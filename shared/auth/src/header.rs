//! What the head of a token says, before any key is used (RFC 8725, 3.1, 3.9 and 3.11).

use jsonwebtoken::{Algorithm, Header, decode_header};

use crate::refusal::Refusal;

/// The algorithms that are taken. None of them takes a secret that both sides know.
pub(crate) const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];
/// The types that a token may have; it need not say one.
const TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];
/// The longest id of a key, in bytes.
const MOST_KID_BYTES: usize = 256;

/// Reads the head. `jku`, `jwk`, `x5u` and `x5c` in it are not used: keys come only from the issuer.
///
/// # Errors
/// If it cannot be read, or has another algorithm or type, or something that must be understood.
pub(crate) fn read(token: &str) -> Result<Header, Refusal> {
    // The library knows no algorithm `none`.
    let header = decode_header(token).map_err(|_error| {
        Refusal::Invalid("the head of the token cannot be read, or has an unknown algorithm")
    })?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Refusal::Invalid("the token has an algorithm that is not taken"));
    }
    if header.crit.is_some() || header.enc.is_some() || header.zip.is_some() {
        return Err(Refusal::Invalid("the token has a head that must be understood, and is not"));
    }
    let known = |typ: &String| TYPES.iter().any(|known| known.eq_ignore_ascii_case(typ));
    if header.typ.as_ref().is_some_and(|typ| !known(typ)) {
        return Err(Refusal::Invalid("the token is of another type"));
    }
    if header.kid.as_ref().is_some_and(|kid| kid.len() > MOST_KID_BYTES) {
        return Err(Refusal::Invalid("the token has a key id that is too long"));
    }
    Ok(header)
}

/// Whether the head says that it is an access token (RFC 9068, 2.1).
pub(crate) fn says_access(header: &Header) -> bool {
    let access = |typ: &String| typ.to_ascii_lowercase().ends_with("at+jwt");
    header.typ.as_ref().is_some_and(access)
}
