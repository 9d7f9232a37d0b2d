//! The program through its front door: files in, exit codes, tables and pages out.

mod bad_input;
mod figures;
mod front;
mod journey;
mod kept;
mod simulated;
mod support;
