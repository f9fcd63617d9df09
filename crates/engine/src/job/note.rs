//! What is noted in a bin of the trash on this disk: what the disk does not tell of that which lies there, and what went with
//! it and was in the cloud alone.

use std::io;

use super::JobContext;
use super::disk::discard;
use super::scan::join;
use super::trash::Bin;
use crate::ports::{ContentId, FileSystem};

/// The file of a bin that holds its note. Nothing of a gallery has this name.
pub(super) const NOTE: &str = <dyn FileSystem>::RESERVED;

/// What is to be known of a file or folder that goes to the trash, or in the cloud alone with what does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Along {
    /// Where it lies.
    pub path: String,
    /// The record of one whose bytes are in the cloud alone.
    pub record: Option<String>,
    /// Its content identifier.
    pub identifier: Option<ContentId>,
    /// A person has pinned it.
    pub pinned: bool,
    /// It is a folder.
    pub is_dir: bool,
    /// How many bytes it has; 0 for a folder.
    pub size: u64,
}

/// Writes into a bin what is to be known of what goes there. What has a bin already is noted there.
pub(super) fn write(context: &JobContext, bin: &mut Bin, along: &[Along]) -> io::Result<()> {
    if along.is_empty() {
        return Ok(());
    }
    let place = bin.place(context, NOTE)?;
    let name = write_beside(context, along)?;
    match context.fs.rename(&temp(&name), &place) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            discard(context, &name);
            Ok(())
        }
        result => result,
    }
}

/// Takes out of a bin's note what has come back.
pub(super) fn forget(context: &JobContext, bin: &str, has_come: impl Fn(&Along) -> bool) -> io::Result<()> {
    let all = read(&*context.fs, bin)?;
    let left: Vec<Along> = all.iter().filter(|along| !has_come(along)).cloned().collect();
    if left.len() == all.len() {
        return Ok(());
    }
    if left.is_empty() {
        return context.fs.remove_file(&join(bin, NOTE));
    }
    let name = write_beside(context, &left)?;
    let swapped = context.fs.exchange(&temp(&name), &join(bin, NOTE));
    discard(context, &name);
    swapped
}

fn temp(name: &str) -> String {
    format!("{}/{name}", <dyn FileSystem>::TEMP)
}

fn write_beside(context: &JobContext, along: &[Along]) -> io::Result<String> {
    let name = format!("{}-note", super::trash::new_name(context));
    let bytes: Vec<u8> = along.iter().flat_map(line).collect();
    context.fs.open_temp(&name)?.write_at(&bytes, 0)?;
    Ok(name)
}

/// Its fields, each with a zero after it, which is in no path. The last has words, of which one that is not known says
/// nothing.
fn line(along: &Along) -> Vec<u8> {
    let identifier = along.identifier.map(|id| u128::from_be_bytes(id).to_string());
    let words = [(along.pinned, "pinned".to_owned()), (along.is_dir, "folder".to_owned())];
    let mut words: Vec<String> =
        words.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect();
    words.push(along.size.to_string());
    let fields = [
        &along.path,
        along.record.as_deref().unwrap_or(""),
        identifier.as_deref().unwrap_or(""),
        &words.join(" "),
    ];
    fields.iter().flat_map(|field| field.bytes().chain([0])).collect()
}

/// What is noted in a bin. A note that cannot be read is none.
pub(crate) fn read(fs: &dyn FileSystem, bin: &str) -> io::Result<Vec<Along>> {
    let mut file = match fs.open(&join(bin, NOTE)) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        result => result?,
    };
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        match file.read_at(&mut buffer, bytes.len() as u64)? {
            0 => break,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(parse(&String::from_utf8(bytes).unwrap_or_default()))
}

fn parse(text: &str) -> Vec<Along> {
    let fields: Vec<&str> = text.split_terminator('\0').collect();
    let along = fields.as_chunks().0.iter().map(|[path, record, identifier, words]| {
        let has = |word| words.split(' ').any(|other| other == word);
        Along {
            path: (*path).to_owned(),
            record: Some((*record).to_owned()).filter(|record| !record.is_empty()),
            identifier: identifier.parse().ok().map(u128::to_be_bytes),
            pinned: has("pinned"),
            is_dir: has("folder"),
            size: words.split(' ').find_map(|word| word.parse().ok()).unwrap_or_default(),
        }
    });
    along.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along() -> Along {
        let (path, record, identifier) = ("a/b c".to_owned(), Some("r1".to_owned()), Some([7; 16]));
        Along { path, record, identifier, pinned: true, is_dir: false, size: 12 }
    }

    #[test]
    fn what_is_noted_is_read() {
        let all = [
            along(),
            Along { record: None, identifier: None, pinned: false, is_dir: true, size: 0, ..along() },
        ];
        let bytes: Vec<u8> = all.iter().flat_map(line).collect();
        assert_eq!(parse(std::str::from_utf8(&bytes).unwrap()), all);
    }

    #[test]
    fn a_word_that_is_not_known_and_a_size_that_is_not_said_do_no_harm() {
        let read = parse("a/b c\0r1\0\0pinned starred\0d\0r2\0\0\0half a li");
        assert_eq!(read[0], Along { identifier: None, size: 0, ..along() });
        assert_eq!((&*read[1].path, read[1].pinned, read.len()), ("d", false, 2));
    }
}
