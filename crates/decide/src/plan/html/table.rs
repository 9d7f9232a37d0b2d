//! Tables: on a phone either cards (each cell with its column's name) or a box that scrolls.

use super::escape;

/// A column's name and side.
#[derive(Clone, Copy)]
pub(crate) enum Column<'a> {
    /// Text, from the left.
    Text(&'a str),
    /// Numbers, from the right.
    Number(&'a str),
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
        self.rows.push_str("<tr role=\"row\">");
        for (column, cell) in self.columns.iter().zip(cells) {
            let (label, class) = match column {
                Column::Text(label) => (label, ""),
                Column::Number(label) => (label, "num"),
            };
            let html = match cell {
                Cell::Head(html) => format!("<th scope=\"row\" role=\"rowheader\">{html}</th>"),
                Cell::Value(html) => format!(
                    "<td role=\"cell\" class=\"{class}\" data-label=\"{}\"><div class=\"cell\">{html}</div></td>",
                    escape(label)
                ),
                Cell::Empty => format!("<td role=\"cell\" class=\"{class} empty\"></td>"),
            };
            self.rows.push_str(&html);
        }
        self.rows.push_str("</tr>\n");
    }

    /// The table; the roles keep it a table for a screen reader when a phone shows it as cards.
    pub(crate) fn html(&self, caption: &str) -> String {
        let head = |column: &Column<'_>| match column {
            Column::Text(label) => format!("<th scope=\"col\" role=\"columnheader\">{}</th>", escape(label)),
            Column::Number(label) => {
                format!("<th scope=\"col\" role=\"columnheader\" class=\"num\">{}</th>", escape(label))
            }
        };
        let numbers = self.columns.iter().filter(|column| matches!(column, Column::Number(_))).count();
        // On a phone numbers stand side by side: two, for their intervals need the room; three alone make one row.
        let abreast = if numbers == 3 { 3 } else { 2 };
        let head: String = self.columns.iter().map(head).collect();
        format!(
            "<div class=\"wrap\"><table class=\"cards abreast-{abreast}\" role=\"table\" aria-label=\"{}\"><thead role=\"rowgroup\"><tr role=\"row\">{head}</tr></thead>\n\
             <tbody role=\"rowgroup\">{}</tbody></table></div>\n",
            escape(caption),
            self.rows
        )
    }
}
