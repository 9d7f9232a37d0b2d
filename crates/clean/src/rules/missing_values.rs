//! Policies for missing values of a column.
