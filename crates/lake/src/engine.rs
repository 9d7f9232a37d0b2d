//! Queries over a snapshot. The one seam between the program and its query engine: plans run
//! embedded in DataFusion here, and a cluster can take their place behind the same methods.

use crate::table::folder;
use crate::{Lake, LakeError, Snapshot};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider};
use datafusion::datasource::MemTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use schema::{TableDef, Zone};
use std::sync::Arc;

/// How queries run.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Parallel streams of a plan; 0 means one a core.
    pub partitions: usize,
}

/// A query engine that sees exactly one snapshot. Clones see the same.
#[derive(Clone)]
pub struct Engine {
    context: SessionContext,
    /// What it was opened on; `None` where it sees one table in memory.
    opened: Option<Arc<(Lake, Snapshot)>>,
}

/// How texts of files are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    /// As the catalogue promises.
    Plain,
    /// As views into what was read, which copies no bytes.
    Views,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Registers every table of the catalogue as `zone.name`, zone `clean` also without its zone.
    /// A table that has no rows yet is there and empty.
    ///
    /// # Errors
    /// [`LakeError::Query`] when a table cannot be registered.
    pub async fn open(lake: &Lake, snapshot: &Snapshot, options: &EngineOptions) -> Result<Self, LakeError> {
        let mut config = SessionConfig::new()
            .with_default_catalog_and_schema("portolan", Zone::Clean.name())
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(true);
        if options.partitions > 0 {
            config = config.with_target_partitions(options.partitions);
        }
        // The catalogue promises Utf8; string views would give other types than the tables say.
        config.options_mut().execution.parquet.schema_force_view_types = false;
        config.options_mut().sql_parser.map_string_types_to_utf8view = false;
        // A join hands the keys that it holds to the scan of its other side. Ours join tables of the same shoppers, where
        // nothing is left out by that: asking again for every row took a tenth of a query of twenty segments.
        config.options_mut().optimizer.enable_join_dynamic_filter_pushdown = false;
        Self::with_texts(Arc::new((lake.clone(), snapshot.clone())), config, Texts::Plain)
    }

    /// An engine that sees the same tables and gives their texts as views: for queries that filter or join by texts and give none.
    /// Reading lines with the product of each took a fifth less.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn with_views(&self) -> Result<Self, LakeError> {
        match &self.opened {
            Some(opened) => Self::with_texts(opened.clone(), self.context.copied_config(), Texts::Views),
            None => Ok(self.clone()),
        }
    }

    fn with_texts(opened: Arc<(Lake, Snapshot)>, config: SessionConfig, texts: Texts) -> Result<Self, LakeError> {
        let context = SessionContext::new_with_config(config);
        let catalog = Arc::new(MemoryCatalogProvider::new());
        for zone in [Zone::Raw, Zone::Clean, Zone::Rejects, Zone::Marts] {
            catalog.register_schema(zone.name(), Arc::new(MemorySchemaProvider::new())).map_err(query)?;
        }
        context.register_catalog("portolan", catalog.clone());
        let (lake, snapshot) = &*opened;
        for def in schema::tables() {
            let provider = provider(lake, snapshot, def, texts)?;
            let zone =
                catalog.schema(def.zone.name()).ok_or_else(|| LakeError::Internal("zone not registered".into()))?;
            zone.register_table(def.name.to_owned(), provider).map_err(query)?;
        }
        Ok(Self { context, opened: Some(opened) })
    }

    /// Runs a query that only reads.
    ///
    /// # Errors
    /// [`LakeError::Query`] with the engine's words, also for statements that would write.
    pub async fn sql(&self, text: &str) -> Result<Vec<RecordBatch>, LakeError> {
        self.run(text, None).await
    }

    /// As [`Engine::sql`], for a question of somebody else: at most `limit` rows are computed, in the order of the
    /// query. Dropping the future stops the work.
    ///
    /// # Errors
    /// As [`Engine::sql`].
    pub async fn first_rows(&self, text: &str, limit: usize) -> Result<Vec<RecordBatch>, LakeError> {
        self.run(text, Some(limit)).await
    }

    /// As [`Engine::sql`], batch by batch as they come, in no order: for answers that need not be held whole. Where `take` fails
    /// the rest is not computed.
    ///
    /// # Errors
    /// As [`Engine::sql`], and what `take` fails with.
    pub async fn each<E: From<LakeError>>(
        &self,
        text: &str,
        mut take: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let frame = self.context.sql_with_options(text, only_reads()).await.map_err(query)?;
        let mut stream = frame.execute_stream().await.map_err(query)?;
        while let Some(batch) = stream.next().await {
            take(&batch.map_err(query)?)?;
        }
        Ok(())
    }

    /// An engine that sees one table, made of batches in memory, and nothing else: a query over what was computed outside of it.
    ///
    /// # Errors
    /// [`LakeError::Query`] for batches that are of different columns.
    pub fn over(&self, name: &str, batch: &RecordBatch) -> Result<Self, LakeError> {
        let mut config = self.context.copied_config();
        config.options_mut().catalog.create_default_catalog_and_schema = true;
        let context = SessionContext::new_with_config(config);
        // As many parts as there are streams of a plan, each of batches as long as the engine's own.
        let n_parts = context.copied_config().target_partitions().max(1);
        let size = context.copied_config().batch_size().max(1);
        let n_batches = batch.num_rows().div_ceil(size).max(1);
        let one = |at: usize| batch.slice(at * size, size.min(batch.num_rows() - at * size));
        let batches: Vec<RecordBatch> = (0..n_batches).map(one).collect();
        let parts = batches.chunks(n_batches.div_ceil(n_parts)).map(<[RecordBatch]>::to_vec).collect();
        let table = MemTable::try_new(batch.schema(), parts).map_err(query)?;
        context.register_table(name, Arc::new(table)).map_err(query)?;
        Ok(Self { context, opened: None })
    }

    async fn run(&self, text: &str, limit: Option<usize>) -> Result<Vec<RecordBatch>, LakeError> {
        let mut frame = self.context.sql_with_options(text, only_reads()).await.map_err(query)?;
        if limit.is_some() {
            frame = frame.limit(0, limit).map_err(query)?;
        }
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let mut batches = frame.collect().await.map_err(query)?;
        if batches.is_empty() {
            batches.push(RecordBatch::new_empty(schema));
        }
        Ok(batches)
    }
}

fn with_views(schema: &Schema) -> SchemaRef {
    let viewed = |field: &Arc<Field>| match field.data_type() {
        DataType::Utf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(viewed).collect::<Vec<_>>()))
}

fn only_reads() -> SQLOptions {
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false)
}

fn query(error: datafusion::error::DataFusionError) -> LakeError {
    let said = error.strip_backtrace();
    // A column that a file lacks is read as empty, which the engine refuses where the catalogue promises values.
    let lacking = said.split_once("Column '").and_then(|(_, rest)| rest.split_once("' is declared as non-nullable"));
    match lacking {
        Some((column, _)) => LakeError::Earlier { column: column.to_owned() },
        None => LakeError::Query(said),
    }
}

fn provider(
    lake: &Lake,
    snapshot: &Snapshot,
    def: &TableDef,
    texts: Texts,
) -> Result<Arc<dyn datafusion::catalog::TableProvider>, LakeError> {
    let schema = match texts {
        Texts::Plain => def.arrow_schema(),
        Texts::Views => with_views(&def.arrow_schema()),
    };
    let files = snapshot.table(def).map_or(&[][..], |t| t.files.as_slice());
    if files.is_empty() {
        return Ok(Arc::new(EmptyTable::new(schema)));
    }
    let urls = files
        .iter()
        .map(|f| {
            let url = lake.url().join(&format!("{}/{}", folder(def), f.path));
            let url = url.map_err(|e| LakeError::Internal(e.to_string()))?;
            ListingTableUrl::parse(url.as_str()).map_err(query)
        })
        .collect::<Result<Vec<_>, LakeError>>()?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default()));
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config).map_err(query)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{IngestOptions, RefineParams, refine};
    use domain::Day;

    #[test]
    fn a_column_that_files_of_an_earlier_release_lack_is_named() {
        use arrow::array::{ArrayRef, Int64Array};
        let new = Arc::new(Schema::new(vec![Field::new("units", DataType::Int64, false)]));
        let empty: ArrayRef = Arc::new(Int64Array::from(vec![None]));
        let error = RecordBatch::try_new(new, vec![empty]).expect_err("a value is promised");
        let error = query(datafusion::error::DataFusionError::from(error));
        assert!(matches!(&error, LakeError::Earlier { column } if column == "units"), "{error}");
        let other = query(datafusion::error::DataFusionError::Plan("no table".to_owned()));
        assert!(matches!(other, LakeError::Query(_)), "{other}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn texts_as_views_are_the_same_texts() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = dir.path().join("orders.csv");
        let rows = "1,A,2,10.00,EUR,2025-01-02,a\n2,a name of more than twelve bytes,1,3.00,EUR,2025-01-03,b\n";
        let header = "order_id,product_id,quantity,unit_price,currency,ordered_at,shopper_id\n";
        std::fs::write(&file, format!("{header}{rows}")).expect("a file");
        let lake = Lake::open(&dir.path().join("lake").to_string_lossy()).expect("a lake");
        let lock = lake.lock().expect("nobody else");
        let options = IngestOptions::new(intake::ReadOptions::new(Day(30_000)));
        crate::ingest(&lake, &lock, &[file], &options, &|_| ()).await.expect("a table");
        let params = RefineParams { base: None, as_of: Day(30_000), undone: Vec::new(), fillings: Vec::new() };
        let clean = refine(&lake, &lock, &params, &|_| ()).await.expect("clean rows");
        let engine = Engine::open(&lake, &clean.snapshot, &EngineOptions::default()).await.expect("an engine");
        let views = engine.with_views().expect("the same tables");
        let sql = "select product_id, quantity from order_lines where kind = 'sale' order by order_id";
        let (plain, viewed) = (engine.sql(sql).await.expect("rows"), views.sql(sql).await.expect("rows"));
        assert_eq!(plain[0].column(0).data_type(), &DataType::Utf8);
        assert_eq!(viewed[0].column(0).data_type(), &DataType::Utf8View);
        let texts = arrow::compute::cast(viewed[0].column(0), &DataType::Utf8).expect("texts");
        assert_eq!((plain[0].num_rows(), plain[0].column(0), plain[0].column(1)), (2, &texts, viewed[0].column(1)));
        let over = engine.over("rows", &plain[0]).expect("one table");
        assert_eq!(over.with_views().expect("the same").sql("select * from rows").await.expect("rows")[0], plain[0]);
    }
}
