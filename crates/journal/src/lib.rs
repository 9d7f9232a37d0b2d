//! A durable log of accepted events.
