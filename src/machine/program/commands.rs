//! Programs that a script can call: what they print, how long they take, what they hold in memory.

use std::sync::Arc;

use crate::kernel::{Set, SimDuration, SimTime};
use crate::machine::roads::Around;

use super::app::App;
use super::files::Fs;
use super::net;
use super::text::{cat, echo, head, ls, printf, sponge, tail, test};

/// Programs a small image has.
pub(crate) const BINARIES: &[&str] = &[
    "[",
    "ash",
    "awk",
    "base64",
    "basename",
    "bash",
    "cat",
    "chmod",
    "chown",
    "clear",
    "cp",
    "curl",
    "cut",
    "date",
    "dd",
    "df",
    "dirname",
    "du",
    "dumb-init",
    "echo",
    "env",
    "expr",
    "false",
    "free",
    "getent",
    "grep",
    "gzip",
    "head",
    "hostname",
    "httpd",
    "id",
    "kill",
    "ln",
    "ls",
    "md5sum",
    "mkdir",
    "mkfifo",
    "mktemp",
    "mv",
    "nc",
    "nohup",
    "nproc",
    "nslookup",
    "od",
    "ping",
    "printenv",
    "printf",
    "ps",
    "pwd",
    "rm",
    "rmdir",
    "sed",
    "seq",
    "sh",
    "sleep",
    "sort",
    "stat",
    "stress",
    "stress-ng",
    "sync",
    "tail",
    "tee",
    "test",
    "tar",
    "timeout",
    "tini",
    "top",
    "touch",
    "tr",
    "true",
    "uname",
    "uniq",
    "uptime",
    "wc",
    "wget",
    "which",
    "whoami",
    "xargs",
    "yes",
];

/// A program listening on a port; an `httpd` serves the files below its directory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listener {
    pub port: u16,
    pub dir: Option<Arc<str>>,
}

/// What a script can see and touch.
pub(crate) struct Ctx<'a> {
    pub fs: Fs<'a>,
    /// Names that resolve and answer, for apps that need them; None: never told.
    pub names: Option<&'a Set<Arc<str>>>,
    /// The network, as this container sees it.
    pub around: Around<'a>,
    pub dns_down: bool,
    /// A program the image brings may stand behind names we do not know.
    pub has_app: bool,
    /// The app that runs in this container, for commands run beside it.
    pub app: Option<&'a App>,
    pub now: SimTime,
    /// Instructions left before this turn is cut short.
    pub ops: u32,
    pub age: SimDuration,
    pub listeners: Vec<Listener>,
    /// Command substitutions and `exec` collect standard output here.
    pub captures: Vec<String>,
    /// `exec` collects standard error here.
    pub errors: Option<String>,
    /// The processes of the container's own program.
    pub pids: Vec<u32>,
    /// The container's own program lives and answers nothing.
    pub silent: bool,
    /// Log lines with the age at which they were written.
    pub lines: Vec<(SimDuration, String)>,
    /// Signals a command just sent: process, number.
    pub kills: Vec<(u32, u8)>,
    /// Those for processes outside this shell.
    pub outside: Vec<(u32, u8)>,
}

/// Instructions of one turn of a container's processes.
pub(crate) const TURN_OPS: u32 = 1_000_000;
/// Instructions of one command run beside them.
pub(crate) const EXEC_OPS: u32 = 100_000;
/// Lines one turn may write.
const LINES_MAX: usize = 2_000;
/// Bytes one capture may hold.
const CAPTURE_MAX: usize = 64 * 1024;

impl Ctx<'_> {
    /// Writes to standard output (1) or standard error (2).
    pub fn emit(&mut self, fd: u8, text: &str) {
        if text.is_empty() {
            return;
        }
        let sink = match (fd, self.captures.last_mut(), self.errors.as_mut()) {
            (1, Some(c), _) => Some(c),
            (2, _, Some(e)) => Some(e),
            _ => None,
        };
        match sink {
            Some(s) if s.len() + text.len() <= CAPTURE_MAX => s.push_str(text),
            Some(_) => {}
            None => {
                for line in text.lines() {
                    if self.lines.len() < LINES_MAX {
                        self.lines.push((self.age, line.to_string()));
                    }
                }
            }
        }
    }

    /// `ps`: the container's own processes and the one that asks.
    pub fn ps(&self, pid: u32) -> String {
        let caller = &self.around.caller;
        let image = || base(&caller.spec.image.repository()).to_string();
        let command = if caller.spec.argv.is_empty() { image() } else { caller.spec.argv.join(" ") };
        let user = super::user::name(&caller.spec.user);
        let row = |pid: u32, command: &str| format!("{pid:5} {user:<8}  0:00 {command}\n");
        let own: String = self.pids.iter().map(|p| row(*p, &command)).collect();
        // Numbers of processes beside the program are ours alone: the next one stands for them.
        let asks = if self.pids.contains(&pid) || pid >= super::shell::BESIDE { self.pids.iter().max().map_or(1, |p| p + 6) } else { pid };
        format!("PID   USER     TIME  COMMAND\n{own}{}", row(asks, "ps"))
    }

    /// True if this container's own program listens on a port.
    pub fn listens_here(&self, port: u16) -> bool {
        self.app.is_some_and(|a| a.listens(Some(port))) || self.listeners.iter().any(|l| l.port == port)
    }
}

/// What `httpd` answers for a path: status and text.
pub(crate) fn serve_file(l: &Listener, path: &str, fs: &Fs) -> (u16, Arc<str>) {
    let Some(dir) = &l.dir else { return (200, "ok\n".into()) };
    let path = path.split('?').next().unwrap_or(path);
    let full = super::files::normal(&format!("{dir}/{path}"));
    let index = || fs.read(&format!("{full}/index.html")).filter(|_| fs.is_dir(&full));
    fs.read(&full).or_else(index).map_or_else(|| (404, "".into()), |text| (200, text))
}

/// Standard input or output: text, and bytes without content (from `/dev/zero`, `yes`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Data {
    pub text: String,
    pub bulk: u64,
}

/// What a program did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effect {
    pub status: i32,
    pub out: Data,
    pub err: String,
    pub block: Block,
    /// Bytes it holds while it runs.
    pub holds: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Block {
    #[default]
    None,
    For(SimDuration),
    Forever,
    Listen(Listener),
}

impl Effect {
    pub(super) fn ok(text: impl Into<String>) -> Self {
        Self { out: Data { text: text.into(), bulk: 0 }, ..Self::default() }
    }
    pub(super) fn status(status: i32) -> Self {
        Self { status, ..Self::default() }
    }
    pub(super) fn fail(status: i32, err: impl Into<String>) -> Self {
        Self { status, err: err.into(), ..Self::default() }
    }
    pub(super) fn block(block: Block) -> Self {
        Self { block, ..Self::default() }
    }
    pub(super) fn holding(bytes: u64) -> Self {
        let block = if bytes == u64::MAX { Block::Forever } else { Block::For(copy_time(bytes)) };
        Self { holds: bytes, block, ..Self::default() }
    }
}

/// Moving bytes about takes a second per GiB, and never less than a tenth.
fn copy_time(bytes: u64) -> SimDuration {
    SimDuration::from_secs(1).scaled(bytes, 1 << 30) + SimDuration::from_millis(100)
}

/// The length of a `sleep`; None for ever.
///
/// # Errors
/// The argument that is no number.
pub(crate) fn sleep_length(args: &[&str]) -> Result<Option<SimDuration>, String> {
    let mut total = SimDuration::ZERO;
    for a in args {
        if matches!(*a, "infinity" | "inf") {
            return Ok(None);
        }
        let (number, unit) = match a.strip_suffix(['s', 'm', 'h', 'd']) {
            Some(n) => (n, &a[n.len()..]),
            None => (*a, "s"),
        };
        let valid = number.starts_with(|c: char| c.is_ascii_digit() || c == '.');
        let d = SimDuration::parse(&format!("{number}{unit}")).ok().filter(|_| valid).ok_or_else(|| a.to_string())?;
        total += d;
    }
    Ok(Some(total))
}

/// Reads `200M`, `40k`, `1GiB`, `512`.
pub(crate) fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let n: u64 = text[..digits].parse().ok()?;
    let scale = match text[digits..].to_ascii_lowercase().as_str() {
        "" | "c" | "b" => 1,
        "k" | "kb" | "ki" | "kib" => 1 << 10,
        "m" | "mb" | "mi" | "mib" => 1 << 20,
        "g" | "gb" | "gi" | "gib" => 1 << 30,
        _ => return None,
    };
    n.checked_mul(scale)
}

/// Runs a program. None: there is no such program here.
pub(crate) fn run(argv: &[String], stdin: &Data, cwd: &str, ctx: &mut Ctx) -> Option<Effect> {
    let full = |p: &str| if p.starts_with('/') { p.to_string() } else { format!("{cwd}/{p}") };
    let name = base(argv.first()?);
    let args: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
    let files: Vec<&str> = args.iter().copied().filter(|a| !a.starts_with('-') || *a == "-").collect();
    Some(match name {
        "sleep" => match sleep_length(&args) {
            _ if args.is_empty() => Effect::fail(1, "sleep: missing operand\n"),
            Ok(Some(d)) => Effect::block(Block::For(d)),
            Ok(None) => Effect::block(Block::Forever),
            Err(a) => Effect::fail(1, format!("sleep: invalid number '{a}'\n")),
        },
        "true" | ":" | "sync" | "chmod" | "chown" | "clear" | "ln" => Effect::default(),
        "false" => Effect::status(1),
        "echo" => Effect::ok(echo(&args)),
        "printf" => Effect::ok(printf(&args)),
        "cat" => cat(&files, stdin, &full, ctx),
        "tail" => tail(&args, stdin, &full, ctx),
        "head" => head(&args, stdin, &full, ctx),
        "grep" | "sort" => sponge(name, &args, stdin, &full, ctx),
        "tr" | "tee" | "gzip" | "sed" | "cut" | "uniq" | "base64" | "awk" | "od" => {
            if name == "tee" {
                for f in &files {
                    let _ = ctx.fs.write(&full(f), &stdin.text, args.contains(&"-a"));
                }
            }
            Effect { out: stdin.clone(), ..Effect::default() }
        }
        "wc" => {
            let text = files.first().and_then(|f| ctx.fs.read(&full(f)));
            let text = text.as_deref().unwrap_or(&stdin.text);
            let n = if args.contains(&"-l") { text.lines().count() } else { text.len() };
            Effect::ok(format!("{n}\n"))
        }
        "touch" => {
            for f in &files {
                if ctx.fs.is_dir(&full(f)) || ctx.fs.is_file(&full(f)) {
                    continue;
                }
                if let Err(e) = ctx.fs.write(&full(f), "", false) {
                    let e = if e == "nonexistent directory" { "No such file or directory" } else { e };
                    return Some(Effect::fail(1, format!("touch: {f}: {e}\n")));
                }
            }
            Effect::default()
        }
        "mkdir" => {
            for f in &files {
                if !args.contains(&"-p") && (ctx.fs.is_dir(&full(f)) || ctx.fs.is_file(&full(f))) {
                    return Some(Effect::fail(1, format!("mkdir: can't create directory '{f}': File exists\n")));
                }
                ctx.fs.mkdir(&full(f));
            }
            Effect::default()
        }
        "rm" | "rmdir" => {
            let force = args.iter().any(|a| a.starts_with('-') && a.contains('f'));
            for f in &files {
                if !ctx.fs.remove(&full(f)) && !force {
                    return Some(Effect::fail(1, format!("{name}: can't remove '{f}': No such file or directory\n")));
                }
            }
            Effect::default()
        }
        "cp" | "mv" => match files.as_slice() {
            [from, to] => match ctx.fs.read(&full(from)) {
                Some(text) => {
                    let to = if ctx.fs.is_dir(&full(to)) { format!("{}/{}", full(to), base(from)) } else { full(to) };
                    let done = ctx.fs.write(&to, &text, false);
                    if name == "mv" {
                        ctx.fs.remove(&full(from));
                    }
                    Effect::status(i32::from(done.is_err()))
                }
                None => Effect::fail(1, format!("{name}: can't stat '{from}': No such file or directory\n")),
            },
            _ => Effect::default(),
        },
        "ls" => ls(&files, &full, ctx),
        "test" => Effect::status(test(&args, &full, ctx)),
        "[" => match args.split_last() {
            Some((&"]", rest)) => Effect::status(test(rest, &full, ctx)),
            _ => Effect::fail(2, "sh: missing ]\n"),
        },
        "dd" => {
            let arg = |k: &str| args.iter().find_map(|a| a.strip_prefix(k).and_then(|r| r.strip_prefix('=')));
            let bs = arg("bs").and_then(size).unwrap_or(512);
            let count = arg("count").and_then(size);
            let total = bs.saturating_mul(count.unwrap_or(u64::MAX));
            if let Some(of) = arg("of").filter(|o| !o.starts_with("/dev/")) {
                let _ = ctx.fs.write(&full(of), "", false);
            }
            let mut e = Effect::holding(bs);
            e.block = if count.is_none() { Block::Forever } else { Block::For(copy_time(total)) };
            if let Some(n) = count {
                e.err = format!("{n}+0 records in\n{n}+0 records out\n");
            }
            e
        }
        "stress" | "stress-ng" => stress(&args),
        "yes" => Effect { out: Data { text: String::new(), bulk: u64::MAX }, ..Effect::default() },
        "httpd" => match httpd(&args) {
            (l, true) => Effect::block(Block::Listen(l)),
            // Without -f it goes to the background; the port is served as long as the container lives.
            (l, false) => {
                ctx.listeners.push(l);
                Effect::default()
            }
        },
        "nc" => net::nc(&args, ctx),
        "wget" => net::wget(&args, cwd, ctx),
        "curl" => net::curl(&args, cwd, ctx),
        "nslookup" => net::nslookup(&args, ctx),
        "getent" => net::getent(&args, ctx),
        "ping" => net::ping(&args, ctx),
        "date" => Effect::ok(date(&args, ctx.now)),
        "hostname" => net::hostname(&args, ctx),
        "uname" => Effect::ok(if args.contains(&"-n") { format!("{}\n", ctx.fs.hostname) } else { "Linux\n".into() }),
        "whoami" => super::user::whoami(&ctx.around.caller.spec.user),
        "id" => super::user::id(&args, &ctx.around.caller.spec.user),
        "pwd" => Effect::ok(format!("{cwd}\n")),
        "nproc" => Effect::ok("1\n"),
        "basename" => Effect::ok(format!("{}\n", files.first().map_or("", |f| base(f)))),
        "dirname" => Effect::ok(format!("{}\n", files.first().and_then(|f| f.rsplit_once('/')).map_or(".", |(d, _)| d))),
        "seq" => Effect::ok(seq(&args)),
        "which" => match files.first() {
            Some(f) if BINARIES.contains(f) => Effect::ok(format!("/bin/{f}\n")),
            _ => Effect::status(1),
        },
        "expr" => {
            let value = super::expand::arithmetic(&args.join(" "), &|_| String::new()).unwrap_or(0);
            Effect { status: i32::from(value == 0), ..Effect::ok(format!("{value}\n")) }
        }
        "top" | "xargs" | "tar" | "mkfifo" | "df" | "du" | "free" | "uptime" | "stat" | "md5sum" => Effect::default(),
        "mktemp" => {
            let _ = ctx.fs.write("/tmp/tmp.wheel", "", false);
            Effect::ok("/tmp/tmp.wheel\n")
        }
        _ => return None,
    })
}

/// The last part of a path.
pub(crate) fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn stress(args: &[&str]) -> Effect {
    let value = |k: &str| {
        args.iter()
            .position(|a| *a == k || a.starts_with(&format!("{k}=")))
            .and_then(|i| args[i].split_once('=').map(|p| p.1).or(args.get(i + 1).copied()))
    };
    let workers = value("--vm").or(value("-m")).and_then(|v| v.parse().ok()).unwrap_or(0u64);
    let bytes = value("--vm-bytes").and_then(size).unwrap_or(256 << 20);
    let block = match value("--timeout").or(value("-t")).and_then(|t| sleep_length(&[t]).ok().flatten()) {
        Some(d) => Block::For(d),
        None => Block::Forever,
    };
    let text = "stress: info: [1] dispatching hogs: 0 cpu, 0 io, 1 vm, 0 hdd\n";
    Effect { holds: workers.saturating_mul(bytes), block, ..Effect::ok(if workers > 0 { text } else { "" }) }
}

fn httpd(args: &[&str]) -> (Listener, bool) {
    let value = |k: &str| args.iter().enumerate().find_map(|(i, a)| if *a == k { args.get(i + 1).copied() } else { a.strip_prefix(k) });
    let port = value("-p").and_then(|p| p.rsplit(':').next()).and_then(|p| p.parse().ok()).unwrap_or(80);
    let foreground = args.iter().any(|a| a.starts_with("-f") || *a == "-vf" || *a == "-fv");
    (Listener { port, dir: Some(value("-h").unwrap_or("/").into()) }, foreground)
}

fn seq(args: &[&str]) -> String {
    let n: Vec<i64> = args.iter().filter_map(|a| a.parse().ok()).collect();
    let (from, step, to) = match n.as_slice() {
        [to] => (1, 1, *to),
        [from, to] => (*from, 1, *to),
        [from, step, to] if *step != 0 => (*from, *step, *to),
        _ => return String::new(),
    };
    let mut out = String::new();
    let mut i = from;
    while (step > 0 && i <= to || step < 0 && i >= to) && out.len() < CAPTURE_MAX {
        out.push_str(&format!("{i}\n"));
        i += step;
    }
    out
}

fn date(args: &[&str], now: SimTime) -> String {
    let total = u64::try_from(crate::kernel::EPOCH).unwrap_or_default() + now.as_secs();
    let (days, s) = (total / 86_400, total % 86_400);
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    // Civil date from days since 1970 (Howard Hinnant's algorithm).
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + u64::from(month <= 2);
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let week = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][(days % 7) as usize];
    let text = match args.iter().find_map(|a| a.strip_prefix('+')) {
        Some(f) => f
            .replace("%s", &total.to_string())
            .replace("%F", "%Y-%m-%d")
            .replace("%T", "%H:%M:%S")
            .replace("%Y", &year.to_string())
            .replace("%m", &format!("{month:02}"))
            .replace("%d", &format!("{day:02}"))
            .replace("%H", &format!("{h:02}"))
            .replace("%M", &format!("{m:02}"))
            .replace("%S", &format!("{s:02}")),
        None => format!("{week} {} {day:2} {h:02}:{m:02}:{s:02} UTC {year}", names[month as usize - 1]),
    };
    text + "\n"
}
