//! How many things a message lists, at all depths: an empty one is two bytes on the wire, and hundreds in memory.

use prost::Message;
use prost::encoding::decode_varint;

use super::*;

/// A field in which there are lists, or which is one.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    tag: u64,
    /// Whether it is a list itself. A row's fields are none: those of the same name are one.
    listed: bool,
    parts: &'static [Part],
}

const fn list(tag: u64, parts: &'static [Part]) -> Part {
    Part { tag, listed: true, parts }
}

const fn one(tag: u64, parts: &'static [Part]) -> Part {
    Part { tag, listed: false, parts }
}

const DATABASE: &[Part] = &[list(3, &[list(3, &[])])];
const VALUE: &[Part] = &[one(7, &[list(1, &[])])];
/// An entry of a row's fields: a name, and a value.
const FIELD: &[Part] = &[one(2, VALUE)];

/// What is in a frame's body.
pub(crate) trait Body: Message + Default {
    /// The fields in which there are lists. Those at the top are counted whatever they are.
    const PARTS: &'static [Part] = &[];
}

impl Body for AppSchema {
    const PARTS: &'static [Part] = &[list(3, DATABASE)];
}

impl Body for BundleDatabase {
    const PARTS: &'static [Part] = &[one(2, DATABASE)];
}

impl Body for Subscribe {
    const PARTS: &'static [Part] = &[list(1, &[one(2, DATABASE)])];
}

impl Body for Write {
    const PARTS: &'static [Part] = &[list(3, &[one(4, FIELD)])];
}

impl Body for Page {
    const PARTS: &'static [Part] = &[list(3, &[one(6, FIELD)])];
}

/// Messages that have lists at their top at most.
macro_rules! flat {
    ($($message:ty),* $(,)?) => { $(impl Body for $message {})* };
}

flat!(
    AllocResource,
    Apps,
    Bundle,
    ChangeConfirmation,
    Changed,
    ConfirmInvitation,
    Connected,
    Download,
    Failure,
    GenerateId,
    Goodbye,
    Hello,
    Ids,
    Items,
    LockInfo,
    Moved,
    Nothing,
    OfHandle,
    OfInvitation,
    OfLock,
    OfParticipants,
    OfShare,
    ParticipantResults,
    Participants,
    Prove,
    Query,
    Receipts,
    ServiceInfo,
    SharingResource,
    SubscribeInfo,
    Unlocked,
    Unsubscribe,
    Upload,
    UserBundle,
    Want,
    Welcome,
);

/// How many texts, bytes and messages a message has at its top, and how many things the lists within them. Nothing where it
/// cannot be read.
pub(crate) fn listed<M: Body>(body: &[u8]) -> Option<usize> {
    let mut within = 0;
    let top = fields(body, |tag, content| {
        within += counted(M::PARTS, tag, content)?.1;
        Some(())
    })?;
    Some(top + within)
}

/// Whether a field is a list's, and how many things the lists within it have.
fn counted(parts: &[Part], tag: u64, content: &[u8]) -> Option<(bool, usize)> {
    let Some(part) = parts.iter().find(|part| part.tag == tag) else { return Some((false, 0)) };
    let mut count = 0;
    if !part.parts.is_empty() {
        fields(content, |tag, content| {
            let (listed, within) = counted(part.parts, tag, content)?;
            count += usize::from(listed) + within;
            Some(())
        })?;
    }
    Some((part.listed, count))
}

/// Goes through a message's texts, bytes and messages; how many there are.
fn fields(mut body: &[u8], mut each: impl FnMut(u64, &[u8]) -> Option<()>) -> Option<usize> {
    let mut count = 0;
    while !body.is_empty() {
        let key = decode_varint(&mut body).ok()?;
        let length = match key & 7 {
            0 => decode_varint(&mut body).map(|_| 0).ok()?,
            1 => 8,
            2 => usize::try_from(decode_varint(&mut body).ok()?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (content, rest) = body.split_at_checked(length)?;
        body = rest;
        if key & 7 == 2 {
            count += 1;
            each(key >> 3, content)?;
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of which each of several fields lists so many empty things.
    fn wrapped(tags: &[u64], empty: usize) -> Vec<u8> {
        let Some((tag, tags)) = tags.split_first() else { return Vec::new() };
        let inner = if tags.is_empty() { Vec::new() } else { wrapped(tags, empty) };
        let one = [vec![(tag << 3 | 2) as u8], length(inner.len()), inner].concat();
        if tags.is_empty() { one.repeat(empty) } else { one }
    }

    fn length(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }

    #[test]
    fn what_is_listed_at_any_depth_is_counted() {
        // Records with fields with values with lists of assets.
        assert_eq!(listed::<Page>(&wrapped(&[3, 6, 2, 7, 1], 100)), Some(101));
        assert_eq!(listed::<Write>(&wrapped(&[3, 4, 2, 7, 1], 100)), Some(101));
        // Databases with tables with columns.
        assert_eq!(listed::<AppSchema>(&wrapped(&[3, 3, 3], 100)), Some(102));
        assert_eq!(listed::<BundleDatabase>(&wrapped(&[2, 3, 3], 100)), Some(102));
        assert_eq!(listed::<Subscribe>(&wrapped(&[1, 2, 3, 3], 100)), Some(102));
        // At the top it is all the same what.
        assert_eq!(listed::<Ids>(&wrapped(&[1], 100)), Some(100));
        // A text is one, whatever is in it.
        assert_eq!(listed::<Bundle>(&wrapped(&[1, 3, 3], 100)), Some(1));
        assert_eq!(listed::<Page>(&wrapped(&[3, 6, 1, 1], 100)), Some(1));
    }

    #[test]
    fn what_is_cut_off_is_not_counted_at_all() {
        let whole = wrapped(&[3, 6, 2, 7, 1], 100);
        for end in 1..whole.len() {
            assert_eq!(listed::<Page>(&whole[..end]), None, "{end}");
        }
        assert_eq!(listed::<Page>(&[&whole[..], &[0x0b]].concat()), None, "a group is none of ours");
    }

    /// What the parts say is what the messages are: a list of empty things is read as one.
    #[test]
    fn the_parts_are_where_the_lists_are() {
        let page = Page::decode(&*wrapped(&[3, 6, 2, 7, 1], 9)).unwrap();
        let value = page.records[0].values.values().next().unwrap();
        assert!(matches!(&value.kind, Some(Kind::Assets(all)) if all.assets.len() == 9));
        let write = Write::decode(&*wrapped(&[3, 4, 2, 7, 1], 9)).unwrap();
        let value = write.rows[0].values.values().next().unwrap();
        assert!(matches!(&value.kind, Some(Kind::Assets(all)) if all.assets.len() == 9));
        let schema = AppSchema::decode(&*wrapped(&[3, 3, 3], 9)).unwrap();
        assert_eq!(schema.databases[0].tables[0].fields.len(), 9);
        let one = BundleDatabase::decode(&*wrapped(&[2, 3, 3], 9)).unwrap();
        assert_eq!(one.database.unwrap().tables[0].fields.len(), 9);
        let subscribe = Subscribe::decode(&*wrapped(&[1, 2, 3, 3], 9)).unwrap();
        assert_eq!(subscribe.databases[0].database.as_ref().unwrap().tables[0].fields.len(), 9);
    }
}
