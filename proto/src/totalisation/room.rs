//! Room that a certified figure leaves within its frame, and who of those that gave way gets it.
//!
//! A figure that is less than its frame says how much, and only roughly when. So nobody gives way to more
//! than it: what is left of the frame is for those that gave way, in the order in which they took part.
//! Whatever the order, as much counts as finds room, so another period never lowers the sum.

use alloc::vec::Vec;

use super::calendar::{Counting, Place, Stretch, fit};
use super::count::PeriodResult;
use super::overlap::{Entrant, Kept};
use super::period::TimeUnit;
use super::plan::Plan;
use super::time::Measure;
use super::{Claim, Rational, TotalisationError};

/// What counts of an entrant.
#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    /// In all.
    pub counted: Rational,
    /// By calendar year, if it was certified so.
    pub years: Vec<(i32, Rational)>,
}

/// A figure, so far as the months or weeks that it touches hold it; all numbers are ticks. What is above that counts
/// beside it and needs no room.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The entrant, and which of its years.
    at: (usize, usize),
    /// Where it lies, with all that it would have if nothing else were there.
    wants: Stretch,
    /// What it has.
    has: i64,
}

/// Returns how much of what the pieces have finds room within their months.
fn placed(pieces: &[Piece]) -> i64 {
    let has = pieces.iter().filter(|piece| piece.has > 0);
    fit(has.map(|piece| Stretch { time: piece.has, ..piece.wants }).collect())
}

/// Gives the room that is left to those who gave way, in their order: `losers` are places in `pieces`.
///
/// Half of them are tried at once, so that many for whom there is no room, or room for all, cost little.
fn give(pieces: &mut [Piece], losers: &[usize]) {
    let mut all = placed(pieces);
    let mut open = alloc::vec![losers];
    while let Some(some) = open.pop() {
        let before: Vec<i64> =
            some.iter().filter_map(|at| pieces.get(*at).map(|piece| piece.has)).collect();
        let mut open_time = 0i64;
        for piece in some.iter() {
            if let Some(piece) = pieces.get_mut(*piece) {
                open_time = open_time.saturating_add(piece.wants.time - piece.has);
                piece.has = piece.wants.time;
            }
        }
        let gained = placed(pieces) - all;
        if gained == open_time {
            all += gained;
            continue;
        }
        let alone = some.len() == 1;
        for (at, had) in some.iter().zip(before) {
            if let Some(piece) = pieces.get_mut(*at) {
                piece.has = if alone { had + gained } else { had };
            }
        }
        if alone {
            all += gained;
        } else if gained > 0 {
            let (first, second) = some.split_at(some.len() / 2);
            open.extend([second, first]);
        }
    }
}

/// Gives figures of the State that asks, with exact days and of a kind that gives way to no other, what its
/// other such figures leave of the days that only they took, before anybody else gets some of it.
fn give_own(
    plan: &Plan<'_>,
    pieces: &mut [Piece],
    losers: &[usize],
    entrants: &[Entrant<'_>],
    kept: &[Kept],
    claim: &Claim,
) {
    let first = entrants.iter().map(|entrant| plan.rank(entrant.period.kind)).min();
    let is_own = |piece: &Piece| {
        let (entrant, kept) = (entrants.get(piece.at.0), kept.get(piece.at.0));
        entrant.zip(kept).is_some_and(|(entrant, kept)| {
            claim.country == Some(entrant.period.country)
                && kept.placed.is_none()
                && Some(plan.rank(entrant.period.kind)) == first
                && kept.displaced.iter().all(|displaced| displaced.rule.is_none())
        })
    };
    let places: Vec<usize> =
        pieces.iter().enumerate().filter(|(_, piece)| is_own(piece)).map(|(at, _)| at).collect();
    let mut own: Vec<Piece> = places.iter().filter_map(|at| pieces.get(*at).copied()).collect();
    let own_losers: Vec<usize> =
        losers.iter().filter_map(|at| places.binary_search(at).ok()).collect();
    give(&mut own, &own_losers);
    for (at, piece) in places.into_iter().zip(own) {
        if let Some(held) = pieces.get_mut(at) {
            *held = piece;
        }
    }
}

impl Plan<'_> {
    /// Returns what counts of each entrant: the days that are left to it, and what finds room in days that
    /// others have and do not fill.
    pub(super) fn shares(
        &self,
        entrants: &[Entrant<'_>],
        kept: &mut [Kept],
        results: &[PeriodResult],
        claim: &Claim,
    ) -> Result<Vec<Share>, TotalisationError> {
        let unit = claim.unit;
        let mut shares = Vec::with_capacity(entrants.len());
        for (entrant, kept) in entrants.iter().zip(kept.iter()) {
            let Some(result) = results.get(entrant.index) else { continue };
            let (time, years) =
                self.left_by_year(entrant.period, &result.converted, &kept.frames, unit)?;
            shares.push(match kept.placed {
                Some(counted) => Share { counted, years: Vec::new() },
                None => Share { counted: time, years },
            });
        }
        let gave_way = |kept: &Kept| kept.placed.is_some() || !kept.displaced.is_empty();
        if !kept.iter().any(gave_way) {
            return Ok(shares);
        }
        let mut pieces = self.pieces(entrants, results, &shares, unit)?;
        let turn = |piece: &Piece| kept.get(piece.at.0).filter(|k| gave_way(k)).map(|k| k.turn);
        let mut losers: Vec<(usize, (usize, usize), usize)> = Vec::new();
        for (at, piece) in
            pieces.iter().enumerate().filter(|(_, piece)| piece.has < piece.wants.time)
        {
            losers.extend(turn(piece).map(|turn| (turn, piece.at, at)));
        }
        losers.sort_unstable();
        let losers: Vec<usize> = losers.into_iter().map(|(.., at)| at).collect();
        if losers.is_empty() {
            return Ok(shares);
        }
        let had: Vec<i64> = pieces.iter().map(|piece| piece.has).collect();
        give_own(self, &mut pieces, &losers, entrants, kept, claim);
        give(&mut pieces, &losers);
        let measure = Measure::of(unit);
        let ticks_of_one = self.ticks_of_one(unit, measure)?;
        for (piece, had) in pieces.iter().zip(had).filter(|(piece, had)| piece.has > *had) {
            let (place, year) = piece.at;
            let (Some(share), Some(kept), Some(entrant)) =
                (shares.get_mut(place), kept.get_mut(place), entrants.get(place))
            else {
                continue;
            };
            let more = Rational::whole(piece.has - had).over(ticks_of_one)?;
            let before = share.years.get(year).map(|(_, time)| *time);
            let full = match before {
                Some(_) => self.figure_of_year(entrant, results, year, unit)?,
                None => entrant.time,
            };
            let now = before.unwrap_or(share.counted);
            let counted = match piece.has < piece.wants.time {
                true => self.round(now.plus(more)?, unit).min(full),
                false => full,
            };
            share.counted = share.counted.plus(counted.less(now)?)?;
            if let Some((_, time)) = share.years.get_mut(year) {
                *time = counted;
            }
            if kept.placed.is_some() {
                kept.placed = Some(share.counted);
            }
            kept.frames = alloc::vec![entrant.frame];
        }
        Ok(shares)
    }

    /// Returns every figure of the entrants: by year if it was certified so and exact days are known.
    fn pieces(
        &self,
        entrants: &[Entrant<'_>],
        results: &[PeriodResult],
        shares: &[Share],
        unit: TimeUnit,
    ) -> Result<Vec<Piece>, TotalisationError> {
        let measure = Measure::of(unit);
        let ticks_of_one = self.ticks_of_one(unit, measure)?;
        let mut pieces = Vec::with_capacity(entrants.len());
        let mut figures = Vec::new();
        for (place, (entrant, share)) in entrants.iter().zip(shares).enumerate() {
            let Some(result) = results.get(entrant.index) else { continue };
            let part = Counting {
                index: entrant.index,
                period: entrant.period,
                converted: &result.converted,
                within: entrant.frame,
                frames: &[],
                counted: Rational::ZERO,
                years: &[],
            };
            figures.clear();
            self.undisturbed(part, unit, |alone| {
                self.each_figure(alone, unit, measure, |lies, part, _| {
                    figures.push((part.year, lies));
                    Ok(())
                })
            })?;
            let piece = |at: usize, figures: &[(Option<i32>, Place)], has: i64| {
                let (first, last) = (figures.first()?.1.inside, figures.last()?.1.inside);
                let sum = |part: fn(&Place) -> i64| {
                    figures.iter().fold(0i64, |sum, (_, lies)| sum.saturating_add(part(lies)))
                };
                let time = sum(|lies| lies.inside.time);
                let wants = Stretch { first: first.first, end: last.end, time };
                let beside = sum(|lies| lies.beside.map_or(0, |beside| beside.time));
                Some(Piece { at: (place, at), wants, has: (has - beside).clamp(0, time) })
            };
            let ticks = |time: Rational| {
                time.times(ticks_of_one)?.ceil().to_whole().ok_or(TotalisationError::TooLarge)
            };
            if share.years.is_empty() {
                // Without exact days the figures of all years are one.
                pieces.extend(piece(0, &figures, ticks(share.counted)?));
            }
            for (at, (year, has)) in share.years.iter().enumerate() {
                let of_year = figures.iter().position(|(of, _)| *of == Some(*year));
                let of_year = of_year.and_then(|found| figures.get(found..=found));
                let has = ticks(*has)?;
                pieces.extend(of_year.and_then(|figure| piece(at, figure, has)));
            }
        }
        Ok(pieces)
    }

    /// Returns what one year of an entrant comes to if nothing else is there.
    fn figure_of_year(
        &self,
        entrant: &Entrant<'_>,
        results: &[PeriodResult],
        year: usize,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        let Some(result) = results.get(entrant.index) else { return Ok(Rational::ZERO) };
        let frames = [entrant.frame];
        let years = self.left_by_year(entrant.period, &result.converted, &frames, unit)?.1;
        Ok(years.get(year).map_or(Rational::ZERO, |(_, time)| *time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: i64, end: i64, has: i64, wants: i64) -> Piece {
        Piece { at: (0, 0), wants: Stretch { first: start, end, time: wants }, has }
    }

    #[test]
    fn room_goes_to_whoever_comes_first_and_nobody_loses_what_it_has() {
        let mut pieces = [piece(0, 12, 1, 1), piece(0, 12, 0, 12), piece(0, 24, 0, 12)];
        give(&mut pieces, &[1, 2]);
        assert_eq!(pieces.map(|piece| piece.has), [1, 11, 12]);
        let mut pieces = [piece(0, 12, 1, 1), piece(0, 12, 0, 6), piece(0, 12, 0, 6)];
        give(&mut pieces, &[2, 1]);
        assert_eq!(pieces.map(|piece| piece.has), [1, 5, 6]);
        let mut full = [piece(0, 12, 12, 12), piece(0, 12, 0, 12)];
        give(&mut full, &[1]);
        assert_eq!(full.map(|piece| piece.has), [12, 0]);
    }
}
