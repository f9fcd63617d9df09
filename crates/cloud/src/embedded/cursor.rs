//! Where a listing of one table stands, as opaque text.

use std::fmt;

/// A position in a table's listing.
///
/// `seq` is the last write seen. `horizon` is how far deletions had been forgotten when the listing
/// began: such a listing never showed the records that were forgotten before, so it misses nothing
/// by them, however low its `seq` still is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) epoch: i64,
    pub(super) table: i64,
    pub(super) seq: i64,
    pub(super) horizon: i64,
}

impl Cursor {
    /// Reads the text; `None` for anything that [`Cursor::to_string`] does not write.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| i64::from_str_radix(part, 16).ok());
        let cursor = Cursor {
            epoch: parts.next()??,
            table: parts.next()??,
            seq: parts.next()??,
            horizon: parts.next()??,
        };
        let whole = parts.next().is_none() && cursor.to_string() == text;
        whole.then_some(cursor)
    }

    /// Whether deletions that this listing has not seen have been forgotten, given how far the
    /// table has forgotten them by now.
    pub(super) fn expired(&self, horizon: i64) -> bool {
        self.seq.max(self.horizon) < horizon
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}.{:x}.{:x}", self.epoch, self.table, self.seq, self.horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let cursor = Cursor { epoch: i64::MAX, table: 3, seq: 77, horizon: 12 };
        assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["x", "1", "1.2.3", "1.2.3.4.5", "+1.2.3.4", "1.2.3.-4", "01.2.3.4", "1.2.3.", "1.2.3.4 "]
        {
            assert_eq!(Cursor::parse(text), None, "{text}");
        }
    }

    #[test]
    fn forgotten_before_the_listing_is_no_loss() {
        let begun_late = Cursor { epoch: 1, table: 1, seq: 5, horizon: 10 };
        assert!(!begun_late.expired(10));
        assert!(begun_late.expired(11));
        assert!(!Cursor { seq: 11, ..begun_late }.expired(11));
    }
}
