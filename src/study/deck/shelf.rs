//! Where decks come from: built into the program, and a folder of the person's own.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};

use crate::document::source::too_big;
use crate::document::{Diagnostic, Diagnostics, Source};

use super::super::bank::Bank;
use super::super::records::data_folder;
use super::{Deck, EvidencePlace, read};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/questions");

/// The environment variable that names a folder of decks.
pub const ENV: &str = "WHEELHOUSE_DECKS";
/// More files than this in one folder are not read.
const FILES_MAX: usize = 500;

/// Everything that could be read, and what could not.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    pub bank: Bank,
    /// Decks that were left out. Never fatal.
    pub broken: Vec<Broken>,
    /// Every scenario and claim the decks point to.
    pub evidence: Vec<EvidencePlace>,
    /// Titles of the topics that come from the person's own folder (alone or in part), by id.
    pub own: Vec<Arc<str>>,
}

/// A file that was left out.
#[derive(Clone, Debug)]
pub struct Broken {
    /// The file, or the folder that cannot be read.
    pub name: String,
    pub why: Vec<Diagnostic>,
    /// It is the folder.
    pub folder: bool,
}

/// The built-in decks alone. Read once per process.
pub fn built_in() -> &'static Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(|| {
        let mut shelf = Shelf::default();
        let mut files: Vec<_> = BUILT_IN.files().collect();
        files.sort_by_key(|f| f.path());
        for file in files {
            let name = format!("assets/questions/{}", file.path().display());
            shelf.put(&name, file.contents(), false);
        }
        shelf
    })
}

/// The built-in decks and those of a folder: the one given, else the one named by [`ENV`], else `decks` in the program's own data
/// folder where that exists.
pub fn open(dir: Option<&Path>) -> Shelf {
    let mut shelf = built_in().clone();
    let env = || std::env::var_os(ENV).filter(|v| !v.is_empty()).map(PathBuf::from);
    match dir.map(Path::to_path_buf).or_else(env) {
        Some(dir) => shelf.folder(&dir),
        None => {
            if let Some(dir) = own_folder().filter(|d| d.is_dir()) {
                shelf.folder(&dir);
            }
        }
    }
    shelf
}

/// `decks` in the program's data folder: where decks are dropped.
pub fn own_folder() -> Option<PathBuf> {
    Some(data_folder().ok()?.join("decks"))
}

impl Broken {
    /// The findings with excerpts.
    pub fn render(&self) -> String {
        Diagnostics::from(self.why.clone()).render(false)
    }
}

impl Shelf {
    fn folder(&mut self, dir: &Path) {
        let shown = dir.display().to_string();
        let mut paths = Vec::new();
        match std::fs::read_dir(dir) {
            Err(e) => return self.left_out(&shown, Diagnostic::error(format!("{shown}: the folder of decks cannot be read: {e}")), true),
            Ok(entries) => paths.extend(entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_yaml(p))),
        }
        paths.sort();
        if paths.len() > FILES_MAX {
            let message = format!("{shown}: the folder holds {} decks, the first {FILES_MAX} are read", paths.len());
            self.left_out(&shown, Diagnostic::error(message), true);
            paths.truncate(FILES_MAX);
        }
        for path in paths {
            let name = path.display().to_string();
            match bytes(&path) {
                Ok(bytes) => self.put(&name, &bytes, true),
                Err(why) => self.left_out(&name, Diagnostic::error(format!("{name}: {why}")), false),
            }
        }
    }

    /// Reads a deck and puts it into the bank, or among the broken.
    fn put(&mut self, name: &str, bytes: &[u8], own: bool) {
        let deck = Source::from_bytes(name, bytes).map_err(Diagnostics::from).and_then(|source| read(&source));
        match deck.and_then(|deck| self.clash(&deck).map(|()| deck)) {
            Ok(deck) => self.accept(deck, own),
            Err(why) => self.broken.push(Broken { name: name.into(), why: why.into_vec(), folder: false }),
        }
    }

    /// Progress hangs on question ids, so an id can stand for one question only.
    fn clash(&self, deck: &Deck) -> Result<(), Diagnostics> {
        let sink = Diagnostics::new();
        for (q, span) in deck.questions.iter().zip(&deck.ids) {
            if let Some(known) = self.bank.get(&q.id) {
                let d = Diagnostic::error(format!("there is a question `{}` already, in the topic {}", q.id, known.topic)).at(span);
                sink.push(d.help("give it another id"));
            }
        }
        if sink.is_empty() { Ok(()) } else { Err(sink) }
    }

    fn accept(&mut self, deck: Deck, own: bool) {
        if own && !self.own.contains(&deck.topic.id) {
            self.own.push(deck.topic.id.clone());
        }
        self.evidence.extend(deck.evidence);
        self.bank.add(deck.topic, deck.questions);
    }

    fn left_out(&mut self, name: &str, why: Diagnostic, folder: bool) {
        self.broken.push(Broken { name: name.into(), why: vec![why], folder });
    }

    /// Why the shelf left this file out, if it lies in its folder and was left out.
    pub fn why_left_out(&self, file: &str) -> Option<&[Diagnostic]> {
        let place = std::fs::canonicalize(file).ok()?;
        let same = |b: &&Broken| std::fs::canonicalize(&b.name).is_ok_and(|p| p == place);
        self.broken.iter().find(same).map(|b| &*b.why)
    }
}

fn is_yaml(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|e| extension.eq_ignore_ascii_case(e))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    use crate::document::source::FILE_BYTES_MAX;
    let meta = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !meta.is_file() {
        return Err("expected a file, found a folder or a device".into());
    }
    if meta.len() > FILE_BYTES_MAX as u64 {
        return Err(too_big(meta.len()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    Ok(bytes)
}

/// True for the text of a built-in deck, wherever it was read from.
pub fn is_built_in(source: &Source) -> bool {
    BUILT_IN.files().any(|f| f.contents() == source.text.as_bytes())
}
