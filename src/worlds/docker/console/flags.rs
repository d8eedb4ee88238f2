//! Flags as the CLI's parser (spf13/pflag) reads them, from a table per verb.

use std::collections::BTreeMap;

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    /// One value; the last one counts.
    Value,
    /// May be given several times.
    List,
}

/// One flag of a verb.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    pub long: &'static str,
    pub short: Option<char>,
    pub kind: Kind,
    /// False: valid in the real CLI, read and checked here, but without effect. Its use is reported.
    pub simulated: bool,
    pub about: &'static str,
}

/// A flag without a value.
pub const fn switch(long: &'static str, short: Option<char>, about: &'static str) -> Flag {
    Flag { long, short, kind: Kind::Bool, simulated: true, about }
}
/// A flag with a value.
pub const fn value(long: &'static str, short: Option<char>, about: &'static str) -> Flag {
    Flag { long, short, kind: Kind::Value, simulated: true, about }
}
/// A flag that may be repeated.
pub const fn list(long: &'static str, short: Option<char>, about: &'static str) -> Flag {
    Flag { long, short, kind: Kind::List, simulated: true, about }
}
/// The same flag, accepted without effect.
pub const fn unsimulated(flag: Flag) -> Flag {
    Flag { simulated: false, ..flag }
}

/// A command line taken apart.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    values: BTreeMap<&'static str, Vec<String>>,
    pub args: Vec<String>,
    /// `--help` was given.
    pub help: bool,
    /// Flags used that have no effect here.
    pub ignored: Vec<&'static str>,
}

impl Parsed {
    pub fn on(&self, long: &str) -> bool {
        self.values.get(long).and_then(|v| v.last()).is_some_and(|v| v != "false" && v != "0")
    }
    pub fn get(&self, long: &str) -> Option<&str> {
        self.values.get(long).and_then(|v| v.last()).map(String::as_str)
    }
    pub fn all(&self, long: &str) -> &[String] {
        self.values.get(long).map_or(&[], Vec::as_slice)
    }
    pub fn has(&self, long: &str) -> bool {
        self.values.contains_key(long)
    }
}

/// Takes a command line apart. With `interspersed` off the first argument ends the flags (`docker run IMAGE -c …`).
///
/// # Errors
/// pflag's sentence.
pub fn parse(table: &[Flag], words: &[String], interspersed: bool) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut i = 0;
    while i < words.len() {
        let word = &words[i];
        i += 1;
        if word == "--" {
            parsed.args.extend_from_slice(&words[i..]);
            break;
        }
        if let Some(long) = word.strip_prefix("--") {
            let (name, inline) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v.to_string())));
            if name == "help" {
                parsed.help = true;
                continue;
            }
            let flag = table.iter().find(|f| f.long == name).ok_or_else(|| format!("unknown flag: --{name}"))?;
            let v = match (flag.kind, inline) {
                (Kind::Bool, None) => "true".to_string(),
                (Kind::Bool, Some(v)) => boolean(&v).ok_or_else(|| {
                    format!("invalid argument \"{v}\" for \"--{name}\" flag: strconv.ParseBool: parsing \"{v}\": invalid syntax")
                })?,
                (_, Some(v)) => v,
                (_, None) => {
                    i += 1;
                    words.get(i - 1).cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?
                }
            };
            take(&mut parsed, flag, v);
        } else if word.len() > 1 && word.starts_with('-') {
            let mut rest = &word[1..];
            while let Some(c) = rest.chars().next() {
                rest = &rest[c.len_utf8()..];
                let Some(flag) = table.iter().find(|f| f.short == Some(c)) else {
                    if c == 'h' {
                        parsed.help = true;
                        continue;
                    }
                    return Err(format!("unknown shorthand flag: '{c}' in {word}"));
                };
                if flag.kind == Kind::Bool {
                    let v = match rest.strip_prefix('=') {
                        Some(v) => boolean(v)
                            .ok_or_else(|| format!("invalid argument \"{v}\" for \"-{c}, --{}\" flag: invalid syntax", flag.long))?,
                        None => "true".into(),
                    };
                    if rest.starts_with('=') {
                        rest = "";
                    }
                    take(&mut parsed, flag, v);
                    continue;
                }
                let v = if rest.is_empty() {
                    i += 1;
                    words.get(i - 1).cloned().ok_or_else(|| format!("flag needs an argument: '{c}' in {word}"))?
                } else {
                    rest.strip_prefix('=').unwrap_or(rest).to_string()
                };
                take(&mut parsed, flag, v);
                break;
            }
        } else {
            parsed.args.push(word.clone());
            if !interspersed {
                parsed.args.extend_from_slice(&words[i..]);
                break;
            }
        }
    }
    Ok(parsed)
}

fn boolean(text: &str) -> Option<String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some("true".into()),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some("false".into()),
        _ => None,
    }
}

fn take(parsed: &mut Parsed, flag: &Flag, v: String) {
    if !flag.simulated && !parsed.ignored.contains(&flag.long) {
        parsed.ignored.push(flag.long);
    }
    parsed.values.entry(flag.long).or_default().push(v);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Flag] = &[
        switch("detach", Some('d'), ""),
        list("publish", Some('p'), ""),
        value("name", None, ""),
        unsimulated(value("user", Some('u'), "")),
    ];

    fn go(line: &str) -> Result<Parsed, String> {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        parse(TABLE, &words, false)
    }

    #[test]
    fn forms() {
        let p = go("-dp 80:80 --publish=81:81 --name web -u0 nginx -x --name y").unwrap();
        assert!(p.on("detach") && p.ignored == ["user"]);
        assert_eq!((p.all("publish").len(), p.get("name")), (2, Some("web")));
        assert_eq!(p.args, ["nginx", "-x", "--name", "y"], "what follows the image belongs to the program");
        assert!(!go("--detach=false x").unwrap().on("detach"));
    }

    #[test]
    fn refusals() {
        assert_eq!(go("--scale 3 x").unwrap_err(), "unknown flag: --scale");
        assert_eq!(go("-dz").unwrap_err(), "unknown shorthand flag: 'z' in -dz");
        assert_eq!(go("--name").unwrap_err(), "flag needs an argument: --name");
        assert_eq!(go("-p").unwrap_err(), "flag needs an argument: 'p' in -p");
        assert!(go("--detach=maybe").unwrap_err().contains("ParseBool"));
    }
}
