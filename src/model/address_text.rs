//! Addresses as readable text, a column at a time; or each text once, for all columns of a batch.

use std::collections::hash_map::Entry;
use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, Int32Array, StringArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::Int32Type;
use arrow::error::ArrowError;

use crate::model::address::Address;
use crate::model::batch::{AddressColumn, FlowBatch};
use crate::model::field::{FIELDS, Field, Kind};
use crate::model::map::Map;

/// Bytes of an IPv4 address, as most have them.
const IPV4_LEN_BYTES: usize = 13;

/// The octets in digits, each with the dot behind it, and how long that is.
const OCTETS: [([u8; 4], u8); 256] = octets();

const fn octets() -> [([u8; 4], u8); 256] {
    const DIGITS: &[u8; 10] = b"0123456789";
    let mut all = [([b'.'; 4], 0); 256];
    let mut octet = 0;
    while octet < 256 {
        let mut len = 0;
        if octet >= 100 {
            all[octet].0[len] = DIGITS[octet / 100];
            len += 1;
        }
        if octet >= 10 {
            all[octet].0[len] = DIGITS[octet / 10 % 10];
            len += 1;
        }
        all[octet].0[len] = DIGITS[octet % 10];
        // The rest is dots already.
        all[octet].1 = [2, 3, 4][len];
        octet += 1;
    }
    all
}

/// A column of text: what [`Address`] displays, null for none.
///
/// The formatting machinery of the standard library takes 100 ns an address, this 10.
///
/// # Errors
/// Two gigabytes of text.
pub fn texts(addresses: impl Iterator<Item = Option<Address>>) -> Result<StringArray, ArrowError> {
    let rows = addresses.size_hint().0;
    let mut text = String::with_capacity(rows * IPV4_LEN_BYTES);
    let mut ends: Vec<i32> = Vec::with_capacity(rows + 1);
    let mut valid: Vec<bool> = Vec::with_capacity(rows);
    ends.push(0);
    for address in addresses {
        if let Some(address) = address {
            push(&mut text, address)?;
        }
        valid.push(address.is_some());
        ends.push(
            i32::try_from(text.len()).map_err(|_| ArrowError::OffsetOverflowError(text.len()))?,
        );
    }
    let nulls = Some(NullBuffer::from(valid)).filter(|nulls| nulls.null_count() > 0);
    let values = Buffer::from_vec(text.into_bytes());
    StringArray::try_new(OffsetBuffer::new(ends.into()), values, nulls)
}

fn push(text: &mut String, address: Address) -> Result<(), ArrowError> {
    let Some(v4) = address.as_ipv4() else {
        return write!(text, "{address}")
            .map_err(|error| ArrowError::ExternalError(Box::new(error)));
    };
    let mut dotted = [0; 16];
    let mut len = 0;
    for octet in v4.octets() {
        let (digits, digits_len) = OCTETS[usize::from(octet)];
        dotted[len..len + 4].copy_from_slice(&digits);
        len += usize::from(digits_len);
    }
    // Without the last dot; digits and dots are ASCII.
    text.push_str(std::str::from_utf8(&dotted[..len - 1]).unwrap_or_default());
    Ok(())
}

/// The address columns of a batch as dictionaries of text that they share: an address stands in several columns and many rows, and is
/// written once.
#[derive(Debug)]
pub struct AddressColumns {
    texts: Arc<StringArray>,
    keys: Vec<(Field, Int32Array)>,
}

impl AddressColumns {
    /// Those that the batch has.
    ///
    /// # Errors
    /// More distinct addresses than keys.
    pub fn new(batch: &FlowBatch) -> Result<AddressColumns, ArrowError> {
        let (mut distinct, mut known) = (Vec::new(), Known::default());
        let mut keys: Vec<(Field, Int32Array)> = Vec::new();
        for row in FIELDS.iter().filter(|row| row.kind == Kind::Address) {
            let Some(column) = batch.address(row.field) else {
                continue;
            };
            let twin = row.field.twin().and_then(|twin| {
                let (_, keys) = keys.iter().find(|(field, _)| *field == twin)?;
                Some((batch.address(twin)?, keys))
            });
            let own = keys_of(column, twin, &mut distinct, &mut known)?;
            keys.push((row.field, own));
        }
        Ok(AddressColumns {
            texts: Arc::new(texts(distinct.into_iter().map(Some))?),
            keys,
        })
    }

    /// The keys of a field's addresses by row; `None` if the log lacks it.
    pub fn keys(&self, field: Field) -> Option<&Int32Array> {
        let found = self.keys.iter().find(|(own, _)| *own == field);
        found.map(|(_, keys)| keys)
    }

    /// A column of these keys.
    ///
    /// # Errors
    /// Keys that are not of these columns.
    pub fn column(&self, keys: Int32Array) -> Result<ArrayRef, ArrowError> {
        let texts = Arc::clone(&self.texts);
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(
            keys, texts,
        )?))
    }
}

fn keys_of(
    column: AddressColumn<'_>,
    twin: Option<(AddressColumn<'_>, &Int32Array)>,
    distinct: &mut Vec<Address>,
    known: &mut Known,
) -> Result<Int32Array, ArrowError> {
    let nulls = column.nulls();
    let mut keys = Vec::with_capacity(column.raw().len());
    for (row, bytes) in column.raw().iter().enumerate() {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            keys.push(0);
            continue;
        }
        let same =
            twin.filter(|(twin, keys)| twin.raw().get(row) == Some(bytes) && keys.is_valid(row));
        if let Some((_, keys_of_twin)) = same {
            keys.push(keys_of_twin.value(row));
            continue;
        }
        let address = Address(u128::from_be_bytes(*bytes));
        keys.push(match known.entry(address) {
            Entry::Occupied(key) => *key.get(),
            Entry::Vacant(new) => {
                let key = i32::try_from(distinct.len())
                    .map_err(|_| ArrowError::DictionaryKeyOverflowError)?;
                distinct.push(address);
                *new.insert(key)
            }
        });
    }
    Int32Array::try_new(keys.into(), nulls.cloned())
}

/// Lives as long as a batch.
type Known = Map<Address, i32>;

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use proptest::prelude::*;

    use super::*;
    use crate::model::batch::{BatchBuilder, Status, Value};
    use crate::model::field::FieldSet;
    use crate::model::format::Format;

    proptest! {
        #[test]
        fn a_column_says_what_each_address_displays(v4 in prop::collection::vec(any::<Option<std::net::Ipv4Addr>>(), 0..20), v6 in any::<u128>()) {
            let mut addresses: Vec<Option<Address>> = v4.into_iter().map(|v4| v4.map(Address::from)).collect();
            addresses.extend([Some(Address(v6)), Some(Address(0)), None]);
            let column = texts(addresses.iter().copied()).unwrap();
            let said: Vec<Option<String>> = column.iter().map(|text| text.map(str::to_owned)).collect();
            let expected: Vec<Option<String>> = addresses.iter().map(|one| one.map(|address| address.to_string())).collect();
            prop_assert_eq!(said, expected);
        }
    }

    #[test]
    fn columns_of_a_batch_share_each_text() {
        let format = Format::from_names(["dstaddr", "srcaddr", "pkt-srcaddr", "bytes"]).unwrap();
        let mut builder = BatchBuilder::new(&format, FieldSet::ALL);
        let value =
            |text: &str| Address::parse(text.as_bytes()).map_or(Value::Null, Value::Address);
        #[rustfmt::skip]
        let rows = [
            ["10.0.0.2", "10.0.0.1",    "10.0.0.1"],
            ["10.0.0.1", "2001:db8::1", "10.0.0.2"],
            ["10.0.0.3", "-",           "10.0.0.1"],
            ["-",        "10.0.0.1",    "-"],
        ];
        for row in rows {
            let [dst, src, packet] = row.map(value);
            let values = [dst, src, packet, Value::Number(1)];
            builder.push(&values, Status::Flow, 1).unwrap();
        }
        let batch = builder.finish().unwrap();
        let columns = AddressColumns::new(&batch).unwrap();
        assert!(columns.keys(Field::PktDstAddr).is_none());
        for (place, field) in [Field::DstAddr, Field::SrcAddr, Field::PktSrcAddr]
            .iter()
            .enumerate()
        {
            let column = columns
                .column(columns.keys(*field).unwrap().clone())
                .unwrap();
            let column = column.as_dictionary::<Int32Type>();
            assert_eq!(column.values().len(), 4, "each once");
            let texts = column.downcast_dict::<StringArray>().unwrap();
            let read: Vec<&str> = texts.into_iter().map(|text| text.unwrap_or("-")).collect();
            assert_eq!(read, rows.map(|row| row[place]), "{field:?}");
        }
    }

    #[test]
    fn every_octet_in_every_place() {
        for octet in 0..=255u8 {
            let v4 = std::net::Ipv4Addr::new(octet, 255 - octet, octet, octet);
            let column = texts([Some(Address::from(v4))].into_iter()).unwrap();
            assert_eq!(
                (column.value(0), column.null_count()),
                (v4.to_string().as_str(), 0)
            );
        }
    }
}
