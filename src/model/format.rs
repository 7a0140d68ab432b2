//! The order of fields in a log: a header line, a `--log-format`, or what DescribeFlowLogs says.

use crate::model::field::{FIELDS, Field};

/// One place in a format.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FormatField {
    /// A field of the table.
    Known(Field),
    /// A field that AWS added since; kept as text under this name.
    Unknown(Box<str>),
}

impl FormatField {
    fn named(name: &str) -> Self {
        match Field::by_name(name) {
            Some(field) => FormatField::Known(field),
            None => FormatField::Unknown(name.into()),
        }
    }

    /// Its name with hyphens, as in a header.
    pub fn text(&self) -> &str {
        match self {
            FormatField::Known(field) => field.text(),
            FormatField::Unknown(name) => name,
        }
    }

    /// Its name in outputs, with underscores.
    pub fn column(&self) -> String {
        self.text().replace('-', "_")
    }
}

/// Which value stands where in a line; at least one field, none twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Format(Vec<FormatField>);

/// Why a format cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// No field at all.
    #[error("it names no field")]
    Empty,
    /// The same field twice: which value would count?
    #[error("it names `{0}` twice")]
    Duplicate(String),
    /// Not `${name}`.
    #[error("`{0}` is not of the form ${{field}}")]
    NotAField(String),
    /// A name with characters that no field has.
    #[error("`{0}` is not a field name")]
    BadName(String),
}

impl Format {
    /// The default format of VPC flow logs: the 14 fields of version 2.
    pub fn vpc_default() -> Format {
        Format(
            FIELDS
                .iter()
                .filter(|row| row.vpc == 2)
                .map(|row| FormatField::Known(row.field))
                .collect(),
        )
    }

    /// The default format of transit gateway flow logs: 36 fields in the order of AWS's table.
    pub fn transit_gateway_default() -> Format {
        use Field::*;
        #[rustfmt::skip]
        let fields = [
            Version, ResourceType, AccountId, TgwId, TgwAttachmentId, TgwSrcVpcAccountId, TgwDstVpcAccountId, TgwSrcVpcId,
            TgwDstVpcId, TgwSrcSubnetId, TgwDstSubnetId, TgwSrcEni, TgwDstEni, TgwSrcAzId, TgwDstAzId, TgwPairAttachmentId,
            SrcAddr, DstAddr, SrcPort, DstPort, Protocol, Packets, Bytes, Start, End, LogStatus, Type, PacketsLostNoRoute,
            PacketsLostBlackhole, PacketsLostMtuExceeded, PacketsLostTtlExpired, TcpFlags, Region, FlowDirection,
            PktSrcAwsService, PktDstAwsService,
        ];
        Format(fields.into_iter().map(FormatField::Known).collect())
    }

    /// Reads names as a header has them, or as Parquet's schema has them.
    ///
    /// # Errors
    /// No name, a name twice, or a name with characters that no field name has.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Format, FormatError> {
        let mut fields: Vec<FormatField> = Vec::new();
        for name in names {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || name.len() > 128 || !name.chars().all(fits) {
                return Err(FormatError::BadName(crate::diag::show(name)));
            }
            let field = FormatField::named(name);
            if fields.contains(&field) {
                return Err(FormatError::Duplicate(name.to_owned()));
            }
            fields.push(field);
        }
        if fields.is_empty() {
            Err(FormatError::Empty)
        } else {
            Ok(Format(fields))
        }
    }

    /// Reads AWS's `${version} ${account-id} …`, the form of `--log-format` and of DescribeFlowLogs.
    ///
    /// # Errors
    /// As [`Format::from_names`], and a word that is not `${name}`.
    pub fn parse(text: &str) -> Result<Format, FormatError> {
        let names: Result<Vec<&str>, FormatError> = text
            .split_ascii_whitespace()
            .map(|word| {
                word.strip_prefix("${")
                    .and_then(|rest| rest.strip_suffix('}'))
                    .ok_or_else(|| FormatError::NotAField(crate::diag::show(word)))
            })
            .collect();
        Format::from_names(names?)
    }

    /// The fields in order.
    pub fn fields(&self) -> &[FormatField] {
        &self.0
    }

    /// Whether it has the field.
    pub fn has(&self, field: Field) -> bool {
        self.0.contains(&FormatField::Known(field))
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, field) in self.0.iter().enumerate() {
            write!(
                f,
                "{}${{{}}}",
                if index > 0 { " " } else { "" },
                field.text()
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_awss() {
        let default = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";
        assert_eq!(Format::vpc_default().to_string(), default);
        assert_eq!(Format::parse(default), Ok(Format::vpc_default()));
        assert_eq!(Format::transit_gateway_default().fields().len(), 36);
    }

    #[test]
    fn what_is_no_format_is_refused() {
        assert_eq!(Format::parse("  "), Err(FormatError::Empty));
        assert_eq!(
            Format::parse("${srcaddr} ${srcaddr}"),
            Err(FormatError::Duplicate("srcaddr".into()))
        );
        assert_eq!(
            Format::parse("srcaddr"),
            Err(FormatError::NotAField("srcaddr".into()))
        );
        assert_eq!(
            Format::parse("${src addr}"),
            Err(FormatError::NotAField("${src".into()))
        );
        assert_eq!(
            Format::from_names(["a\u{1b}b"]),
            Err(FormatError::BadName("a\\u{1b}b".into()))
        );
    }

    #[test]
    fn a_field_of_tomorrow_is_kept_by_name() {
        let format = Format::parse("${srcaddr} ${quantum-lane}").unwrap();
        assert_eq!(
            format.fields()[1],
            FormatField::Unknown("quantum-lane".into())
        );
        assert_eq!(format.fields()[1].column(), "quantum_lane");
    }
}
