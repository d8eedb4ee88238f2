//! Floor 5: practice. Questions and their grading, what was learned and when to ask again, what people claim.
//!
//! Touches no simulation code: the link to a lab is the name of a scenario and a moment in it. May use `document` only. No clock here:
//! whoever calls says what day and time it is.

pub mod bank;
pub mod claims;
pub mod deck;
pub mod grade;
pub mod modes;
pub mod records;
