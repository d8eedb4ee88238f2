//! `docker stats`. Sources: cli/command/container/{stats,formatter_stats}.go.

use serde_json::{Value, json};

use crate::kernel::SimDuration;

use super::super::container::Cid;
use super::super::session::{Io, Reply, Script};
use super::super::text::{bytes_size, human_size, short_id, table};
use super::super::{Cx, Docker};
use super::flags::{Flag, switch, value};
use super::{Call, Completes, Verb};

/// Flags shared with `docker compose stats`.
pub const FLAGS: &[Flag] = &[
    switch("all", Some('a'), "Show all containers (default shows just running)"),
    switch("no-stream", None, "Disable streaming stats and only pull the first result"),
    switch("no-trunc", None, "Do not truncate output"),
    value("format", None, "Format output using a custom template"),
];

/// The verbs of this file.
pub const VERBS: &[Verb] = &[Verb {
    paths: &[&["stats"], &["container", "stats"]],
    usage: "[OPTIONS] [CONTAINER...]",
    about: "Display a live stream of container(s) resource usage statistics",
    flags: FLAGS,
    completes: Completes::Running,
    run: stats,
    ..Verb::DEFAULT
}];

const HEADERS: &[(&str, &str)] = &[
    ("Container", "CONTAINER"),
    ("ID", "CONTAINER ID"),
    ("Name", "NAME"),
    ("CPUPerc", "CPU %"),
    ("MemUsage", "MEM USAGE / LIMIT"),
    ("MemPerc", "MEM %"),
    ("NetIO", "NET I/O"),
    ("BlockIO", "BLOCK I/O"),
    ("PIDs", "PIDS"),
];

fn stats(call: &mut Call) -> Reply {
    let mut cids = Vec::new();
    for word in call.args() {
        match call.d.find(&call.host, word) {
            Ok(cid) => cids.push(cid),
            Err(e) => return Reply::daemon(&e),
        }
    }
    let f = &call.flags;
    call.d.notes.insert("docker stats: network and block I/O are not simulated and print as 0B".into());
    Reply::Script(Box::new(Stats {
        cids,
        all: f.on("all"),
        once: f.on("no-stream"),
        truncate: !f.on("no-trunc"),
        format: f.get("format").filter(|t| *t != "table").map(String::from),
        next: call.cx.now,
    }))
}

/// One line of numbers.
fn row(d: &Docker, cid: Cid, truncate: bool, cx: &Cx) -> Option<Value> {
    let c = d.container(cid)?;
    let host = d.machine().host(&c.host)?;
    let (milli, bytes) = c.machine.filter(|_| c.alive()).map_or((0, 0), |m| d.machine().container_usage(m, cx.now));
    let limit = if c.alive() { c.config.memory.unwrap_or(host.spec.memory) } else { 0 };
    let hundredths = |num: u64, den: u64| (num * 10_000).checked_div(den).unwrap_or(0);
    let percent = |h: u64| format!("{}.{:02}%", h / 100, h % 100);
    // The CLI's CPU % counts one core as 100.
    Some(json!({
        "BlockIO": "0B / 0B", "CPUPerc": percent(u64::from(milli) * 10), "Container": &*c.name, "ID": if truncate { short_id(&c.id) } else { &c.id },
        "MemPerc": percent(hundredths(bytes, limit)), "MemUsage": format!("{} / {}", bytes_size(bytes), bytes_size(limit)), "Name": &*c.name,
        "NetIO": format!("{} / {}", human_size(0), human_size(0)), "PIDs": if c.alive() { "1" } else { "0" },
    }))
}

#[derive(Clone, Debug)]
struct Stats {
    cids: Vec<Cid>,
    all: bool,
    once: bool,
    truncate: bool,
    format: Option<String>,
    next: crate::kernel::SimTime,
}

impl Script for Stats {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, cx: &mut Cx) -> Option<i32> {
        if cx.now < self.next {
            return None;
        }
        let chosen: Vec<Cid> = if self.cids.is_empty() {
            d.containers_on(&io.host).rev().filter(|c| self.all || c.alive()).map(|c| c.cid).collect()
        } else {
            self.cids.clone()
        };
        let rows: Vec<Value> = chosen.iter().filter_map(|c| row(d, *c, self.truncate, cx)).collect();
        match &self.format {
            Some(format) => match super::format_rows(format, HEADERS, &rows) {
                Ok(text) => io.out.push_str(&text),
                Err(e) => {
                    io.err.push_str(&format!("{e}\n"));
                    return Some(1);
                }
            },
            None => {
                let columns = &HEADERS[1..];
                let header: Vec<&str> = columns.iter().map(|(_, h)| *h).collect();
                let cells: Vec<Vec<String>> =
                    rows.iter().map(|r| columns.iter().map(|(k, _)| r[*k].as_str().unwrap_or_default().to_string()).collect()).collect();
                io.out.push_str(&table(&header, &cells));
            }
        }
        if self.once {
            return Some(0);
        }
        // One sample a second, as the daemon takes them.
        self.next = cx.now + SimDuration::from_secs(1);
        d.nudge(self.next, cx);
        None
    }
    fn watches(&self) -> bool {
        true
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}
