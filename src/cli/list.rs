//! `wheelhouse list`: the scenarios.

use crate::session::catalogue;

use super::args::{Common, ListArgs, ListFormat};
use super::{Outcome, print};

pub fn run(args: &ListArgs, common: &Common) -> Outcome {
    let (text, code) = catalogue::list(args.format == ListFormat::Json, &common.options());
    print(&text)?;
    Ok(code as u8)
}
