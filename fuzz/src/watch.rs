//! Counts what is allocated, refuses what would be absurd, and tells our panics from others'.

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The system's allocator with an account of it. It is how "no more memory than" is asked: libFuzzer looks at the whole process, once a
/// second.
struct Counted;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
/// Bytes at once above which nothing is given: the program then ends, and the input is kept.
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

fn taken(bytes: usize) -> bool {
    let now = NOW.fetch_add(bytes, Relaxed) + bytes;
    MOST.fetch_max(now, Relaxed);
    if now <= LIMIT.load(Relaxed) {
        return true;
    }
    NOW.fetch_sub(bytes, Relaxed);
    false
}

// SAFETY: every call is handed on to the system's allocator as it came, or answered with null, which is allowed at any time.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if taken(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if taken(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it is copied, both are there.
        if !taken(size) {
            return std::ptr::null_mut();
        }
        let new = unsafe { System.realloc(at, layout, size) };
        NOW.fetch_sub(if new.is_null() { size } else { layout.size() }, Relaxed);
        new
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// To be called once, before the first input: a panic in our code ends the run and keeps the input; one in a decoder of others does
/// so only where nobody catches it.
pub fn start() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if !info.location().is_some_and(|at| at.file().contains("/registry/")) {
            // What libFuzzer has put there prints the message and aborts.
            usual(info);
        }
    }));
}

/// Runs this with at most so many mebibytes at once beyond what was there before.
///
/// # Panics
/// Where it takes more. An allocation that would take four times as much is refused, which ends the program.
pub fn within<T>(mebibytes: usize, work: impl FnOnce() -> T) -> T {
    let before = NOW.load(Relaxed);
    MOST.store(before, Relaxed);
    LIMIT.store(before + (mebibytes << 22), Relaxed);
    let out = work();
    LIMIT.store(usize::MAX, Relaxed);
    let took = MOST.load(Relaxed).saturating_sub(before);
    assert!(took <= mebibytes << 20, "{} KiB at once, promised are {mebibytes} MiB", took >> 10);
    out
}
