//! The binary: arguments in, one face out, an exit status.

use std::process::ExitCode;

fn main() -> ExitCode {
    wheelhouse::cli::main(std::env::args_os())
}
