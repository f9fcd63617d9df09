//! Frames by chance: of every kind, with messages that can mostly be read, and now and then bytes that are none.

use cloudsync_fuzz::Chance;

/// The numbers of requests.
pub const REQUESTS: [u16; 27] = [
    16, 17, 18, 19, 20, 21, 22, 23, 32, 33, 34, 35, 36, 37, 38, 39, 48, 49, 50, 64, 65, 66, 67, 68, 69, 70,
    71,
];
/// The numbers of some of them, and of others that only follow them.
pub const UPLOAD: u16 = 48;
pub const DOWNLOAD: u16 = 49;
pub const DATA: u16 = 273;
pub const TAKEN: u16 = 274;
pub const STOP: u16 = 275;
/// All other numbers, of which 72 is a request as well, 80 is none yet, and 300 never.
pub const OTHERS: [u16; 15] = [72, 80, 1, 2, 3, 256, 257, 272, DATA, TAKEN, STOP, 276, 277, 278, 279];

/// A frame as it is told of in its head.
pub fn frame(kind: u16, descriptors: u16, call: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(kind.to_le_bytes());
    bytes.extend(descriptors.to_le_bytes());
    bytes.extend(call.to_le_bytes());
    bytes.extend(body);
    bytes
}

fn varint(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Fields of small numbers with numbers, texts and messages in them.
pub fn message(chance: &mut Chance, depth: usize) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..chance.below(6) {
        let tag = 1 + chance.below(9) as u64;
        let content = match chance.below(12) {
            0..=3 => {
                varint(tag << 3, &mut body);
                varint(chance.number() as u64, &mut body);
                continue;
            }
            4 | 5 => chance.pick(&["b", "t", "d", "g", "asset", ""]).as_bytes().to_vec(),
            6 => chance.some(40),
            7 => vec![7; 32],
            8 => {
                varint(tag << 3 | 1, &mut body);
                body.extend(chance.number().to_le_bytes());
                continue;
            }
            9 => {
                body.push(chance.byte());
                continue;
            }
            _ if depth > 0 => message(chance, depth - 1),
            _ => Vec::new(),
        };
        varint(tag << 3 | 2, &mut body);
        varint(content.len() as u64, &mut body);
        body.extend(content);
    }
    body
}

/// The flag of the last bytes of an asset.
pub const END: u32 = 1;

/// What Data carries: an item, flags, where, and bytes.
pub fn data_of(item: u32, flags: u32, offset: u64, bytes: &[u8]) -> Vec<u8> {
    [&item.to_le_bytes()[..], &flags.to_le_bytes(), &offset.to_le_bytes(), bytes].concat()
}

fn data(chance: &mut Chance) -> Vec<u8> {
    let (item, flags) = (chance.below(3) as u32, chance.below(9) as u32);
    let offset = if chance.one_in(4) { chance.number() as u64 } else { 0 };
    data_of(item, flags, offset, &chance.some(64))
}

/// An upload of one asset by the loader that whoever is polite has connected to: of so many bytes, which come as Data or
/// are read from a descriptor.
pub fn upload_of(size: u8, file: bool) -> Vec<u8> {
    vec![0x08, 2, 0x12, 1, b't', 0x1a, 6, 0x12, 0, 0x28, size, 0x30, file.into()]
}

/// The body of a frame of a kind.
pub fn body(chance: &mut Chance, kind: u16) -> Vec<u8> {
    match chance.below(16) {
        15 => chance.some(64),
        _ if kind == DATA => data(chance),
        0..8 if kind == UPLOAD => upload_of(chance.below(128) as u8, chance.one_in(4)),
        // A download by the same loader.
        0..8 if kind == DOWNLOAD => vec![0x08, 2, 0x22, 4, 0x12, 0, 0x18, chance.below(64) as u8],
        _ => message(chance, 4),
    }
}

/// Spoils a frame's head, or leaves it as it is.
pub fn spoil(chance: &mut Chance, frame: &mut [u8]) {
    if chance.one_in(24) {
        let at = chance.below(16);
        frame[at] = chance.byte();
    }
}
