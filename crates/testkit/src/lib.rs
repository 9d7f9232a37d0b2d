//! What the tests of several crates share: where the optional data lies, how a computed figure is
//! compared with a recorded one, and the text of the pages that are generated from the code.
//!
//! A crate takes this one as a dev-dependency. The suites that look at the whole repository
//! (direction of dependencies, forbidden calls, generated documentation) are in `tests/`.

pub mod golden;
pub mod pure;
pub mod rules_md;
pub mod shared;
pub mod tables_md;
