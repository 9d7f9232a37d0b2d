//! The machine in a few words, for the last field of a row.

use std::thread::available_parallelism;

/// Model of the processor, cores that this process may use, memory.
pub(crate) fn words() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cores = available_parallelism().map_or(1, usize::from);
    describe(&read("/proc/cpuinfo"), &read("/proc/meminfo"), cores)
}

fn describe(cpuinfo: &str, meminfo: &str, cores: usize) -> String {
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|l| l.starts_with(name))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let model = field(cpuinfo, "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let kib: Option<f64> = field(meminfo, "MemTotal").and_then(|m| m.split_whitespace().next()?.parse().ok());
    let memory = kib.map(|k| format!(", {:.0} GiB", k / 1024.0 / 1024.0)).unwrap_or_default();
    let core_word = if cores == 1 { "core" } else { "cores" };
    format!("{model}, {cores} {core_word}{memory}, {}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_its_processor_cores_and_memory() {
        let text = describe("processor: 0\nmodel name\t: Some CPU 3000\n", "MemTotal:  16777216 kB\n", 2);
        assert_eq!(text, format!("Some CPU 3000, 2 cores, 16 GiB, {}", std::env::consts::OS));
        assert!(describe("", "", 1).contains("1 core,"));
    }
}
