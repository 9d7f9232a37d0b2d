//! Events of the lines of a log, in the order of the log: what a server reads back when it starts.
//!
//! Reading a line takes about as long as taking its event into the live state, and lines can be read on all threads while
//! events have one order. So one batch of lines is read while the events of the batch before are handed on.

use crate::event::ShopEvent;
use rayon::prelude::*;

/// Lines that are read at once: a few megabytes of events are in memory.
const BATCH: usize = 4_096;

/// Hands on the event of every line, with its place, in the order of the lines. What is no event is left out: no line that
/// was accepted is that.
pub fn replay(lines: &[&[u8]], mut each: impl FnMut(usize, ShopEvent) + Send) {
    let mut before: Vec<Option<ShopEvent>> = Vec::new();
    let mut from = 0;
    for batch in lines.chunks(BATCH) {
        let ready = std::mem::take(&mut before);
        let n = ready.len();
        let (read, ()) = rayon::join(
            || batch.par_iter().with_min_len(64).map(|line| read_line(line)).collect(),
            || hand_on(ready, from, &mut each),
        );
        before = read;
        from += n;
    }
    hand_on(before, from, &mut each);
}

fn hand_on(events: Vec<Option<ShopEvent>>, from: usize, each: &mut impl FnMut(usize, ShopEvent)) {
    for (at, event) in events.into_iter().enumerate() {
        if let Some(event) = event {
            each(from + at, event);
        }
    }
}

fn read_line(line: &[u8]) -> Option<ShopEvent> {
    ShopEvent::from_line(&serde_json::from_slice(line).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_order_of_their_lines_with_their_places_and_what_is_none_is_left_out() {
        let n = 3 * BATCH + 7;
        let line = |k: usize| match k % 5 {
            4 => "{ no event".to_owned(),
            _ => format!(r#"{{"type":"track","event":"E{k}","userId":"u{k}","timestamp":{k}}}"#),
        };
        let lines: Vec<String> = (0..n).map(line).collect();
        let bytes: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let mut seen = Vec::new();
        replay(&bytes, |at, event| seen.push((at, event.name)));
        let wanted: Vec<_> = (0..n).filter(|k| k % 5 != 4).map(|k| (k, Some(format!("E{k}")))).collect();
        assert_eq!(seen, wanted);
        replay(&[], |_, _| panic!("there is no line"));
    }
}
