//! Whole screens.

pub mod home;
pub mod lab;
pub mod practice;
