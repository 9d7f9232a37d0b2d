//! Whole files through the public door: bytes in, batches and rejects out.

#![allow(clippy::print_stderr)] // a skipped test says so

mod bad_input;
mod connectors;
mod containers;
mod guessing;
mod guessing_tables;
mod interactions;
mod questions;
mod round_trip;
mod support;
mod tracking;
mod uci;
