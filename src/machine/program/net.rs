//! Programs that ask others: `wget`, `curl`, `nc`, `ping`, `nslookup`, `getent`, `hostname`, worded as BusyBox, curl and glibc word it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::kernel::SimDuration;
use crate::machine::roads::{ROUND_TRIP, Reply, Taken};

use super::commands::{Block, Ctx, Effect, Listener, sleep_length};

/// A resolver gives up after 5 s, twice (resolv.conf defaults).
const RESOLVER_GIVES_UP: SimDuration = SimDuration::from_secs(10);
/// BusyBox `nslookup` asks for 5 s (networking/nslookup.c).
const NSLOOKUP_GIVES_UP: SimDuration = SimDuration::from_secs(5);
/// Linux sends a SYN seven times, at 1, 2, 4, … s (net.ipv4.tcp_syn_retries = 6), and gives up after 127 s.
const SYN_GIVES_UP: SimDuration = SimDuration::from_secs(127);
/// Nobody answers ARP: three questions, one second apart (net.ipv4.neigh: mcast_solicit, retrans_time_ms).
const ARP_GIVES_UP: SimDuration = SimDuration::from_secs(3);

/// Options and words of a command line; `valued` are the short options and `long` the long ones that take a value.
struct Words<'a> {
    options: Vec<(String, &'a str)>,
    words: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn read(args: &[&'a str], valued: &str, long: &[&str]) -> Self {
        let mut out = Self { options: Vec::new(), words: Vec::new() };
        let mut rest = args.iter().copied();
        while let Some(a) = rest.next() {
            if a == "--" {
                out.words.extend(rest.by_ref());
            } else if let Some(name) = a.strip_prefix("--") {
                let (name, value) = match name.split_once('=') {
                    Some((n, v)) => (n, v),
                    None if long.contains(&name) => (name, rest.next().unwrap_or("")),
                    None => (name, ""),
                };
                out.options.push((name.to_string(), value));
            } else if a.len() > 1 && a.starts_with('-') {
                for (i, c) in a.char_indices().skip(1) {
                    if valued.contains(c) {
                        let own = &a[i + c.len_utf8()..];
                        out.options.push((c.to_string(), if own.is_empty() { rest.next().unwrap_or("") } else { own }));
                        break;
                    }
                    out.options.push((c.to_string(), ""));
                }
            } else {
                out.words.push(a);
            }
        }
        out
    }
    fn value(&self, names: &[&str]) -> Option<&'a str> {
        self.options.iter().rev().find(|(n, _)| names.contains(&n.as_str())).map(|(_, v)| *v)
    }
    fn on(&self, names: &[&str]) -> bool {
        self.value(names).is_some()
    }
    fn seconds(&self, names: &[&str]) -> Option<SimDuration> {
        sleep_length(&[self.value(names).filter(|v| !v.is_empty())?]).ok().flatten()
    }
}

enum Unknown {
    Name,
    /// No name server answered.
    Server,
}

/// What `/etc/hosts` and the name server say: the name as they call it, and addresses in the order in which they are tried.
fn resolve(host: &str, ctx: &mut Ctx) -> Result<(Arc<str>, Vec<Arc<str>>), Unknown> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if bare.parse::<IpAddr>().is_ok() {
        return Ok((bare.into(), vec![bare.into()]));
    }
    if host == "localhost" {
        return Ok((host.into(), vec!["127.0.0.1".into()]));
    }
    if *host == *ctx.fs.hostname {
        let own = ctx.around.roads.address(&ctx.around.caller).unwrap_or_else(|| "127.0.0.1".into());
        return Ok((host.into(), vec![own]));
    }
    if ctx.dns_down {
        return Err(Unknown::Server);
    }
    let mut answer = ctx.around.roads.lookup(&ctx.around.caller, host).filter(|a| !a.addresses.is_empty()).ok_or(Unknown::Name)?;
    // Servers hand out several addresses in changing order (CoreDNS loadbalance, libnetwork/resolver.go).
    ctx.around.chance.shuffle(&mut answer.addresses);
    Ok((answer.name, answer.addresses))
}

fn after(e: Effect, time: SimDuration) -> Effect {
    Effect { block: Block::For(time), ..e }
}

/// How long nothing is heard before the kernel says so, and its words.
fn failure(taken: &Taken) -> (SimDuration, &'static str) {
    match taken {
        Taken::Lost => (SYN_GIVES_UP, "Connection timed out"),
        Taken::NoRoute => (ARP_GIVES_UP, "No route to host"),
        Taken::Unreachable => (SimDuration::ZERO, "Network is unreachable"),
        _ => (ROUND_TRIP, "Connection refused"),
    }
}

pub(super) fn nc(args: &[&str], ctx: &mut Ctx) -> Effect {
    let w = Words::read(args, "wipseoqIOTxX", &[]);
    let port = w.words.iter().rev().find_map(|f| f.parse().ok());
    if w.on(&["l"]) {
        let own = w.value(&["p"]).and_then(|p| p.parse().ok()).or(port);
        return Effect::block(Block::Listen(Listener { port: own.unwrap_or(0), dir: None }));
    }
    let (Some(host), Some(port)) = (w.words.first().copied(), port) else { return Effect::fail(1, "nc: bad arguments\n") };
    let loud = w.on(&["v"]);
    let address = match resolve(host, ctx) {
        Ok((_, all)) => all.first().cloned().unwrap_or_else(|| "127.0.0.1".into()),
        Err(Unknown::Name) => return Effect::fail(1, format!("nc: bad address '{host}'\n")),
        Err(Unknown::Server) => return after(Effect::fail(1, format!("nc: bad address '{host}'\n")), RESOLVER_GIVES_UP),
    };
    let taken = ctx.connect(&address, port);
    if matches!(taken, Taken::Own | Taken::Other(..) | Taken::Outside) {
        let text = if loud { format!("{host} ({address}:{port}) open\n") } else { String::new() };
        return after(Effect { err: text, ..Effect::default() }, ROUND_TRIP);
    }
    let (mut time, mut words) = failure(&taken);
    if let Some(limit) = w.seconds(&["w"]).filter(|l| *l < time) {
        (time, words) = (limit, "Connection timed out");
    }
    let text = if loud { format!("nc: {host} ({address}:{port}): {words}\n") } else { String::new() };
    after(Effect::fail(1, text), time)
}

/// The reason phrase of a status.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        418 => "I'm a teapot",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// A URL taken apart: `http://host:port/path`.
struct Url<'a> {
    authority: &'a str,
    host: &'a str,
    port: u16,
    path: String,
}

impl<'a> Url<'a> {
    fn read(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let (authority, path) = rest.split_once('/').map_or((rest, "/".to_string()), |(a, p)| (a, format!("/{p}")));
        let standard = if scheme == "https" { 443 } else { 80 };
        let (host, port) = authority.rsplit_once(':').and_then(|(h, p)| p.parse().ok().map(|p| (h, p))).unwrap_or((authority, standard));
        Self { authority, host, port, path }
    }
}

pub(super) fn wget(args: &[&str], cwd: &str, ctx: &mut Ctx) -> Effect {
    let w =
        Words::read(args, "OTUPoaYtQw", &["timeout", "output-document", "header", "post-data", "tries", "user-agent", "directory-prefix"]);
    let Some(url) = w.words.last().map(|u| Url::read(u)) else {
        return Effect::fail(1, "wget: missing URL\n");
    };
    let quiet = w.on(&["q", "quiet"]);
    let limit = w.seconds(&["T", "timeout"]);
    let address = match resolve(url.host, ctx) {
        Ok((_, all)) => all.first().cloned().unwrap_or_else(|| "127.0.0.1".into()),
        Err(Unknown::Name) => return Effect::fail(1, format!("wget: bad address '{}'\n", url.authority)),
        Err(Unknown::Server) => {
            return after(Effect::fail(1, format!("wget: bad address '{}'\n", url.authority)), RESOLVER_GIVES_UP);
        }
    };
    let mut err = if quiet { String::new() } else { format!("Connecting to {} ({address}:{})\n", url.authority, url.port) };
    let fail = |err: &str, text: &str, time| after(Effect::fail(1, format!("{err}wget: {text}\n")), time);
    let taken = ctx.connect(&address, url.port);
    let time = ctx.answer_time(&taken);
    let (status, body) = match ctx.ask(taken, url.port, &url.path) {
        Reply::Silence => {
            return match limit {
                Some(limit) => fail(&err, "download timed out", limit),
                None => Effect { err, ..Effect::block(Block::Forever) },
            };
        }
        Reply::Nobody(taken) => {
            let (time, words) = failure(&taken);
            if let Some(limit) = limit.filter(|l| *l < time) {
                return fail(&err, "download timed out", limit);
            }
            return fail(&err, &format!("can't connect to remote host ({address}): {words}"), time);
        }
        Reply::Status(status, body) => (status, body),
    };
    if let Some(limit) = limit.filter(|l| *l < time) {
        return fail(&err, "download timed out", limit);
    }
    if status >= 400 {
        return fail(&err, format!("server returned error: HTTP/1.1 {status} {}", reason(status)).trim_end(), time);
    }
    if w.on(&["spider"]) {
        if !quiet {
            err.push_str("remote file exists\n");
        }
        return after(Effect { err, ..Effect::default() }, time);
    }
    let named = url.path.split('?').next().and_then(|p| p.rsplit('/').next()).filter(|n| !n.is_empty()).unwrap_or("index.html");
    match w.value(&["O", "output-document"]) {
        Some("-") => after(Effect { err, ..Effect::ok(&*body) }, time),
        file => {
            let file = file.filter(|f| !f.is_empty()).unwrap_or(named);
            let full = if file.starts_with('/') { file.to_string() } else { format!("{cwd}/{file}") };
            if let Err(why) = ctx.fs.write(&full, &body, false) {
                let why = if why == "nonexistent directory" { "No such file or directory" } else { why };
                return fail(&err, &format!("can't open '{file}': {why}"), time);
            }
            if !quiet {
                let bar = "*".repeat(32);
                err.push_str(&format!("saving to '{file}'\n{file:<20.20} 100% |{bar}|{:>6}  0:00:00 ETA\n'{file}' saved\n", body.len()));
            }
            after(Effect { err, ..Effect::default() }, time)
        }
    }
}

const CURL_LONG: &[&str] = &[
    "max-time",
    "connect-timeout",
    "output",
    "header",
    "request",
    "data",
    "data-raw",
    "write-out",
    "retry",
    "retry-delay",
    "retry-max-time",
    "user",
    "user-agent",
    "resolve",
    "interface",
    "cacert",
    "cert",
    "key",
    "url",
];

pub(super) fn curl(args: &[&str], cwd: &str, ctx: &mut Ctx) -> Effect {
    let w = Words::read(args, "moHXduAebcwFTxE", CURL_LONG);
    let Some(url) = w.value(&["url"]).or(w.words.last().copied()).map(Url::read) else {
        return Effect::fail(2, "curl: no URL specified!\ncurl: try 'curl --help' or 'curl --manual' for more information\n");
    };
    // `-s` hides the message of a failure, `-S` shows it all the same.
    let hidden = w.on(&["s", "silent"]) && !w.on(&["S", "show-error"]);
    let written = |status: u16| {
        let text = w.value(&["w", "write-out"]).unwrap_or("");
        text.replace("%{http_code}", &format!("{status:03}")).replace("%{response_code}", &format!("{status:03}")).replace("\\n", "\n")
    };
    let fail = |code: i32, text: String, time| {
        let err = if hidden { String::new() } else { format!("curl: ({code}) {text}\n") };
        after(Effect { err, status: code, ..Effect::ok(written(0)) }, time)
    };
    let all = w.seconds(&["m", "max-time"]);
    let connecting = [all, w.seconds(&["connect-timeout"])].into_iter().flatten().min();
    let address = match resolve(url.host, ctx) {
        Ok((_, found)) => found.first().cloned().unwrap_or_else(|| "127.0.0.1".into()),
        Err(Unknown::Server) if connecting.is_some_and(|l| l < RESOLVER_GIVES_UP) => {
            let limit = connecting.unwrap_or(RESOLVER_GIVES_UP);
            return fail(28, format!("Resolving timed out after {} milliseconds", limit.as_millis()), limit);
        }
        Err(why) => {
            let time = if matches!(why, Unknown::Server) { RESOLVER_GIVES_UP } else { ROUND_TRIP };
            return fail(6, format!("Could not resolve host: {}", url.host), time);
        }
    };
    let taken = ctx.connect(&address, url.port);
    let time = ctx.answer_time(&taken);
    let late = |limit: SimDuration| format!("Operation timed out after {} milliseconds with 0 bytes received", limit.as_millis());
    let (status, body) = match ctx.ask(taken, url.port, &url.path) {
        Reply::Silence => {
            return match all {
                Some(limit) => fail(28, late(limit), limit),
                None => Effect::block(Block::Forever),
            };
        }
        Reply::Nobody(taken) => {
            let (time, words) = failure(&taken);
            if let Some(limit) = connecting.filter(|l| *l < time) {
                return fail(28, format!("Connection timed out after {} milliseconds", limit.as_millis()), limit);
            }
            let code = if taken == Taken::Lost { 28 } else { 7 };
            return fail(code, format!("Failed to connect to {} port {}: {words}", url.host, url.port), time);
        }
        Reply::Status(status, body) => (status, body),
    };
    if let Some(limit) = all.filter(|l| *l < time) {
        return fail(28, late(limit), limit);
    }
    if status >= 400 && w.on(&["f", "fail"]) {
        let err = if hidden { String::new() } else { format!("curl: (22) The requested URL returned error: {status} {}", reason(status)) };
        let err = if err.is_empty() { err } else { format!("{}\n", err.trim_end()) };
        return after(Effect { err, status: 22, ..Effect::ok(written(status)) }, time);
    }
    let body =
        if w.on(&["I", "head"]) { format!("HTTP/1.1 {status} {}", reason(status)).trim_end().to_string() + "\n" } else { body.to_string() };
    let body = match w.value(&["o", "output"]) {
        Some(file) => {
            let full = if file.starts_with('/') { file.to_string() } else { format!("{cwd}/{file}") };
            if file != "/dev/null" && ctx.fs.write(&full, &body, false).is_err() {
                return fail(23, "Failure writing output to destination".into(), time);
            }
            String::new()
        }
        None => body,
    };
    after(Effect::ok(body + &written(status)), time)
}

pub(super) fn nslookup(args: &[&str], ctx: &mut Ctx) -> Effect {
    let mut words = args.iter().copied().filter(|a| !a.starts_with('-'));
    let Some(name) = words.next() else { return Effect::fail(1, "nslookup: usage: nslookup HOST [DNS_SERVER]\n") };
    let server: Arc<str> = words.next().map_or_else(|| ctx.around.roads.server(&ctx.around.caller), Arc::from);
    if ctx.dns_down || *server != *ctx.around.roads.server(&ctx.around.caller) {
        let none = Effect { status: 1, ..Effect::ok(";; connection timed out; no servers could be reached\n\n") };
        return after(none, NSLOOKUP_GIVES_UP);
    }
    let head = format!("Server:\t\t{server}\nAddress:\t{server}:53\n\n");
    let Some(mut answer) = ctx.around.roads.lookup(&ctx.around.caller, name) else {
        let not = format!("** server can't find {name}: NXDOMAIN\n\n");
        return after(Effect { status: 1, ..Effect::ok(format!("{head}{not}{not}")) }, ROUND_TRIP);
    };
    ctx.around.chance.shuffle(&mut answer.addresses);
    let note = if answer.authoritative { "" } else { "Non-authoritative answer:\n" };
    let all: String = answer.addresses.iter().map(|ip| format!("Name:\t{}\nAddress: {ip}\n", answer.name)).collect();
    // Both questions, A and AAAA, come back in whichever order.
    let (a, aaaa) = (format!("{note}{all}\n"), format!("{note}\n"));
    let a_first = answer.authoritative || ctx.around.chance.chance(1, 2);
    after(Effect::ok(if a_first { format!("{head}{a}{aaaa}") } else { format!("{head}{aaaa}{a}") }), ROUND_TRIP)
}

pub(super) fn getent(args: &[&str], ctx: &mut Ctx) -> Effect {
    let [base, names @ ..] = args else { return Effect::fail(1, "getent: wrong number of arguments\n") };
    if !matches!(*base, "hosts" | "ahosts" | "ahostsv4") {
        return Effect::fail(2, "");
    }
    let mut text = String::new();
    for name in names {
        match resolve(name, ctx) {
            Ok((canonical, all)) => {
                let line = |ip: &Arc<str>| {
                    format!("{ip:<15} {canonical}{}\n", if *canonical == **name { String::new() } else { format!(" {name}") })
                };
                text.extend(all.iter().map(line));
            }
            Err(Unknown::Name) => return Effect { status: 2, ..Effect::ok(text) },
            Err(Unknown::Server) => return after(Effect { status: 2, ..Effect::ok(text) }, RESOLVER_GIVES_UP),
        }
    }
    Effect::ok(text)
}

pub(super) fn ping(args: &[&str], ctx: &mut Ctx) -> Effect {
    let w = Words::read(args, "cisIWwtp", &[]);
    let Some(host) = w.words.last().copied() else { return Effect::fail(1, "ping: usage: ping [OPTIONS] HOST\n") };
    let address = match resolve(host, ctx) {
        Ok((_, all)) => all.first().cloned().unwrap_or_else(|| "127.0.0.1".into()),
        Err(why) => {
            let e = Effect::fail(1, format!("ping: bad address '{host}'\n"));
            return if matches!(why, Unknown::Server) { after(e, RESOLVER_GIVES_UP) } else { e };
        }
    };
    let own = address.starts_with("127.") || ctx.around.roads.address(&ctx.around.caller).is_some_and(|ip| ip == address);
    let answers = own || ctx.around.echoes(&address);
    let every = w.seconds(&["i"]).unwrap_or(SimDuration::from_secs(1));
    let wait = w.seconds(&["W"]).unwrap_or(SimDuration::from_secs(10));
    let deadline = w.seconds(&["w"]);
    let count = w.value(&["c"]).and_then(|c| c.parse::<u64>().ok()).filter(|c| *c > 0);
    let head = format!("PING {host} ({address}): 56 data bytes\n");
    let Some(count) = count.or(deadline.map(|d| d.as_nanos() / every.as_nanos().max(1))).map(|c| c.clamp(1, 1000)) else {
        return Effect { block: Block::Forever, ..Effect::ok(head) };
    };
    let ms = ROUND_TRIP.as_millis();
    let got = if answers { count } else { 0 };
    let lines: String = (0..got).map(|i| format!("64 bytes from {address}: seq={i} ttl=64 time={ms}.000 ms\n")).collect();
    let mut text = format!(
        "{head}{lines}\n--- {host} ping statistics ---\n{count} packets transmitted, {got} packets received, {}% packet loss\n",
        100 - 100 * got / count
    );
    if answers {
        text.push_str(&format!("round-trip min/avg/max = {ms}.000/{ms}.000/{ms}.000 ms\n"));
    }
    let sent = SimDuration::from_nanos(every.as_nanos().saturating_mul(count - 1));
    let time = sent + if answers { ROUND_TRIP } else { wait };
    let time = deadline.map_or(time, |d| d.min(time));
    after(Effect { status: i32::from(!answers), ..Effect::ok(text) }, time)
}

pub(super) fn hostname(args: &[&str], ctx: &Ctx) -> Effect {
    match args.first() {
        Some(&"-i" | &"-I" | &"--ip-address" | &"--all-ip-addresses") => {
            let own = ctx.around.roads.address(&ctx.around.caller).unwrap_or_else(|| "127.0.0.1".into());
            Effect::ok(format!("{own}\n"))
        }
        Some(&"-s") => Effect::ok(format!("{}\n", ctx.fs.hostname.split('.').next().unwrap_or_default())),
        _ => Effect::ok(format!("{}\n", ctx.fs.hostname)),
    }
}
