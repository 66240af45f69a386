//! Room that a certified figure leaves within its frame, and who of those that gave way gets it.
//!
//! A figure that is less than its frame says how much, and only roughly when. So nobody gives way to more
//! than it: what is left of the frame is for those that gave way, in the order in which they took part.
//! Whatever the order, as much counts as finds room, so another period never lowers the sum.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::count::PeriodResult;
use super::overlap::{Entrant, Kept};
use super::period::{Frame, TimeUnit};
use super::plan::Plan;
use super::time::{Measure, months_within, whole_months, within_year};
use super::{Rational, TotalisationError};

/// What counts of an entrant.
#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    /// In all.
    pub counted: Rational,
    /// By calendar year, if it was certified so.
    pub years: Vec<(i32, Rational)>,
}

/// A figure that lies somewhere in a frame; all numbers are ticks.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The entrant, and which of its years.
    at: (usize, usize),
    start: i64,
    end: i64,
    /// What it has.
    has: i64,
    /// What it would have if nothing else were there.
    wants: i64,
}

/// Places every piece within its frame, whichever must end first, and returns how much finds room. The
/// pieces are in the order in which they start.
fn fit(pieces: &[Piece]) -> i64 {
    let mut coming = pieces.iter().filter(|piece| piece.has > 0).peekable();
    let mut open: BinaryHeap<Reverse<(i64, i64)>> = BinaryHeap::new();
    let (mut now, mut placed) = (i64::MIN, 0i64);
    loop {
        if open.is_empty() {
            let Some(next) = coming.peek() else { return placed };
            now = now.max(next.start);
        }
        while let Some(one) = coming.next_if(|one| one.start <= now) {
            open.push(Reverse((one.end, one.has)));
        }
        let Some(Reverse((end, has))) = open.pop() else { continue };
        let next = coming.peek().map_or(end, |next| next.start.min(end));
        let part = has.min(next.saturating_sub(now).max(0));
        now = now.saturating_add(part);
        placed = placed.saturating_add(part);
        if part < has && now < end {
            open.push(Reverse((end, has - part)));
        }
    }
}

/// Gives the room that is left to those who gave way, in their order: `losers` are places in `pieces`.
///
/// Half of them are tried at once, so that many for whom there is no room, or room for all, cost little.
fn give(pieces: &mut [Piece], losers: &[usize]) {
    let mut placed = fit(pieces);
    let mut open = alloc::vec![losers];
    while let Some(some) = open.pop() {
        let before: Vec<i64> =
            some.iter().filter_map(|at| pieces.get(*at).map(|piece| piece.has)).collect();
        let mut open_time = 0i64;
        for piece in some.iter() {
            if let Some(piece) = pieces.get_mut(*piece) {
                open_time = open_time.saturating_add(piece.wants - piece.has);
                piece.has = piece.wants;
            }
        }
        let gained = fit(pieces) - placed;
        if gained == open_time {
            placed += gained;
            continue;
        }
        let alone = some.len() == 1;
        for (at, had) in some.iter().zip(before) {
            if let Some(piece) = pieces.get_mut(*at) {
                piece.has = if alone { had + gained } else { had };
            }
        }
        if alone {
            placed += gained;
        } else if gained > 0 {
            let (first, second) = some.split_at(some.len() / 2);
            open.extend([second, first]);
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
        unit: TimeUnit,
    ) -> Result<Vec<Share>, TotalisationError> {
        let mut shares = Vec::with_capacity(entrants.len());
        let (mut pieces, mut turns) = (Vec::new(), Vec::with_capacity(entrants.len()));
        for (place, (entrant, kept)) in entrants.iter().zip(kept.iter()).enumerate() {
            let Some(result) = results.get(entrant.index) else { continue };
            let left = |frames: &[Frame]| {
                self.left_by_year(entrant.period, &result.converted, frames, unit)
            };
            let (time, years) = left(&kept.frames)?;
            let counted = kept.placed.unwrap_or(time);
            let measure = Measure::of(unit);
            if kept.placed.is_none() && !years.is_empty() {
                let figures = result.converted.years.iter().zip(left(&[entrant.frame])?.1);
                for (at, ((year, has), ((_, certified), (_, wants)))) in
                    years.iter().zip(figures).enumerate()
                {
                    let frames = within_year(entrant.frame, *year)
                        .zip(within_year(entrant.period.frame, *year));
                    if let Some(frames) = frames {
                        let figures = (*has, wants, *certified);
                        pieces.push(self.piece((place, at), frames, figures, unit)?);
                    }
                }
            } else {
                let whole = kept.placed.is_some() && measure == Measure::Months;
                let frame = if whole { months_within(entrant.frame) } else { Some(entrant.frame) };
                if let Some(frame) = frame {
                    let frames = (frame, entrant.period.frame);
                    let figures = (counted, entrant.time, result.converted.value);
                    pieces.push(self.piece((place, 0), frames, figures, unit)?);
                }
            }
            turns.push(kept.turn);
            shares.push(Share { counted, years });
        }
        pieces.sort_by_key(|piece| (piece.start, piece.at));
        let gave_way = |place: usize| {
            kept.get(place).is_some_and(|k| k.placed.is_some() || !k.displaced.is_empty())
        };
        let mut losers: Vec<usize> = pieces
            .iter()
            .enumerate()
            .filter(|(_, piece)| piece.wants > piece.has && gave_way(piece.at.0))
            .map(|(at, _)| at)
            .collect();
        losers.sort_by_key(|at| pieces.get(*at).map(|p| (turns.get(p.at.0).copied(), p.at)));
        if losers.is_empty() {
            return Ok(shares);
        }
        let had: Vec<i64> = pieces.iter().map(|piece| piece.has).collect();
        give(&mut pieces, &losers);
        let one = Measure::of(unit).to_unit(1, unit, &self.units)?;
        for (piece, had) in pieces.iter().zip(had).filter(|(piece, had)| piece.has > *had) {
            let (place, year) = piece.at;
            let (Some(share), Some(kept), Some(entrant)) =
                (shares.get_mut(place), kept.get_mut(place), entrants.get(place))
            else {
                continue;
            };
            let more = Rational::whole(piece.has - had).times(one)?;
            let before = share.years.get(year).filter(|_| kept.placed.is_none()).map(|(_, t)| *t);
            let full = match before {
                Some(_) => self.figure_of_year(entrant, results, year, unit)?,
                None => entrant.time,
            };
            let now = before.unwrap_or(share.counted);
            let counted = match piece.has < piece.wants {
                true => self.round(now.plus(more)?, unit).min(full),
                false => full,
            };
            share.counted = share.counted.plus(counted.less(now)?)?;
            if let (Some(_), Some((_, time))) = (before, share.years.get_mut(year)) {
                *time = counted;
            }
            if kept.placed.is_some() {
                kept.placed = Some(share.counted);
            }
            kept.frames = alloc::vec![entrant.frame];
        }
        Ok(shares)
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

    /// Returns a figure in ticks. What is more than its own frame holds counts beside it and needs no room.
    fn piece(
        &self,
        at: (usize, usize),
        (frame, of_period): (Frame, Frame),
        (has, wants, certified): (Rational, Rational, Rational),
        unit: TimeUnit,
    ) -> Result<Piece, TotalisationError> {
        let measure = Measure::of(unit);
        let one = measure.to_unit(1, unit, &self.units)?;
        let ticks =
            |time: Rational| time.over(one)?.ceil().to_whole().ok_or(TotalisationError::TooLarge);
        let holds = match measure {
            Measure::Months => measure.ticks(whole_months(of_period)),
            Measure::Weeks => measure.ticks(of_period).saturating_add(6).div_euclid(7) * 7,
        };
        let beside = (ticks(certified)? - holds).max(0);
        let room = measure.ticks(frame);
        let inside = |time: Rational| Ok((ticks(time)? - beside).clamp(0, room));
        let (start, end) =
            (measure.tick(frame.start.0), measure.tick(frame.end.0.saturating_add(1)));
        Ok(Piece { at, start, end, has: inside(has)?, wants: inside(wants)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(start: i64, end: i64, has: i64, wants: i64) -> Piece {
        Piece { at: (0, 0), start, end, has, wants }
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
