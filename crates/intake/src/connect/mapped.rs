//! Any table through a mapping file: the mapping names the header of each raw column.

use super::Connector;
use super::canonical::how;
use crate::error::{IntakeError, list};
use crate::format::Format;
use crate::header::Header;
use crate::mapping::Mapping;
use crate::plan::Plan;

/// The plan that a mapping describes.
pub(crate) fn connector(
    format: &Format,
    mapping: &Mapping,
    header: &Header,
) -> Result<Box<dyn Connector>, IntakeError> {
    let table = format.table();
    let mut plan = Plan::new(table);
    for (column, name) in &mapping.columns {
        let exact = header.names.iter().position(|n| n.trim() == name.trim());
        let Some(at) = exact.or_else(|| header.find(&[name])) else {
            return Err(IntakeError::Mapping {
                field: format!("columns.{column}"),
                value: name.clone(),
                expected: format!("the file has no such column; it has {}", list(&header.names)),
            });
        };
        let hashed = format!("{column}_hash");
        let to = if table.column(column).is_some() { column.as_str() } else { hashed.as_str() };
        plan.take(at, to, how(to));
    }
    for (column, value) in &mapping.constants {
        plan.constant(column, value);
    }
    Ok(Box::new(plan))
}
