//! Frames of HTTP/2 as bytes (RFC 9113, 4 to 6), and header blocks without compression (RFC 7541, 6.2.2).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::recorder::Recorder;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A block of literals.
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            // A length of 7 bits, or 127 and the rest in groups of 7 bits.
            let mut length = text.len();
            if length < 127 {
                block.push(length as u8);
            } else {
                block.push(127);
                length -= 127;
                while length >= 128 {
                    block.push((length % 128) as u8 | 128);
                    length /= 128;
                }
                block.push(length as u8);
            }
            block.extend(text.as_bytes());
        }
    }
    block
}

/// What a plane made of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// An answer with this status began.
    Answered(u16),
    /// The stream was reset, with this code.
    Reset(u32),
    /// The connection ended.
    Ended,
}

/// Sends these frames on a connection of its own, and waits for what becomes of stream 1 (or of the connection).
async fn send(mut stream: TcpStream, frames: &[u8]) -> Became {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    bytes.extend(frames);
    // The plane may have had enough before it read all.
    let _ = stream.write_all(&bytes).await;
    loop {
        let mut head = [0; 9];
        if stream.read_exact(&mut head).await.is_err() {
            return Became::Ended;
        }
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        if stream.read_exact(&mut payload).await.is_err() {
            return Became::Ended;
        }
        let on = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        match head[3] {
            HEADERS if on == 1 => return Became::Answered(status(&payload)),
            RST_STREAM if on == 1 => {
                return Became::Reset(u32::from_be_bytes(payload.try_into().unwrap()));
            }
            GOAWAY if payload[4..8] != [0; 4] => return Became::Ended,
            _ => {}
        }
    }
}

/// The status in the first field of the first block of a connection: an entry of the static table, or a literal of Huffman's
/// codes or of digits.
fn status(block: &[u8]) -> u16 {
    const INDEXED: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
    if let Some(index) = block[0].checked_sub(0x88).filter(|index| *index < 7) {
        return INDEXED[usize::from(index)];
    }
    let (length, bytes) = (usize::from(block[1] & 127), &block[2..]);
    if block[1] & 128 == 0 {
        return std::str::from_utf8(&bytes[..length]).unwrap().parse().unwrap();
    }
    let bits: Vec<u8> = bytes[..length]
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let value = |bits: &[u8]| bits.iter().fold(0, |value, bit| value << 1 | u16::from(*bit));
    let (mut at, mut status) = (0, 0);
    for _ in 0..3 {
        // 0 to 2 have 5 bits, 00000 to 00010; 3 to 9 have 6, 011001 to 011111.
        let short = value(&bits[at..at + 5]);
        let (digit, width) =
            if short <= 2 { (short, 5) } else { (value(&bits[at..at + 6]) - 0b011001 + 3, 6) };
        status = status * 10 + digit;
        at += width;
    }
    status
}

/// What is wrong if something else became of these frames than must, or if another body than this reached the service.
pub(super) async fn wrong(
    recorder: &Recorder,
    name: &str,
    frames: &[u8],
    must: Became,
    body: Option<&str>,
) -> Option<String> {
    let became = send(recorder.plane.connect().await, frames).await;
    let seen = recorder.take();
    let seen: Vec<_> =
        seen.iter().map(|(_, target, body)| (target.as_str(), body.as_str())).collect();
    let expected: Vec<_> = body.map(|body| ("/x", body)).into_iter().collect();
    let fits = became == must && seen == expected;
    (!fits).then(|| format!("{name}: {must:?} {expected:?}, but {became:?} {seen:?}\n"))
}
