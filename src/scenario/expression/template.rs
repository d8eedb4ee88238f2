//! Texts for people with expressions inside: `It took {kubernetes.recovered_after('blackout')}.`

use std::sync::Arc;

use crate::document::{Diagnostic, Span};

use super::super::facts::Facts;
use super::{Expression, Place, compile};

/// One text with its expressions compiled. `{{` and `}}` stand for braces.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Plain(Arc<str>),
    Value(Expression),
}

impl Template {
    /// Reads the text of a scalar that stands at `span`.
    ///
    /// # Errors
    /// Everything wrong with its expressions, and braces that do not match.
    pub fn compile(text: &str, span: &Span) -> Result<Self, Vec<Diagnostic>> {
        let scalar: Arc<str> = text.into();
        let place = |offset| Place { span: span.clone(), scalar: scalar.clone(), offset };
        let (mut parts, mut errors, mut plain) = (Vec::new(), Vec::new(), String::new());
        let mut i = 0;
        while let Some(c) = text[i..].chars().next() {
            let rest = &text[i..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                plain.push(c);
                i += 2;
            } else if c == '{' {
                let Some(len) = closing(&rest[1..]) else {
                    let d = Diagnostic::error("this `{` is never closed").at(&place(i).span((0, 1))).help("write {{ for a brace");
                    errors.push(d);
                    break;
                };
                if !plain.is_empty() {
                    parts.push(Part::Plain(std::mem::take(&mut plain).into()));
                }
                match compile::compile(&rest[1..=len], place(i + 1)) {
                    Ok(e) => parts.push(Part::Value(e)),
                    Err(more) => errors.extend(more),
                }
                i += len + 2;
            } else if c == '}' {
                errors.push(Diagnostic::error("this `}` closes nothing").at(&place(i).span((0, 1))).help("write }} for a brace"));
                i += 1;
            } else {
                plain.push(c);
                i += c.len_utf8();
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Plain(plain.into()));
        }
        if errors.is_empty() { Ok(Self { parts }) } else { Err(errors) }
    }

    /// A text without expressions.
    pub fn plain(text: &str) -> Self {
        Self { parts: vec![Part::Plain(text.into())] }
    }

    /// The text with its values as of now; a value that cannot be worked out reads `(why)`.
    pub fn render(&self, facts: &dyn Facts) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Plain(s) => out.push_str(s),
                Part::Value(e) if e.asks_absent(facts) => out.push('–'),
                Part::Value(e) => match e.eval(facts) {
                    Ok(v) => out.push_str(&v.people()),
                    Err(e) => out.push_str(&format!("({})", e.message)),
                },
            }
        }
        out
    }

    /// The text with its expressions as written, for lists and searches.
    pub fn source(&self) -> String {
        let part = |p: &Part| match p {
            Part::Plain(s) => s.to_string(),
            Part::Value(e) => format!("{{{e}}}"),
        };
        self.parts.iter().map(part).collect()
    }

    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.parts.iter().filter_map(|p| if let Part::Value(e) = p { Some(e) } else { None })
    }
}

/// The length of an expression up to its closing brace; braces inside quotes and of CEL maps do not count.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') if depth == 0 => return Some(i),
            (None, '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A text in one or several languages; the first is the one to fall back to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    pub languages: Vec<(Arc<str>, Template)>,
}

impl Text {
    /// A text in English without expressions.
    pub fn plain(text: &str) -> Self {
        Self { languages: vec![("en".into(), Template::plain(text))] }
    }

    /// The text in this language (`en`, `de`), else in English, else in the first there is.
    pub fn get(&self, language: &str) -> Option<&Template> {
        let find = |l: &str| self.languages.iter().find(|(n, _)| &**n == l).map(|(_, t)| t);
        find(language).or_else(|| find("en")).or_else(|| self.languages.first().map(|(_, t)| t))
    }

    /// [`Template::render`] of the language; empty if there is no text.
    pub fn render(&self, language: &str, facts: &dyn Facts) -> String {
        self.get(language).map(|t| t.render(facts)).unwrap_or_default()
    }

    /// The English text as written.
    pub fn source(&self) -> String {
        self.get("en").map(Template::source).unwrap_or_default()
    }

    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.languages.iter().flat_map(|(_, t)| t.expressions())
    }
}
