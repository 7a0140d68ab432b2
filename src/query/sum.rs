//! `sum` that never wraps.
//!
//! DataFusion's own adds whole numbers modulo 2^64, so two counters near 2^63 make a negative sum, and nobody is told. This one adds in 128
//! bits, which more rows than there can be do not fill, and an answer beyond the type's end is an error. Everything but whole numbers is
//! DataFusion's.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, PrimitiveArray};
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Field, FieldRef, Int64Type, UInt64Type,
};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, not_impl_err};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, GroupsAccumulator, ReversedUDAF,
    SetMonotonicity, Signature,
};

/// How an error of this function begins; behind it stands the sum.
pub const BEYOND: &str = "a sum is beyond its type: ";

/// The function, under the name of DataFusion's.
pub fn sum() -> AggregateUDF {
    AggregateUDF::from(Sum {
        signature: sum_udaf().signature().clone(),
    })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Sum {
    signature: Signature,
}

/// Whole numbers of up to 39 digits.
fn wide() -> DataType {
    DataType::Decimal128(DECIMAL128_MAX_PRECISION, 0)
}

/// The type in which values of this one are added, where it is another.
fn wider(of: &FieldRef) -> Option<FieldRef> {
    let whole = matches!(of.data_type(), DataType::Int64 | DataType::UInt64);
    whole.then(|| Arc::new(Field::new(of.name(), wide(), true)))
}

impl Sum {
    /// DataFusion's accumulator, in the wider type: it looks at nothing but the type of what it is to give.
    fn inner<A>(
        args: AccumulatorArgs<'_>,
        make: impl FnOnce(&dyn AggregateUDFImpl, AccumulatorArgs<'_>) -> Result<Box<A>>,
    ) -> Result<(Box<A>, Option<DataType>)>
    where
        A: ?Sized,
    {
        let udaf = sum_udaf();
        let inner = udaf.inner().as_ref();
        match wider(&args.return_field) {
            Some(return_field) => {
                let gives = args.return_field.data_type().clone();
                let args = AccumulatorArgs {
                    return_field,
                    ..args
                };
                Ok((make(inner, args)?, Some(gives)))
            }
            None => Ok((make(inner, args)?, None)),
        }
    }
}

impl AggregateUDFImpl for Sum {
    fn name(&self) -> &str {
        "sum"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        sum_udaf().return_type(types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let (inner, gives) = Sum::inner(args, |sum, args| sum.accumulator(args))?;
        Ok(match gives {
            Some(gives) => Box::new(Wide { inner, gives }),
            None => inner,
        })
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let return_field = wider(&args.return_field).unwrap_or_else(|| args.return_field.clone());
        sum_udaf().state_fields(StateFieldsArgs {
            return_field,
            ..args
        })
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        let (inner, gives) = Sum::inner(args, |sum, args| sum.create_groups_accumulator(args))?;
        Ok(match gives {
            Some(gives) => Box::new(Wide { inner, gives }),
            None => inner,
        })
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return not_impl_err!("sum(DISTINCT …) over rows that slide");
        }
        let (inner, gives) = Sum::inner(args, |sum, args| sum.create_sliding_accumulator(args))?;
        Ok(match gives {
            Some(gives) => Box::new(Wide { inner, gives }),
            None => inner,
        })
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        sum_udaf().inner().set_monotonicity(data_type)
    }
}

/// An accumulator of the wider type: values are widened on their way in, and the sum is narrowed on its way out.
#[derive(Debug)]
struct Wide<A: ?Sized> {
    inner: Box<A>,
    /// The type of the sum.
    gives: DataType,
}

/// Values of a whole number's type, as those of [`wide()`].
fn widened(values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let widen = |values: &ArrayRef| -> Result<ArrayRef> {
        let wide: Decimal128Array = match values.data_type() {
            DataType::Int64 => values.as_primitive::<Int64Type>().unary(i128::from),
            DataType::UInt64 => values.as_primitive::<UInt64Type>().unary(i128::from),
            other => return exec_err!("a sum of whole numbers got {other}"),
        };
        Ok(Arc::new(
            wide.with_precision_and_scale(DECIMAL128_MAX_PRECISION, 0)?,
        ))
    };
    values.iter().map(widen).collect()
}

/// A sum as the type that it is to have.
///
/// # Errors
/// One that this type does not hold.
fn narrowed(sum: i128, gives: &DataType) -> Result<ScalarValue> {
    let narrow = match gives {
        DataType::UInt64 => u64::try_from(sum).map(|sum| ScalarValue::UInt64(Some(sum))),
        _ => i64::try_from(sum).map(|sum| ScalarValue::Int64(Some(sum))),
    };
    narrow.map_err(|_| DataFusionError::Execution(format!("{BEYOND}{sum}")))
}

impl Accumulator for Wide<dyn Accumulator> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.update_batch(&widened(values)?)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        match self.inner.evaluate()? {
            ScalarValue::Decimal128(Some(sum), ..) => narrowed(sum, &self.gives),
            _ => ScalarValue::try_new_null(&self.gives),
        }
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.inner.merge_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.inner.retract_batch(&widened(values)?)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}

impl GroupsAccumulator for Wide<dyn GroupsAccumulator> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        group_count: usize,
    ) -> Result<()> {
        self.inner
            .update_batch(&widened(values)?, groups, filter, group_count)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sums = self.inner.evaluate(emit_to)?;
        let sums = sums.as_primitive::<Decimal128Type>();
        let beyond = |sum: i128| DataFusionError::Execution(format!("{BEYOND}{sum}"));
        Ok(match self.gives {
            DataType::UInt64 => {
                let narrow = |sum| u64::try_from(sum).map_err(|_| beyond(sum));
                let sums: PrimitiveArray<UInt64Type> = sums.try_unary(narrow)?;
                Arc::new(sums)
            }
            _ => {
                let narrow = |sum| i64::try_from(sum).map_err(|_| beyond(sum));
                let sums: PrimitiveArray<Int64Type> = sums.try_unary(narrow)?;
                Arc::new(sums)
            }
        })
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.inner.state(emit_to)
    }

    fn merge_batch(
        &mut self,
        states: &[ArrayRef],
        groups: &[usize],
        group_count: usize,
    ) -> Result<()> {
        self.inner.merge_batch(states, groups, group_count)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.inner.convert_to_state(&widened(values)?, filter)
    }

    fn size(&self) -> usize {
        self.inner.size()
    }
}
