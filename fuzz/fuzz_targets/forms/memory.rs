//! Memory as a program in C hands it over: each block has the bytes that it must have, and none more.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ffi::c_char;
use std::sync::Arc;

use crate::world::World;

/// The alignment that every structure of the interface asks for.
const ALIGN: usize = 8;

/// Blocks that live as long as this does, and what is in them by chance.
pub struct Memory<'a> {
    pub world: &'a Arc<World>,
    blocks: Vec<(*mut u8, Layout)>,
}

impl<'a> Memory<'a> {
    pub fn new(world: &'a Arc<World>) -> Self {
        Memory { world, blocks: Vec::new() }
    }

    /// A block with these bytes, or zeros where `length` is more; not aligned where it is not to be.
    fn block(&mut self, bytes: &[u8], length: usize, aligned: bool) -> *mut u8 {
        let shift = usize::from(!aligned);
        let Ok(layout) = Layout::from_size_align((length + shift).max(1), ALIGN) else { unreachable!() };
        // SAFETY: the layout has a size.
        let block = unsafe { alloc(layout) };
        if block.is_null() {
            handle_alloc_error(layout);
        }
        self.blocks.push((block, layout));
        // SAFETY: the block has `length + shift` bytes, and of `bytes` there are as many as are copied.
        unsafe {
            let start = block.add(shift);
            start.write_bytes(0, length);
            start.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len().min(length));
            start
        }
    }

    /// A text with its NUL, and nothing behind it.
    pub fn given(&mut self, text: &[u8]) -> *const c_char {
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        let whole = [&text[..end], b"\0"].concat();
        self.block(&whole, whole.len(), true).cast()
    }

    /// A text: one that is asked for or given elsewhere too, or an odd one, or NULL.
    pub fn text(&mut self) -> *const c_char {
        const KNOWN: [&str; 8] = ["r1", "b", "photos", "r2", "r3", "t", "asset", "person"];
        match self.world.below(16) {
            known @ 0..8 => self.given(KNOWN[known].as_bytes()),
            8 => std::ptr::null(),
            9 => self.given(b""),
            10 => self.given(b"\xff\xfe"),
            11 => self.given("e\u{301}/\u{202e}".as_bytes()),
            12 => self.given(&[b'x'; 300]),
            13 => self.given(b"123456789012345678901234"),
            _ => {
                let bytes = self.world.some(32);
                self.given(&bytes)
            }
        }
    }

    /// A structure whose first field is its size: mostly the right one. `first` is another size that may be meant.
    pub fn one_of_sizes<T: Copy>(&mut self, value: T, first: usize) -> *const T {
        let whole = size_of::<T>();
        let said = match self.world.below(32) {
            31 => return std::ptr::null(),
            30 => 0,
            29 => whole - 1,
            28 => whole + 8,
            27 => 8,
            26 => self.world.number() as usize,
            25 => first,
            _ => whole,
        };
        let aligned = !self.world.one_in(32);
        // SAFETY: as many bytes as the structure has, of numbers and pointers; those between its fields are not looked at.
        let bytes = unsafe { std::slice::from_raw_parts((&raw const value).cast::<u8>(), whole) };
        let block = self.block(bytes, said.clamp(size_of::<usize>(), whole + 8), aligned);
        // SAFETY: the block has room for a size at least.
        unsafe { block.cast::<usize>().write_unaligned(said) };
        block.cast_const().cast()
    }

    /// A structure whose first field is its size.
    pub fn one<T: Copy>(&mut self, value: T) -> *const T {
        self.one_of_sizes(value, size_of::<T>())
    }

    /// An array of pointers, and how many are said to be in it: not more, unless that cannot be.
    pub fn list<T>(&mut self, mut make: impl FnMut(&mut Self) -> *const T) -> (*const *const T, usize) {
        let count = self.world.below(4);
        self.list_of(count, |memory, _| make(memory))
    }

    /// The same for so many.
    pub fn list_of<T>(
        &mut self,
        count: usize,
        mut make: impl FnMut(&mut Self, usize) -> *const T,
    ) -> (*const *const T, usize) {
        let pointers: Vec<*const T> = (0..count).map(|at| make(self, at)).collect();
        // SAFETY: pointers are bytes as well.
        let bytes =
            unsafe { std::slice::from_raw_parts(pointers.as_ptr().cast::<u8>(), size_of_val(&*pointers)) };
        let block = self.block(bytes, bytes.len(), true).cast_const().cast();
        match self.world.below(32) {
            31 => (std::ptr::null(), count),
            30 => (std::ptr::null(), self.world.number() as usize),
            29 => (block, usize::MAX),
            28 => (block, count.saturating_sub(1)),
            _ => (block, count),
        }
    }

    /// Bytes, and how many they are.
    pub fn bytes(&mut self) -> (*const u8, usize) {
        let bytes = self.world.some(40);
        match self.world.below(16) {
            15 => (std::ptr::null(), bytes.len()),
            14 => (std::ptr::null(), 0),
            13 => (std::ptr::null(), usize::MAX),
            _ => (self.block(&bytes, bytes.len(), true), bytes.len()),
        }
    }
}

impl Drop for Memory<'_> {
    fn drop(&mut self) {
        for (block, layout) in self.blocks.drain(..) {
            // SAFETY: from `alloc` with this layout, and nobody looks at it any more.
            unsafe { dealloc(block, layout) };
        }
    }
}
