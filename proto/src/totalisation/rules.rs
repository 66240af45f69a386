//! The rules of an agreement on periods, as data: what each provision says, where it stands, and which
//! mechanisms of the engine it sets in motion. A new treaty is a new set of rules, not new code.

mod id;

pub use id::RuleId;

use alloc::vec::Vec;

use super::period::{PeriodKind, StateCode, TimeUnit};
use crate::cbor::{codes, record};
use crate::statement::accreditation::Branch;
use crate::text::Line;
use crate::time::Date;

/// Most rules of an agreement.
pub const MAX_RULES: usize = 96;
/// Most mechanisms of a rule.
pub const MAX_MECHANISMS: usize = 16;
/// Most lines of the plain text of a rule.
pub const MAX_TEXT_LINES: usize = 8;
/// Most States of an agreement, or of a mechanism.
pub const MAX_STATES: usize = 64;
/// Most branches of an agreement.
pub const MAX_BRANCHES: usize = 16;
/// Most kinds of periods that a mechanism names.
pub const MAX_KINDS: usize = 8;
/// Largest number of a mechanism; none is 0.
pub const MAX_NUMBER: u32 = 1_000_000;
/// Longest identifier of a rule, in bytes.
pub const MAX_RULE_ID_BYTES: usize = 24;

codes! {
    /// What kind of agreement it is. Whoever mixes them up is harmed.
    pub enum AgreementFamily {
        /// Coordination among several States, as in the European Union.
        Coordination = 1, "coordination";
        /// Totalisation, by two States or more.
        Totalisation = 2, "totalisation";
        /// Settles only which State collects; nothing is added.
        ContributionsOnly = 3, "contributions-only";
        /// The worker stays insured in the home scheme; nothing is added or divided.
        HomeScheme = 4, "home-scheme";
    }
}

codes! {
    /// What stands below the own time in the ratio.
    pub enum Denominator {
        /// The time of all States.
        Total = 1, "total";
        /// The time of all States without that of institutions relieved as short.
        TotalExcludingShort = 2, "total-excluding-short";
        /// The longest period that counts for a full benefit, if the total is above it.
        MaxPeriod = 3, "max-period";
        /// The own time and only so much foreign time as the right needs.
        MinimumNeeded = 4, "minimum-needed";
        /// A fixed number.
        Fixed = 5, "fixed";
        /// The quarters of the coverage lifetime.
        CoverageLifetime = 6, "coverage-lifetime";
        /// None: the benefit is computed from the own time directly.
        None = 7, "none";
        /// None: all time is time of the home scheme.
        Home = 8, "home";
    }
}

codes! {
    /// What a short period means for the State under whose law it was completed.
    pub enum ShortPeriod {
        /// It pays nothing, if the period alone gives no right.
        Relieves = 1, "relieves";
        /// It may refuse to pay.
        MayRefuse = 2, "may-refuse";
        /// It need not add foreign time.
        NoDuty = 3, "no-duty";
    }
}

codes! {
    /// How a partner's time becomes quarters of coverage.
    pub enum QuarterBasis {
        /// Period by period, placed from its first quarter on.
        Period = 1, "period";
        /// Calendar year by calendar year, placed in quarters that the period touches.
        CalendarYear = 2, "calendar-year";
        /// A year fills every quarter that is free.
        FillYear = 3, "fill-year";
    }
}

codes! {
    /// What the engine can be told to do. Each takes the keys that [`MechanismKind::keys`] lists.
    pub enum MechanismKind {
        /// Days of one basis that make a week, a month, a quarter, and at most a year.
        DayScheme = 1, "day-scheme";
        /// Weeks to months and back go through days of the six-day scheme.
        WeeksBySixDays = 2, "weeks-by-six-days";
        /// A fraction left after conversion is rounded up to a whole unit.
        RoundUp = 3, "round-up";
        /// A calendar year gives no more than its unit holds.
        YearlyMaximum = 4, "yearly-maximum";
        /// A full year in the source unit stays a full year in the target unit.
        FullYearKept = 5, "full-year-kept";
        /// Days beyond years and months make one month, as these States report them.
        RestDaysOneMonth = 6, "rest-days-one-month";
        /// Time of the other parties is added; `countries` are the parties bound to do so, if not all.
        Totalise = 10, "totalise";
        /// The agreement adds nothing.
        NoTotalisation = 11, "no-totalisation";
        /// Time abroad is time of the home scheme.
        HomeTime = 12, "home-time";
        /// The same time counts once.
        CountOnce = 20, "count-once";
        /// Periods of `kinds` displace coinciding ones of the kinds in `over` of another State.
        Displace = 21, "displace";
        /// Equivalent time in two States counts where insurance was compulsory last before, else first after.
        EquivalentOnce = 22, "equivalent-once";
        /// A period whose days are not known is presumed not to coincide.
        UncertainApart = 23, "uncertain-apart";
        /// The time of all States in one calendar year is limited; foreign time gives way.
        YearlyTotal = 24, "yearly-total";
        /// Compulsory in two States at once: each counts its own and leaves out the other's.
        EachItsOwn = 25, "each-its-own";
        /// Own time alone is tried first.
        OwnFirst = 30, "own-first";
        /// Foreign time counts only so far as the right needs it.
        OnlyAsNeeded = 31, "only-as-needed";
        /// Only time before the risk counts.
        CutAtRisk = 32, "cut-at-risk";
        /// Time whose contributions were paid back in full no longer counts.
        RefundEnds = 33, "refund-ends";
        /// Own time that must be there before foreign time is added.
        OwnMinimum = 34, "own-minimum";
        /// Own time without a gap that must be there before foreign time is added.
        OwnContinuous = 35, "own-continuous";
        /// Time of these States counts for the others only from a day on.
        CountsFrom = 36, "counts-from";
        /// Time of these States serves to totalise at home only if it lies after a day.
        OwnAfter = 37, "own-after";
        /// Time of these States serves to totalise at home only if it lies before an age in years.
        OwnBeforeAge = 38, "own-before-age";
        /// Kinds of periods of these States that the others do not count.
        ExcludeKinds = 39, "exclude-kinds";
        /// Time that a right needs in these States.
        Qualifying = 40, "qualifying";
        /// A calendar month covered in part counts in full, and once.
        TouchedMonths = 41, "touched-months";
        /// So many days beyond whole months make a month, and any rest at the end one more.
        DaysMakeMonth = 42, "days-make-month";
        /// Periods of a third State with an agreement of its own with the claim State may be added.
        ThirdState = 43, "third-state";
        /// Only one partner's time is added to that of these States.
        OnePartner = 44, "one-partner";
        /// Time of the other parties before a day counts only if there is time from that day on.
        EarlierNeedsLater = 45, "earlier-needs-later";
        /// Own time below a threshold: what the State need not do.
        ShortPeriod = 50, "short-period";
        /// Short periods raise the theoretical amount and stay out of the ratio.
        ShortOutsideRatio = 51, "short-outside-ratio";
        /// If every institution is relieved, the last State whose conditions are met pays alone.
        LastPaysAlone = 52, "last-pays-alone";
        /// What stands below the own time in the ratio.
        Ratio = 53, "ratio";
        /// The theoretical amount takes all time as own time.
        TheoreticalAmount = 54, "theoretical-amount";
        /// A benefit from own time alone is computed beside.
        IndependentBenefit = 55, "independent-benefit";
        /// The higher of the two is paid.
        HigherOfTwo = 56, "higher-of-two";
        /// Voluntary time that was displaced still raises the benefit of its insurer.
        DisplacedStillPays = 57, "displaced-still-pays";
        /// Amounts are rounded once at the end, half up, to so many decimals.
        RoundMoney = 58, "round-money";
        /// A partner's time in quarters of coverage.
        Quarters = 60, "quarters";
        /// Quarters may be credited backwards from the last one.
        QuartersBackward = 61, "quarters-backward";
        /// No foreign quarter where there is an own one, and none before a year.
        QuartersOnce = 62, "quarters-once";
        /// Own quarters of a year may be moved within it from this year on.
        QuartersMove = 63, "quarters-move";
        /// A category counts only between contributory time, and at most so many quarters in all.
        CategoryLimit = 64, "category-limit";
        /// Quarters that insure fully: one a year from the year after `year` or age 21, at most `value`.
        InsuredQuarters = 65, "insured-quarters";
        /// One country's own formula, by name.
        National = 70, "national";
    }
}

impl MechanismKind {
    /// Returns the keys it needs, and those it may have beside.
    pub const fn keys(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::DayScheme => (&["unit", "week", "month", "quarter", "year"], &[]),
            Self::WeeksBySixDays
            | Self::RoundUp
            | Self::YearlyMaximum
            | Self::FullYearKept
            | Self::NoTotalisation
            | Self::HomeTime
            | Self::CountOnce
            | Self::EquivalentOnce
            | Self::UncertainApart
            | Self::YearlyTotal
            | Self::EachItsOwn
            | Self::OwnFirst
            | Self::CutAtRisk
            | Self::RefundEnds
            | Self::ShortOutsideRatio
            | Self::LastPaysAlone
            | Self::TheoreticalAmount
            | Self::IndependentBenefit
            | Self::HigherOfTwo
            | Self::DisplacedStillPays => (&[], &[]),
            Self::RestDaysOneMonth | Self::TouchedMonths | Self::OnePartner => {
                (&["countries"], &[])
            }
            Self::Totalise | Self::OnlyAsNeeded | Self::ThirdState | Self::QuartersBackward => {
                (&[], &["countries"])
            }
            Self::Displace => (&["kinds", "over"], &[]),
            Self::OwnMinimum | Self::OwnContinuous => (&["value", "unit"], &["countries"]),
            Self::CountsFrom => (&["countries", "date"], &["scheme"]),
            Self::OwnAfter => (&["countries", "date"], &[]),
            Self::EarlierNeedsLater => (&["date"], &[]),
            Self::OwnBeforeAge | Self::DaysMakeMonth => (&["countries", "value"], &[]),
            Self::ExcludeKinds => (&["countries", "kinds"], &[]),
            Self::Qualifying => (&["countries", "value", "unit"], &[]),
            Self::ShortPeriod => (&["value", "unit", "short"], &["countries"]),
            Self::Ratio => (&["policy"], &["countries", "value", "unit"]),
            Self::RoundMoney => (&["value"], &[]),
            Self::Quarters => (&["countries", "unit", "value", "basis"], &[]),
            Self::QuartersOnce => (&[], &["year"]),
            Self::QuartersMove => (&["year"], &[]),
            Self::CategoryLimit => (&["countries", "category", "value"], &[]),
            Self::InsuredQuarters => (&["value", "year"], &[]),
            Self::National => (&["formula"], &["countries"]),
        }
    }
}

codes! {
    /// A formula of one country, computed by a module of its own.
    pub enum Formula {
        /// A cap on time without contributions.
        NoncontributoryCap = 1, "noncontributory-cap";
        /// The Irish yearly average with its bands.
        IrishAverage = 2, "irish-average";
        /// The Irish share of a notional rate.
        IrishProRata = 3, "irish-pro-rata";
        /// The American relative earnings position.
        RelativeEarnings = 4, "relative-earnings";
        /// Canadian old age security.
        OldAgeSecurity = 5, "old-age-security";
    }
}

record! {
    /// One thing that a rule makes the engine do, with the parameters that its kind takes.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Mechanism {
        /// What it does.
        kind [1]: MechanismKind,
        /// For which States, or about which.
        countries [2; ..MAX_STATES]: Vec<StateCode>,
        /// Kinds of periods.
        kinds [3; ..MAX_KINDS]: Vec<PeriodKind>,
        /// Kinds of periods that give way.
        over [4; ..MAX_KINDS]: Vec<PeriodKind>,
        /// A number.
        value [5]: Option<u32>,
        /// The unit of the number.
        unit [6]: Option<TimeUnit>,
        /// Days of a week.
        week [7]: Option<u32>,
        /// Days of a month.
        month [8]: Option<u32>,
        /// Days of a quarter.
        quarter [9]: Option<u32>,
        /// Days of a year at most, or a calendar year.
        year [10]: Option<u32>,
        /// A day.
        date [11]: Option<Date>,
        /// A category of periods.
        category [12]: Option<Line>,
        /// A scheme.
        scheme [13]: Option<Line>,
        /// What a short period means.
        short [14]: Option<ShortPeriod>,
        /// What stands below the own time.
        policy [15]: Option<Denominator>,
        /// How time becomes quarters.
        basis [16]: Option<QuarterBasis>,
        /// Which formula.
        formula [17]: Option<Formula>,
    }
    check |mechanism| mechanism.check()
}

impl Mechanism {
    /// Makes a mechanism without parameters.
    pub const fn new(kind: MechanismKind) -> Self {
        Self {
            kind,
            countries: Vec::new(),
            kinds: Vec::new(),
            over: Vec::new(),
            value: None,
            unit: None,
            week: None,
            month: None,
            quarter: None,
            year: None,
            date: None,
            category: None,
            scheme: None,
            short: None,
            policy: None,
            basis: None,
            formula: None,
        }
    }

    /// Lists the keys that are there, by name.
    fn present(&self) -> impl Iterator<Item = &'static str> {
        [
            ("countries", !self.countries.is_empty()),
            ("kinds", !self.kinds.is_empty()),
            ("over", !self.over.is_empty()),
            ("value", self.value.is_some()),
            ("unit", self.unit.is_some()),
            ("week", self.week.is_some()),
            ("month", self.month.is_some()),
            ("quarter", self.quarter.is_some()),
            ("year", self.year.is_some()),
            ("date", self.date.is_some()),
            ("category", self.category.is_some()),
            ("scheme", self.scheme.is_some()),
            ("short", self.short.is_some()),
            ("policy", self.policy.is_some()),
            ("basis", self.basis.is_some()),
            ("formula", self.formula.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, there)| there.then_some(name))
    }

    /// Checks that the keys are those of its kind, and that no number divides by zero.
    fn check(&self) -> Result<(), &'static str> {
        let (needed, allowed) = self.kind.keys();
        if needed.iter().any(|key| !self.present().any(|there| there == *key)) {
            return Err("a mechanism lacks a key that its kind needs");
        }
        if self.present().any(|there| !needed.contains(&there) && !allowed.contains(&there)) {
            return Err("a mechanism has a key that its kind does not take");
        }
        let numbers = [self.value, self.week, self.month, self.quarter, self.year];
        if numbers.iter().flatten().any(|number| !(1..=MAX_NUMBER).contains(number)) {
            return Err("a number of a mechanism is 0 or above 1,000,000");
        }
        let is_day = matches!(self.unit, Some(TimeUnit::Day5 | TimeUnit::Day6 | TimeUnit::Day7));
        if self.kind == MechanismKind::DayScheme && !is_day {
            return Err("a day scheme has days of five, six or seven a week");
        }
        if self.policy.is_some_and(|policy| (policy == Denominator::Fixed) != self.value.is_some())
        {
            return Err("a fixed denominator has a number, and no other has");
        }
        Ok(())
    }
}

record! {
    /// One provision: where it stands, what it says, and what it makes the engine do.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PeriodRule {
        /// Its identifier.
        id [1]: RuleId,
        /// Where it stands.
        citation [2]: Line,
        /// What it says, in plain words.
        text [3; ..MAX_TEXT_LINES]: Vec<Line>,
        /// Whether it rests on general knowledge and was not read at its source.
        general_knowledge [4]: bool,
        /// What it makes the engine do; nothing, where it states a principle.
        does [5; ..MAX_MECHANISMS]: Vec<Mechanism>,
    }
    check |rule| if rule.text.is_empty() { Err("a rule has a text") } else { Ok(()) }
}

record! {
    /// The rules of an agreement on periods.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct PeriodRules {
        /// What it goes by, such as `EU-883`.
        id [1]: RuleId,
        /// What kind of agreement it is.
        family [2]: AgreementFamily,
        /// Whose time it is about; empty only for rules that agreements share.
        parties [3; ..MAX_STATES]: Vec<StateCode>,
        /// For which branches; empty: for all.
        branches [4; ..MAX_BRANCHES]: Vec<Branch>,
        /// The first day it is in force.
        from [5]: Option<Date>,
        /// The last day it is in force.
        until [6]: Option<Date>,
        /// Its rules.
        rules [7; ..MAX_RULES]: Vec<PeriodRule>,
    }
    check |rules| rules.check()
}

impl PeriodRules {
    fn check(&self) -> Result<(), &'static str> {
        if self.parties.len() == 1 {
            return Err("an agreement on periods has no single party");
        }
        let mut parties = self.parties.clone();
        parties.sort_unstable();
        parties.dedup();
        if parties.len() != self.parties.len() {
            return Err("an agreement on periods names a party twice");
        }
        if self.strangers().next().is_some() {
            return Err("a rule on periods names a State that is no party");
        }
        if self.until.zip(self.from).is_some_and(|(until, from)| until < from) {
            return Err("an agreement on periods ends before it begins");
        }
        let mut ids: Vec<_> = self.rules.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        let mut pairs = ids.iter().zip(ids.iter().skip(1));
        if pairs.any(|(before, after)| before == after) {
            return Err("a rule is there twice");
        }
        super::plan::ranks(self).map(|_| ())
    }

    /// Returns every State that a rule names and that is no party, with the rule.
    pub fn strangers(&self) -> impl Iterator<Item = (RuleId, StateCode)> {
        let named = |(rule, does): (RuleId, &Mechanism)| {
            let states: Vec<_> = does.countries.iter().map(|state| (rule, *state)).collect();
            states
        };
        self.mechanisms().flat_map(named).filter(|(_, state)| !self.is_party(*state))
    }

    /// Leaves out of a rule that agreements share what it says of States that are no parties here.
    pub fn adopt(&self, mut rule: PeriodRule) -> PeriodRule {
        rule.does.retain_mut(|does| {
            let about_all = does.countries.is_empty();
            does.countries.retain(|state| self.is_party(*state));
            about_all || !does.countries.is_empty()
        });
        rule
    }

    /// Returns the rule with this identifier.
    pub fn rule(&self, id: RuleId) -> Option<&PeriodRule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Returns every mechanism with the rule it belongs to.
    pub fn mechanisms(&self) -> impl Iterator<Item = (RuleId, &Mechanism)> {
        self.rules.iter().flat_map(|rule| rule.does.iter().map(|does| (rule.id, does)))
    }

    /// Returns the first mechanism of a kind.
    pub fn first(&self, kind: MechanismKind) -> Option<(RuleId, &Mechanism)> {
        self.mechanisms().find(|(_, does)| does.kind == kind)
    }

    /// Returns the first mechanism of a kind that is about a State, or about no State in particular.
    pub fn about(&self, kind: MechanismKind, state: StateCode) -> Option<(RuleId, &Mechanism)> {
        let of_kind = || self.mechanisms().filter(|(_, does)| does.kind == kind);
        of_kind()
            .find(|(_, does)| does.countries.contains(&state))
            .or_else(|| of_kind().find(|(_, does)| does.countries.is_empty()))
    }

    /// Tells whether they are about a branch. Rules without branches are about every branch, and a claim
    /// without one is on whatever they are about.
    pub fn is_about(&self, branch: Option<Branch>) -> bool {
        branch.is_none_or(|branch| self.branches.is_empty() || self.branches.contains(&branch))
    }

    /// Tells whether a State is a party. Rules without parties are about every State.
    pub fn is_party(&self, state: StateCode) -> bool {
        self.parties.is_empty() || self.parties.contains(&state)
    }
}
