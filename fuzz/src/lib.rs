//! What the fuzz targets share: the fuzzer's bytes as choices, and a place for files.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::OnceLock;

/// The fuzzer's bytes. Once there are no more, every choice is the first, which is the one of whoever means well.
#[derive(Debug)]
pub struct Chance {
    bytes: Vec<u8>,
    at: usize,
}

impl Chance {
    /// Choices by these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Chance { bytes: bytes.to_vec(), at: 0 }
    }

    /// Whether there are no more.
    pub fn is_over(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    /// A number under `end`, of which there are 256 at most.
    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end.max(1)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == many - 1
    }

    /// A number: mostly a small one.
    pub fn number(&mut self) -> i64 {
        match self.below(8) {
            0..=3 => self.byte().into(),
            4 => -1,
            5 => i64::MAX,
            6 => i64::MIN,
            _ => i64::from_le_bytes(std::array::from_fn(|_| self.byte())),
        }
    }

    /// So many bytes at most.
    pub fn some(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.byte()).collect()
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// A name in the directory of this process, which is in the system's for what is there for a while.
pub fn place(name: &str) -> PathBuf {
    static PLACE: OnceLock<PathBuf> = OnceLock::new();
    let directory = PLACE.get_or_init(|| {
        let directory = std::env::temp_dir().join(format!("cloudsync-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        directory
    });
    directory.join(name)
}
