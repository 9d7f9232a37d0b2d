//! Encoders that somebody else trained, read from a local folder of weights: text, pictures, speech.
