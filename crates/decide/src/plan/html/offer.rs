//! What to offer first, by which model and why that one, and what to offer together.

use super::super::evidence::{ServingBasis, TrainedOn};
use super::super::findings::shown;
use super::super::launch::{Product, Reason};
use super::super::metric::Metric;
use super::super::sentence::Piece;
use super::super::sentence::fill;
use super::super::vocabulary;
use super::super::words::{Lang, Text};
use super::{Cell, Column, Page, Table, escape, name};
use domain::Figure;

/// Names longer than this are cut to three lines on a screen; the whole is in the tooltip and on paper.
const LONG_NAME: usize = 90;

impl Page<'_> {
    pub(super) fn offer(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if plan.products.is_empty() {
            return format!("<p class=\"muted\">{}</p>\n", self.text(Text::NoProducts));
        }
        let has = |pick: fn(&Product) -> &Option<Figure>| plan.products.iter().any(|p| pick(p).is_some());
        let (home, price) = (has(|p| &p.buyers_home), has(|p| &p.price));
        let (stock, margin) = (has(|p| &p.stock), has(|p| &p.margin));
        // A column that nobody can fill is left out and said once below.
        let optional = [
            (home, Metric::ProductBuyersHome),
            (price, Metric::ProductPrice),
            (stock, Metric::ProductStock),
            (margin, Metric::ProductMargin),
        ];
        let here = if plan.glance.hidden() { Metric::ProductOrdersHere } else { Metric::ProductBuyersHere };
        let mut columns = vec![
            Column::Text(self.text(Text::Product)),
            Column::Text(self.text(Text::Why)),
            Column::Text(Metric::ProductUptake.label(lang)),
            Column::Number(here.label(lang)),
        ];
        columns.extend(optional.iter().filter(|o| o.0).map(|o| Column::Number(o.1.label(lang))));
        let mut table = Table::new(columns);
        let scale = plan
            .products
            .iter()
            .filter(|p| shown(&p.uptake))
            .map(|p| p.uptake.interval.map_or(p.uptake.as_f64().unwrap_or(0.0), |i| i.high))
            .fold(0.001, f64::max);
        for (i, product) in plan.products.iter().enumerate() {
            let about = &product.name;
            let mut cells = vec![
                Cell::Head(format!("{}{}", self.picture(product), product_name(i + 1, product))),
                Cell::Value(self.why(product)),
                Cell::Value(format!(
                    "{}{}",
                    self.figures.show_of(&product.uptake, about),
                    range(&product.uptake, scale)
                )),
                Cell::Value(self.figures.show_of(&product.buyers, about)),
            ];
            let values = [&product.buyers_home, &product.price, &product.stock, &product.margin];
            for (value, _) in values.into_iter().zip(optional).filter(|(_, o)| o.0) {
                let cell = value.as_ref().map_or(Cell::Empty, |f| Cell::Value(self.figures.show_of(f, about)));
                cells.push(cell);
            }
            table.row(cells);
        }
        let mut out = format!(
            "<p class=\"muted\">{}{}{}</p>\n<p class=\"muted small\">{}</p>\n",
            self.served(),
            self.lang.between_sentences(),
            self.text(Text::OfferBar),
            self.text(Text::UptakeSaid)
        );
        out.push_str(&table.html(self.text(Text::OfferFirst)));
        for (known, text) in [(stock, Text::StockUnknown), (price, Text::PriceUnknown)] {
            if !known {
                out.push_str(&format!("<p class=\"small muted\">{}</p>\n", self.text(text)));
            }
        }
        out
    }

    /// Which model made the list, what it was trained on, and on what that rests.
    fn served(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        let Some(serving) = &plan.serving else { return String::new() };
        let data = match serving.trained_on {
            TrainedOn::Local => Text::OfferLocal,
            TrainedOn::Home => Text::OfferHome,
            TrainedOn::Pooled | TrainedOn::Weighted => Text::OfferPooled,
        };
        let basis = match serving.basis {
            ServingBasis::OwnEvidence => Text::BasisOwn,
            ServingBasis::AllTargets => Text::BasisAllTargets,
            ServingBasis::Refused => Text::BasisRefused,
            ServingBasis::NotShown => Text::BasisNotShown,
            ServingBasis::SourceEvidence => Text::BasisSource,
            ServingBasis::Home => Text::BasisHome,
            ServingBasis::NotMeasured => Text::BasisNotMeasured,
        };
        let model = Piece::Name(vocabulary::scorer(&serving.model, lang));
        let mut said = vec![self.say(Text::OfferIntro, &[model, Piece::Text(self.text(data).to_owned())])];
        if let Some(weight) = serving.source_weight.as_ref().filter(|_| serving.trained_on == TrainedOn::Weighted) {
            said.push(self.say(Text::OfferWeight, &[weight.into()]));
        }
        said.push(escape(self.text(basis)));
        said.join(self.lang.between_sentences())
    }

    /// The picture of a product, where there is one. Its name stands beside it, so that it needs no words of its own.
    fn picture(&self, product: &Product) -> String {
        self.pictures.get(product.id.as_str()).map_or_else(String::new, |jpeg| {
            format!(
                "<img class=\"thumb\" src=\"data:image/jpeg;base64,{}\" alt=\"\" width=\"56\" height=\"56\">",
                escape(jpeg)
            )
        })
    }

    /// The reasons with their part of the score, then the model.
    fn why(&mut self, product: &Product) -> String {
        let lang = self.lang;
        let item = |figures: &mut super::Figures, reason: &Reason| {
            let term = escape(&vocabulary::term(&reason.term, lang));
            let text = match lang {
                _ if reason.text.is_empty() => String::new(),
                Lang::En => format!(" {}", name(&reason.text)),
                Lang::Zh => format!("：{}", name(&reason.text)),
            };
            // A reason that is the whole score need not repeat it.
            let whole = match (reason.part.as_f64(), product.score.as_f64()) {
                (Some(part), Some(score)) => (part - score).abs() <= 1e-6 * score.abs(),
                (_, None) | (None, _) => false,
            };
            if product.reasons.len() == 1 && whole {
                return format!("<li>{term}{text}</li>");
            }
            let part = figures.show_of(&reason.part, &product.name);
            format!("<li>{term}{text} <span class=\"part\">({part})</span></li>")
        };
        let reasons: String = product.reasons.iter().map(|r| item(&mut self.figures, r)).collect();
        let reasons = if reasons.is_empty() {
            format!("<span class=\"muted\">{}</span>", self.text(Text::NoReason))
        } else {
            format!("<ul class=\"reasons\">{reasons}</ul>")
        };
        let score = self.figures.show_of(&product.score, &product.name);
        let scorer = fill(self.text(Text::ScoredBy), &[&escape(&vocabulary::scorer(&product.scorer, lang)), &score]);
        format!("{reasons}<span class=\"sub\">{scorer}</span>")
    }

    pub(super) fn bundles(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        if plan.bundles.is_empty() {
            return format!("<p class=\"muted\">{}</p>\n", self.text(Text::NoBundles));
        }
        let mut table = Table::new(vec![
            Column::Text(self.text(Text::IfBought)),
            Column::Text(self.text(Text::ThenAlso)),
            Column::Number(Metric::BundleConfidence.label(lang)),
            Column::Number(Metric::BundleLift.label(lang)),
            Column::Number(Metric::BundleBaskets.label(lang)),
        ]);
        for bundle in &plan.bundles {
            let side = |names: &[String]| names.iter().map(|n| name(n)).collect::<Vec<_>>().join(" + ");
            let about = format!("{} → {}", bundle.antecedent.join(" + "), bundle.consequent.join(" + "));
            let mut cell = |figure: &Figure| Cell::Value(self.figures.show_of(figure, &about));
            let numbers = [cell(&bundle.confidence), cell(&bundle.lift), cell(&bundle.baskets)];
            let names = [Cell::Head(side(&bundle.antecedent)), Cell::Value(side(&bundle.consequent))];
            table.row(names.into_iter().chain(numbers));
        }
        format!("<p class=\"muted\">{}</p>\n{}", self.text(Text::BundleIntro), table.html(self.text(Text::Bundles)))
    }
}

fn product_name(rank: usize, product: &Product) -> String {
    let name = name(&product.name);
    let name = if product.name.chars().count() > LONG_NAME {
        format!("<span class=\"name long\" title=\"{}\">{name}</span>", escape(&product.name))
    } else {
        format!("<span class=\"name\">{name}</span>")
    };
    format!("<span class=\"rank\">{rank}.</span> {name}<span class=\"sub\">{}</span>", self::name(product.id.as_str()))
}

/// The uptake as a bar with its interval as a line, on the scale of the best product.
fn range(uptake: &Figure, scale: f64) -> String {
    let Some(value) = uptake.as_f64() else { return String::new() };
    let at = |x: f64| (x / scale * 100.0).clamp(0.0, 100.0);
    let (low, high) = uptake.interval.map_or((value, value), |i| (i.low, i.high));
    format!(
        "<span class=\"range\" aria-hidden=\"true\" style=\"--v:{:.1}%;--lo:{:.1}%;--hi:{:.1}%\"><i></i><b></b></span>",
        at(value),
        at(low),
        at(high)
    )
}
