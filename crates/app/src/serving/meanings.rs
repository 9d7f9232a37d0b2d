//! What the columns of tables mean, in Chinese: `meanings.tsv` has a line for every meaning that `schema` gives a column of
//! the marts, English and Chinese with a tab between. The English text is the key, so that a meaning that changes there is
//! found missing here by a test.

use std::collections::HashMap;
use std::sync::LazyLock;

static MEANINGS: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| include_str!("meanings.tsv").lines().filter_map(|line| line.split_once('\t')).collect());

/// The Chinese of a meaning; `None` where nobody wrote it.
pub(super) fn zh(meaning: &str) -> Option<&'static str> {
    MEANINGS.get(meaning).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::Zone;

    #[test]
    fn every_column_of_the_marts_is_explained_in_chinese() {
        let all = schema::tables().filter(|table| table.zone == Zone::Marts).flat_map(|table| table.columns);
        let missing: Vec<&str> = all.map(|column| column.meaning).filter(|m| zh(m).is_none()).collect();
        assert!(missing.is_empty(), "{} meanings have no Chinese: {missing:#?}", missing.len());
        let is_chinese = |text: &&&str| !text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let odd: Vec<&&str> = MEANINGS.values().filter(|t| is_chinese(t) && !t.starts_with("ISO")).collect();
        assert!(odd.is_empty(), "{odd:?}");
    }
}
