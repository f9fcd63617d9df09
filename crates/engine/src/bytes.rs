//! Numbers and texts as bytes, and back.

/// Bytes that no version ever wrote: where they come from the index, it is damaged. The text says what is wrong with
/// them.
#[derive(Debug, PartialEq, Eq)]
pub struct Impossible(pub &'static str);

/// Appends a number, small ones in few bytes: seven bits a byte, the lowest first, and a high bit for
/// "more to come".
pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a time: eight bytes, which such numbers fill anyway.
pub(crate) fn put_time(out: &mut Vec<u8>, ns: i64) {
    out.extend_from_slice(&ns.to_le_bytes());
}

/// Appends a text behind its length.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Bytes while they are read.
pub(crate) struct Bytes<'b>(pub(crate) &'b [u8]);

impl<'b> Bytes<'b> {
    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Impossible> {
        let (array, rest) = self.0.split_first_chunk().ok_or(Impossible("a row ends early"))?;
        self.0 = rest;
        Ok(*array)
    }

    /// What [`put_number`] wrote.
    pub(crate) fn number(&mut self) -> Result<u64, Impossible> {
        // Most numbers are small.
        if let Some((&byte @ 0..=0x7f, rest)) = self.0.split_first() {
            self.0 = rest;
            return Ok(byte.into());
        }
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            number |= bits << shift;
            if byte <= 0x7f {
                let lost = number >> shift != bits;
                return if lost { Err(TOO_LARGE) } else { Ok(number) };
            }
        }
        Err(TOO_LARGE)
    }

    /// A number of 32 bits.
    pub(crate) fn number32(&mut self) -> Result<u32, Impossible> {
        u32::try_from(self.number()?).map_err(|_| TOO_LARGE)
    }

    /// What [`put_time`] wrote.
    pub(crate) fn time(&mut self) -> Result<i64, Impossible> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// What [`put_text`] wrote.
    pub(crate) fn text(&mut self) -> Result<&'b str, Impossible> {
        text(self.raw_text()?)
    }

    /// The same, not looked at.
    pub(crate) fn raw_text(&mut self) -> Result<&'b [u8], Impossible> {
        let length = usize::try_from(self.number()?).map_err(|_| TOO_LARGE)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(Impossible("a text ends early"))?;
        self.0 = rest;
        Ok(text)
    }
}

/// A text as it was put.
pub(crate) fn text(raw: &[u8]) -> Result<&str, Impossible> {
    std::str::from_utf8(raw).map_err(|_| Impossible("a text is not UTF-8"))
}

const TOO_LARGE: Impossible = Impossible("a number is too large");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_come_back() {
        for shift in 0..64 {
            for number in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let mut out = Vec::new();
                put_number(&mut out, number);
                let mut bytes = Bytes(&out);
                assert_eq!((bytes.number(), bytes.0), (Ok(number), &[][..]));
                assert!(Bytes(&out[..out.len() - 1]).number().is_err());
            }
        }
    }

    #[test]
    fn what_was_never_written_is_refused() {
        assert_eq!(Bytes(&[0xff; 10]).number(), Err(TOO_LARGE));
        assert_eq!(
            Bytes(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]).number(),
            Err(TOO_LARGE)
        );
        assert_eq!(Bytes(&[0x80, 0x80, 0x80, 0x80, 0x10]).number32(), Err(TOO_LARGE));
        assert!(Bytes(&[3, b'a', b'b']).text().is_err());
        assert!(Bytes(&[1, 0xff]).text().is_err());
        assert!(Bytes(&[0; 7]).time().is_err());
    }
}
