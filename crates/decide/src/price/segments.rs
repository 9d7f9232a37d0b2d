//! Bands of price for segments: what its shoppers pay beside the usual price, around the price asked.
//!
//! For each line the caller gives `paid / usual`, the usual price being the product's median in that market and month, so that
//! a segment that buys dear products is not taken for one that pays more. A segment's band is the price asked times the middle
//! half of its ratios, never below the floor. Below a least number of lines there is no band. Cost: a sort a segment.

use super::PriceError;
use super::endings::{Ending, nearest};
use domain::Money;
use learn::quantile::{quantile_sorted, sorted};

/// What a segment's lines paid beside the usual price.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentPaid {
    /// Its name.
    pub segment: String,
    /// `paid / usual`, one a line, above 0.
    pub ratios: Vec<f64>,
}

/// The band of a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentBand {
    /// Its name.
    pub segment: String,
    /// Lower end, middle and upper end; `None` for too few lines or no price asked.
    pub band: Option<(Money, Money, Money)>,
    /// Lines it rests on.
    pub n: usize,
}

/// Fewest lines for a band.
pub const MIN_LINES: usize = 30;

/// One band a segment, in their order.
///
/// # Errors
/// [`PriceError::Param`] for a ratio that is no number above 0.
pub fn bands(
    asked: Option<Money>,
    floor: Money,
    segments: &[SegmentPaid],
    endings: &[Ending],
) -> Result<Vec<SegmentBand>, PriceError> {
    segments
        .iter()
        .map(|s| {
            if let Some(got) = s.ratios.iter().find(|r| !(**r > 0.0 && r.is_finite())) {
                return Err(PriceError::Param { name: "paid / usual", rule: "a number above 0", got: *got });
            }
            let ratios = sorted(&s.ratios);
            let at = |asked: Money, p: f64| {
                let minor = (asked.minor as f64 * quantile_sorted(&ratios, p)?).round().clamp(1.0, 9e15) as i64;
                let price = Money { minor: minor.max(floor.minor), currency: asked.currency };
                Some(nearest(price, floor, None, endings).unwrap_or(price))
            };
            let band = asked
                .filter(|_| ratios.len() >= MIN_LINES)
                .and_then(|asked| Some((at(asked, 0.25)?, at(asked, 0.5)?, at(asked, 0.75)?)));
            Ok(SegmentBand { segment: s.segment.clone(), band, n: ratios.len() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Currency;

    // 40 lines: 20 at .8, 20 at 1.0 of the usual price. Around 20.00: quartiles 16.00 and 20.00, the lower held at the floor 17.00.
    #[test]
    fn a_band_by_hand() {
        let eur = |minor| Money { minor, currency: Currency::new(*b"EUR") };
        let mut ratios = vec![0.8; 20];
        ratios.extend(vec![1.0; 20]);
        let segments = [
            SegmentPaid { segment: "frugal".into(), ratios },
            SegmentPaid { segment: "new".into(), ratios: vec![1.0; 29] },
        ];
        let got = bands(Some(eur(2_000)), eur(1_700), &segments, &[]).unwrap();
        assert_eq!(got[0].band, Some((eur(1_700), eur(1_800), eur(2_000))));
        assert_eq!((got[1].band, got[1].n), (None, 29));
        let bad = [SegmentPaid { segment: "x".into(), ratios: vec![0.0] }];
        assert!(bands(Some(eur(2_000)), eur(1), &bad, &[]).is_err());
    }
}
