//! Floor 6, the door: commands in, plain views out. The only room that frontends may touch.

pub mod view;
