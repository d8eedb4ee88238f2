//! `wheelhouse progress`: where one stands, the plan, profiles, export and import.

mod args;
mod record;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, anyhow};

use crate::session::practice::Library;
use crate::session::progress::{self as door, IMPORT_BYTES_MAX, Now, Overview, Records, Style};
use crate::tui::clock;

use super::args::{Common, ListFormat};
use super::{Outcome, print, width};

pub use args::ProgressArgs;
use args::{ProfileCommand, What};

pub fn run(args: &ProgressArgs, common: &Common) -> Outcome {
    let now = clock::now();
    let call = Call { json: args.format == ListFormat::Json, profile: args.profile.as_deref(), common, now };
    match &args.what {
        None => call.overview(),
        Some(What::Due { limit }) => call.due(*limit),
        Some(What::Plan { date, clear }) => call.plan(date.as_deref(), *clear),
        Some(What::Export { file, force }) => call.export(file, *force),
        Some(What::Import { file }) => call.import(file),
        Some(What::Anki { file, force }) => write(file, &door::anki_deck(&call.library()), "the deck", *force),
        Some(What::Profiles) => call.profiles(),
        Some(What::Profile(command)) => call.profile(command),
        Some(What::Record { question, score, rating, mode }) if question == "-" => {
            if score.is_some() || rating.is_some() {
                return Err(anyhow!("error: with - every line has its own score and rating; leave out --score and --rating"));
            }
            record::lines(&mut call.to_write()?, &call.library(), mode.mode())
        }
        Some(What::Record { question, score, rating, mode }) => {
            let rating = rating.map(args::RatingWord::rating);
            record::one(&mut call.to_write()?, &call.library(), question, *score, rating, mode.mode(), &now)
        }
    }
}

/// One call of the program.
struct Call<'a> {
    json: bool,
    profile: Option<&'a str>,
    common: &'a Common,
    now: Now,
}

impl Call<'_> {
    fn library(&self) -> Library {
        let library = Library::open(&self.common.practice());
        library.left_out().iter().for_each(|line| eprintln!("warning: {line}"));
        library
    }

    fn to_read(&self) -> anyhow::Result<Records> {
        let (records, trouble) = door::open(self.common.progress.as_deref(), self.profile, &self.now).map_err(said)?;
        if let Some(trouble) = trouble {
            eprintln!("warning: {trouble}\n");
        }
        Ok(records)
    }

    fn to_write(&self) -> anyhow::Result<Records> {
        door::open_to_write(self.common.progress.as_deref(), self.profile, &self.now).map_err(said)
    }

    fn style(&self) -> Style {
        Style { ascii: self.common.ascii, width: width().min(100) }
    }

    fn print(&self, json: serde_json::Value, text: impl FnOnce() -> String) -> Outcome {
        print(&if self.json { format!("{json:#}\n") } else { text() })
    }

    fn overview(&self) -> Outcome {
        let overview = Overview::of(&self.to_read()?, &self.library(), &self.now).map_err(said)?;
        self.print(door::overview_json(&overview), || door::overview(&overview, self.style()))
    }

    fn due(&self, limit: usize) -> Outcome {
        let overview = Overview::of(&self.to_read()?, &self.library(), &self.now).map_err(said)?;
        self.print(door::due_json(&overview), || door::due(&overview, limit))
    }

    fn plan(&self, date: Option<&[String]>, clear: bool) -> Outcome {
        let date = date.map(|words| door::day(&words.join(" "), self.now.today)).transpose();
        let date = date.map_err(|why| anyhow!("error: {why}"))?;
        let records = if date.is_some() || clear {
            let mut records = self.to_write()?;
            records.set_interview(date, &self.now).map_err(said)?;
            records
        } else {
            self.to_read()?
        };
        let overview = Overview::of(&records, &self.library(), &self.now).map_err(said)?;
        match &overview.plan {
            Some(plan) => self.print(door::plan_json(plan), || door::plan(plan, &overview.standing)),
            None => self.print(serde_json::Value::Null, || {
                "No day of an interview is set; `wheelhouse progress plan --date DAY` sets it (28 November, friday, in 6 days).\n".into()
            }),
        }
    }

    fn export(&self, file: &Path, force: bool) -> Outcome {
        let records = self.to_read()?;
        write(file, &records.export().map_err(said)?, "everything", force)
    }

    fn import(&self, file: &Path) -> Outcome {
        let place = if file == Path::new("-") { "standard input".to_string() } else { file.display().to_string() };
        let text = read(file)?;
        let mut records = self.to_write()?;
        let done = records.import(&text, &place, &self.now).map_err(said)?;
        let json = serde_json::json!({"reviews": done.reviews, "known": done.known, "profiles": done.profiles, "drafts": done.drafts});
        self.print(json, || {
            format!(
                "Imported {place}: {} reviews new, {} known already, {} profiles new, {} drafts taken.\n",
                done.reviews, done.known, done.profiles, done.drafts
            )
        })
    }

    fn profiles(&self) -> Outcome {
        let records = self.to_read()?;
        let all = records.profiles().map_err(said)?;
        self.print(door::profiles_json(&all, records.profile()), || door::profiles(&all, records.profile()))
    }

    fn profile(&self, command: &ProfileCommand) -> Outcome {
        let mut records = self.to_write()?;
        let sure = |yes: bool, name: &str, what: &str| match yes {
            true => Ok(()),
            false => {
                Err(anyhow!("error: this {what} '{name}' for good; say --yes if that is meant (`wheelhouse progress export` keeps a copy)"))
            }
        };
        let text = match command {
            ProfileCommand::New { name } => {
                let made = records.create(name, &self.now).map_err(said)?;
                records.choose(&made.name, true).map_err(said)?;
                format!("Made '{}'; it is in use from now on.\n", made.name)
            }
            ProfileCommand::Use { name } => format!("'{}' is in use from now on.\n", records.choose(name, true).map_err(said)?.name),
            ProfileCommand::Rename { name, new_name } => {
                format!("'{}' is '{}' now.\n", name.trim(), records.rename(name, new_name).map_err(said)?.name)
            }
            ProfileCommand::Reset { name, yes } => {
                records.choose(name, false).map_err(said)?;
                sure(*yes, name, "empties")?;
                format!("'{name}' is empty: {} reviews are gone.\n", records.reset(name).map_err(said)?)
            }
            ProfileCommand::Delete { name, yes } => {
                records.choose(name, false).map_err(said)?;
                sure(*yes, name, "deletes")?;
                records.delete(name, &self.now).map_err(said)?;
                format!("'{name}' is gone; '{}' is in use.\n", records.profile().name)
            }
        };
        print(&text)
    }
}

/// An error of the records in the form of all errors.
fn said(e: door::RecordsError) -> anyhow::Error {
    anyhow!("error: {e}")
}

/// A file of text, or standard input for `-`.
fn read(file: &Path) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let limit = IMPORT_BYTES_MAX as u64 + 1;
    if file == Path::new("-") {
        std::io::stdin().take(limit).read_to_end(&mut bytes)?;
    } else {
        let open = File::open(file).with_context(|| format!("error: cannot read {}", file.display()))?;
        open.take(limit).read_to_end(&mut bytes).with_context(|| format!("error: cannot read {}", file.display()))?;
    }
    String::from_utf8(bytes).map_err(|_| anyhow!("error: {} is not an export of wheelhouse progress: it is not text", file.display()))
}

/// Writes a file whole or not at all; over another only if that is wanted, and never over a progress file.
fn write(file: &Path, text: &str, what: &str, force: bool) -> Outcome {
    if file == Path::new("-") {
        return print(text);
    }
    let mut start = [0; 15];
    if File::open(file).and_then(|mut f| f.read_exact(&mut start)).is_ok() && &start == b"SQLite format 3" {
        return Err(anyhow!("error: {} is a database; it is not written over", file.display()));
    }
    match std::fs::symlink_metadata(file) {
        Ok(there) if there.is_dir() => return Err(anyhow!("error: {} is a folder; name a file in it", file.display())),
        Ok(there) if !there.is_file() && !there.is_symlink() => {
            return Err(anyhow!("error: {} is no file; - writes to standard output", file.display()));
        }
        Ok(_) if !force => return Err(anyhow!("error: {} is there already; --force writes over it", file.display())),
        _ => {}
    }
    let cannot = || format!("error: cannot write {}", file.display());
    let name = file.file_name().with_context(cannot)?.to_string_lossy().into_owned();
    let beside = file.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = File::create(&beside).and_then(|mut f| f.write_all(text.as_bytes()).and_then(|()| f.sync_all()));
    let moved = written.and_then(|()| std::fs::rename(&beside, file));
    if moved.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    moved.with_context(cannot)?;
    print(&format!("Wrote {what} to {}.\n", file.display()))
}
