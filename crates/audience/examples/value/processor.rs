//! Seconds that the processor has worked for this process, all threads together.

pub(crate) type Failure = Box<dyn std::error::Error>;

/// From `/proc/self/stat`, in hundredths of a second.
pub(crate) fn cpu_seconds() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 =
        fields.get(11).ok_or("user time")?.parse::<f64>()? + fields.get(12).ok_or("system time")?.parse::<f64>()?;
    Ok(ticks / 100.0)
}
