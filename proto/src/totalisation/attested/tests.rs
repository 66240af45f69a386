use super::*;
use crate::credential::contribution::{Month, SchemeTotals};
use crate::id::{CredentialId, Did};
use crate::test_support::contribution;
use crate::time::Date;

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
    assert_eq!(found.shown, [0]);
    assert_eq!(found.left_out[0].reason, LeftOutReason::SameTime);
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
