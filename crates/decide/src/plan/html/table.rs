//! Tables: on a phone either cards (each cell with its column's name) or a box that scrolls.

use super::escape;

/// A column's name and side.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a> {
    /// Text, from the left.
    Text(&'a str),
    /// Numbers, from the right.
    Number(&'a str),
    /// A sentence below the row, over its whole width: beside many numbers a column of its own would be a few letters wide.
    Note(&'a str),
}

/// One cell, with HTML that is already escaped.
pub(crate) enum Cell {
    /// What the row is about.
    Head(String),
    /// A value.
    Value(String),
    /// Nothing to say; left out of a card.
    Empty,
}

/// A table under way.
pub(crate) struct Table<'a> {
    columns: Vec<Column<'a>>,
    rows: String,
}

impl<'a> Table<'a> {
    pub(crate) fn new(columns: Vec<Column<'a>>) -> Self {
        Self { columns, rows: String::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let (mut row, mut note) = (String::new(), String::new());
        for (column, cell) in self.columns.iter().zip(cells) {
            let (label, class) = match column {
                Column::Text(label) => (label, ""),
                Column::Number(label) => (label, "num"),
                Column::Note(label) => {
                    if let Cell::Value(html) = cell
                        && !html.is_empty()
                    {
                        note = format!(
                            "<tr role=\"row\" class=\"note\"><td role=\"cell\" colspan=\"{}\" data-label=\"{}\">{html}</td></tr>\n",
                            self.columns().count(),
                            escape(label)
                        );
                    }
                    continue;
                }
            };
            let html = match cell {
                Cell::Head(html) => format!("<th scope=\"row\" role=\"rowheader\">{html}</th>"),
                Cell::Value(html) => format!(
                    "<td role=\"cell\" class=\"{class}\" data-label=\"{}\"><div class=\"cell\">{html}</div></td>",
                    escape(label)
                ),
                Cell::Empty => format!("<td role=\"cell\" class=\"{class} empty\"></td>"),
            };
            row.push_str(&html);
        }
        let class = if note.is_empty() { "" } else { " class=\"noted\"" };
        self.rows.push_str(&format!("<tr role=\"row\"{class}>{row}</tr>\n{note}"));
    }

    /// Those that stand side by side.
    fn columns(&self) -> impl Iterator<Item = &Column<'a>> {
        self.columns.iter().filter(|column| !matches!(column, Column::Note(_)))
    }

    /// The table; the roles keep it a table for a screen reader when a phone shows it as cards.
    pub(crate) fn html(&self, caption: &str) -> String {
        let head = |column: &Column<'_>| match column {
            Column::Text(label) | Column::Note(label) => {
                format!("<th scope=\"col\" role=\"columnheader\">{}</th>", escape(label))
            }
            Column::Number(label) => {
                format!("<th scope=\"col\" role=\"columnheader\" class=\"num\">{}</th>", escape(label))
            }
        };
        let numbers = self.columns.iter().filter(|column| matches!(column, Column::Number(_))).count();
        // On a phone numbers stand side by side: two, for their intervals need the room; three alone make one row.
        let abreast = if numbers == 3 { 3 } else { 2 };
        let head: String = self.columns().map(head).collect();
        format!(
            "<div class=\"wrap\"><table class=\"cards abreast-{abreast}\" role=\"table\" aria-label=\"{}\"><thead role=\"rowgroup\"><tr role=\"row\">{head}</tr></thead>\n\
             <tbody role=\"rowgroup\">{}</tbody></table></div>\n",
            escape(caption),
            self.rows
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_stands_below_its_row_and_in_no_column() {
        let mut table = Table::new(vec![Column::Text("what"), Column::Number("units"), Column::Note("why")]);
        let cells = |what: &str, why: &str| {
            [Cell::Head(what.to_owned()), Cell::Value("7".to_owned()), Cell::Value(why.to_owned())]
        };
        table.row(cells("pots", "because"));
        table.row(cells("cups", ""));
        let html = table.html("a table");
        assert_eq!(html.matches("columnheader").count(), 2, "{html}");
        let note = html.find("colspan=\"2\" data-label=\"why\">because<").unwrap();
        assert!(html.find("pots").unwrap() < note && note < html.find("cups").unwrap(), "{html}");
        assert_eq!(html.matches("class=\"note\"").count(), 1, "nothing to say, no row: {html}");
    }
}
