//! Prints the public holidays of markets over years as CSV (market, day, event), to compare with another calendar:
//! `cargo run --release -p decide --example calendar_table -- 2020 2029 US DE CN`. Days beyond the first of an event too.

use decide::calendar::{Calendar, EventKind};
use domain::{Day, Market, Window};

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let year = |i: usize, or: i32| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(or);
    let (first, last) = (year(0, 2020), year(1, 2029));
    let calendar = Calendar::built_in();
    let start = |y| Day::from_ymd(y, 1, 1).expect("a first of January");
    let window = Window { from: start(first), to: start(last + 1) };
    for code in args.iter().skip(2) {
        let market: Market = code.parse().expect("a market");
        for event in calendar.events(market, window).iter().filter(|e| e.kind == EventKind::PublicHoliday) {
            for day in (event.window.from.0..event.window.to.0).map(Day).filter(|d| window.contains(*d)) {
                println!("{market},{day},{},{}", event.id, event.window.days());
            }
        }
    }
}
