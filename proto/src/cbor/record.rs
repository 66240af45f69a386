//! Structures that are closed maps with integer keys, and enumerations that are unsigned codes.

/// Defines a structure whose encoding is a closed map with integer keys.
///
/// Fields stand in the order of their encoded keys. `T` fields are required, `Option<T>` fields are
/// left out when `None`, `[T; ..limit]` fields are arrays of at most `limit` items and left out when
/// empty. A function after `check` may refuse combinations of fields.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$fmeta:meta])* $field:ident [$key:literal $(; ..$limit:expr)?]: $type:ty,)* } $(check $check:expr)?) => {
        $(#[$meta])*
        pub struct $name { $($(#[$fmeta])* pub $field: $type,)* }

        impl $crate::cbor::Encode for $name {
            fn encode(&self, e: &mut $crate::cbor::Encoder) {
                let mut length = 0usize;
                $(if $crate::cbor::record!(@present self.$field $(; $limit)?) { length += 1; })*
                e.map(length);
                $(if $crate::cbor::record!(@present self.$field $(; $limit)?) {
                    e.int($key);
                    $crate::cbor::record!(@encode e, self.$field $(; $limit)?);
                })*
            }
        }

        impl<'b> $crate::cbor::Decode<'b> for $name {
            fn decode(d: &mut $crate::cbor::Decoder<'b>) -> Result<Self, $crate::cbor::CborError> {
                use $crate::cbor::{CborError, CborErrorKind, Key};
                let start = d.position();
                $(let mut $field: Option<$type> = None;)*
                d.map(|d, key| {
                    match key {
                        $(Key::Int($key) => {
                            $field = Some($crate::cbor::record!(@decode d $(; $limit)?)
                                .map_err(|e: CborError| e.within(stringify!($field)))?);
                        })*
                        Key::Int(other) => {
                            return Err(CborError::new(CborErrorKind::UnknownKey(other), d.position()));
                        }
                        _ => return Err(CborError::new(CborErrorKind::ForbiddenKey, d.position())),
                    }
                    Ok(())
                })?;
                let value = Self { $($field: match $field {
                    Some(value) => value,
                    None => $crate::cbor::record!(@absent $type $(; $limit)?)
                        .ok_or_else(|| CborError::new(CborErrorKind::Missing(stringify!($field)), start))?,
                },)* };
                $({
                    let check: fn(&Self) -> Result<(), &'static str> = $check;
                    check(&value).map_err(|e| CborError::new(CborErrorKind::Invalid(e), start))?;
                })?
                Ok(value)
            }
        }
    };
    (@present $self:ident.$field:ident) => { !$crate::cbor::Encode::is_absent(&$self.$field) };
    (@present $self:ident.$field:ident; $limit:expr) => { !$self.$field.is_empty() };
    (@encode $e:ident, $self:ident.$field:ident) => { $crate::cbor::Encode::encode(&$self.$field, $e) };
    (@encode $e:ident, $self:ident.$field:ident; $limit:expr) => { { $e.list(&$self.$field); } };
    (@decode $d:ident) => { $crate::cbor::Decode::decode($d) };
    (@decode $d:ident; $limit:expr) => { $crate::cbor::non_empty_list($d, $limit) };
    (@absent $type:ty) => { <$type as $crate::cbor::Decode>::absent() };
    (@absent $type:ty; $limit:expr) => { Some(<$type>::new()) };
}

/// Defines an enumeration that is encoded as an unsigned integer, with a stable text name.
macro_rules! codes {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal, $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant = $code,)* }

        impl $name {
            /// Every value, in the order of the codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name used in files, reports and on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Returns the value with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.name() == name)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.name())
            }
        }

        impl $crate::cbor::Encode for $name {
            fn encode(&self, e: &mut $crate::cbor::Encoder) {
                e.uint(*self as u64);
            }
        }

        impl<'b> $crate::cbor::Decode<'b> for $name {
            fn decode(d: &mut $crate::cbor::Decoder<'b>) -> Result<Self, $crate::cbor::CborError> {
                let start = d.position();
                match d.uint()? {
                    $($code => Ok(Self::$variant),)*
                    _ => Err($crate::cbor::CborError::new($crate::cbor::CborErrorKind::OutOfRange, start)),
                }
            }
        }
    };
}

pub(crate) use {codes, record};
