//! The calls: the methods and paths under `/-/`.

/// What a refactor proxy calls itself in `Via` begins with this.
const PROXY: &[u8] = b"refactor-";

/// Something that can be asked under `/-/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// What the store is now.
    Ownership,
    /// What changed after a cursor.
    Changes,
    /// The fingerprint of a range of rows.
    Digest,
    /// A fingerprint for each row of a range, or of those that changed last.
    Hashes,
    /// A fingerprint for each of the rows that are named.
    NamedHashes,
    /// Begin to copy and follow a source.
    Follow,
    /// Follow no longer, and forget what was copied.
    Cancel,
    /// Look whether a peer can be read.
    Probe,
    /// Refuse writes for a time.
    Fence,
    /// Let writes go on.
    Release,
    /// Give the ownership away.
    Handover,
    /// End the service of a follower.
    Retire,
    /// Take back what was handed over to a store that is lost.
    Take,
    /// Wait for a follower no longer.
    Forget,
}

impl Call {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Ownership,
        Self::Changes,
        Self::Digest,
        Self::Hashes,
        Self::NamedHashes,
        Self::Follow,
        Self::Cancel,
        Self::Probe,
        Self::Fence,
        Self::Release,
        Self::Handover,
        Self::Retire,
        Self::Take,
        Self::Forget,
    ];

    /// The last segment of its path.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Ownership => "ownership",
            Self::Changes => "changes",
            Self::Digest => "digest",
            Self::Hashes | Self::NamedHashes => "hashes",
            Self::Follow => "follow",
            Self::Cancel => "cancel",
            Self::Probe => "probe",
            Self::Fence => "fence",
            Self::Release => "release",
            Self::Handover => "handover",
            Self::Retire => "retire",
            Self::Take => "take",
            Self::Forget => "forget",
        }
    }

    /// Whether it is a `POST`, with a body; the others are a `GET`, with a query.
    pub fn has_body(self) -> bool {
        !matches!(self, Self::Ownership | Self::Changes | Self::Digest | Self::Hashes)
    }
}

/// Whether a request came through a refactor proxy, by the values of its fields `Via`. Its clients ask for no move.
pub fn is_proxied<'a>(mut vias: impl Iterator<Item = &'a [u8]>) -> bool {
    vias.any(|via| via.windows(PROXY.len()).any(|part| part == PROXY))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Call, is_proxied};

    #[test]
    fn the_description_of_the_protocol_has_these_calls_and_no_other() {
        let document = include_str!("../../../../docs/protocol.openapi.json");
        let document: serde_json::Value = serde_json::from_str(document).unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let segment = path.rsplit_once('/').map_or(&**path, |(_, segment)| segment);
            for method in methods.as_object().unwrap().keys() {
                described.insert((method.clone(), segment.to_owned()));
            }
        }
        let method = |call: Call| if call.has_body() { "post" } else { "get" };
        let calls = Call::ALL.map(|call| (method(call).to_owned(), call.segment().to_owned()));
        assert_eq!(BTreeSet::from(calls), described);
    }

    #[test]
    fn a_request_of_a_refactor_proxy_is_known_by_its_via() {
        let proxied = |vias: &[&str]| is_proxied(vias.iter().map(|via| via.as_bytes()));
        assert!(proxied(&["1.1 refactor-0a"]) && proxied(&["1.1 cdn", "1.1 cdn, 2 refactor-0a"]));
        assert!(!proxied(&[]) && !proxied(&["1.1 cdn"]));
    }
}
