//! A claim that is a map of which some entries are redactable, and of some lists every element apart.

use alloc::vec::Vec;

use super::disclosure::Node;
use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, Key, Mode, Value};

/// An array without elements.
const EMPTY: u8 = 0x80;

/// The redactable entries of a claim, by ascending keys: key, name, and whether each element is redactable
/// for itself. Every entry from the first of them on is redactable.
pub(super) struct Entries(pub(super) &'static [(i128, &'static str, bool)]);

impl Entries {
    fn is_list(&self, key: i128) -> bool {
        self.0.iter().any(|(number, _, list)| *list && *number == key)
    }

    fn is_redactable(&self, key: i128) -> bool {
        self.0.first().is_some_and(|(first, ..)| key >= *first)
    }

    /// Returns the name of an entry.
    pub(super) fn name(&self, key: &Value) -> Option<&'static str> {
        self.0.iter().find(|(number, ..)| *key == Value::Int(*number)).map(|(_, name, _)| *name)
    }

    /// Names all of them.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.iter().map(|(_, name, _)| *name)
    }

    /// Names those that are not there; `is_there` is in the order of the keys.
    pub(super) fn withheld<const N: usize>(
        &self,
        is_there: [bool; N],
    ) -> impl Iterator<Item = &'static str> + use<N> {
        self.names().zip(is_there).filter(|(_, is_there)| !is_there).map(|(name, _)| name)
    }

    /// Reads the restored value of the claim. A list of which no element was disclosed is treated as not
    /// disclosed.
    ///
    /// # Errors
    /// [`CborError`].
    pub(super) fn read<T: for<'b> Decode<'b>>(&self, value: &[u8]) -> Result<T, CborError> {
        // Most claims have no empty list, and then not this byte.
        if !value.contains(&EMPTY) {
            return T::from_cbor(value);
        }
        let mut entries = Vec::new();
        Decoder::new(value, Mode::Strict).map_slices(|d, key, start| {
            let list = match key {
                // Keys below 24 are a head, those up to 255 a head and a byte.
                [number @ ..24] | [0x18, number] => self.is_list((*number).into()),
                _ => false,
            };
            let is_empty = d.skip()? == [EMPTY];
            if !(list && is_empty) {
                entries.push(d.since(start));
            }
            Ok(())
        })?;
        let mut e = Encoder::new();
        e.map(entries.len());
        for entry in entries {
            e.raw(entry);
        }
        T::from_cbor(e.as_bytes())
    }

    /// Returns the claim before issuance, with its redactable parts marked.
    ///
    /// # Errors
    /// [`CborError`]: what a program put together breaks a rule of the format.
    pub(super) fn node<T>(&self, claim: &T) -> Result<Node, CborError>
    where
        T: Encode + for<'b> Decode<'b>,
    {
        let encoded = claim.to_cbor();
        T::from_cbor(&encoded)?;
        let mut entries = Vec::new();
        Decoder::new(&encoded, Mode::Strict).map(|d, key| {
            let Key::Int(number) = key else { return Err(d.error(CborErrorKind::ForbiddenKey)) };
            let node = if self.is_list(number) {
                d.array(|d, count| {
                    let item = |_| Ok((Node::Encoded(d.skip()?.into()), true));
                    (0..count).map(item).collect::<Result<_, CborError>>().map(Node::Array)
                })?
            } else {
                Node::Encoded(d.skip()?.into())
            };
            entries.push((Value::Int(number), node, self.is_redactable(number)));
            Ok(())
        })?;
        Ok(Node::Map(entries))
    }
}
