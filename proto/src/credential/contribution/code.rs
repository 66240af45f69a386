//! The closed lists of a contribution attestation.

use crate::cbor::codes;
use crate::totalisation::PeriodKind;

codes! {
    /// As what an institution certifies.
    pub enum InstitutionRole {
        /// It keeps the record and pays.
        Competent = 1, "competent";
        /// It passes on what others keep.
        Liaison = 2, "liaison";
    }
}

codes! {
    /// The type of a period, by the numbers of SED P5000.
    pub enum PeriodType {
        /// Compulsory, without more.
        Compulsory = 10, "compulsory";
        /// Compulsory, as an employee.
        CompulsoryEmployed = 11, "compulsory-employed";
        /// Compulsory, as a self-employed person.
        CompulsorySelfEmployed = 12, "compulsory-self-employed";
        /// Compulsory, while unemployed.
        CompulsoryUnemployed = 13, "compulsory-unemployed";
        /// Voluntary, without more.
        Voluntary = 20, "voluntary";
        /// Voluntary, as an employee.
        VoluntaryEmployed = 21, "voluntary-employed";
        /// Voluntary, as a self-employed person.
        VoluntarySelfEmployed = 22, "voluntary-self-employed";
        /// Voluntary, while unemployed.
        VoluntaryUnemployed = 23, "voluntary-unemployed";
        /// Residence.
        Residence = 30, "residence";
        /// Treated as insured, without more.
        Equivalent = 40, "equivalent";
        /// Sick or unable to work.
        Sickness = 41, "sickness";
        /// Unemployed without a benefit.
        UnemployedWithoutBenefit = 42, "unemployed-without-benefit";
        /// In military service.
        MilitaryService = 43, "military-service";
        /// In training or education.
        Training = 44, "training";
        /// Caring for children.
        ChildCare = 45, "child-care";
        /// On a pension.
        Pension = 46, "pension";
        /// On maternity leave.
        Maternity = 47, "maternity";
        /// On an early pension.
        EarlyPension = 48, "early-pension";
        /// Unemployed with a benefit.
        UnemployedWithBenefit = 49, "unemployed-with-benefit";
        /// On an invalidity pension.
        InvalidityPension = 50, "invalidity-pension";
        /// Caring for a dependent person.
        DependantCare = 51, "dependant-care";
        /// Added after invalidity, death or the start of a pension.
        Fictitious = 52, "fictitious";
    }
}

impl PeriodType {
    /// Returns the number of SED P5000.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Returns the type with a number of SED P5000.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }

    /// Returns whether a period of this kind can be of this type. Work that counts without insurance
    /// is reported as that of employees or of the self-employed.
    pub fn fits(self, kind: PeriodKind) -> bool {
        let codes = match kind {
            PeriodKind::Compulsory => 10..=13,
            PeriodKind::Voluntary => 20..=23,
            PeriodKind::Residence => 30..=30,
            PeriodKind::Equivalent => 40..=52,
            PeriodKind::Employment => 11..=12,
        };
        codes.contains(&self.code())
    }
}

codes! {
    /// How a period is reported.
    pub enum ReportingMode {
        /// One figure for all of it.
        Aggregate = 1, "aggregate";
        /// One figure for each calendar year.
        ByYear = 2, "by-year";
    }
}

codes! {
    /// Whether time alone gives a right under national law.
    pub enum NationalRight {
        /// It does not.
        No = 0, "no";
        /// It does.
        Yes = 1, "yes";
        /// Nobody has looked.
        NotExamined = 2, "not-examined";
    }
}

codes! {
    /// The class of a scheme, by the numbers of SED P5000.
    pub enum SchemeClass {
        /// For all.
        General = 0, "general";
        /// Of employees.
        Employed = 1, "employed";
        /// Of the self-employed.
        SelfEmployed = 2, "self-employed";
        /// Of public servants.
        PublicServants = 3, "public-servants";
        /// Of miners.
        Miners = 4, "miners";
        /// By residence.
        Residence = 5, "residence";
        /// Of farmers.
        Farmers = 6, "farmers";
        /// Of seafarers.
        Seafarers = 7, "seafarers";
        /// Another.
        Other = 99, "other";
    }
}

codes! {
    /// The sex of a person, ISO/IEC 5218.
    pub enum Sex {
        /// Not known.
        NotKnown = 0, "not-known";
        /// Male.
        Male = 1, "male";
        /// Female.
        Female = 2, "female";
        /// Not applicable.
        NotApplicable = 9, "not-applicable";
    }
}
