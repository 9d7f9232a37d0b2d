//! The program through its front door: files in, exit codes, tables and pages out.

mod bad_input;
mod evidence;
mod figures;
mod journey;
mod kept;
mod recommend;
mod support;
