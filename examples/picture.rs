//! Draws the picture in README: `cargo run --release --example picture -- node-down 2m52s assets/lab.svg`

use wheelhouse::session::view::{SimDuration, SimTime};
use wheelhouse::session::{OpenOptions, Session};
use wheelhouse::tui;

fn main() -> Result<(), String> {
    let [scenario, at, file] =
        <[String; 3]>::try_from(std::env::args().skip(1).collect::<Vec<_>>()).map_err(|_| "usage: picture SCENARIO TIME FILE.svg")?;
    let mut session = Session::open(&scenario, &OpenOptions::default())?;
    session.jump_to(SimTime::ZERO + SimDuration::parse(&at)?);
    let options = tui::Options { depth: Some(tui::theme::Depth::True), light: Some(false), ..tui::Options::default() };
    std::fs::write(&file, tui::picture::svg(session, &options, 120, 36)).map_err(|e| format!("{file}: {e}"))
}
