//! The HTTP side through its front door: routes without a network in `access`, `document`, `visits`, `writes`,
//! `hostile`; connections over a real port in `faults`.

mod access;
mod document;
mod faults;
mod hostile;
mod pages;
mod support;
mod visits;
mod writes;
