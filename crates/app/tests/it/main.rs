//! The program through its front door: files in, exit codes, tables and pages out.

mod bad_input;
mod evidence;
mod export;
mod figures;
mod filled;
mod front;
mod gates;
mod journey;
mod kept;
mod learn;
mod mapped;
mod marts;
mod models;
mod networks;
mod noise;
mod profiles;
mod recommend;
mod search;
mod signals;
mod simulated;
mod sources;
mod support;
mod systems;
mod transfer;
