//! Whole screens.

pub mod home;
pub mod lab;
