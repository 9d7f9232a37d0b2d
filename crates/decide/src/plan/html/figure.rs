//! A figure on the page: the number as a button, the card that it opens, the note on paper.

use super::super::metric::{self, Metric};
use super::super::number;
use super::super::sentence::{Piece, Sentence, fill};
use super::super::words::{Lang, Text};
use super::{escape, name};
use domain::{Figure, FigureValue};
use std::collections::BTreeMap;

/// The figures shown so far. A figure that is shown twice has one card.
pub(crate) struct Figures {
    lang: Lang,
    cards: Vec<Card>,
    by_key: BTreeMap<String, usize>,
    /// Formula and source of each note on paper; many figures share one.
    notes: Vec<(String, String)>,
    by_note: BTreeMap<(String, String), usize>,
}

struct Card {
    figure: Figure,
    /// Which row it is about, such as a product's name.
    about: String,
}

impl Figures {
    pub(crate) fn new(lang: Lang) -> Self {
        Self { lang, cards: Vec::new(), by_key: BTreeMap::new(), notes: Vec::new(), by_note: BTreeMap::new() }
    }

    /// The figure with its interval.
    pub(crate) fn show(&mut self, figure: &Figure) -> String {
        self.show_of(figure, "")
    }

    /// The figure with its interval; `about` names its row in the card.
    pub(crate) fn show_of(&mut self, figure: &Figure, about: &str) -> String {
        let interval = figure.interval.map(|interval| number::interval_text(figure, interval, self.lang));
        let button = self.value_of(figure, about);
        match interval {
            // The blank before the bracket belongs to the line, the bracket to the button's figure.
            Some(text) => format!("{button}<span class=\"iv\">{}</span>", escape(&text)),
            None => button,
        }
    }

    /// The figure without its interval.
    pub(crate) fn value_of(&mut self, figure: &Figure, about: &str) -> String {
        let card = self.card(figure, about);
        let note = self.note(figure);
        let thin = match figure.value {
            FigureValue::Number(_) | FigureValue::Money(_) => "",
            FigureValue::TooLittleData { .. } | FigureValue::Undefined => " thin",
        };
        format!(
            "<button type=\"button\" class=\"fig{thin}\" popovertarget=\"f{card}\" data-figure=\"{}\" data-value=\"{}\">{}<sup>{note}</sup></button>",
            escape(&figure.key),
            number::machine_text(figure),
            escape(&number::value_text(figure, self.lang)),
        )
    }

    /// A figure without a number as a dot, where the words would fill a whole table; it opens like any
    /// other.
    pub(crate) fn dot(&mut self, figure: &Figure, about: &str) -> String {
        let card = self.card(figure, about);
        format!(
            "<button type=\"button\" class=\"fig thin\" popovertarget=\"f{card}\" aria-label=\"{}\" data-figure=\"{}\" data-value=\"{}\">·</button>",
            escape(&number::value_text(figure, self.lang)),
            escape(&figure.key),
            number::machine_text(figure),
        )
    }

    /// A sentence whose figures open like any other.
    pub(crate) fn sentence(&mut self, sentence: &Sentence) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => escape(text),
            Piece::Name(text) => name(text),
            Piece::Figure(figure) => self.show(figure),
        };
        sentence.0.iter().map(piece).collect()
    }

    fn card(&mut self, figure: &Figure, about: &str) -> usize {
        if let Some(&at) = self.by_key.get(&figure.key)
            && self.cards[at].figure == *figure
        {
            if self.cards[at].about.is_empty() {
                about.clone_into(&mut self.cards[at].about);
            }
            return at;
        }
        self.cards.push(Card { figure: figure.clone(), about: about.to_owned() });
        self.by_key.insert(figure.key.clone(), self.cards.len() - 1);
        self.cards.len() - 1
    }

    /// The number of the note that has the figure's formula and source on paper.
    pub(crate) fn note(&mut self, figure: &Figure) -> usize {
        let note = (metric::formula(figure, self.lang).to_owned(), figure.source.clone());
        if let Some(&at) = self.by_note.get(&note) {
            return at + 1;
        }
        self.notes.push(note.clone());
        self.by_note.insert(note, self.notes.len() - 1);
        self.notes.len()
    }

    /// The cards, closed until their button is pressed.
    pub(crate) fn popovers(&self) -> String {
        self.cards.iter().enumerate().map(|(at, card)| self.popover(at, card)).collect()
    }

    fn popover(&self, at: usize, Card { figure, about }: &Card) -> String {
        let lang = self.lang;
        let label = Metric::of_key(&figure.key).map_or(figure.key.as_str(), |metric| metric.label(lang));
        let about = if about.is_empty() { String::new() } else { format!(" · {}", name(about)) };
        let mut rows = String::new();
        let mut row = |term: &str, text: &str| rows.push_str(&format!("<dt>{}</dt><dd>{text}</dd>", escape(term)));
        match figure.value {
            FigureValue::TooLittleData { have, need } => {
                row(Text::Why.get(lang), &fill(Text::TooLittleWhy.get(lang), &[&have.to_string(), &need.to_string()]));
            }
            FigureValue::Undefined => row(Text::Why.get(lang), Text::UndefinedWhy.get(lang)),
            FigureValue::Number(_) | FigureValue::Money(_) => {}
        }
        if let Some(interval) = figure.interval {
            let level = format!("{}\u{a0}%", number::fixed(interval.level * 100.0, 0));
            let text = number::interval_text(figure, interval, lang);
            let text = text.trim().trim_matches(['(', ')', '（', '）']);
            row(&fill(Text::Interval.get(lang), &[&level]), &escape(text));
        }
        let stated = |text: &str| if text.is_empty() { Text::NoFormula.get(lang).to_owned() } else { escape(text) };
        row(Text::Observations.get(lang), &number::fixed(figure.n as f64, 0));
        row(Text::Formula.get(lang), &stated(metric::formula(figure, lang)));
        row(Text::Source.get(lang), &format!("<code>{}</code>", stated(&figure.source)));
        row(Text::FigureKey.get(lang), &format!("<code>{}</code>", escape(&figure.key)));
        format!(
            "<div popover id=\"f{at}\" class=\"why\" role=\"dialog\" aria-labelledby=\"t{at}\"><h3 id=\"t{at}\">{}{about}</h3>\
             <p class=\"value\">{}</p><dl>{rows}</dl>\
             <button type=\"button\" class=\"close\" popovertarget=\"f{at}\" popovertargetaction=\"hide\">{}</button></div>\n",
            escape(label),
            escape(&number::exact_text(figure, lang)),
            Text::Close.get(lang),
        )
    }

    /// Formulas and sources as numbered notes, for paper.
    pub(crate) fn notes(&self) -> String {
        let lang = self.lang;
        let item = |(at, (formula, source)): (usize, &(String, String))| {
            format!("<li><b>{}</b><div>{}<code>{}</code></div></li>", at + 1, escape(formula), escape(source))
        };
        let items: String = self.notes.iter().enumerate().map(item).collect();
        format!(
            "<section class=\"notes\" aria-hidden=\"true\"><h2>{}</h2><p class=\"small\">{}</p><ol>{items}</ol></section>\n",
            Text::Notes.get(lang),
            Text::NotesIntro.get(lang),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_shown_twice_has_one_card_and_another_value_has_its_own() {
        let mut figures = Figures::new(Lang::En);
        let orders = Metric::Orders.number(7.0, 7, "q");
        let (first, second) = (figures.show(&orders), figures.show(&orders));
        assert_eq!(first, second);
        assert_eq!(figures.cards.len(), 1);
        figures.show(&Metric::Orders.number(8.0, 8, "q"));
        assert_eq!(figures.cards.len(), 2);
        assert_eq!(figures.notes.len(), 1, "one formula and one source is one note");
    }

    #[test]
    fn the_card_says_how_many_observations_are_missing() {
        let mut figures = Figures::new(Lang::En);
        let thin = Figure::number("market.repeat_rate", domain::Unit::Share, 0.5, 4, 30);
        let button = figures.show(&thin);
        assert!(button.contains(">too little data<") && !button.contains("50"), "{button}");
        assert!(figures.popovers().contains("4 observations; at least 30 are needed"));
    }
}
