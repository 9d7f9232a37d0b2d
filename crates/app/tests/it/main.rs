//! The program through its front door: files in, exit codes, tables and pages out.

mod bad_input;
mod evidence;
mod figures;
mod filled;
mod front;
mod journey;
mod kept;
mod marts;
mod models;
mod profiles;
mod recommend;
mod simulated;
mod sources;
mod support;
