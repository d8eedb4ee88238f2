//! `wheelhouse check`: is this file right, and what of it is simulated?

use std::io::Read;

use crate::session::catalogue;

use super::args::{CheckArgs, Common};
use super::{Outcome, print};

pub fn run(args: &CheckArgs, common: &Common) -> Outcome {
    let options = common.options();
    let (text, code) = if args.files == ["-"] {
        let mut bytes = Vec::new();
        // One byte more than allowed is enough to refuse it.
        std::io::stdin().take(catalogue::FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
        catalogue::check_bytes("<stdin>", &bytes, &options)
    } else {
        catalogue::check(&args.files, &options, common.decks.as_deref())
    };
    print(&text)?;
    Ok(code as u8)
}
