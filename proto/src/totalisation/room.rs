//! Room that a certified figure leaves within its frame, and who of those that gave way gets it.
//!
//! A figure that is less than its frame says how much, and only roughly when. So nobody gives way to more
//! than it: what is left of the frame is for those that gave way, in the order in which they took part.
//! Whatever the order, as much counts as finds room, so another period never lowers the sum but by the
//! rounding of what is left of a figure that was cut on some day.

use alloc::vec::Vec;

use super::calendar::{Stretch, fit};
use super::count::PeriodResult;
use super::overlap::{Entrant, Kept};
use super::period::{Frame, TimeUnit};
use super::plan::Plan;
use super::time::{Measure, months_within, within_year};
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

/// Returns how much of what the pieces have finds room within their frames.
fn placed(pieces: &[Piece]) -> i64 {
    let has = pieces.iter().filter(|piece| piece.has > 0);
    fit(has.map(|piece| Stretch { first: piece.start, end: piece.end, time: piece.has }).collect())
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
                open_time = open_time.saturating_add(piece.wants - piece.has);
                piece.has = piece.wants;
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
        let mut pieces = self.pieces(entrants, kept, results, &shares, unit)?;
        let turn = |piece: &Piece| kept.get(piece.at.0).filter(|k| gave_way(k)).map(|k| k.turn);
        let mut losers: Vec<(usize, (usize, usize), usize)> = Vec::new();
        for (at, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.wants > piece.has) {
            losers.extend(turn(piece).map(|turn| (turn, piece.at, at)));
        }
        losers.sort_unstable();
        let losers: Vec<usize> = losers.into_iter().map(|(.., at)| at).collect();
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
            let before = share.years.get(year).map(|(_, time)| *time);
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
        kept: &[Kept],
        results: &[PeriodResult],
        shares: &[Share],
        unit: TimeUnit,
    ) -> Result<Vec<Piece>, TotalisationError> {
        let mut pieces = Vec::with_capacity(entrants.len());
        let each = entrants.iter().zip(kept).zip(shares).enumerate();
        for (place, ((entrant, kept), share)) in each {
            let Some(result) = results.get(entrant.index) else { continue };
            if share.years.is_empty() {
                // Without exact days only whole free months count where months are counted.
                let months = kept.placed.is_some() && Measure::of(unit) == Measure::Months;
                let frame = if months { months_within(entrant.frame) } else { Some(entrant.frame) };
                let figures = (share.counted, entrant.time, result.converted.value);
                if let Some(frame) = frame {
                    let frames = (frame, entrant.period.frame);
                    pieces.push(self.piece((place, 0), frames, figures, unit)?);
                }
                continue;
            }
            let frames = [entrant.frame];
            let alone = self.left_by_year(entrant.period, &result.converted, &frames, unit)?.1;
            let figures = share.years.iter().zip(alone).zip(&result.converted.years);
            for (at, (((year, has), (_, wants)), (_, certified))) in figures.enumerate() {
                let of_year = |frame| within_year(frame, *year);
                if let Some(frames) = of_year(entrant.frame).zip(of_year(entrant.period.frame)) {
                    let figures = (*has, wants, *certified);
                    pieces.push(self.piece((place, at), frames, figures, unit)?);
                }
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

    /// Returns a figure in ticks. What is more than its own frame holds counts beside it and needs no room.
    fn piece(
        &self,
        at: (usize, usize),
        (frame, of_period): (Frame, Frame),
        (has, wants, certified): (Rational, Rational, Rational),
        unit: TimeUnit,
    ) -> Result<Piece, TotalisationError> {
        let measure = Measure::of(unit);
        let one = measure.ticks_of(unit, &self.units)?;
        let ticks =
            |time: Rational| time.times(one)?.ceil().to_whole().ok_or(TotalisationError::TooLarge);
        let beside = (ticks(certified)? - measure.touched(of_period)).max(0);
        let (start, end) =
            (measure.tick(frame.start.0), measure.tick(frame.end.0.saturating_add(1)));
        let inside = |time: Rational| Ok((ticks(time)? - beside).clamp(0, end - start));
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
