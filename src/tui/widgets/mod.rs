//! Small parts that several screens use. They know neither worlds nor scenarios.

pub mod scroll;
pub mod sparkline;
pub mod textview;
