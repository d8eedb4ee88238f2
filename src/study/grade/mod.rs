//! Grading free answers.
pub mod features;
pub mod lexicon;
mod stem;
mod text;
mod vectors;
