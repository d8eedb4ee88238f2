//! What each world says of its own documents, for `check`.

use serde_json::Value as Json;

use crate::document::{Diagnostic, Diagnostics, Node, Span};
use crate::scenario::report::DocumentChecker;
use crate::scenario::{Catalogue, Opened};
use crate::worlds::{Files, compose, kubernetes};

use super::practice::library;

/// All worlds' validators.
pub struct Worlds;

impl DocumentChecker for Worlds {
    fn manifest(&self, document: &Node) -> Vec<Diagnostic> {
        kubernetes::api::check::check_node(&document.span.source.name, document)
    }
    fn compose(&self, document: &Node, folder: &str, files: &dyn Files) -> Vec<Diagnostic> {
        compose::check_node(document, compose::Beside { folder, files })
    }
    fn deck(&self, documents: &[Node], opened: &Opened, catalogue: &Catalogue) -> Option<(String, Diagnostics)> {
        library::check(documents, opened, catalogue)
    }
    fn flag(&self, name: &str, value: &Json, span: &Span) -> Vec<Diagnostic> {
        let text = value.as_str().map_or_else(|| value.to_string(), String::from);
        kubernetes::Config::default().set(name, &text).err().map(|why| Diagnostic::error(why).at(span)).into_iter().collect()
    }
}
