//! What the intake tells a monitoring system.

use super::intake::Intake;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

impl Intake {
    /// Writes its counts in the text format of Prometheus.
    pub fn write_metrics(&self, out: &mut String) {
        let (counts, log) = (self.counts(), self.journal().stats());
        let ((visitors, late), live_bytes) = self.ask(|live| (live.sizes(), live.bytes()));
        let n_closed = self.journal().closed().len() as u64;
        let counters = [
            ("events_accepted_total", "counter", "Events on the disk.", counts.accepted.load(Relaxed)),
            ("events_repeated_total", "counter", "Events that were there already.", counts.repeated.load(Relaxed)),
            ("events_rejected_total", "counter", "Events that were refused.", counts.rejected.load(Relaxed)),
            ("ingest_busy_total", "counter", "Requests told to come again.", counts.busy.load(Relaxed)),
            (
                "ingest_unwritten_total",
                "counter",
                "Requests that could not be written.",
                counts.unwritten.load(Relaxed),
            ),
            ("log_syncs_total", "counter", "Syncs of the log.", log.syncs),
            ("log_bytes_total", "counter", "Bytes written to the log.", log.bytes),
            ("log_waiting_bytes", "gauge", "Bytes that wait for the log.", log.waiting_bytes),
            ("log_keys", "gauge", "Events that are remembered to know repeats.", log.keys),
            ("log_closed_segments", "gauge", "Segments that are not in the lake yet.", n_closed),
            ("live_visitors", "gauge", "Visitors in the live state.", visitors as u64),
            ("live_bytes", "gauge", "Bytes of visitors and who is who in the live state.", live_bytes as u64),
            ("live_late_steps_total", "counter", "Steps too late for the live state; the lake has them.", late),
        ];
        for (name, kind, help, value) in counters {
            // Writing into a string cannot fail.
            let _ =
                writeln!(out, "# HELP portolan_{name} {help}\n# TYPE portolan_{name} {kind}\nportolan_{name} {value}");
        }
    }

    /// The same as a source of metrics.
    pub fn metrics(self: &Arc<Self>) -> crate::metrics::Source {
        let intake = Arc::clone(self);
        Arc::new(move |out: &mut String| intake.write_metrics(out))
    }
}
