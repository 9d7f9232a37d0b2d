//! State that changes row by row.
