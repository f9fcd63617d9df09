//! Ids that are never given twice: of records and of accounts.

/// In ASCII order, so that ids made later sort later and a new record's index entry goes to the end.
const ALPHABET: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

/// Random bytes in a record's id.
pub(super) const RANDOM_BYTES: usize = 10;

/// A record's id: 22 letters for 48 bits of time in milliseconds and 80 random bits.
pub(super) fn record_id(now_ms: i64, random: &[u8; RANDOM_BYTES]) -> String {
    let mut bits = u128::from(now_ms.unsigned_abs()) << 80;
    for (index, byte) in random.iter().enumerate() {
        bits |= u128::from(*byte) << (8 * index);
    }
    // 128 bits in letters of 6 bits: the first letter holds the two topmost.
    let letter = |index: u32| char::from(ALPHABET[((bits >> (126 - 6 * index)) & 63) as usize]);
    (0..22).map(letter).collect()
}

/// An account's id: the name's BLAKE3 digest under a context of its own, in lowercase hex. (The
/// documents say SHA-256; nothing can be derived from either, and one hash function is enough.)
pub(super) fn account_id(name: &str) -> String {
    blake3::Hash::from(blake3::derive_key("cloudsync 2026 embedded cloud account id", name.as_bytes()))
        .to_hex()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_in_order() {
        let early = record_id(1_700_000_000_000, &[0xff; RANDOM_BYTES]);
        let late = record_id(1_700_000_000_001, &[0; RANDOM_BYTES]);
        assert!(early.len() <= 23);
        assert!(early < late);
    }

    #[test]
    fn every_random_bit_counts() {
        let mut seen = std::collections::BTreeSet::new();
        for bit in 0..RANDOM_BYTES * 8 {
            let mut random = [0; RANDOM_BYTES];
            random[bit / 8] |= 1 << (bit % 8);
            assert!(seen.insert(record_id(1, &random)));
        }
    }
}
