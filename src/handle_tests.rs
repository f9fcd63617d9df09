//! What the handle table promises.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::handle::Table;

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
    assert!(value >> 63 == 1 && value & 7 == 0);
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
    let last = table.age(value, u32::MAX).unwrap();
    assert_eq!(table.remove(last, |_| true), Some(1));
    let index = last & 0x7fff_fff8;
    for n in 0..1000 {
        assert_ne!(table.insert(n).unwrap() & 0x7fff_fff8, index);
    }
}

#[test]
fn every_bit_of_a_value_counts() {
    let table = table();
    let value = table.insert(1).unwrap();
    for bit in 0..64 {
        assert_eq!(table.get(value ^ 1 << bit, |n| Some(*n)), None, "bit {bit}");
    }
    for invented in [0, 1, u64::MAX, 0x7fff_dead_beef_0000, 0xdead_beef, 1 << 63] {
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
