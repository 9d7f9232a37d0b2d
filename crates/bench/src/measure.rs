//! A process from outside: wall clock, CPU time, peak memory.
//!
//! The kernel's own account of a finished child is read by GNU time, or where that is absent by a
//! few lines of Python (`resource.getrusage`); reading it here would need unsafe code. Peak memory
//! is the largest resident set of the process. The wall clock is ours, so that it is not rounded
//! to hundredths; it includes the start of the small helper, about a millisecond.

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a process cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Cost {
    /// Seconds of the clock.
    pub(crate) wall_s: f64,
    /// Seconds of all cores together, user and system.
    pub(crate) cpu_s: f64,
    /// Peak resident memory, bytes.
    pub(crate) peak_bytes: u64,
}

impl Cost {
    /// One after the other: times add up, the peak is the larger one.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            wall_s: self.wall_s + next.wall_s,
            cpu_s: self.cpu_s + next.cpu_s,
            peak_bytes: self.peak_bytes.max(next.peak_bytes),
        }
    }
}

/// A process that ended well.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) cost: Cost,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Who reads the kernel's account.
enum Helper {
    GnuTime(PathBuf),
    Python(PathBuf),
}

const PYTHON_HELPER: &str = "import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
r = resource.getrusage(resource.RUSAGE_CHILDREN)
open(sys.argv[1], 'w').write(f'{r.ru_utime} {r.ru_stime} {r.ru_maxrss}\\n')
sys.exit(code)";

impl Helper {
    fn find() -> Result<Self> {
        let time = PathBuf::from("/usr/bin/time");
        // Other systems' `time` knows no --version and no -f.
        let gnu = Command::new(&time).arg("--version").output();
        if gnu.is_ok_and(|o| String::from_utf8_lossy(&[o.stdout, o.stderr].concat()).contains("GNU")) {
            return Ok(Self::GnuTime(time));
        }
        let python = PathBuf::from("python3");
        let there = Command::new(&python).args(["-c", "import resource"]).status();
        ensure!(
            there.is_ok_and(|s| s.success()),
            "neither GNU time nor python3 is there to read a process's memory; on Debian: apt-get install time"
        );
        Ok(Self::Python(python))
    }

    fn command(&self, account: &Path) -> Command {
        match self {
            Self::GnuTime(time) => {
                let mut command = Command::new(time);
                command.args(["-f", "%U %S %M", "-o"]).arg(account).arg("--");
                command
            }
            Self::Python(python) => {
                let mut command = Command::new(python);
                command.args(["-c", PYTHON_HELPER]).arg(account);
                command
            }
        }
    }
}

/// Runs a program to its end and measures it.
///
/// # Errors
/// When it cannot be started or does not end well; its last lines are in the message.
pub(crate) fn run(program: &Path, args: &[OsString]) -> Result<Ended> {
    let account = tempfile::NamedTempFile::new().context("a file for the kernel's account")?;
    let mut command = Helper::find()?.command(account.path());
    command.arg(program).args(args).stdin(Stdio::null());
    let started = Instant::now();
    let output = command.output().with_context(|| format!("starting {}", program.display()))?;
    let wall_s = started.elapsed().as_secs_f64();
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        let words: Vec<_> = args.iter().map(|a| a.to_string_lossy()).collect();
        bail!("{} {} ended with {}:\n{}", program.display(), words.join(" "), output.status, tail(&stderr));
    }
    let text = std::fs::read_to_string(account.path()).context("the kernel's account")?;
    let (cpu_s, peak_bytes) = read_account(&text)?;
    Ok(Ended { cost: Cost { wall_s, cpu_s, peak_bytes }, stdout, stderr })
}

/// CPU seconds and peak bytes of a line `user system kibibytes`, the last one of the text.
fn read_account(text: &str) -> Result<(f64, u64)> {
    let line = text.lines().last().unwrap_or_default();
    let fields: Vec<f64> = line.split_whitespace().map_while(|f| f.parse().ok()).collect();
    let [user, system, kib] = fields[..] else { bail!("`{line}` is not `user system kibibytes`") };
    Ok((user + system, (kib * 1024.0) as u64))
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

/// Writes out what other programs left in memory, so that no run pays for the one before.
pub(crate) fn settle() {
    // Without `sync` the runs are only a little less alike.
    let _ = Command::new("sync").status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_the_last_line_in_seconds_and_kibibytes() {
        // 1.5 + 0.25 = 1.75 s; 2048 KiB = 2,097,152 bytes.
        assert_eq!(read_account("Command exited\n1.50 0.25 2048\n").ok(), Some((1.75, 2_097_152)));
        assert!(read_account("").is_err());
        assert!(read_account("1.5 0.25").is_err());
    }

    #[test]
    fn steps_add_their_times_and_keep_the_larger_peak() {
        let a = Cost { wall_s: 1.0, cpu_s: 1.5, peak_bytes: 10 };
        let b = Cost { wall_s: 2.0, cpu_s: 0.5, peak_bytes: 7 };
        assert_eq!(a.then(b), Cost { wall_s: 3.0, cpu_s: 2.0, peak_bytes: 10 });
    }

    #[test]
    fn a_process_that_allocates_shows_in_its_peak() {
        // dd keeps one block of 64 MiB and fills it from /dev/zero: all of it is resident at once.
        let args = ["if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"].map(OsString::from);
        let ended = run(Path::new("dd"), &args).expect("dd runs");
        assert!(ended.cost.peak_bytes > 64 << 20, "{:?}", ended.cost);
        assert!(ended.cost.wall_s > 0.0 && ended.cost.cpu_s >= 0.0);
    }

    #[test]
    fn a_process_that_fails_is_an_error_with_its_last_words() {
        let failed = run(Path::new("sh"), &["-c".into(), "echo the reason >&2; exit 3".into()]);
        let text = format!("{:#}", failed.expect_err("exit code 3"));
        assert!(text.contains("the reason") && text.contains("exit status: 3"), "{text}");
    }
}
