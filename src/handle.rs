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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<u32> {
        Table::new()
    }

    #[test]
    fn a_value_stands_for_its_object_until_removed() {
        let table = table();
        let value = table.insert(7).unwrap();
        assert_eq!(table.get(value, |n| Some(*n)), Some(7));
        assert_eq!(table.remove(value, |_| true), Some(7));
        assert_eq!(table.get(value, |n| Some(*n)), None);
        assert_eq!(table.remove(value, |_| true), None);
    }

    #[test]
    fn an_unwanted_object_stays() {
        let table = table();
        let value = table.insert(7).unwrap();
        assert_eq!(table.remove(value, |_| false), None);
        assert_eq!(table.get(value, |n| Some(*n)), Some(7));
    }

    #[test]
    fn values_equal_no_address_and_no_small_number() {
        let table = table();
        let value = table.insert(1).unwrap();
        assert!(value & MARK != 0 && value & 7 == 0);
    }

    #[test]
    fn a_reused_slot_has_a_new_value() {
        let table = table();
        let mut seen = std::collections::HashSet::new();
        for n in 0..10_000 {
            let value = table.insert(n).unwrap();
            assert!(seen.insert(value));
            assert_eq!(table.remove(value, |_| true), Some(n));
        }
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_retired() {
        let table = table();
        let value = table.insert(1).unwrap();
        let place = Place::of(value).unwrap();
        table.shards[place.shard].write().slots[place.slot].generation = u32::MAX;
        let last = Place { generation: u32::MAX, ..place }.value().unwrap();
        assert_eq!(table.remove(last, |_| true), Some(1));
        for n in 0..2 * SHARDS as u32 {
            assert_ne!(Place::of(table.insert(n).unwrap()).map(|p| (p.shard, p.slot)), Some((place.shard, 0)));
        }
    }

    #[test]
    fn every_bit_of_a_value_counts() {
        let table = table();
        let value = table.insert(1).unwrap();
        for bit in 0..64 {
            assert_eq!(table.get(value ^ 1 << bit, |n| Some(*n)), None, "bit {bit}");
        }
        for invented in [0, 1, u64::MAX, 0x7fff_dead_beef_0000, 0xdead_beef, MARK] {
            assert_eq!(table.get(invented, |n| Some(*n)), None, "{invented:#x}");
        }
    }

    #[test]
    fn many_threads_remove_each_value_once() {
        let table = table();
        let values: Vec<u64> = (0..1000).map(|n| table.insert(n).unwrap()).collect();
        let removed = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for value in &values {
                        if table.remove(*value, |_| true).is_some() {
                            removed.fetch_add(1, Ordering::Relaxed);
                        }
                        let again = table.insert(u32::MAX).unwrap();
                        assert_eq!(table.get(again, |n| Some(*n)), Some(u32::MAX));
                        table.remove(again, |_| true);
                    }
                });
            }
        });
        assert_eq!(removed.into_inner(), 1000);
    }
}
