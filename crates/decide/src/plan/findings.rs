//! What a seller should know first: the verdict in one sentence, and five findings made of
//! figures. Five always come, in this order: how large, who, what to offer, does home help, do
//! they come back; what cannot be said makes room for a bundle, the season and what is unknown.

use super::Lang;
use super::evidence::{ServingBasis, TransferVerdict};
use super::launch::{LaunchPlan, SegmentRow, Stance};
use super::number;
use super::reach::{ReachRow, Whom};
use super::sentence::{Piece, Sentence};
use super::vocabulary;
use super::words::Text;
use domain::{Figure, FigureValue};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// How large the market is.
    Size,
    /// Who buys.
    Who,
    /// What to offer.
    Offer,
    /// Whether the other markets' data helps.
    Transfer,
    /// Whether shoppers come back.
    Repeat,
    /// What to sell together.
    Bundle,
    /// When it sells.
    Season,
    /// What is not known.
    Unknown,
}

/// How many findings a plan has.
pub(crate) const N_FINDINGS: usize = 5;

impl LaunchPlan {
    /// The five most important findings, one short sentence each, for a terminal.
    pub fn findings(&self, lang: Lang) -> Vec<String> {
        self.finding_sentences(lang).iter().map(|(_, sentence)| sentence.plain(lang)).collect()
    }

    /// The same with the figures kept apart, so that a page can open them.
    pub fn finding_sentences(&self, lang: Lang) -> Vec<(Topic, Sentence)> {
        let say = |text: Text, pieces: &[Piece]| Sentence::fill(text.get(lang), pieces);
        let mut out = Vec::new();
        if let Some(sentence) = self.size(lang) {
            out.push((Topic::Size, sentence));
        }
        out.push((Topic::Who, self.who(lang)));
        out.push((Topic::Offer, self.offer(lang)));
        if self.stance != Stance::Home {
            out.push((Topic::Transfer, self.transferred(lang)));
        }
        if let Some(repeat) = self.glance.repeat_rate.as_ref().filter(|f| shown(f)) {
            let home = self.home_glance.as_ref().and_then(|g| g.repeat_rate.as_ref()).filter(|f| shown(f));
            let sentence = match home {
                Some(home) => say(Text::FindRepeatHome, &[repeat.into(), home.into()]),
                None => say(Text::FindRepeat, &[repeat.into()]),
            };
            out.push((Topic::Repeat, sentence));
        }
        if let Some(bundle) = self.bundles.iter().find(|b| shown(&b.confidence) && shown(&b.lift)) {
            let names = |names: &[String]| short(&names.join(" + "));
            let pieces = [
                names(&bundle.antecedent),
                names(&bundle.consequent),
                (&bundle.confidence).into(),
                (&bundle.lift).into(),
            ];
            out.push((Topic::Bundle, say(Text::FindBundle, &pieces)));
        }
        if let Some(season) = self.season.as_ref().filter(|s| shown(&s.peak)) {
            let month = Piece::Text(number::month(season.month, lang));
            out.push((Topic::Season, say(Text::FindSeason, &[month, (&season.peak).into()])));
        }
        for (nth, unknown) in self.unknowns.iter().enumerate() {
            let question = Piece::Text(unknown.question(lang).to_owned());
            let sentence = match nth {
                0 => say(Text::FindUnknown, &[Piece::Text(self.unknowns.len().to_string()), question]),
                _ => say(Text::FindUnknownNext, &[question]),
            };
            out.push((Topic::Unknown, sentence));
        }
        out.truncate(N_FINDINGS);
        out
    }

    /// The verdict's name.
    pub fn verdict(&self, lang: Lang) -> &'static str {
        let text = match self.stance {
            Stance::Ready => Text::StanceReady,
            Stance::TestSmall => Text::StanceTest,
            Stance::GatherData => Text::StanceGather,
            Stance::Home => Text::StanceHome,
        };
        text.get(lang)
    }

    /// Why, in one sentence.
    pub fn verdict_sentence(&self, lang: Lang) -> Sentence {
        let market = Piece::Text(number::market_said(self.market, lang));
        let shoppers = match &self.glance.shoppers {
            Some(figure) => figure.into(),
            None => Piece::Text("0".to_owned()),
        };
        let say = |text: Text, pieces: &[Piece]| Sentence::fill(text.get(lang), pieces);
        match self.stance {
            Stance::Ready if self.unconfirmed() => say(Text::StanceReadyUnconfirmed, &[market]),
            Stance::Ready => say(Text::StanceReadyWhy, &[market]),
            Stance::TestSmall if self.glance.hidden() => match &self.glance.orders {
                Some(orders) => say(Text::StanceTestHidden, &[market, orders.into()]),
                None => say(Text::StanceTestUnproven, &[market, shoppers]),
            },
            Stance::TestSmall if self.transfer.as_ref().is_some_and(|t| t.verdict == TransferVerdict::Refused) => {
                say(Text::StanceTestRefused, &[market, shoppers])
            }
            Stance::TestSmall => say(Text::StanceTestUnproven, &[market, shoppers]),
            Stance::GatherData => {
                say(Text::StanceGatherWhy, &[market, shoppers, Piece::Text(self.minimums.shoppers.to_string())])
            }
            Stance::Home => say(Text::StanceHomeWhy, &[market]),
        }
    }

    fn size(&self, lang: Lang) -> Option<Sentence> {
        let glance = &self.glance;
        if glance.hidden() {
            let market = Piece::Text(number::market_said(self.market, lang));
            let pieces = [market, glance.revenue.as_ref()?.into(), glance.orders.as_ref()?.into()];
            return Some(Sentence::fill(Text::FindSizeHidden.get(lang), &pieces));
        }
        let pieces = [
            Piece::Text(number::market_said(self.market, lang)),
            glance.revenue.as_ref()?.into(),
            glance.orders.as_ref()?.into(),
            glance.shoppers.as_ref()?.into(),
        ];
        Some(Sentence::fill(Text::FindSize.get(lang), &pieces))
    }

    /// Whom to reach first; where no value is known, the segment that brings most revenue for its size.
    fn who(&self, lang: Lang) -> Sentence {
        if let Some((whom, row)) = self.first_to_reach() {
            let (text, label) = match whom {
                Whom::Segments => (Text::FindReach, vocabulary::segment(&row.key, lang)),
                Whom::Areas => (Text::FindReachArea, row.label.clone()),
            };
            return Sentence::fill(text.get(lang), &[short(&label), (&row.size).into(), (&row.value).into()]);
        }
        match self.best_segment() {
            Some(segment) => {
                let name = short(&vocabulary::segment(&segment.key, lang));
                let pieces = [name, (&segment.shopper_share).into(), (&segment.revenue_share).into()];
                Sentence::fill(Text::FindWho.get(lang), &pieces)
            }
            None => Sentence::fill(Text::FindWhoNone.get(lang), &[Piece::Text(number::market_said(self.market, lang))]),
        }
    }

    /// The first part of the market whose value can be told.
    fn first_to_reach(&self) -> Option<(Whom, &ReachRow)> {
        let reach = self.reach.as_ref()?;
        Some((reach.whom, reach.rows.iter().find(|row| shown(&row.value))?))
    }

    /// The segment with the largest share of revenue; ties go to the earlier.
    fn best_segment(&self) -> Option<&SegmentRow> {
        let candidates = self.segments.iter().filter(|s| shown(&s.shopper_share) && shown(&s.revenue_share));
        let share = |s: &SegmentRow| s.revenue_share.as_f64().unwrap_or(0.0);
        candidates.reduce(|best, next| if share(next) > share(best) { next } else { best })
    }

    fn offer(&self, lang: Lang) -> Sentence {
        let Some(first) = self.products.first() else {
            let market = Piece::Text(number::market_said(self.market, lang));
            return Sentence::fill(Text::FindOfferNone.get(lang), &[market]);
        };
        let name = short(&first.name);
        if shown(&first.uptake) {
            Sentence::fill(Text::FindOffer.get(lang), &[name, (&first.uptake).into()])
        } else if self.glance.hidden() {
            Sentence::fill(Text::FindOfferOrders.get(lang), &[name, (&first.buyers).into()])
        } else {
            Sentence::fill(Text::FindOfferThin.get(lang), &[name, (&first.buyers).into()])
        }
    }

    /// Whether later orders were measured and do not prove again what was decided.
    fn unconfirmed(&self) -> bool {
        self.transfer.as_ref().and_then(|t| t.gain.as_ref()).is_some_and(|later| shown(later) && !proves(later))
    }

    fn transferred(&self, lang: Lang) -> Sentence {
        let say = |text: Text, figures: &[&Figure]| {
            Sentence::fill(text.get(lang), &figures.iter().map(|f| Piece::from(*f)).collect::<Vec<_>>())
        };
        let open = say(Text::FindTransferOpen, &[]);
        let Some(transfer) = &self.transfer else { return open };
        let decided = transfer.decided.as_ref().filter(|f| shown(f));
        let later = transfer.gain.as_ref().filter(|f| shown(f));
        match (transfer.verdict, decided, later) {
            (TransferVerdict::Accepted, Some(decided), Some(later)) if proves(later) => {
                say(Text::FindTransferAccepted, &[decided, later])
            }
            (TransferVerdict::Accepted, Some(decided), Some(later)) => {
                say(Text::FindTransferUnconfirmed, &[decided, later])
            }
            (TransferVerdict::Accepted, Some(decided), None) => say(Text::FindTransferAcceptedOnly, &[decided]),
            (TransferVerdict::Refused, Some(decided), _) => say(Text::FindTransferRefused, &[decided]),
            _ => {
                let by_all = self.serving.as_ref().is_some_and(|s| s.basis == ServingBasis::AllTargets);
                let all = transfer.together.as_ref().and_then(|t| t.decided.as_ref()).filter(|f| by_all && shown(f));
                all.map_or(open, |all| say(Text::FindTransferTogether, &[all]))
            }
        }
    }
}

/// A name inside a sentence, cut where a reader would have lost the sentence.
fn short(name: &str) -> Piece {
    const MOST: usize = 80;
    let cut = name.chars().count() > MOST;
    Piece::Name(if cut { name.chars().take(MOST - 1).chain(['…']).collect() } else { name.to_owned() })
}

/// Whether a gain lies above nought with its whole interval.
fn proves(gain: &Figure) -> bool {
    match gain.interval {
        Some(interval) => interval.low > 0.0,
        None => gain.as_f64().is_some_and(|x| x > 0.0),
    }
}

/// Whether a figure has a number to show.
pub(crate) fn shown(figure: &Figure) -> bool {
    matches!(figure.value, FigureValue::Number(_) | FigureValue::Money(_))
}
