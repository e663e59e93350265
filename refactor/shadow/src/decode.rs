//! The content of a body that has a `Content-Encoding` (RFC 9110, 8.4).

use std::io::Read;

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ruzstd::decoding::StreamingDecoder;

/// The largest content that is compared, in bytes. Only one comparison at a time holds it.
const DECODED_BYTES: u64 = 1024 * 1024;
/// The most codings, one in the other.
const CODINGS: usize = 3;
/// The largest window of zstd, in bytes (RFC 9659, 3).
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;
/// How much Brotli reads at once, in bytes.
const BROTLI_BUFFER: usize = 4096;

/// The content of a body with these codings, as the field lists them; none if one is not known, the body is
/// broken, or the content is larger than 1 MiB.
pub(crate) fn decode(codings: &str, body: &[u8]) -> Option<Vec<u8>> {
    let codings = codings.split(',').map(str::trim).filter(|coding| !coding.is_empty());
    let codings: Vec<_> = codings.map(str::to_ascii_lowercase).collect();
    if codings.len() > CODINGS {
        return None;
    }
    // They are listed in the order in which they were applied.
    codings.iter().rev().try_fold(body.to_vec(), |body, coding| match coding.as_str() {
        "identity" => Some(body),
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(&*body)),
        // Some programs send it without the zlib format around it.
        "deflate" => read(ZlibDecoder::new(&*body)).or_else(|| read(DeflateDecoder::new(&*body))),
        "br" => read(Decompressor::new(&*body, BROTLI_BUFFER)),
        "zstd" => read(StreamingDecoder::new_with_max_window_size(&*body, ZSTD_WINDOW).ok()?),
        _ => None,
    })
}

fn read(decoder: impl Read) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    decoder.take(DECODED_BYTES + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= DECODED_BYTES).then_some(content)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::Compression;
    use flate2::read::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::{DECODED_BYTES, decode};

    /// `{"n":1,"text":"a…"}` with 64 a's, as Node's zlib writes it.
    const BROTLI: [u8; 36] = [
        27, 80, 0, 248, 29, 9, 118, 12, 225, 198, 69, 96, 0, 191, 213, 34, 44, 49, 123, 51, 76,
        196, 173, 116, 250, 242, 14, 73, 116, 9, 20, 118, 179, 104, 128, 10,
    ];

    fn text() -> Vec<u8> {
        format!(r#"{{"n":1,"text":"{}"}}"#, "a".repeat(64)).into_bytes()
    }

    fn all(mut encoder: impl Read) -> Vec<u8> {
        let mut bytes = Vec::new();
        encoder.read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn encoded(coding: &str, content: &[u8]) -> Vec<u8> {
        match coding {
            "gzip" => all(GzEncoder::new(content, Compression::fast())),
            "deflate" => all(ZlibEncoder::new(content, Compression::fast())),
            "raw" => all(DeflateEncoder::new(content, Compression::fast())),
            _ => compress_to_vec(content, CompressionLevel::Fastest),
        }
    }

    #[test]
    fn what_browsers_accept_is_decoded() {
        for coding in ["gzip", "deflate", "zstd"] {
            assert_eq!(decode(coding, &encoded(coding, &text())), Some(text()), "{coding}");
        }
        assert_eq!(decode("deflate", &encoded("raw", &text())), Some(text()));
        assert_eq!(decode("br", &BROTLI), Some(text()));
        let twice = encoded("gzip", &encoded("zstd", &text()));
        assert_eq!(decode("ZSTD , identity,X-GZIP", &twice), Some(text()));
    }

    #[test]
    fn what_is_broken_unknown_or_too_large_is_not() {
        let bomb = vec![0; DECODED_BYTES as usize + 1];
        for coding in ["gzip", "deflate", "zstd"] {
            assert_eq!(decode(coding, &encoded(coding, &bomb)), None, "{coding}");
            assert!(decode(coding, &encoded(coding, &bomb[1..])).is_some(), "{coding}");
            let whole = encoded(coding, &text());
            assert_eq!(decode(coding, &whole[..whole.len() / 2]), None, "{coding}");
            assert_eq!(decode(coding, b"no such thing"), None, "{coding}");
        }
        assert_eq!(decode("br", &BROTLI[..20]), None);
        assert_eq!(decode("compress", b"x"), None);
        assert_eq!(decode("identity, identity, identity, identity", b"x"), None);
    }
}
