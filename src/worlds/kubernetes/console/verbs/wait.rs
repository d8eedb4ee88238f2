//! `kubectl wait`. Follows: kubectl/pkg/cmd/wait/{wait,condition,delete,json}.go.

use serde_json::Value;

use crate::kernel::{SimDuration, SimTime};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::{self, Kind};

use super::super::args::{Args, Flag, short_text, text};
use super::super::print::jsonpath;
use super::super::print::jsonpath_read::{self, Step};
use super::super::resource;
use super::super::running::{self, Io, Ongoing};
use super::super::shell::{Done, Failure, Shell, list_at, text_at};

pub(in super::super) const FLAGS: &[Flag] = &[text("for"), text("timeout"), short_text("output", 'o')];

/// What must come true.
#[derive(Clone, Debug)]
enum For {
    Delete,
    Create,
    Condition(String, String),
    /// None: any value.
    Path(Vec<Step>, Option<String>),
}

fn parse(text: &str) -> Result<For, Failure> {
    let lower = text.to_ascii_lowercase();
    if lower == "delete" {
        return Ok(For::Delete);
    }
    if lower == "create" {
        return Ok(For::Create);
    }
    if let Some(rest) = text.strip_prefix("condition=") {
        let (name, value) = rest.split_once('=').unwrap_or((rest, "true"));
        return Ok(For::Condition(name.into(), value.into()));
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let rest = rest.trim_matches('\'');
        let split = rest.rfind('}').map_or(rest.len(), |i| i + 1);
        let (path, value) = if rest.starts_with('{') { rest.split_at(split) } else { rest.split_at(rest.find('=').unwrap_or(rest.len())) };
        let steps = jsonpath_read::relaxed(path.trim_matches('\'')).map_err(Failure::error)?;
        let value = value.trim_start_matches('\'').strip_prefix('=').map(|v| v.trim_matches(['\'', '"']).to_string());
        if value.as_deref() == Some("") {
            return Err(Failure::error("jsonpath wait value cannot be empty"));
        }
        return Ok(For::Path(steps, value));
    }
    Err(Failure::error(format_args!("unrecognized condition: \"{text}\"")))
}

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let Some(wanted) = args.get("for") else {
        return Err(Failure::error(
            "expected '--for' to be specified with 'create', 'delete', 'condition=condition-name' or 'jsonpath={JSONPath Condition}'",
        ));
    };
    let wanted = parse(wanted)?;
    let timeout = match args.get("timeout") {
        Some(t) if t.starts_with('-') => SimDuration::from_secs(7 * 24 * 3600),
        Some(t) => SimDuration::parse(t).map_err(Failure::error)?,
        // wait.go
        None => SimDuration::from_secs(30),
    };
    if args.words.is_empty() && !args.has("filename") {
        return Err(resource::nothing_given());
    }
    let selects = args.on("all") || args.has("selector") || args.has("field-selector");
    if !args.has("filename") && !selects && resource::asks(sh, &args.words)?.iter().any(|a| a.name.is_none()) {
        return Err(resource::no_name());
    }
    let mut waits: Vec<(Kind, Key, Option<Name>)> = Vec::new();
    let found = resource::find(sh, args, &args.words)?;
    waits.extend(found.items.iter().map(|i| (i.kind, i.key(), Some(i.object.meta().uid.clone()))));
    match (&wanted, found.missing.is_empty()) {
        (For::Create, false) => {
            for ask in resource::asks(sh, &args.words)? {
                if let Some(name) = &ask.name {
                    let key = sh.key(ask.kind, name);
                    if !waits.iter().any(|(k, there, _)| *k == ask.kind && *there == key) {
                        waits.push((ask.kind, key, None));
                    }
                }
            }
        }
        // What is not there need not be waited for.
        (For::Delete, false) => {}
        (_, false) => return Err(resource::joined(&found.missing)),
        _ => {}
    }
    if waits.is_empty() && !matches!(wanted, For::Delete) {
        return Err(Failure::error("no matching resources found"));
    }
    let end = sh.now() + timeout;
    running::start(sh, Wait { wanted, waits, end, failed: false })
}

#[derive(Clone, Debug)]
struct Wait {
    wanted: For,
    waits: Vec<(Kind, Key, Option<Name>)>,
    end: SimTime,
    failed: bool,
}

impl Wait {
    fn met(&self, kind: Kind, key: &Key, uid: Option<&Name>, ctl: &Ctl) -> bool {
        let there = ctl.api.store.get(kind, key);
        match &self.wanted {
            For::Delete => there.is_none_or(|o| uid.is_some_and(|u| o.meta().uid != *u)),
            For::Create => there.is_some(),
            For::Condition(name, value) => there.is_some_and(|o| {
                let v = kinds::to_json_at(o, ctl.api.epoch);
                let fresh = |c: &Value| match (
                    c["observedGeneration"].as_i64(),
                    v["status"]["observedGeneration"].as_i64(),
                    v["metadata"]["generation"].as_i64(),
                ) {
                    (Some(seen), _, Some(now)) | (None, Some(seen), Some(now)) => seen >= now,
                    _ => true,
                };
                list_at(&v, "status.conditions")
                    .iter()
                    .any(|c| text_at(c, "type").eq_ignore_ascii_case(name) && text_at(c, "status").eq_ignore_ascii_case(value) && fresh(c))
            }),
            For::Path(steps, value) => there.is_some_and(|o| {
                let v = kinds::to_json_at(o, ctl.api.epoch);
                let found = jsonpath::select(steps, &v, &v);
                match (found.as_slice(), value) {
                    ([], _) => false,
                    (_, None) => true,
                    ([one], Some(want)) => jsonpath::text(one) == *want,
                    _ => false,
                }
            }),
        }
    }

    fn check(&mut self, io: &mut Io, ctl: &Ctl) {
        // One after the other, as kubectl waits.
        while let Some((kind, key, uid)) = self.waits.first().cloned() {
            if !self.met(kind, &key, uid.as_ref(), ctl) {
                return;
            }
            io.say(format!("{}/{} condition met", kind.info().singular_resource(), key.name));
            self.waits.remove(0);
        }
        io.exit = Some(i32::from(self.failed));
    }
}

impl Ongoing for Wait {
    fn clone_box(&self) -> Box<dyn Ongoing> {
        Box::new(self.clone())
    }
    fn begin(&mut self, io: &mut Io, ctl: &mut Ctl) {
        self.check(io, ctl);
        if !io.is_over() {
            if self.end <= ctl.cx.now {
                self.tick(io, ctl);
            } else {
                io.wake_after(self.end - ctl.cx.now);
            }
        }
    }
    fn observe(&mut self, event: &WatchEvent, io: &mut Io, ctl: &mut Ctl) {
        if self.waits.iter().any(|(k, ..)| *k == event.kind()) {
            self.check(io, ctl);
        }
    }
    fn tick(&mut self, io: &mut Io, ctl: &mut Ctl) {
        if self.end > ctl.cx.now {
            return;
        }
        for (kind, key, uid) in self.waits.clone() {
            if self.met(kind, &key, uid.as_ref(), ctl) {
                io.say(format!("{}/{} condition met", kind.info().singular_resource(), key.name));
            } else {
                self.failed = true;
                io.warn(format!("error: timed out waiting for the condition on {}/{}", kind.info().plural, key.name));
            }
        }
        io.exit = Some(i32::from(self.failed));
    }
}
