//! The plan as one HTML page that needs nothing from outside: no script, no font, and pictures inside the page.
//!
//! Every number is a button that opens its formula and source (the `popover` attribute, which
//! works by keyboard and closes with Escape); on paper the same becomes numbered notes. The page's
//! own policy forbids scripts, so that a product name cannot become one even if escaping failed.

mod decide;
mod figure;
mod market;
mod offer;
mod open;
mod planned;
mod promote;
mod reach;
mod sources;
mod spend;
mod table;
mod trade;
mod transfer;
mod who;

pub(crate) use figure::Figures;
pub(crate) use table::{Cell, Column, Table};
pub(crate) use transfer::models_by_market;

use super::findings::N_FINDINGS;
use super::launch::{LaunchPlan, Stance};
use super::number;
use super::sentence::{Piece, Sentence, fill};
use super::style::CSS;
use super::words::{Lang, Text};
use std::collections::BTreeMap;

impl LaunchPlan {
    /// The page in one language. The same plan gives the same bytes. Cost: linear in the figures,
    /// about 1 kB each.
    pub fn html(&self, lang: Lang) -> String {
        self.html_with(lang, &BTreeMap::new())
    }

    /// The same with pictures beside the products: JPEG files in base64 by the code of the product.
    pub fn html_with(&self, lang: Lang, pictures: &BTreeMap<String, String>) -> String {
        let mut page = Page { plan: self, lang, figures: Figures::new(lang), pictures };
        let title = fill(Text::Title.get(lang), &[&number::market(self.market, lang)]);
        let head = page.head();
        let findings = page.findings();
        let mut parts: Vec<(&'static str, Text, String)> = vec![("findings", Text::Findings, findings)];
        if let Some(decided) = &self.decided {
            parts.push(("decide", Text::Decide, page.decide(decided)));
        }
        parts.push(("glance", Text::Glance, page.glance()));
        if let Some(reach) = &self.reach {
            parts.push(("reach", Text::ReachFirst, page.reach(reach)));
        }
        parts.extend([
            ("who", Text::WhoBuys, page.who()),
            ("offer", Text::OfferFirst, page.offer()),
            ("bundles", Text::Bundles, page.bundles()),
        ]);
        if self.stance != Stance::Home || self.transfer.as_ref().is_some_and(|t| !t.rows.is_empty()) {
            parts.push(("transfer", Text::TransferTitle, page.transfer()));
        }
        parts.push(("unknown", Text::Unknowns, page.unknowns()));
        parts.push(("quality", Text::Caveats, page.caveats()));
        if !self.sources.is_empty() {
            parts.push(("sources", Text::Sources, page.sources()));
        }
        let links: String = parts
            .iter()
            .skip(1)
            .map(|(id, name, _)| format!("<li><a href=\"#{id}\">{}</a></li>", name.get(lang)))
            .collect();
        let sections: String = parts
            .iter()
            .map(|(id, name, body)| {
                format!(
                    "<section id=\"{id}\" aria-labelledby=\"h-{id}\"><h2 id=\"h-{id}\">{}</h2>\n{body}</section>\n",
                    name.get(lang)
                )
            })
            .collect();
        let nav = format!("<nav aria-label=\"{}\"><ul>{links}</ul></nav>\n", Text::Contents.get(lang));
        let foot = page.foot();
        document(lang, &title, &head, &format!("{nav}{sections}"), &foot, &page.figures)
    }
}

/// One page while it is written: the plan, and the figures shown so far.
pub(super) struct Page<'a> {
    plan: &'a LaunchPlan,
    lang: Lang,
    figures: Figures,
    pictures: &'a BTreeMap<String, String>,
}

impl Page<'_> {
    fn text(&self, text: Text) -> &'static str {
        text.get(self.lang)
    }

    fn say(&mut self, text: Text, pieces: &[Piece]) -> String {
        self.figures.sentence(&Sentence::fill(text.get(self.lang), pieces))
    }

    fn head(&mut self) -> String {
        let (plan, lang) = (self.plan, self.lang);
        let tone = plan.stance.tone();
        let why = self.figures.sentence(&plan.verdict_sentence(lang));
        let rule = fill(self.text(Text::StanceRuleSaid), &[&plan.minimums.shoppers.to_string()]);
        let mut meta = vec![number::window(plan.window, lang)];
        if plan.stance != Stance::Home {
            meta.push(fill(self.text(Text::HomeMarket), &[&number::market(plan.home, lang)]));
        }
        meta.push(fill(self.text(Text::AmountsIn), &[plan.currency.code()]));
        let meta: String = meta.iter().map(|m| format!("<li>{}</li>", escape(m))).collect();
        format!(
            "{}<h1>{} <span class=\"code\">{}</span></h1>\n<ul class=\"meta\">{meta}</ul>\n\
             <div class=\"verdict tone-{tone}\"><p class=\"stance\">{}</p><p>{why}</p>\
             <details class=\"screen small\"><summary>{}</summary><p>{}</p></details></div>\n",
            brand(self.text(Text::LaunchPlan)),
            escape(&number::market(plan.market, lang)),
            plan.market.code(),
            plan.verdict(lang),
            self.text(Text::StanceRule),
            escape(&rule),
        )
    }

    fn findings(&mut self) -> String {
        let sentences = self.plan.finding_sentences(self.lang);
        debug_assert!(sentences.len() <= N_FINDINGS);
        let items: String =
            sentences.iter().map(|(_, s)| format!("<li><div>{}</div></li>", self.figures.sentence(s))).collect();
        format!(
            "<p class=\"muted small screen\">{}</p><p class=\"muted small paper\">{}</p><ol class=\"findings\">{items}</ol>\n",
            self.text(Text::HowToRead),
            self.text(Text::HowToReadPrint),
        )
    }

    fn foot(&self) -> String {
        let m = &self.plan.minimums;
        let numbers = [m.shoppers, m.orders, m.months, m.cohort, m.baskets, m.test_shoppers].map(|n| n.to_string());
        let texts: Vec<&str> = numbers.iter().map(String::as_str).collect();
        format!(
            "<p><strong>{}.</strong> {}</p><p>{}</p>",
            self.text(Text::MinimumsTitle),
            escape(&fill(self.text(Text::MinimumsSaid), &texts)),
            self.text(Text::MadeBy)
        )
    }
}

impl Stance {
    /// Which colour of the style sheet it has.
    pub(crate) const fn tone(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::TestSmall => "test",
            Self::GatherData => "gather",
            Self::Home => "home",
        }
    }
}

/// The mark: a compass rose, as on a portolan chart.
pub(crate) fn brand(what: &str) -> String {
    format!(
        "<div class=\"brand\"><svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"10.5\" fill=\"none\" \
         stroke=\"currentColor\"/><path d=\"M12 2.5 14 12 12 21.5 10 12Z\" fill=\"currentColor\"/>\
         <path d=\"M2.5 12 12 10.4 21.5 12 12 13.6Z\" fill=\"currentColor\" opacity=\".45\"/></svg>\
         <span>Portolan · {what}</span></div>\n"
    )
}

/// The page around its content.
pub(crate) fn document(lang: Lang, title: &str, head: &str, body: &str, foot: &str, figures: &Figures) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n\
         <header class=\"head\"><div class=\"head-in\">\n{head}</div></header>\n<main>\n{body}{}</main>\n\
         <footer>{foot}</footer>\n{}</body>\n</html>\n",
        lang.tag(),
        escape(title),
        figures.notes(),
        figures.popovers(),
    )
}

/// Text made safe between tags and inside double-quoted attributes. Characters that HTML does not
/// allow become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A name from the data: escaped, and kept from turning the text around it when it is Arabic.
pub(crate) fn name(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_html_reads_survives_escaping() {
        assert_eq!(escape("<a href=\"x\" t='y'>&\u{0}"), "&lt;a href=&quot;x&quot; t=&#39;y&#39;&gt;&amp;\u{fffd}");
        assert_eq!(name("كوب"), "<bdi>كوب</bdi>");
    }
}
