//! The process-wide table behind the opaque pointers.
//!
//! A handle's value is a number that is never dereferenced: bit 63, then a generation of 32 bits, then
//! the slot's index. With bit 63 set it equals no address of a program; with its low three bits clear
//! it looks like one. A slot whose generations are used up is retired, so no value ever comes twice,
//! and a stale or invented one finds nothing, always.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sync::RwLock;

const SHARDS: usize = 64;
const MARK: u64 = 1 << 63;
const GENERATION_SHIFT: u32 = 31;
const INDEX_SHIFT: u32 = 3;
const INDEX_MASK: u64 = (1 << (GENERATION_SHIFT - INDEX_SHIFT)) - 1;

/// A slot of the table: free, or the object that `generation` stands for.
struct Slot<T> {
    generation: u32,
    object: Option<T>,
}

/// Slots, and which of them are free.
struct Shard<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
}

/// Objects by handle value. Lookups in different shards share nothing; those in one share a read lock.
pub(crate) struct Table<T> {
    shards: Vec<RwLock<Shard<T>>>,
    next: AtomicUsize,
}

/// A handle value taken apart.
struct Place {
    shard: usize,
    slot: usize,
    generation: u32,
}

impl Place {
    fn of(value: u64) -> Option<Place> {
        let index = usize::try_from((value >> INDEX_SHIFT) & INDEX_MASK).ok()?;
        let generation = u32::try_from((value & !MARK) >> GENERATION_SHIFT).ok()?;
        let place = Place { shard: index % SHARDS, slot: index / SHARDS, generation };
        (place.value() == Some(value)).then_some(place)
    }

    fn value(&self) -> Option<u64> {
        let index = u64::try_from(self.slot * SHARDS + self.shard).ok()?;
        let fits = index <= INDEX_MASK;
        fits.then_some(MARK | u64::from(self.generation) << GENERATION_SHIFT | index << INDEX_SHIFT)
    }
}

impl<T> Table<T> {
    /// An empty table.
    pub(crate) fn new() -> Self {
        let shard = || RwLock::new(Shard { slots: Vec::new(), free: Vec::new() });
        Table { shards: (0..SHARDS).map(|_| shard()).collect(), next: AtomicUsize::new(0) }
    }

    /// Keeps an object and returns its handle value, or gives the object back where 2^28 live already.
    pub(crate) fn insert(&self, object: T) -> Result<u64, T> {
        let shard = self.next.fetch_add(1, Ordering::Relaxed) % SHARDS;
        let mut guard = self.shards[shard].write();
        let slot = guard.free.pop().unwrap_or(guard.slots.len());
        let generation = guard.slots.get(slot).map_or(1, |slot| slot.generation);
        let Some(value) = (Place { shard, slot, generation }).value() else {
            return Err(object);
        };
        if slot == guard.slots.len() {
            guard.slots.push(Slot { generation, object: None });
        }
        guard.slots[slot].object = Some(object);
        Ok(value)
    }

    /// What `pick` makes of the handle's object; `None` for a value that stands for nothing.
    /// `pick` runs under the shard's read lock: it clones, and does nothing else.
    pub(crate) fn get<R>(&self, value: u64, pick: impl FnOnce(&T) -> Option<R>) -> Option<R> {
        let place = Place::of(value)?;
        let shard = self.shards[place.shard].read();
        let slot = shard.slots.get(place.slot)?;
        if slot.generation != place.generation {
            return None;
        }
        pick(slot.object.as_ref()?)
    }

    /// Takes the handle's object out if `wanted`; its value stands for nothing from then on.
    pub(crate) fn remove(&self, value: u64, wanted: impl FnOnce(&T) -> bool) -> Option<T> {
        let place = Place::of(value)?;
        let mut shard = self.shards[place.shard].write();
        let slot = shard.slots.get_mut(place.slot)?;
        if slot.generation != place.generation || !slot.object.as_ref().is_some_and(wanted) {
            return None;
        }
        let object = slot.object.take();
        if let Some(generation) = slot.generation.checked_add(1) {
            slot.generation = generation;
            shard.free.push(place.slot);
        }
        object
    }

    /// Gives a slot another generation, and returns its handle value then.
    #[cfg(test)]
    pub(crate) fn age(&self, value: u64, generation: u32) -> Option<u64> {
        let place = Place::of(value)?;
        self.shards[place.shard].write().slots.get_mut(place.slot)?.generation = generation;
        Place { generation, ..place }.value()
    }
}
