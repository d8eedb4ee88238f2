//! What is wrong with a text, where, and what to do about it.

use std::cell::RefCell;
use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str};

use super::source::Span;

/// How bad it is. Only errors stop anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    Note,
}

impl Severity {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// One sentence without a full stop: what is wrong.
    pub message: String,
    pub span: Option<Span>,
    /// Stands beside the caret: "expected a duration, found a list".
    pub label: Option<String>,
    /// What to do: "did you mean `replicas`?"
    pub help: Option<String>,
    /// Other places that matter: "first set here".
    pub related: Vec<(Span, String)>,
}

impl Diagnostic {
    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), span: None, label: None, help: None, related: Vec::new() }
    }
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }
    pub fn at(mut self, span: &Span) -> Self {
        self.span = Some(span.clone());
        self
    }
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    /// Adds "did you mean `x`?" if one of the candidates is near.
    pub fn did_you_mean<'c>(self, word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Self {
        match nearest(word, candidates) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }
    /// Like [`Self::did_you_mean`], and lists the candidates where none is near and they are few.
    pub fn one_of(self, word: &str, candidates: &[&str]) -> Self {
        match nearest(word, candidates.iter().copied()) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None if candidates.is_empty() => self.help("there are none"),
            None if candidates.len() <= 24 => self.help(format!("there are: {}", candidates.join(", "))),
            None => self,
        }
    }
    pub fn related(mut self, span: &Span, what: impl Into<String>) -> Self {
        self.related.push((span.clone(), what.into()));
        self
    }

    /// The finding with an excerpt of the source, as rustc prints it, without a line end. `colour` adds terminal colours.
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut group = Group::with_title(level.primary_title(clean(&self.message)));
        if let Some(span) = &self.span {
            group = at(group, span, self.label.as_deref().unwrap_or_default());
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(clean(help)));
        }
        let mut groups = vec![group];
        for (span, what) in &self.related {
            groups.push(at(Group::with_title(Level::NOTE.secondary_title(clean(what))), span, ""));
        }
        if colour { Renderer::styled() } else { Renderer::plain() }.render(&groups)
    }
}

/// Nothing a hostile file holds may steer the terminal.
fn clean(text: &str) -> String {
    normalize_untrusted_str(text)
}

/// The group with the place and the few lines that matter: the source may be megabytes, or one line of megabytes.
fn at<'a>(group: Group<'a>, span: &Span, label: &str) -> Group<'a> {
    let kind = AnnotationKind::Primary;
    const LINE_MAX: usize = 400;
    let span = &span.first_line();
    let text = &span.source.text;
    let (start, end) = (span.start as usize, span.end as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |i| end + i);
    let name = span.source.name.to_string();
    if line_end - line_start > LINE_MAX {
        // Only a window of a very long line; the place then is not where the window says.
        let boundary = |mut i: usize| {
            while !text.is_char_boundary(i) {
                i -= 1;
            }
            i
        };
        let from = boundary(start.saturating_sub(40).max(line_start));
        let to = boundary((from + 120).min(line_end));
        let window = clean(&text[from..to]);
        let at = clean(&text[from..start]).len();
        let len = clean(&text[start..end.min(to).max(start)]).len();
        let place = Origin::path(name).line(span.line as usize).char_column(span.column as usize);
        let snippet = Snippet::source(window).line_start(span.line as usize);
        return group.element(place).element(snippet.annotation(kind.span(at..at + len).label(clean(label))));
    }
    // The line before gives the reader a hold.
    let (from, first) = match text[..line_start].strip_suffix('\n').map(|t| t.rfind('\n').map_or(0, |i| i + 1)) {
        Some(previous) if line_start - previous <= LINE_MAX && !text[previous..line_start].trim().is_empty() => (previous, span.line - 1),
        _ => (line_start, span.line),
    };
    let shown = text[from..line_end].trim_end_matches('\r').to_string();
    let (a, b) = (start - from, (end - from).min(shown.len()));
    let snippet = Snippet::source(shown).line_start(first as usize).path(name).fold(false);
    group.element(snippet.annotation(kind.span(a..b.max(a)).label(clean(label))))
}

impl fmt::Display for Diagnostic {
    /// One line: `file:line:column: error: message`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{span}: ")?;
        }
        write!(f, "{}: {}", self.severity.word(), clean(&self.message))?;
        match (&self.label, &self.help) {
            (Some(label), _) if !label.is_empty() => write!(f, " ({})", clean(label)),
            (_, Some(help)) => write!(f, "; {}", clean(help)),
            _ => Ok(()),
        }
    }
}

/// Findings in the order in which they were made; readers share it, so that one wrong field does not hide the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics {
    list: RefCell<Vec<Diagnostic>>,
}

impl Diagnostics {
    /// More than so many are counted, not printed.
    pub const SHOWN_MAX: usize = 40;

    pub fn new() -> Self {
        Self::default()
    }
    pub fn push(&self, d: Diagnostic) {
        self.list.borrow_mut().push(d);
    }
    pub fn extend(&self, more: impl IntoIterator<Item = Diagnostic>) {
        self.list.borrow_mut().extend(more);
    }
    pub fn has_errors(&self) -> bool {
        self.list.borrow().iter().any(|d| d.severity == Severity::Error)
    }
    pub fn count(&self, severity: Severity) -> usize {
        self.list.borrow().iter().filter(|d| d.severity == severity).count()
    }
    pub fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }
    pub fn len(&self) -> usize {
        self.list.borrow().len()
    }
    /// The errors among them.
    pub fn errors_only(self) -> Self {
        Self { list: RefCell::new(self.list.into_inner().into_iter().filter(|d| d.severity == Severity::Error).collect()) }
    }
    /// All findings by place: source by source in the order of first appearance, then from top to bottom.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        let mut list = self.list.into_inner();
        let mut sources: Vec<std::sync::Arc<str>> = Vec::new();
        for d in &list {
            if let Some(s) = &d.span
                && !sources.contains(&s.source.name)
            {
                sources.push(s.source.name.clone());
            }
        }
        let rank = |d: &Diagnostic| d.span.as_ref().map(|s| (sources.iter().position(|n| *n == s.source.name), s.start));
        list.sort_by_key(rank);
        // Repetitions of one entry find the same thing again.
        list.dedup();
        list
    }
    /// Every finding with its excerpt, an empty line between them, ending in a line end (empty if there is nothing).
    pub fn render(&self, colour: bool) -> String {
        let mut list = self.clone().into_vec();
        if list.len() > Self::SHOWN_MAX {
            list.sort_by_key(|d| d.severity);
        }
        let mut out = String::new();
        for d in list.iter().take(Self::SHOWN_MAX) {
            out.push_str(&d.render(colour));
            out.push_str("\n\n");
        }
        if list.len() > Self::SHOWN_MAX {
            out.push_str(&format!("… and {} more\n\n", list.len() - Self::SHOWN_MAX));
        }
        out.pop();
        out
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(d: Diagnostic) -> Self {
        Self { list: RefCell::new(vec![d]) }
    }
}
impl From<Box<Diagnostic>> for Diagnostics {
    fn from(d: Box<Diagnostic>) -> Self {
        (*d).into()
    }
}
impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(list: Vec<Diagnostic>) -> Self {
        Self { list: RefCell::new(list) }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
impl std::error::Error for Diagnostics {}

/// The candidate that `word` was most probably meant to be: few edits away for its length, or equal but for case and `_`/`-`.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.len() > 80 {
        return None;
    }
    let plain = |s: &str| s.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let wanted = plain(word);
    let allowed = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        n => n / 3 + 1,
    };
    let mut best: Option<(usize, &str)> = None;
    for c in candidates {
        // `scheduler` for `kube-scheduler`: a whole part of the name.
        let part = word.len() >= 4 && c.split(['-', '.', '_']).any(|p| p == word);
        let distance = if part {
            1
        } else if !wanted.is_empty() && plain(c) == wanted {
            0
        } else {
            strsim::damerau_levenshtein(word, c)
        };
        let close = distance <= allowed && distance < c.chars().count();
        if close && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, c));
        }
    }
    best.map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::super::source::Source;
    use super::*;

    #[test]
    fn looks_like_rustc() {
        let s = Source::new("shop.yaml", "worlds:\n  kubernets: {}\nx: 1\n");
        let d = Diagnostic::error("unknown field `kubernets`")
            .at(&s.span(10..19))
            .label("expected docker or kubernetes")
            .did_you_mean("kubernets", ["docker", "kubernetes"]);
        let text = d.render(false);
        assert!(text.contains("error: unknown field `kubernets`"), "{text}");
        assert!(text.contains("--> shop.yaml:2:3"), "{text}");
        assert!(text.contains("2 |   kubernets: {}"), "{text}");
        assert!(text.contains("^^^^^^^^^ expected docker or kubernetes"), "{text}");
        assert!(text.contains("help: did you mean `kubernetes`?"), "{text}");
        assert_eq!(d.to_string(), "shop.yaml:2:3: error: unknown field `kubernets` (expected docker or kubernetes)");
    }

    #[test]
    fn long_lines_and_escapes_are_tamed() {
        let s = Source::new("x", format!("{}é{}", "a ".repeat(200_000), "b ".repeat(200_000)));
        let text = Diagnostic::error("bad \u{1b}[31m thing").at(&s.span(400_000..400_002)).render(false);
        assert!(text.len() < 2000 && !text.contains('\u{1b}'), "{text}");
        assert!(text.contains("x:1:400001"), "{text}");
    }

    #[test]
    fn near_words() {
        assert_eq!(nearest("replicsa", ["name", "replicas"]), Some("replicas"));
        assert_eq!(nearest("memoryPerRequest", ["memory", "memory-per-request"]), Some("memory-per-request"));
        assert_eq!(nearest("zebra", ["name", "replicas"]), None);
        assert_eq!(nearest("to", ["at"]), None);
        assert_eq!(nearest("", ["a"]), None);
    }
}
