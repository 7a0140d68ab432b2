//! The functions of SQL that flow logs need, beside DataFusion's own.
//!
//! To add a function: 1. a row in [`FUNCTIONS`]; 2. its body; 3. a case in the tests. docs/sql.md is made of the table.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray, StringArray, TimestampSecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimestampSecondType};
use datafusion::common::{DataFusionError, Result, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use ipnet::IpNet;

use crate::diag::show;
use crate::model::address::{Address, Block};
use crate::query::columns::{UTC, seconds_utc};
use crate::topology::World;

/// A function: how it is called, what it gives, what it means.
#[derive(Clone, Copy, Debug)]
pub struct FunctionInfo {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub call: &'static str,
    /// What it gives.
    pub gives: &'static str,
    /// What it means.
    pub means: &'static str,
}

/// Every function that is added.
#[rustfmt::skip]
pub const FUNCTIONS: &[FunctionInfo] = &[
    FunctionInfo { name: "bucket", call: "bucket(width, time)", gives: "timestamp", means: "the begin of the step that the time lies in; width is text such as '30s', '5m', '1h' or '7d', and steps count from 1970-01-01T00:00:00Z" },
    FunctionInfo { name: "cidr_contains", call: "cidr_contains(cidr, address)", gives: "boolean", means: "whether the address is in the CIDR; IPv4 is never in an IPv6 CIDR; null if the address is null; an error if either cannot be read" },
    FunctionInfo { name: "ip", call: "ip(address)", gives: "binary", means: "sixteen bytes, IPv4 as ::ffff:a.b.c.d, that compare and sort as addresses do, where text would put 10.0.0.10 before 10.0.0.9" },
    FunctionInfo { name: "protocol_name", call: "protocol_name(number)", gives: "text", means: "tcp, udp, icmp …; the number as text where there is no common name" },
    FunctionInfo { name: "service_of", call: "service_of(address)", gives: "text", means: "the AWS service whose published range has the address, as `service` names it; null if none has. The column `service` knows more: endpoints, prefix lists, the record itself" },
];

/// The functions, over a world.
pub fn functions(world: &Arc<World>) -> Vec<ScalarUDF> {
    let all = [
        Function::Bucket,
        Function::CidrContains,
        Function::Ip,
        Function::ProtocolName,
        Function::ServiceOf,
    ];
    all.into_iter()
        .map(|function| {
            ScalarUDF::from(Udf {
                function,
                signature: function.signature(),
                world: Known(Arc::clone(world)),
            })
        })
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Function {
    Bucket,
    CidrContains,
    Ip,
    ProtocolName,
    ServiceOf,
}

/// There is one world a session, so that two functions of one name are the same.
#[derive(Clone, Debug)]
struct Known(Arc<World>);

impl PartialEq for Known {
    fn eq(&self, other: &Known) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Known {}

impl std::hash::Hash for Known {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Udf {
    function: Function,
    signature: Signature,
    world: Known,
}

impl Function {
    fn name(self) -> &'static str {
        match self {
            Function::Bucket => "bucket",
            Function::CidrContains => "cidr_contains",
            Function::Ip => "ip",
            Function::ProtocolName => "protocol_name",
            Function::ServiceOf => "service_of",
        }
    }

    fn signature(self) -> Signature {
        let exact = |types| Signature::exact(types, Volatility::Immutable);
        match self {
            Function::Bucket => Signature::one_of(
                vec![TypeSignature::Exact(vec![DataType::Utf8, seconds_utc()])],
                Volatility::Immutable,
            ),
            Function::CidrContains => exact(vec![DataType::Utf8, DataType::Utf8]),
            Function::Ip | Function::ServiceOf => exact(vec![DataType::Utf8]),
            Function::ProtocolName => exact(vec![DataType::Int64]),
        }
    }

    fn gives(self) -> DataType {
        match self {
            Function::Bucket => seconds_utc(),
            Function::CidrContains => DataType::Boolean,
            Function::Ip => DataType::Binary,
            Function::ProtocolName | Function::ServiceOf => DataType::Utf8,
        }
    }
}

impl ScalarUDFImpl for Udf {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.function.gives())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalar = args
            .args
            .iter()
            .all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        let arrays: Vec<ArrayRef> = args
            .args
            .iter()
            .map(|arg| arg.to_array(rows))
            .collect::<Result<_>>()?;
        let made: ArrayRef = match (self.function, arrays.as_slice()) {
            (Function::Bucket, [width, time]) => Arc::new(bucket(width, time)?),
            (Function::CidrContains, [cidr, address]) => {
                Arc::new(cidr_contains(&text(cidr)?, &text(address)?)?)
            }
            (Function::Ip, [address]) => ip(&text(address)?)?,
            (Function::ProtocolName, [number]) => Arc::new(protocol_name(number)?),
            (Function::ServiceOf, [address]) => {
                Arc::new(service_of(&text(address)?, &self.world.0)?)
            }
            (function, _) => {
                return exec_err!("{} has other arguments", function.name());
            }
        };
        if scalar {
            let value = datafusion::common::ScalarValue::try_from_array(&made, 0)?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(made))
    }
}

fn text(array: &ArrayRef) -> Result<StringArray> {
    Ok(cast(array, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn address(text: &str) -> Result<Address> {
    Address::parse(text.as_bytes())
        .ok_or_else(|| DataFusionError::Execution(format!("`{}` is not an address", show(text))))
}

fn cidr_contains(cidrs: &StringArray, addresses: &StringArray) -> Result<BooleanArray> {
    let mut last: Option<(&str, Block)> = None;
    let mut rows = Vec::with_capacity(addresses.len());
    for (cidr, text) in cidrs.iter().zip(addresses) {
        let (Some(cidr), Some(text)) = (cidr, text) else {
            rows.push(None);
            continue;
        };
        let block = match last {
            Some((known, block)) if known == cidr => block,
            Some(_) | None => {
                let net: IpNet = cidr.parse().map_err(|_| {
                    DataFusionError::Execution(format!("`{}` is not a CIDR", show(cidr)))
                })?;
                net.trunc().into()
            }
        };
        last = Some((cidr, block));
        rows.push(Some(block.contains(address(text)?)));
    }
    Ok(rows.into_iter().collect())
}

fn ip(addresses: &StringArray) -> Result<ArrayRef> {
    let mut bytes = BinaryBuilder::with_capacity(addresses.len(), addresses.len() * 16);
    for text in addresses {
        match text {
            Some(text) => bytes.append_value(address(text)?.0.to_be_bytes()),
            None => bytes.append_null(),
        }
    }
    Ok(Arc::new(bytes.finish()))
}

fn protocol_name(numbers: &ArrayRef) -> Result<StringArray> {
    let numbers = cast(numbers, &DataType::Int64)?;
    let names = numbers.as_primitive::<Int64Type>().iter().map(|number| {
        number.map(|number| match number {
            1 => "icmp".to_owned(),
            2 => "igmp".to_owned(),
            4 => "ipip".to_owned(),
            6 => "tcp".to_owned(),
            17 => "udp".to_owned(),
            41 => "ipv6".to_owned(),
            47 => "gre".to_owned(),
            50 => "esp".to_owned(),
            51 => "ah".to_owned(),
            58 => "icmpv6".to_owned(),
            89 => "ospf".to_owned(),
            112 => "vrrp".to_owned(),
            132 => "sctp".to_owned(),
            number => number.to_string(),
        })
    });
    Ok(names.collect())
}

fn service_of(addresses: &StringArray, world: &World) -> Result<StringArray> {
    let mut names = Vec::with_capacity(addresses.len());
    for text in addresses {
        let name = match text {
            Some(text) => {
                let set = world.ranges.set(world.ranges.labels(address(text)?));
                set.shown.map(|sym| world.symbols.name(sym))
            }
            None => None,
        };
        names.push(name);
    }
    Ok(names.into_iter().collect())
}

fn bucket(widths: &ArrayRef, times: &ArrayRef) -> Result<TimestampSecondArray> {
    let (widths, times) = (text(widths)?, cast(times, &seconds_utc())?);
    let times = times.as_primitive::<TimestampSecondType>();
    let mut steps = Vec::with_capacity(times.len());
    for (width, time) in widths.iter().zip(times) {
        let step = match (width, time) {
            (Some(width), Some(time)) => {
                let width_s = seconds_of(width)?;
                Some(time.div_euclid(width_s) * width_s)
            }
            _ => None,
        };
        steps.push(step);
    }
    Ok(steps
        .into_iter()
        .collect::<TimestampSecondArray>()
        .with_timezone(UTC))
}

/// `30s`, `5m`, `1h`, `7d`; more than none.
pub(super) fn seconds_of(width: &str) -> Result<i64> {
    let unit_s = match width.as_bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        _ => 0,
    };
    let number = width.get(..width.len().saturating_sub(1)).unwrap_or("");
    let seconds = number
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| number.parse::<i64>().ok()?.checked_mul(unit_s))
        .flatten();
    seconds.filter(|seconds| *seconds > 0).ok_or_else(|| {
        DataFusionError::Execution(format!(
            "`{}` is not a width of time such as '30s', '5m', '1h' or '7d'",
            show(width)
        ))
    })
}
