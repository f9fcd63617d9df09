//! Whether the pages of a listing lead to an end.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use crate::{CloudData, Result};

use super::lie;

/// How many pages in a row may be empty and promise more.
const EMPTY_PAGES: u32 = 1000;
/// How many pages there may be that hold next to nothing, though more was asked for.
const SHORT_PAGES: usize = 100_000;
/// What is next to nothing: fewer records a page.
const SHORT: usize = 10;
/// How many listings of a table are followed at the same time; another one forgets them.
const LISTINGS: usize = 8;

/// The listings that are under way, by table and the cursor that comes next.
#[derive(Default)]
pub(super) struct Listings {
    under_way: HashMap<(String, String), Listing>,
    hasher: RandomState,
}

/// What a listing has given so far, as hashes: a gallery has very many records.
#[derive(Default)]
struct Listing {
    versions: HashMap<u64, u64>,
    cursors: HashSet<u64>,
    pages: usize,
    empty_pages: u32,
}

impl Listings {
    /// Fails where a page cannot belong to a listing that ends.
    pub(super) fn check(&mut self, table: &str, count: usize, cursor: &str, page: &CloudData) -> Result<()> {
        if page.values.len() > count {
            return Err(lie(format!("it gave {} records for {count}", page.values.len())));
        }
        let mut listing = self.under_way.remove(&(table.to_owned(), cursor.to_owned())).unwrap_or_default();
        listing.take_records(page, &self.hasher)?;
        if !page.has_more {
            return Ok(());
        }
        listing.take_cursor(cursor, page, &self.hasher)?;
        listing.take_length(count, page)?;
        if self.under_way.len() >= LISTINGS {
            self.under_way.clear();
        }
        self.under_way.insert((table.to_owned(), page.next_cursor.clone()), listing);
        Ok(())
    }
}

impl Listing {
    /// A record comes again only where it was written meanwhile.
    fn take_records(&mut self, page: &CloudData, hasher: &RandomState) -> Result<()> {
        let mut here = HashSet::with_capacity(page.values.len());
        for record in &page.values {
            let id = &record.extension.id;
            if id.is_empty() || record.version == 0 {
                return Err(lie("a record has no id or no version"));
            }
            if !here.insert(id) {
                return Err(lie(format!("the record {id} is on one page twice")));
            }
            let seen = self.versions.insert(hasher.hash_one(id), record.version);
            if seen.is_some_and(|seen| record.version <= seen) {
                return Err(lie(format!("the record {id} was listed already: the page is a stale one")));
            }
        }
        Ok(())
    }

    fn take_cursor(&mut self, cursor: &str, page: &CloudData, hasher: &RandomState) -> Result<()> {
        self.cursors.insert(hasher.hash_one(cursor));
        if page.next_cursor == cursor {
            return stuck("its cursor stands still");
        }
        if page.next_cursor.is_empty() || !self.cursors.insert(hasher.hash_one(&page.next_cursor)) {
            return stuck("its cursor goes back to where it was");
        }
        Ok(())
    }

    /// No cloud that ends has so many pages with so little on each.
    fn take_length(&mut self, count: usize, page: &CloudData) -> Result<()> {
        self.pages += 1;
        let short = self.versions.len() < self.pages.saturating_mul(SHORT.min(count));
        if self.pages > SHORT_PAGES && short {
            return stuck("page after page holds next to nothing");
        }
        self.empty_pages = if page.values.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > EMPTY_PAGES {
            return stuck("page after page is empty");
        }
        Ok(())
    }
}

fn stuck(text: &str) -> Result<()> {
    Err(lie(format!("the listing never ends: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ExtensionValue, Flag, Record, Row};

    /// The page of a number, of a listing whose every page has so many new records.
    fn page(number: usize, records: usize) -> CloudData {
        let record = |at: usize| Record {
            extension: ExtensionValue {
                id: format!("{number}.{at}"),
                create_time: 0,
                modify_time: 0,
                operation: Flag::Insert,
            },
            version: 1,
            values: Row::new(),
        };
        let values = (0..records).map(record).collect();
        CloudData { next_cursor: (number + 1).to_string(), has_more: true, values }
    }

    fn pages_until_refused(count: usize, records: usize) -> Option<usize> {
        let mut listings = Listings::default();
        (0..=SHORT_PAGES + 1)
            .find(|&number| listings.check("t", count, &number.to_string(), &page(number, records)).is_err())
    }

    #[test]
    fn a_listing_of_ever_more_short_pages_never_ends() {
        assert_eq!(pages_until_refused(1000, 1), Some(SHORT_PAGES));
        assert_eq!(pages_until_refused(1000, SHORT), None);
        assert_eq!(pages_until_refused(1, 1), None, "no more was asked for");
    }
}
