//! Rules for names, labels, ports and the like: each answers with the sentences of what is wrong.
//! Facts: apimachinery/pkg/util/validation/validation.go, apimachinery/pkg/api/validation/{generic,name}.go.

const LABEL_FMT: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const NAME_FMT: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

fn lower_alnum(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}

/// First and last character `edge`, everything between `inner`.
fn shape(s: &str, edge: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    let b = s.as_bytes();
    match b {
        [] => false,
        [one] => edge(*one),
        [first, middle @ .., last] => edge(*first) && edge(*last) && middle.iter().all(|c| inner(*c)),
    }
}

fn is_label(s: &str) -> bool {
    shape(s, lower_alnum, |b| lower_alnum(b) || b == b'-')
}

fn regex_error(message: &str, format: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{message} (regex used for validation is '{format}')");
    }
    let mut list = String::new();
    for (i, e) in examples.iter().enumerate() {
        if i > 0 {
            list.push_str(" or ");
        }
        list.push_str(&format!("'{e}', "));
    }
    format!("{message} (e.g. {list}regex used for validation is '{format}')")
}

fn max_length(n: usize) -> String {
    format!("must be no more than {n} characters")
}

/// RFC 1123 label: at most 63.
pub(super) fn dns1123_label(s: &str) -> Vec<String> {
    let mut out = vec![];
    if s.len() > 63 {
        out.push(max_length(63));
    }
    if !is_label(s) {
        out.push(regex_error(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            LABEL_FMT,
            &["my-name", "123-abc"],
        ));
    }
    out
}

fn subdomain_shape(s: &str) -> bool {
    s.split('.').all(is_label)
}

/// RFC 1123 subdomain: at most 253.
pub(super) fn dns1123_subdomain(s: &str) -> Vec<String> {
    let mut out = vec![];
    if s.len() > 253 {
        out.push(max_length(253));
    }
    if !subdomain_shape(s) {
        let format = format!("{LABEL_FMT}(\\.{LABEL_FMT})*");
        out.push(regex_error(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            &format,
            &["example.com"],
        ));
    }
    out
}

/// `*.example.com`
pub(super) fn wildcard_subdomain(s: &str) -> Vec<String> {
    if s.strip_prefix("*.").is_some_and(subdomain_shape) {
        return vec![];
    }
    let format = format!("\\*\\.{LABEL_FMT}(\\.{LABEL_FMT})*");
    vec![regex_error(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        &format,
        &["*.example.com"],
    )]
}

fn name_shape(s: &str) -> bool {
    shape(s, |b| b.is_ascii_alphanumeric(), |b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// A label key: `name` or `prefix/name`.
pub(in crate::worlds::kubernetes) fn qualified_name(s: &str) -> Vec<String> {
    const MESSAGE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    const EXAMPLES: &[&str] = &["MyName", "my.name", "123-abc"];
    let mut out = vec![];
    let parts: Vec<&str> = s.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                out.push("prefix part must be non-empty".into());
            } else {
                out.extend(dns1123_subdomain(prefix).into_iter().map(|m| format!("prefix part {m}")));
            }
            name
        }
        _ => {
            let head = regex_error(&format!("a qualified name {MESSAGE}"), NAME_FMT, EXAMPLES);
            out.push(format!("{head} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"));
            return out;
        }
    };
    if name.is_empty() {
        out.push("name part must be non-empty".into());
    } else if name.len() > 63 {
        out.push(format!("name part {}", max_length(63)));
    }
    if !name_shape(name) {
        out.push(format!("name part {}", regex_error(MESSAGE, NAME_FMT, EXAMPLES)));
    }
    out
}

pub(in crate::worlds::kubernetes) fn label_value(s: &str) -> Vec<String> {
    let mut out = vec![];
    if s.len() > 63 {
        out.push(max_length(63));
    }
    if !s.is_empty() && !name_shape(s) {
        out.push(regex_error(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
            &["MyValue", "my_value", "12345"],
        ));
    }
    out
}

/// Names of container ports.
pub(super) fn port_name(s: &str) -> Vec<String> {
    let mut out = vec![];
    if s.len() > 15 {
        out.push(max_length(15));
    }
    if s.is_empty() || !s.bytes().all(|b| lower_alnum(b) || b == b'-') {
        out.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !s.bytes().any(|b| b.is_ascii_lowercase()) {
        out.push("must contain at least one letter (a-z)".into());
    }
    if s.contains("--") {
        out.push("must not contain consecutive hyphens".into());
    }
    if !s.is_empty() && (s.starts_with('-') || s.ends_with('-')) {
        out.push("must not begin or end with a hyphen".into());
    }
    out
}

pub(super) fn in_range(low: i64, high: i64) -> String {
    format!("must be between {low} and {high}, inclusive")
}

pub(super) fn port_number(n: i64) -> Option<String> {
    (!(1..=65535).contains(&n)).then(|| in_range(1, 65535))
}

/// Keys of ConfigMaps and Secrets.
pub(super) fn config_key(s: &str) -> Vec<String> {
    let mut out = vec![];
    if s.len() > 253 {
        out.push(max_length(253));
    }
    if s.is_empty() || !s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')) {
        out.push(regex_error(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    match s {
        "." => out.push("must not be '.'".into()),
        ".." => out.push("must not be '..'".into()),
        s if s.starts_with("..") => out.push("must not start with '..'".into()),
        _ => {}
    }
    out
}

/// Environment variables, relaxed since 1.34.
pub(super) fn env_name(s: &str) -> Vec<String> {
    if s.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=') {
        return vec![];
    }
    vec!["a valid environment variable name must consist only of printable ASCII characters other than '='".into()]
}

pub(super) fn header_name(s: &str) -> Vec<String> {
    if !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return vec![];
    }
    vec![regex_error("a valid HTTP header must consist of alphanumeric characters or '-'", "[-A-Za-z0-9]+", &["X-Header-Name"])]
}

pub(super) fn percent(s: &str) -> Vec<String> {
    if percent_value(s).is_some() {
        return vec![];
    }
    vec![regex_error("a valid percent string must be a numeric string followed by an ending '%'", "[0-9]+%", &["1%", "93%"])]
}

/// 25 of `25%`.
pub(super) fn percent_value(s: &str) -> Option<i64> {
    let digits = s.strip_suffix('%')?;
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().unwrap_or(i64::MAX))
}

/// Names that are one step of a URL (RBAC).
pub(super) fn path_segment(s: &str) -> Vec<String> {
    if s == "." || s == ".." {
        return vec![format!("may not be '{s}'")];
    }
    ["/", "%"].iter().filter(|c| s.contains(**c)).map(|c| format!("may not contain '{c}'")).collect()
}

/// `acme.io/controller`
pub(super) fn domain_prefixed_path(s: &str) -> Result<(), String> {
    let Some((domain, rest)) = s.split_once('/').filter(|(d, r)| !d.is_empty() && !r.is_empty()) else {
        return Err("must be a domain-prefixed path (such as \"acme.io/foo\")".into());
    };
    if let Some(m) = dns1123_subdomain(domain).into_iter().next() {
        return Err(m);
    }
    let fine = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b);
    if rest.bytes().all(fine) {
        return Ok(());
    }
    Err(regex_error("Invalid path", r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+", &[]))
}

/// How a kind's name must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameRule {
    Subdomain,
    Label,
    PathSegment,
}

impl NameRule {
    /// `prefix`: the name will be completed, so that a trailing dash is fine.
    pub(super) fn check(self, name: &str, prefix: bool) -> Vec<String> {
        let masked = match name.strip_suffix('-') {
            Some(head) if prefix && !head.is_empty() => format!("{head}a"),
            _ => name.to_string(),
        };
        match self {
            Self::Subdomain => dns1123_subdomain(&masked),
            Self::Label => dns1123_label(&masked),
            Self::PathSegment => path_segment(&masked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(dns1123_subdomain("a.b-c.d1").is_empty());
        assert_eq!(dns1123_subdomain("Web").len(), 1);
        assert_eq!(dns1123_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert!(qualified_name("app.kubernetes.io/name").is_empty());
        assert_eq!(qualified_name("a/b/c").len(), 1);
        assert_eq!(qualified_name("/b"), ["prefix part must be non-empty"]);
        assert!(label_value("").is_empty());
        assert_eq!(label_value("a b").len(), 1);
        assert_eq!(port_name("a_b"), ["must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"]);
        assert_eq!(port_name("80").len(), 1);
        assert!(NameRule::Subdomain.check("web-", true).is_empty());
        assert!(!NameRule::Subdomain.check("web-", false).is_empty());
    }
}
