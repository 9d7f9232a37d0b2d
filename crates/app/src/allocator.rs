//! The allocator. Cleaning and queries make many short-lived buffers on several threads, which
//! mimalloc serves faster than the system's allocator.
//!
//! By default it keeps freed pages for a second, in case they are wanted again. A command of two
//! seconds then holds the memory of every stage it went through. Given back after six milliseconds,
//! `ingest` of 540,000 lines peaks at 310 instead of 430 MB in the same time; at once it peaks at 275, but pays a
//! third of a second for pages that are wanted again. Work that takes a minute wants them again all the time:
//! with the default delay, 20,000,000 lines take 39 instead of 49 seconds, and 1.16 instead of 1.00 GB.
#![allow(unsafe_code, reason = "one option of a C library, which its Rust crate does not offer")]

use std::ffi::{c_int, c_long};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Position of `mi_option_purge_delay` in mimalloc 3's list of options; a test asks for its default.
const PURGE_DELAY: c_int = 15;

// SAFETY of the declarations: signatures as in mimalloc 3's `mimalloc.h`, where an option is an `enum`
// (an `int` in C); the library is linked by the crate `mimalloc`. SAFETY of the calls: the first two functions read
// or write one entry of a static array and check the position; the third looks at what is free. They may be called at
// any time.
unsafe extern "C" {
    safe fn mi_option_set(option: c_int, value: c_long);
    safe fn mi_collect(force: bool);
    #[cfg(test)]
    safe fn mi_option_get(option: c_int) -> c_long;
}

/// Milliseconds for which a freed page is kept.
const KEPT_MS: c_long = 6;

/// Lets freed memory go soon. To be called before other threads are started.
pub(crate) fn give_back_soon() {
    mi_option_set(PURGE_DELAY, KEPT_MS);
}

/// Milliseconds for which a freed page is kept in long work: the library's default.
const KEPT_LONG_MS: c_long = 1000;

/// Keeps freed memory as by the library's default: for a server, which wants it again with the next request. Of reading
/// a million shoppers out of the lake a third was the kernel clearing pages that had just been given back.
pub(crate) fn keep_longer() {
    mi_option_set(PURGE_DELAY, KEPT_LONG_MS);
}

/// Gives back what is free now, also what threads left behind that have ended: pool threads come and go in a server, and
/// at full rate of events more was left behind than was taken up again.
pub(crate) fn collect() {
    mi_collect(true);
}

/// Bytes of files, and order lines in the lake, from which an ingest is long work.
const LONG_BYTES: u64 = 256 << 20;
const LONG_ROWS: u64 = 4_000_000;

/// Keeps freed memory for longer where there is much to read or to clean; else, and afterwards, as by default.
pub(crate) fn suit(bytes: u64, rows: u64) {
    let long = bytes >= LONG_BYTES || rows >= LONG_ROWS;
    mi_option_set(PURGE_DELAY, if long { KEPT_LONG_MS } else { KEPT_MS });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_where_the_library_has_it() {
        assert_eq!(mi_option_get(PURGE_DELAY), 1000, "the default delay in milliseconds");
        give_back_soon();
        assert_eq!(mi_option_get(PURGE_DELAY), KEPT_MS);
        suit(LONG_BYTES - 1, LONG_ROWS - 1);
        assert_eq!(mi_option_get(PURGE_DELAY), KEPT_MS);
        suit(0, LONG_ROWS);
        assert_eq!(mi_option_get(PURGE_DELAY), KEPT_LONG_MS);
        suit(0, 0);
        assert_eq!(mi_option_get(PURGE_DELAY), KEPT_MS);
        keep_longer();
        assert_eq!(mi_option_get(PURGE_DELAY), KEPT_LONG_MS);
    }
}
