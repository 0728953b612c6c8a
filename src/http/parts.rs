//! [`Parts`]: bytes in the parts in which they arrived, which take little more memory than the bytes themselves.

use std::collections::VecDeque;

use bytes::Bytes;

use super::background;

/// Parts shorter than this, in bytes, are joined. Each part has its own overhead and keeps alive the whole buffer that
/// it was received in.
const SHORT: usize = 4 * 1024;
/// The length up to which parts are joined, in bytes.
const JOINED: usize = 64 * 1024;
/// A single part that is shorter than this, in bytes, is copied if it is all there is. The buffer that it was received in is
/// then free for the connection's next answer. To make another one, and to wipe it when it is freed, costs more than
/// the copy.
const COPIED: usize = 64 * 1024;

/// Bytes that were received and not read yet.
#[derive(Debug, Default)]
pub(super) struct Parts {
    closed: VecDeque<Bytes>,
    /// The bytes after the closed parts, which are still being joined.
    last: Vec<u8>,
    length: usize,
}

impl Parts {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn push(&mut self, part: Bytes) {
        if part.is_empty() {
            return;
        }
        self.length += part.len();
        // The first part may be all there is, and is then copied only once.
        let is_first = self.closed.is_empty() && self.last.is_empty();
        if part.len() < SHORT && !is_first {
            self.last.extend_from_slice(&part);
            if self.last.len() >= JOINED {
                self.close_last();
            }
        } else {
            self.close_last();
            self.closed.push_back(part);
        }
    }

    /// Takes parts of at most `most` bytes in total.
    pub(super) fn take(&mut self, most: usize) -> Vec<Bytes> {
        self.close_last();
        let mut taken = Vec::with_capacity(self.closed.len());
        let mut room = most;
        while room > 0
            && let Some(mut part) = self.closed.pop_front()
        {
            if part.len() > room {
                self.closed.push_front(part.split_off(room));
            }
            room -= part.len();
            taken.push(part);
        }
        self.length -= most - room;
        taken
    }

    /// Takes all bytes as one part.
    pub(super) fn take_whole(&mut self) -> Bytes {
        self.close_last();
        let length = std::mem::take(&mut self.length);
        if self.closed.len() <= 1 {
            let part = self.closed.pop_front().unwrap_or_default();
            return if part.len() < COPIED { Bytes::copy_from_slice(&part) } else { part };
        }
        let mut whole = Vec::with_capacity(length);
        // Each part is freed once it is copied, so that the bytes are never held twice.
        while let Some(part) = self.closed.pop_front() {
            whole.extend_from_slice(&part);
        }
        whole.into()
    }

    fn close_last(&mut self) {
        if !self.last.is_empty() {
            self.closed.push_back(std::mem::take(&mut self.last).into());
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        background::give_up(self.length, std::mem::take(&mut self.closed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in_whatever_their_parts() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        for length in [1, 7, SHORT - 1, SHORT, 100_000, 300_000] {
            let mut parts = Parts::default();
            for part in bytes.chunks(length) {
                parts.push(Bytes::copy_from_slice(part));
            }
            assert_eq!(parts.len(), bytes.len());
            let first = parts.take(1000).concat();
            assert_eq!(first, bytes[..1000]);
            assert_eq!(parts.take_whole(), bytes[1000..]);
            assert!(parts.is_empty() && parts.take(10).is_empty());
        }
    }

    #[test]
    fn short_parts_are_copied_together_and_a_single_long_one_is_not_copied() {
        let mut parts = Parts::default();
        for _ in 0..1_000_000 {
            parts.push(Bytes::from_static(b"x"));
        }
        assert!(parts.closed.len() <= 1_000_000 / JOINED + 1, "{}", parts.closed.len());
        let mut single = Parts::default();
        let part = Bytes::from(vec![7; COPIED]);
        let address = part.as_ptr();
        single.push(part);
        single.push(Bytes::new());
        assert_eq!(single.take_whole().as_ptr(), address);
    }

    #[test]
    fn a_short_whole_lets_its_buffer_go() {
        let mut parts = Parts::default();
        let buffer = Bytes::from(vec![7; COPIED]);
        parts.push(buffer.slice(1..COPIED));
        let whole = parts.take_whole();
        assert!(buffer.is_unique());
        assert_eq!(whole, vec![7; COPIED - 1]);
    }
}
