//! The ends of the frames of a WebSocket (RFC 6455, 5.2). Only their headers are looked at.

/// The opcode of the frame after which its sender says no more (RFC 6455, 5.5.1).
const CLOSE: u8 = 0x8;

/// How far a stream of frames has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frames {
    /// How many bytes of a header were seen; 0 within a payload and between two frames.
    seen: u8,
    /// How long the header is, once its second byte was seen.
    header: u8,
    /// The length of the payload, as far as the header was seen; then how much of the payload is to come.
    left: u64,
    /// Whether the sender said that it says no more.
    closed: bool,
}

impl Frames {
    /// Whether the next byte begins a frame.
    pub(super) fn is_between(self) -> bool {
        self.seen == 0 && self.left == 0
    }

    /// Whether a close frame began.
    pub(super) fn is_closed(self) -> bool {
        self.closed
    }

    /// Takes note of bytes that follow the ones before.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let passed = self.pass_frame(bytes);
            bytes = bytes.get(passed..).unwrap_or_default();
        }
    }

    /// How many of the bytes that come next belong to the current frame.
    pub(super) fn rest_of_frame(mut self, bytes: &[u8]) -> usize {
        if self.is_between() { 0 } else { self.pass_frame(bytes) }
    }

    /// Takes note of bytes up to the end of a frame; how many they are.
    fn pass_frame(&mut self, bytes: &[u8]) -> usize {
        let mut passed = 0;
        while self.seen > 0 || self.left == 0 {
            let Some(byte) = bytes.get(passed) else { return passed };
            passed += 1;
            self.pass_header(*byte);
            if self.is_between() {
                return passed;
            }
        }
        let rest = (bytes.len() - passed) as u64;
        let payload = self.left.min(rest);
        self.left -= payload;
        passed + payload as usize
    }

    fn pass_header(&mut self, byte: u8) {
        let extended = |length| match length {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        match self.seen {
            0 => self.closed |= byte & 0x0f == CLOSE,
            1 => {
                let (masked, length) = (byte >> 7, byte & 0x7f);
                self.header = 2 + extended(length) + 4 * masked;
                self.left = if extended(length) == 0 { length.into() } else { 0 };
            }
            // The mask, if there is one, is the last 4 bytes; a length of 0 can have one too.
            seen if seen < 2 + self.length_bytes() => self.left = self.left << 8 | u64::from(byte),
            _ => {}
        }
        self.seen += 1;
        if self.seen >= 2 && self.seen == self.header {
            self.seen = 0;
        }
    }

    /// How many bytes of the header hold the length, besides the second one.
    fn length_bytes(self) -> u8 {
        // Without a mask: 2, 4 or 10; with it: 6, 8 or 14.
        match self.header {
            4 | 8 => 2,
            10 | 14 => 8,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Frames;

    fn frame(opcode: u8, masked: bool, length: usize) -> Vec<u8> {
        let mask = u8::from(masked) << 7;
        let mut frame = vec![0x80 | opcode];
        match length {
            0..126 => frame.push(mask | length as u8),
            126..65_536 => {
                frame.push(mask | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(mask | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend(vec![0xff; if masked { 4 } else { 0 }]);
        // A payload that looks like a close frame.
        frame.extend([0x88, 0x00].iter().cycle().take(length));
        frame
    }

    #[test]
    fn the_ends_of_frames_are_found_however_they_arrive() {
        let lengths = [0, 1, 125, 126, 127, 128, 65_535, 65_536, 70_000];
        for masked in [false, true] {
            let frames: Vec<_> = lengths.map(|length| frame(0x2, masked, length)).into();
            let bytes = frames.concat();
            let mut ends: Vec<usize> = Vec::new();
            for frame in &frames {
                ends.push(ends.last().copied().unwrap_or_default() + frame.len());
            }
            for step in [1, 2, 3, 1_000, 100_000] {
                let (mut state, mut at) = (Frames::default(), 0);
                while at < bytes.len() {
                    let end = (at + step).min(bytes.len());
                    let next = ends.iter().find(|end| **end > at).copied().unwrap();
                    let expected = if ends.contains(&at) || at == 0 { 0 } else { next - at };
                    assert_eq!(state.rest_of_frame(&bytes[at..]), expected, "{masked} {at}");
                    state.pass(&bytes[at..end]);
                    at = end;
                    assert_eq!(state.is_between(), ends.contains(&at), "{masked} {step} {at}");
                }
                assert!(!state.is_closed());
            }
        }
    }

    #[test]
    fn a_close_frame_is_noticed_with_its_first_byte() {
        let mut state = Frames::default();
        state.pass(&frame(0x1, false, 3));
        state.pass(&[0x88]);
        assert!(state.is_closed() && !state.is_between());
    }

    #[test]
    fn a_length_that_is_no_length_ends_nothing_early() {
        let mut state = Frames::default();
        state.pass(&[0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        state.pass(&[0; 1_000]);
        assert!(!state.is_between());
    }
}
