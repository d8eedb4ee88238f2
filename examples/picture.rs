//! Draws the lab screen as an SVG picture, for documents: `cargo run --example picture -- node-down 3m20s > assets/lab.svg`.
//!
//! Arguments: scenario, moment, then optionally columns, rows and keys to press (`w`, `f`, …).

use crossterm::event::KeyCode;
use wheelhouse::session::view::{SimDuration, SimTime};
use wheelhouse::session::{OpenOptions, Session};
use wheelhouse::tui::{export, picture, theme::Theme};

fn main() -> Result<(), String> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let at = |n: usize, otherwise: &str| args.get(n).cloned().unwrap_or_else(|| otherwise.to_string());
    let number = |n: usize, otherwise: &str| at(n, otherwise).parse::<u16>().map_err(|e| e.to_string());
    let mut session = Session::open(&at(0, "node-down"), &OpenOptions::default())?;
    session.jump_to(SimTime::ZERO + SimDuration::parse(&at(1, "3m20s"))?);
    let keys: Vec<KeyCode> = at(4, "").chars().map(|c| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) }).collect();
    // A question that waits would cover the worlds.
    session.answer(0);
    let buffer = picture(session, number(2, "132")?, number(3, "38")?, Theme::default(), &keys);
    print!("{}", export::svg(&buffer, false));
    Ok(())
}
