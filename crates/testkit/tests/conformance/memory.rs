//! The largest piece of memory that a thread asks for, while a test looks.
#![allow(unsafe_code, reason = "an allocator cannot be written without; it hands everything on as it is")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

struct Watched;

fn note(size: usize) {
    // A thread that ends has no place left to note it in.
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
}

// SAFETY: every call is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

/// The largest piece that `f` asks for on this thread, and what it gives.
pub(crate) fn largest_piece<T>(f: impl FnOnce() -> T) -> (usize, T) {
    LARGEST.with(|largest| largest.set(0));
    let given = f();
    (LARGEST.with(Cell::get), given)
}

#[test]
fn pieces_are_noted() {
    let (largest, given) = largest_piece(|| vec![0_u8; 3 << 20].len() + vec![1_u8; 10].len());
    assert_eq!((largest, given), (3 << 20, (3 << 20) + 10));
}
