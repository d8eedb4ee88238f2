//! `wheelhouse run`: a scenario without a screen.

use std::io::{IsTerminal, Write};

use anyhow::{Context, anyhow};

use crate::session::report;

use super::args::{Common, Format, RunArgs};
use super::{Outcome, print};

pub fn run(args: &RunArgs, common: &Common) -> Outcome {
    let terminal = std::io::stderr().is_terminal();
    let mut shown = false;
    let mut progress = |now: crate::session::view::SimTime, end: crate::session::view::SimTime| {
        if terminal {
            eprint!("\r{} of {}", now.clock(), end.clock());
            let _ = std::io::stderr().flush();
            shown = true;
        }
    };
    let report = report::run(&args.scenario, &args.open.options(common), args.until, &mut progress).map_err(|e| anyhow!(e))?;
    if shown {
        eprint!("\r\x1b[K");
    }
    if let Some(path) = &args.journal {
        std::fs::write(path, &report.journal).with_context(|| format!("error: cannot write the journal to {}", path.display()))?;
    }
    match args.format {
        Format::Text => print(&report.text())?,
        Format::Json => print(&format!("{:#}\n", report.json()))?,
        Format::Junit => print(&report.junit())?,
    };
    Ok(u8::from(!report.passed()))
}
