//! What a product costs at a buyer's door in another country, to the cent, and the price below which it must not be sold.
//!
//! The order of bases, for one unit sold at price `p` (what the buyer pays, delivery included) in the market's currency:
//!
//! 1. goods, inland leg, main leg (by chargeable weight), clearance, insurance: each converted once at the day's rate;
//! 2. currency buffer: a stated share of all that was converted;
//! 3. customs value, duty and consumption tax, by route:
//!    - *parcel* (shipped to the buyer, all paid by the seller): `net = p / (1 + tax)`; the customs value `V` solves
//!      `net = V + duty(V)`, with `duty = rate × V` on a CIF base and `rate × (V − main leg − insurance)` on a FOB base, because
//!      the delivered price contains freight. Below a low-value threshold (compared with `net`) the scheme's duty replaces it;
//!    - *stock* (imported in bulk, sold locally): duty on the goods at cost (+ freight and insurance on a CIF base); tax is
//!      the output tax in the price; import tax is recovered and no cost. Where a *last mile* is named, the main leg ends at
//!      the warehouse and each order is carried on from there; what comes back is in the warehouse again, so that only the
//!      last mile, the payment and its own way back are lost;
//! 4. marketplace fee, payment fee and other shares of `p`;
//! 5. reserve for returns: each sale that is kept carries `rate / (1 − rate)` that come back.
//!
//! Every part is rounded once, half up, to the market's minor unit; the parts add up to the price exactly.
//!
//! Rates, thresholds, fees and lanes that are compiled in are starting points and say "verify"; the seller's own
//! `costs.toml` and `lanes.toml` replace them.

mod bill;
mod case;
mod error;
mod floor;
mod freight;
mod lane;
mod parcel;
mod tables;
mod tables_file;

pub use bill::{Bill, Part, PartKind};
pub use case::{FxBook, Landed, LandedCase, Regime, Route, UnitCosts};
pub use error::LandedError;
pub use floor::{MarginFloor, PriceWindow};
pub use freight::{Freight, LaneChoice, RefusedLane, WhyNot, cheapest, cheapest_of};
pub use lane::{Lane, LaneTable, Load, Oversize, TransportClass};
pub use parcel::Parcel;
pub use tables::{Channel, Citation, CostTables, CustomsBase, DutyRate, LowValue, MarketTax, SchemeDuty, SchemeTax};
