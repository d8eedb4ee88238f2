//! `wheelhouse run`: a scenario without a screen.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};

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
    // The file comes into being with its first line: a scenario that cannot be opened leaves none behind.
    let mut journal: Option<std::io::Result<BufWriter<File>>> = None;
    let mut line = |bytes: &[u8]| {
        let Some(path) = &args.journal else { return };
        let file = journal.get_or_insert_with(|| File::create(path).map(BufWriter::new));
        if let Ok(out) = file
            && let Err(e) = out.write_all(bytes)
        {
            *file = Err(e);
        }
    };
    let options = args.open.options(common);
    let report = report::run_with_journal(&args.scenario, &options, args.until, &mut progress, &mut line).map_err(|e| anyhow!(e))?;
    if shown {
        eprint!("\r\x1b[K");
    }
    if let (Some(path), Some(written)) = (&args.journal, journal) {
        let flushed = written.and_then(|mut out| out.flush());
        flushed.with_context(|| format!("error: cannot write the journal to {}", path.display()))?;
    }
    match args.format {
        Format::Text => print(&report.text())?,
        Format::Json => print(&format!("{:#}\n", report.json()))?,
        Format::Junit => print(&report.junit())?,
    };
    Ok(u8::from(!report.passed()))
}
