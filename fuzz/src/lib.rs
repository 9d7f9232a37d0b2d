//! What the fuzz targets share: a watch over panics and memory, containers whose checksums are made right again, and the seeds.
//!
//! A target answers one question: do any bytes whatever end in a value or in a reason? A panic in our own code, memory beyond what
//! the code promises, and a run of ten seconds are failures. A panic inside somebody else's decoder is none as long as ours catches
//! it, as `content::picture::decode` says that it does.

pub mod seal;
pub mod seeds;
pub mod watch;
