//! Whole files through the public door: bytes in, batches and rejects out.

mod bad_input;
mod connectors;
mod containers;
mod guessing;
mod support;
mod uci;
