//! The words of `wheelhouse progress`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::super::args::ListFormat;
use crate::session::progress::{Mode, Rating};

#[derive(Debug, clap::Args)]
pub struct ProgressArgs {
    #[command(subcommand)]
    pub what: Option<What>,
    /// For people, or for programs: the page itself, due, plan, profiles and import
    #[arg(long, value_enum, default_value_t = ListFormat::Text, global = true)]
    pub format: ListFormat,
    /// Look at this profile, or record into it, this once
    #[arg(long, value_name = "NAME", global = true)]
    pub profile: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// What is due today, the most nearly forgotten first
    Due {
        /// At most so many lines of text
        #[arg(long, value_name = "N", default_value_t = 30)]
        limit: usize,
    },
    /// The plan to the day of the interview: how many questions a day
    Plan {
        /// The day of the interview: 28 November, 2026-11-28, tomorrow, in 6 days, friday; it is kept
        #[arg(long, value_name = "DAY", num_args = 1..=6)]
        date: Option<Vec<String>>,
        /// Forget the day of the interview
        #[arg(long, conflicts_with = "date")]
        clear: bool,
    },
    /// Write everything - all profiles, reviews, plans, drafts - as JSON
    Export {
        /// The file to write; - is standard output
        file: PathBuf,
        /// Write over a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// Merge an export into the progress file: nothing is lost, nothing is doubled
    Import {
        /// The export to read; - is standard input
        file: PathBuf,
    },
    /// Write the questions as a text file that Anki imports
    Anki {
        /// The file to write; - is standard output
        file: PathBuf,
        /// Write over a file that is there already
        #[arg(long)]
        force: bool,
    },
    /// The profiles in the file, and which is in use
    Profiles,
    /// Make, choose, rename, empty or delete a profile
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Store a review that took place elsewhere; - reads lines `QUESTION SCORE [RATING]` from standard input and answers each once it is on the disk
    Record {
        /// A question's id, or -
        question: String,
        /// How good the answer was, 0 to 100; one of --score and --rating is needed
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100))]
        score: Option<u8>,
        /// Your own judgement; without it the score decides: below 40 again, from 40 hard, from 65 good, from 85 easy
        #[arg(long, value_enum)]
        rating: Option<RatingWord>,
        /// How it was answered
        #[arg(long, value_enum, default_value_t = ModeWord::Answer)]
        mode: ModeWord,
    },
}

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Make a profile and use it from now on
    New {
        /// A name that no other profile has, 40 characters at most
        name: String,
    },
    /// Use this profile from now on
    Use {
        /// Its name
        name: String,
    },
    /// Give a profile another name
    Rename {
        /// The name it has
        name: String,
        /// The name it gets
        new_name: String,
    },
    /// Forget all reviews, drafts and the plan of a profile
    Reset {
        /// Its name
        name: String,
        /// Do it: this cannot be undone, but by an export
        #[arg(long)]
        yes: bool,
    },
    /// Delete a profile with everything in it
    Delete {
        /// Its name
        name: String,
        /// Do it: this cannot be undone, but by an export
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RatingWord {
    Again,
    Hard,
    Good,
    Easy,
}

impl RatingWord {
    pub fn rating(self) -> Rating {
        match self {
            Self::Again => Rating::Again,
            Self::Hard => Rating::Hard,
            Self::Good => Rating::Good,
            Self::Easy => Rating::Easy,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ModeWord {
    Card,
    Answer,
    Spoken,
    Interview,
}

impl ModeWord {
    pub fn mode(self) -> Mode {
        match self {
            Self::Card => Mode::Card,
            Self::Answer => Mode::Answer,
            Self::Spoken => Mode::Spoken,
            Self::Interview => Mode::Interview,
        }
    }
}
