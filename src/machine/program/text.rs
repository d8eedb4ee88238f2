//! Small programs that read and print text.

use super::commands::{Block, Ctx, Data, Effect, size};

pub(super) fn echo(args: &[&str]) -> String {
    let (mut newline, mut escapes, mut i) = (true, false, 0);
    while let Some(a) = args.get(i).filter(|a| matches!(**a, "-n" | "-e" | "-ne" | "-en")) {
        newline &= !a.contains('n');
        escapes |= a.contains('e');
        i += 1;
    }
    let text = args[i..].join(" ");
    let text = if escapes { unescape(&text) } else { text };
    if newline { text + "\n" } else { text }
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "")
}

pub(super) fn printf(args: &[&str]) -> String {
    let Some((format, rest)) = args.split_first() else { return String::new() };
    let (mut out, mut rest) = (String::new(), rest.iter());
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        match chars.find(|c| c.is_ascii_alphabetic() || *c == '%') {
            Some('%') => out.push('%'),
            Some(_) => out.push_str(rest.next().unwrap_or(&"")),
            None => {}
        }
    }
    unescape(&out)
}

pub(super) fn cat(files: &[&str], stdin: &Data, full: &dyn Fn(&str) -> String, ctx: &mut Ctx) -> Effect {
    if files.is_empty() {
        return Effect { out: stdin.clone(), ..Effect::default() };
    }
    let mut e = Effect::default();
    for f in files {
        match *f {
            "-" => e.out.text.push_str(&stdin.text),
            "/dev/zero" | "/dev/urandom" => e.out.bulk = u64::MAX,
            f => match ctx.fs.read(&full(f)) {
                Some(t) => e.out.text.push_str(&t),
                None if ctx.fs.is_dir(&full(f)) => (e.status, e.err) = (1, format!("{}cat: read error: Is a directory\n", e.err)),
                None => (e.status, e.err) = (1, format!("{}cat: can't open '{f}': No such file or directory\n", e.err)),
            },
        }
    }
    e
}

pub(super) fn tail(args: &[&str], stdin: &Data, full: &dyn Fn(&str) -> String, ctx: &mut Ctx) -> Effect {
    let follow = args.iter().any(|a| matches!(*a, "-f" | "-F" | "--follow") || a.starts_with("-n") && a.ends_with('f'));
    let zero = args.contains(&"/dev/zero");
    if zero || stdin.bulk > 0 {
        // It keeps what it has read until a line ends, and none ever does.
        return Effect::holding(if zero { u64::MAX } else { stdin.bulk });
    }
    let n = args.windows(2).find(|w| w[0] == "-n").and_then(|w| w[1].trim_start_matches('+').parse().ok()).unwrap_or(10usize);
    let file = args.iter().rev().find(|a| a.starts_with('/') || (!a.starts_with('-') && a.parse::<u64>().is_err()));
    let text = file.and_then(|f| ctx.fs.read(&full(f)));
    let text = text.as_deref().unwrap_or(&stdin.text);
    let lines: Vec<&str> = text.lines().collect();
    let shown: String = lines[lines.len().saturating_sub(n)..].iter().map(|l| format!("{l}\n")).collect();
    let mut e = Effect::ok(shown);
    if follow {
        e.block = Block::Forever;
    }
    e
}

pub(super) fn head(args: &[&str], stdin: &Data, full: &dyn Fn(&str) -> String, ctx: &mut Ctx) -> Effect {
    let bytes = args.iter().enumerate().find_map(|(i, a)| match *a {
        "-c" | "--bytes" => args.get(i + 1).and_then(|v| size(v)),
        a => a.strip_prefix("-c").or(a.strip_prefix("--bytes=")).and_then(size),
    });
    let from_device = args.iter().any(|a| matches!(*a, "/dev/zero" | "/dev/urandom"));
    let bulk = if from_device { u64::MAX } else { stdin.bulk };
    if bulk > 0 {
        return Effect { out: Data { text: String::new(), bulk: bytes.unwrap_or(0).min(bulk) }, ..Effect::default() };
    }
    let n = args.windows(2).find(|w| w[0] == "-n").and_then(|w| w[1].parse().ok()).unwrap_or(10usize);
    let file = args.iter().rev().find(|a| !a.starts_with('-') && a.parse::<u64>().is_err());
    let text = file.and_then(|f| ctx.fs.read(&full(f)));
    let text = text.as_deref().unwrap_or(&stdin.text);
    Effect::ok(text.lines().take(n).map(|l| format!("{l}\n")).collect::<String>())
}

pub(super) fn sponge(name: &str, args: &[&str], stdin: &Data, full: &dyn Fn(&str) -> String, ctx: &mut Ctx) -> Effect {
    if stdin.bulk > 0 {
        return Effect::holding(stdin.bulk);
    }
    let words: Vec<&str> = args.iter().copied().filter(|a| !a.starts_with('-')).collect();
    let file = if name == "grep" { words.get(1) } else { words.first() };
    let text = match file {
        Some(f) => match ctx.fs.read(&full(f)) {
            Some(t) => t,
            None => return Effect::fail(2, format!("{name}: {f}: No such file or directory\n")),
        },
        None => stdin.text.as_str().into(),
    };
    if name == "sort" {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        return Effect::ok(lines.iter().map(|l| format!("{l}\n")).collect::<String>());
    }
    let invert = args.iter().any(|a| a.starts_with('-') && a.contains('v'));
    let want = words.first().copied().unwrap_or("");
    let hits: String = text.lines().filter(|l| l.contains(want) != invert).map(|l| format!("{l}\n")).collect();
    let status = i32::from(hits.is_empty());
    let quiet = args.iter().any(|a| a.starts_with('-') && !a.starts_with("--") && a.contains('q'));
    Effect { status, ..Effect::ok(if quiet { String::new() } else { hits }) }
}

pub(super) fn ls(files: &[&str], full: &dyn Fn(&str) -> String, ctx: &mut Ctx) -> Effect {
    let mut e = Effect::default();
    for f in if files.is_empty() { &["."] } else { files } {
        let p = full(f);
        if ctx.fs.is_dir(&p) {
            e.out.text.extend(ctx.fs.list(&p).iter().map(|n| format!("{n}\n")));
        } else if ctx.fs.is_file(&p) {
            e.out.text.push_str(&format!("{f}\n"));
        } else {
            e.status = 1;
            e.err.push_str(&format!("ls: {f}: No such file or directory\n"));
        }
    }
    e
}

/// `test`: 0 true, 1 false, 2 wrong.
pub(super) fn test(args: &[&str], full: &dyn Fn(&str) -> String, ctx: &Ctx) -> i32 {
    if let Some(i) = args.iter().position(|a| *a == "-o") {
        return test(&args[..i], full, ctx).min(test(&args[i + 1..], full, ctx));
    }
    if let Some(i) = args.iter().position(|a| *a == "-a") {
        return test(&args[..i], full, ctx).max(test(&args[i + 1..], full, ctx));
    }
    let truth = match args {
        [] => false,
        ["!", rest @ ..] => return 1 - test(rest, full, ctx).min(1),
        [a] => !a.is_empty(),
        ["-f", p] => ctx.fs.is_file(&full(p)),
        ["-d", p] => ctx.fs.is_dir(&full(p)),
        ["-e" | "-r" | "-w" | "-x" | "-L", p] => ctx.fs.is_file(&full(p)) || ctx.fs.is_dir(&full(p)),
        ["-s", p] => ctx.fs.read(&full(p)).is_some_and(|t| !t.is_empty()),
        ["-n", s] => !s.is_empty(),
        ["-z", s] => s.is_empty(),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, op, b] => {
            let (Ok(a), Ok(b)) = (a.trim().parse::<i64>(), b.trim().parse::<i64>()) else { return 2 };
            match *op {
                "-eq" => a == b,
                "-ne" => a != b,
                "-lt" => a < b,
                "-le" => a <= b,
                "-gt" => a > b,
                "-ge" => a >= b,
                _ => return 2,
            }
        }
        _ => return 2,
    };
    i32::from(!truth)
}
