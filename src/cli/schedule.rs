//! `wheelhouse schedule`: where would this pod go, and why?

use std::fs::File;
use std::io::{IsTerminal, Read, Write};

use anyhow::Context;

use crate::session::schedule::{CLUSTER_BYTES_MAX, Format, Request, Style, schedule};

use super::args::{Colour, Common, ScheduleArgs, ScheduleFormat};
use super::{Outcome, print};

/// Narrower and wider than this the report is not drawn.
const WIDTHS: std::ops::RangeInclusive<usize> = 60..=240;

pub fn run(args: &ScheduleArgs, common: &Common) -> Outcome {
    let files = args.files.iter().map(|name| Ok((name.clone(), read(name)?))).collect::<anyhow::Result<_>>()?;
    let terminal = std::io::stdout().is_terminal();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let colour = match common.colour {
        Colour::Auto => terminal && !plain,
        Colour::None => false,
        _ => true,
    };
    let width = if terminal { crossterm::terminal::size().map_or(120, |(w, _)| usize::from(w)) } else { 120 };
    let request = Request {
        files,
        pod: args.pod.clone(),
        format: match args.format {
            ScheduleFormat::Text => Format::Text,
            ScheduleFormat::Json => Format::Json,
            ScheduleFormat::Annotations => Format::Annotations,
        },
        set: args.sets.clone(),
        style: Style { width: width.clamp(*WIDTHS.start(), *WIDTHS.end()), ascii: common.ascii, colour },
    };
    let output = schedule(&request);
    // Nobody may be listening any more.
    let _ = std::io::stderr().write_all(output.stderr.as_bytes());
    print(&output.stdout)?;
    Ok(output.exit as u8)
}

/// A file, or standard input for `-`; one byte more than allowed is enough to refuse it.
fn read(name: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = CLUSTER_BYTES_MAX as u64 + 1;
    if name == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        let file = File::open(name).with_context(|| format!("error: cannot read {name}"))?;
        file.take(limit).read_to_end(&mut bytes).with_context(|| format!("error: cannot read {name}"))?;
    }
    Ok(bytes)
}
