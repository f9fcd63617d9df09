//! Steps in an order that is allowed, each with those that it must wait for.

/// Many short lists in two allocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lists<T> {
    ends: Vec<u32>,
    items: Vec<T>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Lists { ends: Vec::new(), items: Vec::new() }
    }
}

impl<T: Copy> Lists<T> {
    pub(super) fn with_capacity(lists: usize) -> Self {
        Lists { ends: Vec::with_capacity(lists), items: Vec::new() }
    }

    /// Appends a list.
    pub(super) fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.items.extend(list);
        self.ends.push(self.items.len() as u32);
    }

    /// The list at a position; nothing where there is none.
    pub(super) fn get(&self, index: usize) -> &[T] {
        let end = |index: usize| self.ends.get(index).map_or(self.items.len(), |end| *end as usize);
        let begin = index.checked_sub(1).map_or(0, end);
        self.items.get(begin..end(index)).unwrap_or_default()
    }

    /// Lists by another key: each item `(key, item)` in the list of its key, in the order given.
    pub(super) fn by_key(keys: usize, items: impl Iterator<Item = (usize, T)> + Clone, blank: T) -> Self {
        let mut next = vec![0_u32; keys];
        items.clone().for_each(|(key, _)| next[key] += 1);
        let mut begin = 0;
        for count in &mut next {
            begin += std::mem::replace(count, begin);
        }
        let mut lists = Lists { ends: Vec::new(), items: vec![blank; begin as usize] };
        for (key, item) in items {
            lists.items[next[key] as usize] = item;
            next[key] += 1;
        }
        // Where the next item of a list would go is where the list ends.
        lists.ends = next;
        lists
    }
}

/// How many steps go together at most.
pub(crate) const MOST_TOGETHER: usize = 256;

/// Steps, each after those that it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steps<A> {
    actions: Vec<A>,
    after: Lists<u32>,
}

impl<A> Default for Steps<A> {
    fn default() -> Self {
        Steps { actions: Vec::new(), after: Lists::default() }
    }
}

impl<A> Steps<A> {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Steps { actions: Vec::with_capacity(count), after: Lists::with_capacity(count) }
    }

    /// Appends a step and returns its position. `after`: positions of earlier steps.
    pub fn push(&mut self, action: A, after: impl IntoIterator<Item = u32>) -> u32 {
        self.actions.push(action);
        self.after.push(after);
        self.actions.len() as u32 - 1
    }

    /// How many steps.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// What is done, in an order that is allowed.
    pub fn actions(&self) -> &[A] {
        &self.actions
    }

    /// The same, without what they wait for.
    pub(crate) fn into_actions(self) -> Vec<A> {
        self.actions
    }

    /// The same, to be changed as they are done.
    pub(crate) fn actions_mut(&mut self) -> &mut [A] {
        &mut self.actions
    }

    /// The positions of the steps that the one at `position` must wait for: earlier ones.
    pub fn after(&self, position: usize) -> &[u32] {
        self.after.get(position)
    }

    /// Leaves out the steps that `keep` does not want, and those that wait for them.
    pub(crate) fn retain(&mut self, keep: impl Fn(&A) -> bool) {
        *self = std::mem::take(self).partition(keep).0;
    }

    /// The steps that `keep` wants, and all others, in order: also those that wait for one of these.
    pub(crate) fn partition(self, keep: impl Fn(&A) -> bool) -> (Self, Vec<A>) {
        let (mut kept, mut others) = (Steps::default(), Vec::new());
        let mut positions: Vec<Option<u32>> = Vec::with_capacity(self.len());
        for (position, action) in self.actions.into_iter().enumerate() {
            let after = self.after.get(position).iter().map(|on| positions[*on as usize]);
            let after: Option<Vec<u32>> = after.collect();
            positions.push(match after.filter(|_| keep(&action)) {
                Some(after) => Some(kept.push(action, after)),
                None => {
                    others.push(action);
                    None
                }
            });
        }
        (kept, others)
    }
}

impl<A> Steps<A> {
    /// Brings steps of one group next to one another, as far as what they wait for allows, and says of each step
    /// whether it goes with the one before. `groups`: by position, the position of the first of the same group. A
    /// group of more than [`MOST_TOGETHER`] is taken in pieces.
    pub(crate) fn together(self, groups: &[u32]) -> (Self, Vec<bool>) {
        let members = (0..).zip(groups).map(|(at, group)| (*group as usize, at));
        let members = Lists::by_key(groups.len(), members, 0_u32);
        let mut actions: Vec<Option<A>> = self.actions.into_iter().map(Some).collect();
        let mut positions: Vec<Option<u32>> = vec![None; actions.len()];
        let mut steps = Steps::with_capacity(actions.len());
        let mut joined = Vec::with_capacity(actions.len());
        for first in 0..actions.len() {
            let group = groups.get(first).filter(|_| actions[first].is_some());
            let others = group.map_or(&[][..], |group| members.get(*group as usize));
            let begun = steps.len();
            for at in [first].into_iter().chain(others.iter().map(|at| *at as usize)) {
                let after: Option<Vec<u32>> =
                    self.after.get(at).iter().map(|on| positions[*on as usize]).collect();
                let Some(after) = after else { continue };
                let Some(action) = actions[at].take() else { continue };
                joined.push(!(steps.len() - begun).is_multiple_of(MOST_TOGETHER));
                positions[at] = Some(steps.push(action, after));
            }
        }
        (steps, joined)
    }
}

/// Steps none of which waits for another.
impl<A> FromIterator<A> for Steps<A> {
    fn from_iter<I: IntoIterator<Item = A>>(actions: I) -> Self {
        let mut steps = Steps::default();
        for action in actions {
            steps.push(action, []);
        }
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_by_key_keep_their_order() {
        let items = [(2, 'a'), (0, 'b'), (2, 'c'), (3, 'd')];
        let lists = Lists::by_key(5, items.into_iter(), ' ');
        let all: Vec<&[char]> = (0..6).map(|index| lists.get(index)).collect();
        assert_eq!(all, [&['b'][..], &[], &['a', 'c'], &['d'], &[], &[]]);
    }

    #[test]
    fn what_belongs_together_is_brought_together_and_waits_as_before() {
        let mut steps = Steps::default();
        steps.push("a1", []);
        steps.push("b1", []);
        let folder = steps.push("folder", []);
        steps.push("a2", []);
        steps.push("b2", [folder]);
        steps.push("b3", []);
        steps.push("last", [3, 4]);
        let groups = [0, 1, 2, 0, 1, 1, 6];
        let (steps, joined) = steps.together(&groups);
        assert_eq!(steps.actions(), ["a1", "a2", "b1", "b3", "folder", "b2", "last"]);
        assert_eq!(joined, [false, true, false, true, false, false, false]);
        assert_eq!((steps.after(5), steps.after(6)), (&[4][..], &[1, 5][..]));
    }

    #[test]
    fn who_waits_for_what_is_left_out_is_left_out_and_positions_stay_true() {
        let mut steps = Steps::default();
        for (action, after) in
            [("a", vec![]), ("delete", vec![]), ("b", vec![1]), ("c", vec![0]), ("d", vec![2, 3])]
        {
            steps.push(action, after);
        }
        steps.push("e", [3]);
        let (steps, others) = steps.partition(|action| *action != "delete");
        assert_eq!(others, ["delete", "b", "d"]);
        assert_eq!(steps.actions(), ["a", "c", "e"]);
        assert_eq!((steps.after(0), steps.after(1), steps.after(2)), (&[][..], &[0][..], &[1][..]));
    }
}
