//! `wheelhouse claims`: what people say, whether it is so, and what the runs measured.

use std::io::{IsTerminal, Write};

use anyhow::anyhow;

use crate::session::claims::{self, Verification};

use super::args::{ClaimsArgs, ListFormat};
use super::{Outcome, print};

/// Events between two looks at the clock on the terminal.
const STEPS: u64 = 50_000;

pub fn run(args: &ClaimsArgs) -> Outcome {
    let all = claims::catalogue().map_err(|e| anyhow!(e))?;
    let chosen = claims::select(&all, &args.ids, args.theme.as_deref()).map_err(|e| anyhow!(e))?;
    let findings = if args.verify { Some(verify(Verification::new(chosen.iter().copied()).map_err(|e| anyhow!(e))?)) } else { None };
    let whole = !args.ids.is_empty() || args.theme.is_some();
    match args.format {
        ListFormat::Json => print(&format!("{:#}\n", claims::json(&chosen, findings.as_deref())))?,
        ListFormat::Text => print(&claims::text(&all, &chosen, findings.as_deref(), whole))?,
    };
    Ok(u8::from(findings.iter().flatten().any(|f| !f.holds)))
}

fn verify(mut v: Verification) -> Vec<claims::Finding> {
    let terminal = std::io::stderr().is_terminal();
    while v.advance(STEPS) {
        if let Some(p) = v.progress().filter(|_| terminal) {
            eprint!("\r\x1b[K{} of {} claims · {} {}", p.decided, p.total, p.scenario, p.now.clock());
            let _ = std::io::stderr().flush();
        }
    }
    if terminal {
        eprint!("\r\x1b[K");
    }
    v.findings().to_vec()
}
