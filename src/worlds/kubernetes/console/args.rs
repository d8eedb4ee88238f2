//! Command line words and flags, by the rules of pflag: `--flag value`, `--flag=value`, `-f value`, `-fvalue`, `-it`, `--` ends flags.

use super::shell::Failure;

/// A flag a verb understands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub long: &'static str,
    pub short: Option<char>,
    takes: Takes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// True or false; given alone it is true.
    Bool,
    Text,
    /// Text; given alone it is this.
    Optional(&'static str),
}

pub(super) const fn flag(long: &'static str) -> Flag {
    Flag { long, short: None, takes: Takes::Bool }
}
pub(super) const fn short_flag(long: &'static str, short: char) -> Flag {
    Flag { long, short: Some(short), takes: Takes::Bool }
}
pub(super) const fn text(long: &'static str) -> Flag {
    Flag { long, short: None, takes: Takes::Text }
}
pub(super) const fn short_text(long: &'static str, short: char) -> Flag {
    Flag { long, short: Some(short), takes: Takes::Text }
}
pub(super) const fn optional(long: &'static str, alone: &'static str) -> Flag {
    Flag { long, short: None, takes: Takes::Optional(alone) }
}

/// Flags of every verb. Those that choose a cluster or a user are accepted: there is only one of each.
pub(super) const GLOBAL: &[Flag] = &[
    short_text("namespace", 'n'),
    text("context"),
    text("cluster"),
    text("user"),
    text("kubeconfig"),
    short_text("server", 's'),
    text("token"),
    text("as"),
    text("request-timeout"),
    text("field-manager"),
    short_flag("help", 'h'),
    short_text("v", 'v'),
    flag("warnings-as-errors"),
    flag("insecure-skip-tls-verify"),
    flag("match-server-version"),
];

impl Flag {
    pub const fn takes_value(&self) -> bool {
        matches!(self.takes, Takes::Text)
    }
}

/// What was typed behind the verb.
#[derive(Clone, Debug, Default)]
pub(super) struct Args {
    pub words: Vec<String>,
    flags: Vec<(&'static str, String)>,
    /// How many of the words stood before `--`.
    pub dash: Option<usize>,
}

impl Args {
    /// The last value of a flag.
    pub fn get(&self, long: &str) -> Option<&str> {
        self.flags.iter().rev().find(|(l, _)| *l == long).map(|(_, v)| v.as_str())
    }
    /// Every value of a flag that may be repeated or hold a comma-separated list.
    pub fn all(&self, long: &str) -> Vec<&str> {
        self.flags.iter().filter(|(l, _)| *l == long).map(|(_, v)| v.as_str()).collect()
    }
    pub fn has(&self, long: &str) -> bool {
        self.flags.iter().any(|(l, _)| *l == long)
    }
    pub fn on(&self, long: &str) -> bool {
        self.get(long) == Some("true")
    }
    /// A flag that is true unless switched off.
    pub fn on_by_default(&self, long: &str) -> bool {
        self.get(long) != Some("false")
    }
    /// A whole number.
    pub fn int(&self, long: &str) -> Option<i64> {
        self.get(long)?.parse().ok()
    }
}

/// Splits what was typed. `path` is the command's name for messages (`kubectl rollout status`); `ints` are flags that take whole numbers.
pub(super) fn parse(typed: &[String], flags: &[Flag], ints: &[&str], path: &str) -> Result<Args, Failure> {
    let fail = |text: String| Failure::new(format!("error: {text}\nSee '{path} --help' for usage."));
    let mut args = Args::default();
    let mut rest = typed.iter();
    while let Some(word) = rest.next() {
        if word == "--" {
            args.dash = Some(args.words.len());
            args.words.extend(rest.by_ref().cloned());
        } else if let Some(body) = word.strip_prefix("--") {
            let (name, value) = body.split_once('=').map_or((body, None), |(n, v)| (n, Some(v.to_string())));
            let found = flags.iter().chain(GLOBAL).find(|f| f.long == name).ok_or_else(|| fail(format!("unknown flag: --{name}")))?;
            let value = match (value, found.takes) {
                (Some(v), _) => v,
                (None, Takes::Bool) => "true".into(),
                (None, Takes::Optional(alone)) => alone.into(),
                (None, Takes::Text) => rest.next().cloned().ok_or_else(|| fail(format!("flag needs an argument: --{name}")))?,
            };
            put(&mut args, found, value, ints).map_err(fail)?;
        } else if word.len() > 1 && word.starts_with('-') {
            for (i, c) in word[1..].char_indices() {
                let found = flags
                    .iter()
                    .chain(GLOBAL)
                    .find(|f| f.short == Some(c))
                    .ok_or_else(|| fail(format!("unknown shorthand flag: '{c}' in {word}")))?;
                let behind = &word[1 + i + c.len_utf8()..];
                if let (Takes::Bool, None) = (found.takes, behind.strip_prefix('=')) {
                    put(&mut args, found, "true".into(), ints).map_err(fail)?;
                    continue;
                }
                let value = match behind {
                    "" => rest.next().cloned().ok_or_else(|| fail(format!("flag needs an argument: '{c}' in {word}")))?,
                    v => v.strip_prefix('=').unwrap_or(v).to_string(),
                };
                put(&mut args, found, value, ints).map_err(fail)?;
                break;
            }
        } else {
            args.words.push(word.clone());
        }
    }
    Ok(args)
}

fn put(args: &mut Args, flag: &Flag, value: String, ints: &[&str]) -> Result<(), String> {
    let name = match flag.short {
        Some(s) => format!("-{s}, --{}", flag.long),
        None => format!("--{}", flag.long),
    };
    let value = match flag.takes {
        // strconv.ParseBool
        Takes::Bool => match value.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => "true".to_string(),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => "false".to_string(),
            v => {
                return Err(format!("invalid argument \"{v}\" for \"{name}\" flag: strconv.ParseBool: parsing \"{v}\": invalid syntax"));
            }
        },
        _ if ints.contains(&flag.long) && value.parse::<i64>().is_err() => {
            return Err(format!("invalid argument \"{value}\" for \"{name}\" flag: strconv.ParseInt: parsing \"{value}\": invalid syntax"));
        }
        _ => value,
    };
    args.flags.push((flag.long, value));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(String::from).collect()
    }
    const FLAGS: &[Flag] = &[short_text("output", 'o'), short_flag("watch", 'w'), optional("dry-run", "unchanged"), text("replicas")];

    #[test]
    fn pflag_rules() {
        let a = parse(&words("pods -owide -w --replicas 3 -n p --dry-run=client x -- --y"), FLAGS, &["replicas"], "kubectl get").unwrap();
        assert_eq!(a.words, ["pods", "x", "--y"]);
        assert_eq!((a.get("output"), a.on("watch"), a.int("replicas")), (Some("wide"), true, Some(3)));
        assert_eq!((a.get("namespace"), a.get("dry-run"), a.dash), (Some("p"), Some("client"), Some(2)));
    }

    #[test]
    fn mistakes_are_told_as_pflag_does() {
        let why = |line: &str| parse(&words(line), FLAGS, &["replicas"], "kubectl get").unwrap_err().text;
        assert_eq!(why("--nope"), "error: unknown flag: --nope\nSee 'kubectl get --help' for usage.");
        assert_eq!(why("-wz"), "error: unknown shorthand flag: 'z' in -wz\nSee 'kubectl get --help' for usage.");
        assert_eq!(why("-o"), "error: flag needs an argument: 'o' in -o\nSee 'kubectl get --help' for usage.");
        assert!(why("--replicas x").contains("strconv.ParseInt"));
        assert!(why("--watch=x").contains("strconv.ParseBool"));
    }
}
