//! The parts of the lab screen, and what opens on top of it. One file each.

pub mod copy;
pub mod journal;
pub mod prompt;
pub mod requests;
pub mod scoreboard;
pub mod story;
pub mod timeline;
pub mod title;
pub mod told;
pub mod world;

pub mod cause;
pub mod debrief;
pub mod decision;
pub mod fault_menu;
pub mod goal;
pub mod help;
pub mod inspect;
pub mod notice;
pub mod question;
pub mod scheduler;
pub mod why;
