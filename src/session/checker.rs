//! `check`: which sort of document is it, and what is wrong with it?

use super::OpenOptions;

/// Checks a file by name: (report, has errors).
pub fn file(path: &str, options: &OpenOptions) -> (String, bool) {
    let _ = options;
    match crate::scenario::catalogue::open_file(path) {
        Ok(opened) => check(&opened),
        Err(d) => (d.render(false), true),
    }
}

/// Checks bytes that are no file.
pub fn bytes(name: &str, bytes: &[u8], _options: &OpenOptions) -> (String, bool) {
    match crate::document::Source::from_bytes(name, bytes) {
        Ok(source) => check(&crate::scenario::Opened::text(name, &source.text, crate::scenario::Folder::Nothing)),
        Err(d) => (d.render(false), true),
    }
}

fn check(opened: &crate::scenario::Opened) -> (String, bool) {
    match crate::scenario::Scenario::load(opened, &[]) {
        Ok(loaded) => {
            let mut text: String = loaded.notes.iter().map(|d| d.render(false)).collect();
            text.push_str(&format!("{}: a good scenario\n", opened.source.name));
            (text, false)
        }
        Err(d) => (d.render(false), true),
    }
}
