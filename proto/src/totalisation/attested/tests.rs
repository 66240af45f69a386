use super::*;
use crate::classification::Country;
use crate::credential::contribution::{Month, SchemeTotals};
use crate::id::{CredentialId, Did};
use crate::test_support::contribution;
use crate::time::Date;
use crate::totalisation::StateCode;

fn id(n: u8) -> CredentialId {
    CredentialId::new([n; 16])
}

fn place(issuer: &str, n: u8, contribution: &'static Contribution) -> Place<'static> {
    Place { issuer: Did::of_inception(issuer.as_bytes()), id: id(n), contribution }
}

/// An attestation of which series, number and totals are not shown.
fn plain() -> Contribution {
    Contribution {
        series: None,
        sequence: None,
        supersedes: None,
        total: None,
        scheme_totals: None,
        ..contribution()
    }
}

fn leak(contribution: Contribution) -> &'static Contribution {
    alloc::boxed::Box::leak(alloc::boxed::Box::new(contribution))
}

fn kinds(found: &Attested, shown: usize) -> Vec<NoteKind> {
    found.notes.iter().filter(|note| note.shown == shown).map(|note| note.kind).collect()
}

#[test]
fn an_attestation_becomes_a_period_for_the_branch_that_is_asked_for() {
    let shown = [place("a", 1, leak(contribution()))];
    let found = attested(&shown, Some(Branch::OldAge));
    let period = &found.periods[0];
    assert_eq!((period.id.as_str(), period.country.code()), ("1", "DE"));
    assert_eq!((period.counts_for_right, period.counts_for_amount), (true, true));
    let months = |n, d| Quantity::Of(TimeUnit::Month, Rational::new(n, d).unwrap());
    let years = [(2014, months(10, 1)), (2015, months(12, 1)), (2016, months(19, 2))];
    assert_eq!(period.reported, Some(Reported::ByYear(years.into())));
    assert_eq!(period.frame.start, Date::parse("2014-03-17").unwrap());
    assert_eq!((period.national_right, period.check()), (Some(false), Ok(())));
    let other = attested(&shown, Some(Branch::Invalidity));
    let period = &other.periods[0];
    assert_eq!((period.counts_for_right, period.counts_for_amount), (true, false));
}

#[test]
fn the_law_of_a_part_of_a_state_is_not_that_of_the_state() {
    let quebec = Contribution {
        legislation: Country::parse("CA").unwrap(),
        legislation_part: StateCode::parse("CA-QC"),
        ..plain()
    };
    let canada = Contribution { legislation_part: None, ..quebec.clone() };
    let shown = [place("a", 1, leak(quebec)), place("a", 2, leak(canada))];
    let found = attested(&shown, None);
    let of: Vec<_> = found.periods.iter().map(|period| period.country.code()).collect();
    assert_eq!(of, ["CA-QC", "CA"], "{:?}", found.left_out);
}

#[test]
fn of_a_series_the_newest_counts_and_nothing_counts_twice() {
    let newer = leak(contribution());
    let older = leak(Contribution { sequence: Some(1), supersedes: None, ..contribution() });
    let shown =
        [place("a", 1, older), place("a", 2, newer), place("a", 2, newer), place("b", 2, newer)];
    let found = attested(&shown, None);
    assert_eq!(found.shown, [1, 3], "of another issuer it is another attestation");
    let expected = [
        LeftOut { shown: 0, reason: LeftOutReason::Replaced, other: Some(1) },
        LeftOut { shown: 2, reason: LeftOutReason::ShownTwice, other: Some(1) },
    ];
    assert_eq!(found.left_out, expected);
}

#[test]
fn a_newer_one_that_hides_what_it_replaces_is_not_added_to_the_older() {
    let shown = [place("a", 1, leak(plain())), place("a", 2, leak(plain()))];
    let found = attested(&shown, None);
    assert_eq!(found.shown, [1]);
    assert_eq!(found.left_out[0].reason, LeftOutReason::SameTime);
    assert_eq!((found.left_out[0].other, found.doubtful.len()), (Some(1), 1));
    // Another time, another kind, or another series is another period.
    let later = Contribution {
        start: Month::parse("2017-01").unwrap(),
        end: Month::parse("2018-12").unwrap(),
        years: Vec::new(),
        first_day: None,
        last_day: None,
        mode: ReportingMode::Aggregate,
        value: contribution().total,
        ..plain()
    };
    let series = |n| Contribution { series: Some(id(n)), ..plain() };
    let shown = [
        place("a", 1, leak(plain())),
        place("a", 2, leak(later)),
        place("c", 3, leak(series(8))),
        place("c", 4, leak(series(9))),
    ];
    assert_eq!(attested(&shown, None).shown, [0, 1, 2, 3]);
}

#[test]
fn what_is_hidden_is_told_as_far_as_it_can_be() {
    let mut some = contribution();
    some.years.remove(0);
    let mut unknown = some.clone();
    unknown.total = None;
    let bare = Contribution { years: Vec::new(), ..plain() };
    let one = |contribution| {
        let found = attested(&[place("a", 1, leak(contribution))], None);
        (kinds(&found, 0), found)
    };
    use NoteKind::{
        Complete, NotComplete, PartlyRefunded, SchemeAllShown, SchemeHoldsMore, YearsHidden,
        YearsUnknown,
    };
    assert_eq!(one(some).0, [YearsHidden, SchemeHoldsMore, Complete]);
    assert_eq!(one(unknown).0, [YearsUnknown, SchemeHoldsMore, Complete]);
    let total = contribution().total.unwrap();
    let all = Contribution {
        scheme_totals: Some(SchemeTotals { right: total, amount: total }),
        complete: false,
        complete_up_to: None,
        refunded: Refund::Partial,
        ..contribution()
    };
    assert_eq!(one(all).0, [SchemeAllShown, NotComplete, PartlyRefunded]);
    let (notes, found) = one(bare);
    assert_eq!((notes, found.periods.len()), (Vec::new(), 0));
    assert_eq!(found.left_out[0].reason, LeftOutReason::NoFigure);
}

/// An attestation of so many months within others.
fn months_within(start: &str, end: &str, number: u32) -> Contribution {
    Contribution {
        start: Month::parse(start).unwrap(),
        end: Month::parse(end).unwrap(),
        first_day: None,
        last_day: None,
        mode: ReportingMode::Aggregate,
        years: Vec::new(),
        value: Some(attested::Quantity::of(attested::Unit::Month, Decimal::whole(number))),
        ..plain()
    }
}

#[test]
fn attestations_that_share_a_month_all_count_in_whatever_order_they_are_shown() {
    let all = [
        place("a", 1, leak(months_within("2014-01", "2014-06", 6))),
        place("a", 2, leak(months_within("2014-06", "2014-12", 7))),
        // These two may be one, and the one that says more counts.
        place("a", 3, leak(months_within("2015-01", "2015-12", 4))),
        place("a", 4, leak(months_within("2015-01", "2015-12", 9))),
        place("a", 5, leak(months_within("2015-03", "2015-05", 3))),
    ];
    for turn in 0..all.len() {
        for step in [1, 2, 3, 4] {
            let shown: Vec<_> = (0..all.len()).map(|n| all[(turn + n * step) % 5]).collect();
            let found = attested(&shown, None);
            let mut ids: Vec<_> = found.shown.iter().map(|at| shown[*at].id).collect();
            ids.sort_unstable();
            assert_eq!(ids, [id(1), id(2), id(4)], "{turn} {step}");
            assert_eq!(found.doubtful.len(), 2);
        }
    }
    // Who shows the days shows that the time is another.
    let day = |text| Date::parse(text);
    let first =
        Contribution { last_day: day("2014-06-10"), ..months_within("2014-06", "2014-06", 1) };
    let rest =
        Contribution { first_day: day("2014-06-11"), ..months_within("2014-06", "2014-09", 4) };
    let shown = [place("a", 1, leak(first)), place("a", 2, leak(rest))];
    assert_eq!(attested(&shown, None).shown, [0, 1]);
}

#[test]
fn what_was_paid_back_is_neither_among_what_is_on_record_nor_among_what_is_shown() {
    let number = attested::Quantity::of(attested::Unit::Month, Decimal::whole(12));
    let totals = Some(SchemeTotals { right: number, amount: number });
    let kept = Contribution { scheme_totals: totals, ..months_within("2014-01", "2014-06", 6) };
    let refunded = Contribution {
        refunded: Refund::Full,
        refund_date: Date::parse("2016-01-01"),
        ..months_within("2015-01", "2015-06", 6)
    };
    let shown = [place("a", 1, leak(kept)), place("a", 2, leak(refunded))];
    let found = attested(&shown, None);
    assert!(kinds(&found, 0).contains(&NoteKind::SchemeHoldsMore));
    assert!(!kinds(&found, 1).iter().any(|kind| kind.name().starts_with("scheme")));
}
