//! Values of a case: exact numbers, days, periods.

use super::CaseError;
use carnet_proto::statement::accreditation::Branch;
use carnet_proto::time::Date;
use carnet_proto::totalisation::Rational;
use carnet_proto::totalisation::period::{
    Frame, Period, PeriodKind, Quantity, Refund, Reported, StateCode, TimeUnit,
};
use carnet_proto::totalisation::quarters::Quarter;
use carnet_proto::totalisation::rules::MAX_STATES;
use serde_json::Value;
use std::collections::BTreeSet;

/// A value of a case with the path by which errors name it.
#[derive(Clone, Copy)]
pub struct Node<'v> {
    value: Option<&'v Value>,
    name: &'v str,
}

impl<'v> Node<'v> {
    /// Wraps a value.
    pub const fn new(value: &'v Value, name: &'v str) -> Self {
        Self { value: Some(value), name }
    }

    /// Returns a member; nothing, if it is not there or null.
    pub fn get(self, name: &'v str) -> Self {
        Self { value: self.value.and_then(|value| value.get(name)).filter(|v| !v.is_null()), name }
    }

    /// Returns the first of several members that is there.
    pub fn any(self, names: &[&'v str]) -> Self {
        let mut all = names.iter().map(|name| self.get(name));
        all.find(|node| node.is_there()).unwrap_or(Self { value: None, name: self.name })
    }

    /// Tells whether there is a value.
    pub const fn is_there(self) -> bool {
        self.value.is_some()
    }

    /// Returns the value itself.
    pub const fn value(self) -> Option<&'v Value> {
        self.value
    }

    /// Says that the value is not what it should be.
    pub fn not(self, what: &str) -> CaseError {
        match self.value {
            None => CaseError::Missing(self.name.to_owned()),
            Some(_) => CaseError::Wrong { name: self.name.to_owned(), what: what.to_owned() },
        }
    }

    /// Returns the members of a list; none, if it is not there.
    pub fn list(self) -> Result<Vec<Self>, CaseError> {
        match self.value {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                Ok(items.iter().map(|item| Self::new(item, self.name)).collect())
            }
            Some(_) => Err(self.not("a list")),
        }
    }

    /// Returns a text.
    pub fn text(self) -> Result<&'v str, CaseError> {
        self.value.and_then(Value::as_str).ok_or_else(|| self.not("a text"))
    }

    /// Returns a yes or no.
    pub fn yes(self) -> Result<bool, CaseError> {
        self.value.and_then(Value::as_bool).ok_or_else(|| self.not("true or false"))
    }

    /// Returns an exact number, written as a number or as a text.
    pub fn number(self) -> Result<Rational, CaseError> {
        let parsed = match self.value {
            Some(Value::String(text)) => Rational::parse_decimal(text),
            Some(Value::Number(number)) => Rational::parse_decimal(&number.to_string()),
            _ => None,
        };
        parsed.ok_or_else(|| self.not("a decimal number of at most 12 digits and 8 decimals"))
    }

    /// Returns a whole number.
    pub fn whole(self) -> Result<i64, CaseError> {
        self.number()?.to_whole().ok_or_else(|| self.not("a whole number"))
    }

    /// Returns a small whole number.
    pub fn small<T: TryFrom<i64>>(self) -> Result<T, CaseError> {
        T::try_from(self.whole()?).map_err(|_| self.not("a number in range"))
    }

    /// Returns a day.
    pub fn day(self) -> Result<Date, CaseError> {
        Date::parse(self.text()?).ok_or_else(|| self.not("a day such as 2026-03-31"))
    }

    /// Returns a unit.
    pub fn unit(self) -> Result<TimeUnit, CaseError> {
        let name = self.text()?.replace('_', "-");
        TimeUnit::from_name(&name).ok_or_else(|| self.not("a unit"))
    }

    /// Returns a State. Quebec may go by two letters.
    pub fn state(self) -> Result<StateCode, CaseError> {
        let code = match self.text()? {
            "QC" => "CA-QC",
            code => code,
        };
        StateCode::parse(code).ok_or_else(|| self.not("the code of a State"))
    }

    /// Returns what `read` makes of the value, if there is one.
    pub fn maybe<T>(
        self,
        read: impl FnOnce(Self) -> Result<T, CaseError>,
    ) -> Result<Option<T>, CaseError> {
        if self.is_there() { read(self).map(Some) } else { Ok(None) }
    }

    /// Returns the periods of a list, each with an identifier of its own.
    pub fn periods(self) -> Result<Vec<Period>, CaseError> {
        let periods: Vec<Period> =
            self.list()?.into_iter().map(period).collect::<Result<_, CaseError>>()?;
        let mut known = BTreeSet::new();
        match periods.iter().find(|period| !known.insert(period.id.as_str())) {
            Some(twice) => Err(CaseError::Twice(twice.id.clone())),
            None => Ok(periods),
        }
    }

    /// Returns the institutions of a list: as many as an agreement has States at most.
    pub fn institutions(self) -> Result<Vec<Self>, CaseError> {
        let all = self.list()?;
        if all.len() > MAX_STATES {
            return Err(self.not(&format!("a list of at most {MAX_STATES} institutions")));
        }
        Ok(all)
    }

    /// Returns the quarters of a list.
    pub fn quarters(self) -> Result<Vec<Quarter>, CaseError> {
        let quarter = |node: Self| {
            Quarter::parse(node.text()?).ok_or_else(|| node.not("a quarter such as 1966Q4"))
        };
        self.list()?.into_iter().map(quarter).collect()
    }
}

fn period(node: Node<'_>) -> Result<Period, CaseError> {
    let kind = node.any(&["type", "kind"]);
    let frame = Frame::new(node.get("start").day()?, node.get("end").day()?);
    let branch = |node: Node<'_>| {
        let name = node.text()?.replace('_', "-");
        Branch::from_name(&name).ok_or_else(|| node.not("a branch"))
    };
    let mut branches: Vec<Branch> =
        node.get("branches").list()?.into_iter().map(branch).collect::<Result<_, _>>()?;
    branches.extend(node.get("branch").maybe(branch)?);
    let refunded = node.get("refunded");
    let refund =
        refunded.maybe(|node| Refund::from_name(node.text()?).ok_or_else(|| node.not("a refund")));
    let flag = |name| node.get(name).maybe(Node::yes);
    Ok(Period {
        id: node.get("id").text()?.to_owned(),
        country: node.get("country").state()?,
        work_country: node.get("work_country").maybe(Node::state)?,
        scheme: node.get("scheme").maybe(Node::text)?.unwrap_or_default().to_owned(),
        branches,
        kind: PeriodKind::from_name(kind.text()?).ok_or_else(|| kind.not("a kind of period"))?,
        frame: frame.ok_or_else(|| node.get("end").not("a day not before the start"))?,
        dates_uncertain: flag("dates_uncertain")?.unwrap_or(false),
        reported: node.get("reported").maybe(reported)?,
        counts_for_right: flag("counts_for_right")?.unwrap_or(true),
        counts_for_amount: flag("counts_for_amount")?.unwrap_or(true),
        refund: refund?.unwrap_or(Refund::None),
        category: node.get("category").maybe(Node::text)?.map(str::to_owned),
        national_right: flag("national_right_from_this_alone")?,
        complete_up_to: node.get("complete_up_to").maybe(Node::day)?,
    })
}

fn reported(node: Node<'_>) -> Result<Reported, CaseError> {
    let unit = node.get("unit").text()?;
    let quantity = |part: Node<'_>| -> Result<Quantity, CaseError> {
        if unit == "ymd" {
            let count = |name| part.get(name).maybe(Node::small::<u32>);
            let (years, months, days) = (count("years")?, count("months")?, count("days")?);
            let [years, months, days] = [years, months, days].map(Option::unwrap_or_default);
            return Ok(Quantity::Ymd { years, months, days });
        }
        Ok(Quantity::Of(node.get("unit").unit()?, part.get("value").number()?))
    };
    let mode = node.get("mode");
    match mode.text()?.replace('-', "_").as_str() {
        "aggregate" => quantity(node).map(Reported::Aggregate),
        "by_year" => {
            let year = |part: Node<'_>| Ok((part.get("year").small::<i32>()?, quantity(part)?));
            let mut years: Vec<_> = node
                .get("years")
                .list()?
                .into_iter()
                .map(year)
                .collect::<Result<_, CaseError>>()?;
            years.sort_by_key(|(year, _)| *year);
            Ok(Reported::ByYear(years))
        }
        _ => Err(mode.not("aggregate or by_year")),
    }
}
