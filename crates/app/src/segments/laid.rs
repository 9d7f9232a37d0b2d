//! Who is in which segment, with sums tallied and columns laid side by side by shopper number where the lake allows it.
//!
//! `audience` says what is scanned, tallied and put where, the engine reads, filters and works the rules out over the one table that
//! comes of it. A lake that does not suit gets the query with joins, which has the same answer: one without numbers, one with
//! numbers that are no places, one with more shoppers than fit in memory.

use crate::pipeline::rows::Rows;
use anyhow::{Context, Result, ensure};
use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, UInt32Array,
};
use arrow::compute::{cast, concat_batches, take};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Field, Int64Type, Schema};
use audience::segments::sql::laid::TABLE;
use audience::segments::tally::{Column, Rows as Tallied};
use audience::segments::{Compiled, Laid, Part, Scan};
use lake::Engine;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Shoppers that are laid out in memory at most; some hundred bytes each.
const MOST: usize = 20_000_000;
/// Decimals of an amount.
const MICROS: DataType = DataType::Decimal128(38, 6);

/// The answer of compiled rules: `shopper_id`, `market`, `accepts_marketing` and a truth a segment.
pub(crate) async fn answer(engine: &Engine, compiled: &Compiled) -> Result<Rows> {
    about(engine, compiled, str::to_owned).await
}

/// The answer to a question about the rows of [`answer`], which `question` writes around the query of them.
pub(crate) async fn about(engine: &Engine, compiled: &Compiled, question: impl Fn(&str) -> String) -> Result<Rows> {
    if let Some(laid) = &compiled.laid {
        match laid_out(engine, laid).await? {
            Ok(table) => {
                let batches = engine.over(TABLE, &table)?.sql(&question(&laid.sql)).await?;
                return Rows::of(&batches);
            }
            Err(why) => tracing::debug!("segments by joins: {why}"),
        }
    }
    Rows::query(engine, &question(&compiled.sql)).await
}

/// A part of the table: names and columns, a row a shopper.
type Columns = Vec<(String, ArrayRef)>;

/// Why a lake does not suit.
type Unfit = String;

async fn laid_out(engine: &Engine, laid: &Laid) -> Result<std::result::Result<RecordBatch, Unfit>> {
    let n = Rows::query(engine, &laid.n).await?.ints("n")?.first().copied().unwrap_or_default();
    let n = usize::try_from(n)?;
    if n > MOST {
        return Ok(Err(format!("{n} shoppers are more than {MOST}")));
    }
    let mut tasks: JoinSet<Result<(usize, std::result::Result<Columns, Unfit>)>> = JoinSet::new();
    // Numbers come of a scan and no text.
    let scanning = engine.with_views()?;
    for (at, scan) in laid.scans.iter().cloned().enumerate() {
        let engine = scanning.clone();
        tasks.spawn(async move { Ok((1 + at, tallied(&engine, &scan, n).await?)) });
    }
    let shoppers = Part { sql: laid.shoppers.clone(), check: false };
    for (at, part) in std::iter::once(&shoppers).chain(&laid.parts).cloned().enumerate() {
        let (engine, at) = (engine.clone(), if at == 0 { 0 } else { laid.scans.len() + at });
        tasks.spawn(async move { Ok((at, placed(&whole(&engine, &part.sql).await?, n, part.check)?)) });
    }
    let mut found = BTreeMap::new();
    while let Some(done) = tasks.join_next().await {
        let (at, part) = done.context("a part of the segments")??;
        found.insert(at, part);
    }
    let mut columns = Columns::new();
    for (at, part) in found {
        let check = at.checked_sub(laid.scans.len() + 1).is_some_and(|at| laid.parts[at].check);
        match part.and_then(|part| if check { checked(part, &columns) } else { Ok(part) }) {
            Ok(part) => columns.extend(part),
            Err(why) => return Ok(Err(why)),
        }
    }
    // A shopper without a number, or with one beyond all shoppers, has no place and leaves another one empty.
    if columns.iter().any(|(name, ids)| name == "shopper_id" && ids.null_count() > 0) {
        return Ok(Err("not every shopper has a place".to_owned()));
    }
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true)).collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    Ok(Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?))
}

/// An answer as one batch.
async fn whole(engine: &Engine, sql: &str) -> Result<RecordBatch> {
    let batches = engine.sql(sql).await?;
    let schema = batches.first().context("a query gives at least one batch")?.schema();
    Ok(concat_batches(&schema, &batches)?)
}

/// The columns of a batch with each row at the place of its first column, a shopper's number; nulls where nobody has it. A row
/// without a place is left out, or, where `every` row needs one, the batch does not suit.
fn placed(batch: &RecordBatch, n: usize, every: bool) -> Result<std::result::Result<Columns, Unfit>> {
    ensure!(batch.num_columns() > 0, "a part of the segments has no column");
    let numbers = cast(batch.column(0), &DataType::Int64)?;
    let numbers = numbers.as_primitive::<Int64Type>();
    let schema = batch.schema();
    let named = |at: usize, column: ArrayRef| (schema.field(at).name().clone(), column);
    let others = 1..batch.num_columns();
    // Tables of shoppers are mostly written in the order of their numbers.
    let in_place = numbers.len() == n
        && numbers.null_count() == 0
        && numbers.values().iter().enumerate().all(|(at, number)| *number == at as i64);
    if in_place {
        return Ok(Ok(others.map(|at| named(at, batch.column(at).clone())).collect()));
    }
    let mut from: Vec<Option<u32>> = vec![None; n];
    for (row, number) in numbers.iter().enumerate() {
        let Some(place) = number.and_then(|number| usize::try_from(number).ok()).and_then(|at| from.get_mut(at)) else {
            if every {
                return Ok(Err("a row has no place".to_owned()));
            }
            continue;
        };
        if place.replace(u32::try_from(row)?).is_some() {
            return Ok(Err(format!("the shopper of number {} comes twice", number.unwrap_or_default())));
        }
    }
    let from = UInt32Array::from(from);
    let columns: Result<Columns> = others.map(|at| Ok(named(at, take(batch.column(at), &from, None)?))).collect();
    Ok(Ok(columns?))
}

/// A part without its `shopper_id`, where that is everywhere the shopper of this place.
fn checked(mut part: Columns, columns: &Columns) -> std::result::Result<Columns, Unfit> {
    let own = columns.iter().find(|(name, _)| name == "shopper_id").map(|(_, ids)| ids.as_string::<i32>());
    if part.is_empty() {
        return Ok(part);
    }
    let (_, ids) = part.remove(0);
    let ids = ids.as_string::<i32>();
    let same = own.is_some_and(|own| own.iter().zip(ids).all(|(own, id)| id.is_none() || own == id));
    if same { Ok(part) } else { Err("a mart has other numbers than the clean tables".to_owned()) }
}

/// What a scan's rows come to.
async fn tallied(engine: &Engine, scan: &Scan, n: usize) -> Result<std::result::Result<Columns, Unfit>> {
    let mut tally = scan.tally(n);
    let mut unfit = None;
    let add = |batch: &RecordBatch| -> Result<()> {
        if unfit.is_some() {
            return Ok(());
        }
        let (numbers, days) = (cast(batch.column(0), &DataType::Int64)?, cast(batch.column(1), &DataType::Date32)?);
        let columns = batch.columns()[2..].iter().map(integers).collect::<Result<Vec<_>>>()?;
        let rows = Tallied {
            shoppers: numbers.as_primitive::<Int64Type>().values(),
            days: days.as_primitive::<Date32Type>().values(),
            columns: &columns,
        };
        unfit = tally.add(rows).err();
        Ok(())
    };
    engine.each(&scan.sql, add).await?;
    if let Some(why) = unfit {
        return Ok(Err(why.to_string()));
    }
    Ok(Ok(tally.finish().into_iter().map(|(name, column)| Ok((name, array(column)?))).collect::<Result<_>>()?))
}

fn array(column: Column) -> Result<ArrayRef> {
    Ok(match column {
        Column::Ints(values) => Arc::new(Int64Array::from(values)),
        Column::Micros(values) => {
            let values = Decimal128Array::from_iter_values(values.into_iter().map(i128::from));
            // As the engine's own sum of amounts.
            Arc::new(values.with_precision_and_scale(28, 6)?)
        }
        Column::Days(days) => Arc::new(Date32Array::from(days)),
        // A flag is there or missing, as the largest of none would be.
        Column::Flags(flags) => Arc::new(flags.into_iter().map(|flag| flag.then_some(true)).collect::<BooleanArray>()),
    })
}

/// Whole numbers, amounts in millionths, 1 and 0 for truths; 0 for what is missing.
fn integers(column: &ArrayRef) -> Result<Vec<i64>> {
    Ok(match column.data_type() {
        DataType::Boolean => column.as_boolean().iter().map(|truth| i64::from(truth == Some(true))).collect(),
        DataType::Decimal128(_, 6) => amounts(column.as_primitive::<Decimal128Type>())?,
        DataType::Decimal128(_, _) => amounts(cast(column, &MICROS)?.as_primitive::<Decimal128Type>())?,
        _ => {
            let column = cast(column, &DataType::Int64)?;
            column.as_primitive::<Int64Type>().iter().map(Option::unwrap_or_default).collect()
        }
    })
}

fn amounts(column: &Decimal128Array) -> Result<Vec<i64>> {
    let one = |amount: Option<i128>| i64::try_from(amount.unwrap_or_default()).context("an amount beyond 9.2e12");
    column.iter().map(one).collect()
}

#[cfg(test)]
#[path = "laid_tests.rs"]
mod tests;
