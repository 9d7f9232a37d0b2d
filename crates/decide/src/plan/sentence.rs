//! Sentences with figures inside, so that a number in running text opens its formula as well.

use super::number::figure_text;
use super::words::Lang;
use domain::Figure;

/// A stretch of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Words of ours.
    Text(String),
    /// A name from the data: escaped and kept apart from the direction of our text.
    Name(String),
    /// A number.
    Figure(Box<Figure>),
}

impl From<&Figure> for Piece {
    fn from(figure: &Figure) -> Self {
        Self::Figure(Box::new(figure.clone()))
    }
}

/// A sentence in one language.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Sentence(pub Vec<Piece>);

impl Sentence {
    /// `template` with `{0}`, `{1}`... replaced. A place without a piece stays as it is, so that
    /// the mistake is seen. A sentence starts with a capital letter, whatever stands first.
    pub(crate) fn fill(template: &str, pieces: &[Piece]) -> Self {
        let mut out = placed(template, pieces);
        if let Some(Piece::Text(first)) = out.first_mut()
            && let Some(small) = first.chars().next().filter(char::is_ascii_lowercase)
        {
            first.replace_range(..1, &small.to_ascii_uppercase().to_string());
        }
        Self(out)
    }

    /// As plain text, for a terminal.
    pub fn plain(&self, lang: Lang) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) | Piece::Name(text) => text.clone(),
            Piece::Figure(figure) => figure_text(figure, lang),
        };
        self.0.iter().map(piece).collect()
    }

    /// The figures inside, in order.
    pub fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Figure(figure) => Some(&**figure),
            Piece::Text(_) | Piece::Name(_) => None,
        })
    }
}

/// The template cut at its places.
fn placed(template: &str, pieces: &[Piece]) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let place = rest[open..].find('}').map(|close| (open + close, &rest[open + 1..open + close]));
        let piece = place.and_then(|(close, n)| Some((close, pieces.get(n.parse::<usize>().ok()?)?)));
        match piece {
            Some((close, piece)) => {
                text.push_str(&rest[..open]);
                if !text.is_empty() {
                    out.push(Piece::Text(std::mem::take(&mut text)));
                }
                out.push(piece.clone());
                rest = &rest[close + 1..];
            }
            None => {
                text.push_str(&rest[..=open]);
                rest = &rest[open + 1..];
            }
        }
    }
    text.push_str(rest);
    if !text.is_empty() {
        out.push(Piece::Text(text));
    }
    out
}

/// `template` with texts in its places, as a string.
pub(crate) fn fill(template: &str, texts: &[&str]) -> String {
    let pieces: Vec<Piece> = texts.iter().map(|&text| Piece::Name(text.to_owned())).collect();
    Sentence(placed(template, &pieces)).plain(Lang::En)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_any_order_and_unknown_places_stay() {
        assert_eq!(fill("{1}为 {0}", &["a", "b"]), "b为 a");
        assert_eq!(fill("{0} and {7} {x} {", &["a"]), "a and {7} {x} {");
    }

    #[test]
    fn a_sentence_starts_with_a_capital_but_a_name_is_left_alone() {
        let the = Piece::Text("the Netherlands".to_owned());
        assert_eq!(Sentence::fill("{0} pays", &[the]).plain(Lang::En), "The Netherlands pays");
        assert_eq!(Sentence::fill("{0} sells", &[Piece::Name("iPad".to_owned())]).plain(Lang::En), "iPad sells");
    }

    #[test]
    fn braces_in_a_name_are_not_places() {
        assert_eq!(fill("{0}-{1}", &["{1}", "b"]), "{1}-b");
    }
}
