//! Small parts that several screens use. They know neither worlds nor scenarios.

pub mod doc;
pub mod editor;
pub mod scroll;
pub mod search;
pub mod sparkline;
pub mod textview;
pub mod weighing;
