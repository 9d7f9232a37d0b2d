//! The events that shops, sites and apps send.
