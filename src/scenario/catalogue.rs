//! Where scenarios come from: built into the binary, a folder on disk that overrides them, or a single file; and their side files.
//!
//! The only place below the faces that reads files. Paths from a scenario never leave its folder.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::document::source::too_big;
use crate::document::{Diagnostic, Source};
use crate::kernel::limits;
use crate::worlds::Files;

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// The environment variable that names a folder of scenarios.
pub const ENV: &str = "WHEELHOUSE_SCENARIOS";
/// Files one folder entry of a scenario may bring in.
const FOLDER_FILES_MAX: usize = 1_000;
/// Names that are looked at for it.
const FOLDER_ENTRIES_MAX: usize = 20_000;

/// A folder of side files, read only, with no way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// The embedded `scenarios/`.
    BuiltIn,
    /// A folder on disk.
    Disk(PathBuf),
    /// No files at all (a scenario from standard input, a test).
    Nothing,
}

impl Folder {
    /// The bytes of a file, at most [`limits::FILE_BYTES_MAX`].
    ///
    /// # Errors
    /// A sentence in kubectl's words; also for paths that leave the folder, links out of it, folders, devices and large files.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        let clean = inside(path)?;
        let gone = || format!("the path \"{path}\" does not exist");
        match self {
            Self::Nothing => Err(gone()),
            Self::BuiltIn => BUILT_IN.get_file(&clean).map(|f| f.contents().to_vec()).ok_or_else(gone),
            Self::Disk(root) => read_bounded(&self.resolve(root, &clean, path)?).map_err(|why| format!("the path \"{path}\": {why}")),
        }
    }

    /// What is in a folder: names, and whether each is a folder itself; None if it is no folder. Links to folders are not followed, as
    /// kubectl does not.
    fn entries(&self, clean: &str, path: &str) -> Result<Option<Vec<(String, bool)>>, String> {
        let name = |p: &Path| p.file_name().and_then(|n| n.to_str()).map(str::to_string);
        match self {
            Self::Nothing => Ok(None),
            Self::BuiltIn => {
                let dir = if clean.is_empty() { Some(&BUILT_IN) } else { BUILT_IN.get_dir(clean) };
                Ok(dir.map(|d| d.entries().iter().filter_map(|e| Some((name(e.path())?, e.as_dir().is_some()))).collect()))
            }
            Self::Disk(root) => {
                let Ok(full) = self.resolve(root, clean, path) else { return Ok(None) };
                if !full.is_dir() {
                    return Ok(None);
                }
                let said = |e: std::io::Error| format!("the path \"{path}\": {e}");
                let mut out = Vec::new();
                for entry in std::fs::read_dir(&full).map_err(said)?.take(FOLDER_ENTRIES_MAX + 1) {
                    let entry = entry.map_err(said)?;
                    let folder = entry.file_type().map_err(said)?.is_dir();
                    out.extend(name(&entry.path()).filter(|_| folder || entry.path().is_file()).map(|n| (n, folder)));
                }
                Ok(Some(out))
            }
        }
    }

    /// How people know a file of this folder.
    pub fn display(&self, path: &str) -> String {
        match self {
            Self::Disk(root) if root.as_os_str() != "." => root.join(path).display().to_string(),
            _ => path.to_string(),
        }
    }

    /// The real path of something inside a folder on disk, after following links.
    fn resolve(&self, root: &Path, clean: &str, path: &str) -> Result<PathBuf, String> {
        let gone = |_| format!("the path \"{path}\" does not exist");
        let root = root.canonicalize().map_err(gone)?;
        let full = root.join(clean).canonicalize().map_err(gone)?;
        if full.starts_with(&root) { Ok(full) } else { Err(leaves(path)) }
    }
}

impl Files for Folder {
    fn list(&self, path: &str, deep: bool) -> Result<Option<Vec<String>>, String> {
        let clean = inside(path)?;
        let Some(entries) = self.entries(&clean, path)? else { return Ok(None) };
        let below = |folder: &str, name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let mut found = Vec::new();
        let mut seen = 0;
        let mut waiting: Vec<(String, bool)> = Vec::new();
        let mut push = |waiting: &mut Vec<(String, bool)>, folder: &str, mut entries: Vec<(String, bool)>| {
            seen += entries.len();
            // The last is taken first.
            entries.sort_by(|a, b| b.cmp(a));
            waiting.extend(entries.into_iter().map(|(name, dir)| (below(folder, name), dir)));
            if seen > FOLDER_ENTRIES_MAX { Err(format!("the path \"{path}\" holds more than {FOLDER_ENTRIES_MAX} files")) } else { Ok(()) }
        };
        push(&mut waiting, &clean, entries)?;
        while let Some((name, folder)) = waiting.pop() {
            if folder && deep {
                let inner = self.entries(&name, &name)?.unwrap_or_default();
                push(&mut waiting, &name, inner)?;
            } else if !folder && is_yaml(&name) {
                found.push(name);
            }
            if found.len() > FOLDER_FILES_MAX {
                return Err(format!("the path \"{path}\" holds more than {FOLDER_FILES_MAX} files"));
            }
        }
        Ok(Some(found))
    }
    fn read(&self, path: &str) -> Result<String, String> {
        let source = Source::from_bytes(path, &self.bytes(path)?).map_err(|d| d.message)?;
        Ok(source.text.to_string())
    }
}

fn leaves(path: &str) -> String {
    format!("the path \"{path}\" leaves the scenario's folder")
}

fn is_yaml(name: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|e| name.to_ascii_lowercase().ends_with(e))
}

/// A relative path without `.` and with no way up, `/` between its parts.
fn inside(path: &str) -> Result<String, String> {
    if path.contains('\0') || path.len() > 1_000 {
        return Err("the path is not a path".into());
    }
    let drive = path.as_bytes().get(1) == Some(&b':');
    if path.starts_with(['/', '\\']) || drive {
        return Err(leaves(path));
    }
    let mut parts = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => return Err(leaves(path)),
            p => parts.push(p),
        }
    }
    Ok(parts.join("/"))
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, String> {
    let meta = std::fs::metadata(path).map_err(|e| said(&e))?;
    if meta.is_dir() {
        return Err("expected a file, found a folder".into());
    }
    if !meta.is_file() {
        return Err("expected a file, found a device or pipe".into());
    }
    if meta.len() > limits::FILE_BYTES_MAX as u64 {
        return Err(too_big(meta.len()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|e| said(&e))?;
    file.take(limits::FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|e| said(&e))?;
    Ok(bytes)
}

/// The system's sentence without its error number.
fn said(e: &std::io::Error) -> String {
    match e.kind() {
        std::io::ErrorKind::NotFound => "no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => e.to_string(),
    }
}

/// A scenario's text and where its side files are.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The built-in name, or the file's stem.
    pub name: Arc<str>,
    pub source: Arc<Source>,
    pub folder: Arc<Folder>,
}

impl Opened {
    /// A scenario that is no file: a test, something the program made. Its side files come from `folder`.
    pub fn text(name: &str, text: &str, folder: Folder) -> Self {
        Self { name: name.into(), source: Source::new(name, text), folder: Arc::new(folder) }
    }
}

/// All scenarios that can be named without a path.
#[derive(Clone, Debug)]
pub struct Catalogue {
    disk: Option<PathBuf>,
}

impl Catalogue {
    /// The built-in scenarios alone.
    pub const fn built_in() -> Self {
        Self { disk: None }
    }

    /// The built-in scenarios, overridden and extended by a folder: the one given, else the one named by [`ENV`].
    pub fn new(dir: Option<&Path>) -> Self {
        let env = || std::env::var_os(ENV).filter(|v| !v.is_empty()).map(PathBuf::from);
        Self { disk: dir.map(Path::to_path_buf).or_else(env) }
    }

    /// The folder of one's own, if there is one, can be looked into.
    ///
    /// # Errors
    /// A sentence, if it is none.
    pub fn folder(&self) -> Result<(), String> {
        match &self.disk {
            Some(dir) if dir.is_dir() => Ok(()),
            Some(dir) if dir.exists() => Err(format!("the scenario folder {} is a file", dir.display())),
            Some(dir) => Err(format!("the scenario folder {} does not exist", dir.display())),
            None => Ok(()),
        }
    }

    /// Every name, in order.
    ///
    /// # Errors
    /// A sentence, if the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, String> {
        self.folder()?;
        let mut paths = Folder::BuiltIn.list(".", false)?.unwrap_or_default();
        if let Some(dir) = &self.disk {
            paths.extend(Folder::Disk(dir.clone()).list(".", false)?.unwrap_or_default());
        }
        let stem = |p: &String| p.strip_suffix(".yaml").or_else(|| p.strip_suffix(".yml")).map(str::to_string);
        let mut names: Vec<String> = paths.iter().filter_map(stem).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Opens a scenario by name, or by the path of its file.
    ///
    /// # Errors
    /// Says that there is none, with the nearest name; or what is wrong with the file as a text.
    pub fn open(&self, name: &str) -> Result<Opened, Box<Diagnostic>> {
        let fail = |m: String| Box::new(Diagnostic::error(m));
        if name.is_empty() || name.contains('\0') {
            return Err(fail("the name of a scenario is empty".into()));
        }
        let bare = !name.contains(['/', '\\']) && !is_yaml(name);
        if bare {
            self.folder().map_err(fail)?;
            let disk = self.disk.clone().map(Folder::Disk);
            for folder in disk.into_iter().chain([Folder::BuiltIn]) {
                for extension in ["yaml", "yml"] {
                    let path = format!("{name}.{extension}");
                    if let Ok(bytes) = folder.bytes(&path) {
                        let source = Source::from_bytes(folder.display(&path), &bytes)?;
                        return Ok(Opened { name: name.into(), source, folder: Arc::new(folder) });
                    }
                }
            }
        }
        let path = Path::new(name);
        if !bare || path.is_file() {
            let bytes = read_bounded(path).map_err(|why| fail(format!("{name}: {why}")))?;
            let source = Source::from_bytes(name, &bytes)?;
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let stem = path.file_stem().and_then(|s| s.to_str()).unwrap_or(name);
            return Ok(Opened { name: stem.into(), source, folder: Arc::new(Folder::Disk(folder.to_path_buf())) });
        }
        let names = self.names().map_err(fail)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        Err(Box::new(Diagnostic::error(format!("there is no scenario `{name}`")).one_of(name, &names)))
    }
}

impl Catalogue {
    /// A scenario by its name, or a file of any kind: what `check` is given.
    ///
    /// # Errors
    /// As [`Self::open`] and [`open_file`].
    pub fn open_any(&self, name: &str) -> Result<Opened, Box<Diagnostic>> {
        match self.names() {
            Ok(names) if names.iter().any(|n| n == name) => self.open(name),
            Err(why) if !Path::new(name).is_file() => Err(Box::new(Diagnostic::error(why))),
            _ => open_file(name),
        }
    }
}

/// Reads a file a person named on the command line.
///
/// # Errors
/// What is wrong with it, naming the file.
pub fn open_file(path: &str) -> Result<Opened, Box<Diagnostic>> {
    let bytes = read_bounded(Path::new(path)).map_err(|why| Box::new(Diagnostic::error(format!("{path}: {why}"))))?;
    let folder = Path::new(path).parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = Path::new(path).file_stem().and_then(|s| s.to_str()).unwrap_or(path);
    Ok(Opened { name: stem.into(), source: Source::from_bytes(path, &bytes)?, folder: Arc::new(Folder::Disk(folder.to_path_buf())) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_out() {
        let dir = std::env::temp_dir().join(format!("wheelhouse-folder-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("in/sub")).unwrap();
        std::fs::write(dir.join("secret.yaml"), "secret").unwrap();
        std::fs::write(dir.join("in/a.yaml"), "a: 1").unwrap();
        std::fs::write(dir.join("in/b.txt"), "b").unwrap();
        std::fs::write(dir.join("in/bin.yaml"), b"\x00\x01").unwrap();
        let f = Folder::Disk(dir.join("in"));
        assert_eq!(f.read("a.yaml").as_deref(), Ok("a: 1"));
        assert_eq!(f.read("./sub/../a.yaml").unwrap_err(), "the path \"./sub/../a.yaml\" leaves the scenario's folder");
        for path in ["../secret.yaml", "/etc/passwd", "sub/../../secret.yaml", "..\\secret.yaml", "C:\\x", "\\\\host\\x"] {
            assert!(f.read(path).unwrap_err().contains("leaves the scenario's folder"), "{path}");
        }
        assert!(f.read("nothing.yaml").unwrap_err().contains("does not exist"));
        assert!(f.read("sub").unwrap_err().contains("found a folder"));
        assert!(f.read("a\0b").is_err());
        assert!(f.read("bin.yaml").unwrap_err().contains("binary"));
        assert_eq!(f.list(".", false).unwrap().unwrap().len(), 2, "only YAML and JSON");
        assert_eq!(f.list("a.yaml", true).unwrap(), None);
        std::fs::write(dir.join("in/sub/c.yml"), "c: 1").unwrap();
        assert_eq!(f.list("./", true).unwrap().unwrap(), ["a.yaml", "bin.yaml", "sub/c.yml"]);
        assert_eq!(f.list("sub/", false).unwrap().unwrap(), ["sub/c.yml"]);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.join("secret.yaml"), dir.join("in/link.yaml")).unwrap();
            std::os::unix::fs::symlink("/etc", dir.join("in/etc")).unwrap();
            assert!(f.read("link.yaml").unwrap_err().contains("leaves the scenario's folder"));
            assert!(f.read("etc/passwd").unwrap_err().contains("leaves the scenario's folder"));
            assert_eq!(f.list("etc", true).unwrap(), None);
            assert!(!f.list(".", true).unwrap().unwrap().iter().any(|n| n.starts_with("etc")));
            assert!(read_bounded(Path::new("/dev/zero")).unwrap_err().contains("device"));
        }
        let c = Catalogue { disk: Some(dir.join("in")) };
        assert!(c.names().unwrap().contains(&"a".to_string()));
        assert_eq!(&*c.open("a").unwrap().source.text, "a: 1");
        assert_eq!(&*c.open(dir.join("in/a.yaml").to_str().unwrap()).unwrap().name, "a");
        std::fs::remove_dir_all(&dir).unwrap();
        assert!(c.names().unwrap_err().contains("does not exist"));
        assert!(c.open("node-down").unwrap_err().message.contains("does not exist"), "not the built-in one instead");
        assert!(c.open_any("node-down").unwrap_err().message.contains("does not exist"));
        std::fs::write(&dir, "").unwrap();
        let c = Catalogue { disk: Some(dir.clone()) };
        assert!(c.names().unwrap_err().contains("is a file"));
        std::fs::remove_file(&dir).unwrap();
    }

    #[test]
    fn names_are_suggested() {
        let c = Catalogue::built_in();
        assert!(c.names().unwrap().contains(&"node-down".to_string()));
        assert!(c.open("node-down").is_ok());
        let e = c.open("node-dwon").unwrap_err();
        assert_eq!(e.help.as_deref(), Some("did you mean `node-down`?"));
        assert!(c.open("no/such/file.yaml").unwrap_err().message.contains("no such file"));
        assert!(c.open("").is_err());
    }
}
