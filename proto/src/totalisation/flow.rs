//! How much time finds room in the calendar if figures that belong together come to less than one by one: a
//! maximum flow, by Dinic's algorithm.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::ops::Range;

use super::calendar::Stretch;

/// Figures that come to no more than a limit together.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The most that they come to, in ticks.
    pub limit: i64,
    /// Which they are, in a list of all.
    pub figures: Range<usize>,
}

/// Where all time comes from, and where all room ends.
const SOURCE: usize = 0;
const SINK: usize = 1;

/// What can still pass along one way, and where it leads. The way back is its neighbour in the list.
#[derive(Clone, Copy, Debug)]
struct Way {
    to: usize,
    left: i64,
}

/// Places, and the ways between them.
#[derive(Debug, Default)]
struct Network {
    ways: Vec<Way>,
    /// The ways that leave each place.
    leaving: Vec<Vec<usize>>,
}

/// Returns the most time of all groups that finds room: each figure where it may lie, each group no more
/// than its limit, and nothing twice.
pub(super) fn most(groups: &[Group], figures: &[Stretch]) -> i64 {
    let mut borders: Vec<i64> = figures.iter().flat_map(|one| [one.first, one.end]).collect();
    borders.sort_unstable();
    borders.dedup();
    let mut network = Network::default();
    let rooms = network.rooms(&borders);
    for group in groups {
        let of_group = network.place();
        network.way(SOURCE, of_group, group.limit);
        // What may lie in the same months is one figure.
        let mut alike: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        for Stretch { first, end, time } in figures.get(group.figures.clone()).unwrap_or_default() {
            let sum = alike.entry((*first, *end)).or_default();
            *sum = sum.saturating_add(*time);
        }
        for ((first, end), time) in alike {
            let figure = network.place();
            network.way(of_group, figure, time);
            let at = |border: i64| borders.partition_point(|before| *before < border);
            network.ways_to_rooms(figure, &rooms, at(first)..at(end));
        }
    }
    network.flow()
}

impl Network {
    fn place(&mut self) -> usize {
        let least = self.leaving.len().max(SINK + 1);
        self.leaving.resize(least + 1, Vec::new());
        least
    }

    fn way(&mut self, from: usize, to: usize, room: i64) {
        for (from, to, left) in [(from, to, room), (to, from, 0)] {
            if let Some(leaving) = self.leaving.get_mut(from) {
                leaving.push(self.ways.len());
            }
            self.ways.push(Way { to, left });
        }
    }

    /// Makes a room between each two borders, and halls before two rooms or halls each, up to a single one:
    /// so a figure needs few ways to many rooms. Returns the rooms, and the halls of each floor above.
    fn rooms(&mut self, borders: &[i64]) -> Vec<Vec<usize>> {
        let mut floor = Vec::with_capacity(borders.len());
        for pair in borders.windows(2) {
            if let [first, end] = pair {
                let room = self.place();
                self.way(room, SINK, end - first);
                floor.push(room);
            }
        }
        let mut floors = Vec::new();
        while floor.len() > 1 {
            let halls = floor.chunks(2).map(|below| {
                let hall = self.place();
                below.iter().for_each(|below| self.way(hall, *below, i64::MAX));
                hall
            });
            let above = halls.collect();
            floors.push(core::mem::replace(&mut floor, above));
        }
        floors.push(floor);
        floors
    }

    /// Lets a figure into some rooms, through as few halls as there are.
    fn ways_to_rooms(&mut self, figure: usize, floors: &[Vec<usize>], rooms: Range<usize>) {
        let Range { mut start, mut end } = rooms;
        for floor in floors {
            if start >= end {
                return;
            }
            let alone = [(start % 2 == 1).then_some(start), (end % 2 == 1).then(|| end - 1)];
            for place in alone.into_iter().flatten().filter_map(|at| floor.get(at)) {
                self.way(figure, *place, i64::MAX);
            }
            (start, end) = (start.div_ceil(2), end / 2);
        }
    }

    fn leaving(&self, place: usize) -> &[usize] {
        self.leaving.get(place).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns how many open ways each place is from the source, if the sink can be reached.
    fn distances(&self) -> Option<Vec<Option<u32>>> {
        let mut distances = alloc::vec![None; self.leaving.len()];
        *distances.get_mut(SOURCE)? = Some(0);
        let mut open = VecDeque::from([(SOURCE, 0)]);
        while let Some((place, distance)) = open.pop_front() {
            for way in self.leaving(place).iter().filter_map(|way| self.ways.get(*way)) {
                if let Some(next @ None) = distances.get_mut(way.to).filter(|_| way.left > 0) {
                    *next = Some(distance + 1);
                    open.push_back((way.to, distance + 1));
                }
            }
        }
        distances.get(SINK).copied().flatten().is_some().then_some(distances)
    }

    /// Lets as much pass as can, and returns how much.
    fn flow(&mut self) -> i64 {
        let mut all = 0i64;
        while let Some(distances) = self.distances() {
            // The first way of each place that has not led to a dead end.
            let mut tried = alloc::vec![0usize; self.leaving.len()];
            let mut path: Vec<usize> = Vec::new();
            loop {
                let at = path.last().and_then(|way| self.ways.get(*way)).map_or(SOURCE, |w| w.to);
                if at == SINK {
                    all = all.saturating_add(self.pass(&mut path));
                    continue;
                }
                let distance = |place: usize| distances.get(place).copied().flatten();
                let onward = |way: &&usize| {
                    self.ways.get(**way).is_some_and(|way| {
                        way.left > 0 && distance(way.to) == distance(at).map(|far| far + 1)
                    })
                };
                let first = tried.get(at).copied().unwrap_or_default();
                let rest = self.leaving(at).iter().skip(first);
                let found = rest.clone().position(|way| onward(&way));
                if let (Some(step), Some(tried)) = (found, tried.get_mut(at)) {
                    *tried = first + step;
                    path.extend(rest.clone().nth(step));
                    continue;
                }
                // A dead end: never this way again.
                let Some(last) = path.pop() else { break };
                let before = self.ways.get(last ^ 1).map_or(SOURCE, |back| back.to);
                if let Some(tried) = tried.get_mut(before) {
                    *tried += 1;
                }
            }
        }
        all
    }

    /// Lets as much pass along a path as its narrowest way has, and leaves the path up to there.
    fn pass(&mut self, path: &mut Vec<usize>) -> i64 {
        let left = |ways: &[Way], way: &usize| ways.get(*way).map_or(0, |way| way.left);
        let most = path.iter().map(|way| left(&self.ways, way)).min().unwrap_or_default();
        for way in path.iter() {
            for (way, more) in [(*way, -most), (way ^ 1, most)] {
                if let Some(way) = self.ways.get_mut(way) {
                    way.left = way.left.saturating_add(more);
                }
            }
        }
        let full = path.iter().position(|way| left(&self.ways, way) == 0);
        path.truncate(full.unwrap_or_default());
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limit of a group, and from, to and time of its figures.
    type Limited<'a> = (i64, &'a [(i64, i64, i64)]);

    fn found(groups: &[Limited<'_>]) -> i64 {
        let mut all = Vec::new();
        let each = groups.iter().map(|(limit, figures)| {
            let from = all.len();
            all.extend(figures.iter().map(|(first, end, time)| Stretch {
                first: *first,
                end: *end,
                time: *time,
            }));
            Group { limit: *limit, figures: from..all.len() }
        });
        let groups: Vec<Group> = each.collect();
        most(&groups, &all)
    }

    #[test]
    fn of_a_group_those_count_for_whom_there_is_room() {
        assert_eq!(found(&[]), 0);
        // Two halves that are one together: whichever has room.
        let halves: Limited<'_> = (1, &[(0, 1, 1), (5, 6, 1)]);
        assert_eq!(found(&[halves]), 1);
        assert_eq!(found(&[halves, (9, &[(0, 1, 1)])]), 2);
        assert_eq!(found(&[halves, (9, &[(5, 6, 1)])]), 2);
        assert_eq!(found(&[halves, (9, &[(0, 1, 1), (5, 6, 1)])]), 2);
        // Whoever must moves on, through several groups.
        let groups: [Limited<'_>; 3] =
            [(2, &[(0, 2, 2), (2, 4, 2)]), (2, &[(2, 4, 2), (4, 6, 2)]), (2, &[(4, 6, 2)])];
        assert_eq!(found(&groups), 6);
        // What may lie in the same months is added.
        assert_eq!(found(&[(9, &[(0, 4, 1), (0, 4, 2), (0, 2, 2)])]), 4);
    }
}
