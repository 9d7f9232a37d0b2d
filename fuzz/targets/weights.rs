//! Weights of an encoder that others trained (safetensors), in an otherwise whole folder: it opens or is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan_fuzz::{seeds::pretrained, watch};

fuzz_target!(init: watch::start(), |bytes: &[u8]| pretrained::opened_with("model.safetensors", bytes));
