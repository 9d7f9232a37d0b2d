//! Typed views of a batch's columns, and the way back from vectors to a batch of a table.

use crate::CleanError;
use crate::hash::NONE;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, LargeStringArray,
    PrimitiveArray, RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use schema::{Kind, TableDef, Zone};
use std::sync::Arc;

/// A text column in any of Arrow's layouts: an engine may hand back another than was written.
pub(crate) enum Text<'a> {
    /// No value in the whole batch.
    Empty,
    Utf8(&'a StringArray),
    View(&'a StringViewArray),
    Large(&'a LargeStringArray),
}

impl<'a> Text<'a> {
    /// The value, or `None` when it is missing or empty.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        let text = match self {
            Self::Empty => None,
            Self::Utf8(a) => (!a.is_null(row)).then(|| a.value(row)),
            Self::View(a) => (!a.is_null(row)).then(|| a.value(row)),
            Self::Large(a) => (!a.is_null(row)).then(|| a.value(row)),
        };
        text.filter(|t| !t.is_empty())
    }
}

/// A column of a primitive type.
pub(crate) struct Values<'a, T: ArrowPrimitiveType>(Option<&'a PrimitiveArray<T>>);

impl<T: ArrowPrimitiveType> Values<'_, T> {
    /// The value, or `None` when it is missing.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<T::Native> {
        self.0.and_then(|a| (!a.is_null(row)).then(|| a.value(row)))
    }
}

/// Whole numbers.
pub(crate) type Ints<'a> = Values<'a, Int64Type>;
/// Floats.
pub(crate) type Floats<'a> = Values<'a, Float64Type>;
/// Days.
pub(crate) type Days<'a> = Values<'a, Date32Type>;
/// Instants, microseconds.
pub(crate) type Instants<'a> = Values<'a, TimestampMicrosecondType>;
/// Decimals: amounts in millionths, rates in 10⁻¹².
pub(crate) type Decimals<'a> = Values<'a, Decimal128Type>;

/// Reads columns of one raw table by name.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) table: &'static str,
    pub(crate) batch: &'a RecordBatch,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(table: &'static str, batch: &'a RecordBatch) -> Self {
        Self { table, batch }
    }

    fn column(self, column: &'static str) -> Result<&'a ArrayRef, CleanError> {
        self.batch.column_by_name(column).ok_or(CleanError::NoColumn { table: self.table, column })
    }

    fn wrong(self, column: &'static str, expected: &'static str, found: &ArrayRef) -> CleanError {
        CleanError::ColumnType { table: self.table, column, expected, found: found.data_type().to_string() }
    }

    pub(crate) fn text(self, name: &'static str) -> Result<Text<'a>, CleanError> {
        let array = self.column(name)?;
        let any = array.as_any();
        let is_text = matches!(array.data_type(), DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8);
        if is_text && array.null_count() == array.len() {
            Ok(Text::Empty)
        } else if let Some(a) = any.downcast_ref() {
            Ok(Text::Utf8(a))
        } else if let Some(a) = any.downcast_ref() {
            Ok(Text::View(a))
        } else if let Some(a) = any.downcast_ref() {
            Ok(Text::Large(a))
        } else {
            Err(self.wrong(name, "Utf8, LargeUtf8 or Utf8View", array))
        }
    }

    /// A text column that a table of an earlier release does not have.
    pub(crate) fn later_text(self, name: &'static str) -> Result<Text<'a>, CleanError> {
        if self.batch.column_by_name(name).is_none() { Ok(Text::Empty) } else { self.text(name) }
    }

    /// A column of whole numbers that a table of an earlier release does not have.
    pub(crate) fn later_ints(self, name: &'static str) -> Result<Ints<'a>, CleanError> {
        if self.batch.column_by_name(name).is_none() { Ok(Values(None)) } else { self.ints(name) }
    }

    /// An amount column that a table of an earlier release does not have.
    pub(crate) fn later_amounts(self, name: &'static str) -> Result<Decimals<'a>, CleanError> {
        if self.batch.column_by_name(name).is_none() { Ok(Values(None)) } else { self.amounts(name) }
    }

    fn values<T: ArrowPrimitiveType>(
        self,
        name: &'static str,
        what: &'static str,
    ) -> Result<Values<'a, T>, CleanError> {
        let array = self.column(name)?;
        let typed: &PrimitiveArray<T> = array.as_any().downcast_ref().ok_or_else(|| self.wrong(name, what, array))?;
        Ok(Values((typed.null_count() < typed.len()).then_some(typed)))
    }

    pub(crate) fn ints(self, name: &'static str) -> Result<Ints<'a>, CleanError> {
        self.values(name, "Int64")
    }

    pub(crate) fn floats(self, name: &'static str) -> Result<Floats<'a>, CleanError> {
        self.values(name, "Float64")
    }

    pub(crate) fn days(self, name: &'static str) -> Result<Days<'a>, CleanError> {
        self.values(name, "Date32")
    }

    pub(crate) fn instants(self, name: &'static str) -> Result<Instants<'a>, CleanError> {
        self.values(name, "Timestamp(Microsecond)")
    }

    /// Amounts, scale 6.
    pub(crate) fn amounts(self, name: &'static str) -> Result<Decimals<'a>, CleanError> {
        self.decimals(name, schema::AMOUNT_SCALE, "Decimal128(18, 6)")
    }

    /// Exchange rates, scale 12.
    pub(crate) fn rates(self, name: &'static str) -> Result<Decimals<'a>, CleanError> {
        self.decimals(name, 12, "Decimal128(24, 12)")
    }

    fn decimals(self, name: &'static str, scale: i8, what: &'static str) -> Result<Decimals<'a>, CleanError> {
        let array = self.column(name)?;
        match array.data_type() {
            DataType::Decimal128(_, s) if *s == scale => self.values(name, what),
            _ => Err(self.wrong(name, what, array)),
        }
    }

    pub(crate) fn bools(self, name: &'static str) -> Result<&'a BooleanArray, CleanError> {
        let array = self.column(name)?;
        array.as_any().downcast_ref().ok_or_else(|| self.wrong(name, "Boolean", array))
    }
}

/// The table of zone `clean`.
pub(crate) fn clean_table(name: &str) -> &'static TableDef {
    schema::table(Zone::Clean, name).expect("crates/schema defines every table that cleaning writes")
}

/// The table of rejected rows.
pub(crate) fn rejects_table() -> &'static TableDef {
    schema::table(Zone::Rejects, "rows").expect("crates/schema defines rejects.rows")
}

/// Puts arrays together in the order of the table's columns.
pub(crate) fn batch(table: &'static TableDef, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(table.arrow_schema(), columns).expect("the columns follow the table's definition")
}

/// Amounts in millionths as a column.
pub(crate) fn amount_array(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    let array: Decimal128Array = values.into_iter().map(|v| v.map(i128::from)).collect();
    Arc::new(array.with_data_type(Kind::Amount.arrow()))
}

/// Amounts in millionths, none missing.
pub(crate) fn must_amounts(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    let array = Decimal128Array::from_iter_values(values.into_iter().map(i128::from));
    Arc::new(array.with_data_type(Kind::Amount.arrow()))
}

/// Rates in 10⁻¹² as a column.
pub(crate) fn rate_array(values: impl IntoIterator<Item = i128>) -> ArrayRef {
    let array = Decimal128Array::from_iter_values(values);
    Arc::new(array.with_data_type(Kind::Rate.arrow()))
}

/// Instants in microseconds as a column.
pub(crate) fn instant_array(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    let array: TimestampMicrosecondArray = values.into_iter().collect();
    Arc::new(array.with_timezone("UTC"))
}

/// Days as a column.
pub(crate) fn day_array(values: impl IntoIterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Date32Array>())
}

/// Whole numbers as a column.
pub(crate) fn int_array(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Int64Array>())
}

/// Whole numbers, none missing.
pub(crate) fn must_ints(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// Numbers of shoppers as a column, empty for nobody's rows.
pub(crate) fn shopper_numbers(values: impl IntoIterator<Item = u32>) -> ArrayRef {
    int_array(values.into_iter().map(|shopper| (shopper != NONE).then(|| i64::from(shopper))))
}

/// Floats as a column.
pub(crate) fn float_array(values: impl IntoIterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Float64Array>())
}

/// Texts as a column.
pub(crate) fn text_array<S: AsRef<str>>(values: impl IntoIterator<Item = Option<S>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringArray>())
}

/// Texts, none missing.
pub(crate) fn must_texts<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// Truth values as a column.
pub(crate) fn bool_array(values: impl IntoIterator<Item = Option<bool>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<BooleanArray>())
}
