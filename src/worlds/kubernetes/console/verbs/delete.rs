//! `kubectl delete`

use crate::kernel::{SimDuration, SimTime};
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, DeleteOptions, Propagation};

use super::super::args::{Args, Flag, flag, optional, short_text, text};
use super::super::resource;
use super::super::running::{self, Io, Ongoing};
use super::super::shell::{Done, Failure, Item, Shell, server_error};

pub(in super::super) const FLAGS: &[Flag] = &[
    flag("wait"),
    flag("now"),
    flag("force"),
    text("grace-period"),
    optional("cascade", "background"),
    flag("ignore-not-found"),
    text("timeout"),
    short_text("output", 'o'),
    optional("dry-run", "unchanged"),
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let (force, now) = (args.on("force"), args.on("now"));
    let grace = args.int("grace-period").filter(|g| *g >= 0);
    if now && grace.is_some() {
        return Err(Failure::error("--now and --grace-period cannot be specified together"));
    }
    if let Some(other) = args.get("output").filter(|o| *o != "name") {
        return Err(Failure::error(format_args!("unexpected -o output mode: {other}. We only support '-o name'")));
    }
    if force && grace.is_some_and(|g| g > 0) {
        return Err(Failure::error("--force and --grace-period greater than 0 cannot be specified together"));
    }
    // Without --force a grace of 0 becomes 1, so that the deletion can be seen through.
    let options = DeleteOptions {
        grace_s: match (grace, now, force) {
            (Some(0), _, false) => Some(1),
            (Some(g), ..) => Some(g),
            (None, true, _) => Some(1),
            (None, false, true) => Some(0),
            _ => None,
        },
        propagation: match args.get("cascade").unwrap_or("background") {
            "background" | "true" => Propagation::Background,
            "foreground" => Propagation::Foreground,
            "orphan" | "false" => Propagation::Orphan,
            other => {
                return Err(Failure::error(format_args!(
                    "invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\""
                )));
            }
        },
        uid: None,
    };
    let all = args.on("all");
    let selects = args.has("selector") || args.has("field-selector");
    if all && args.has("selector") {
        return Err(Failure::error("cannot set --all and --selector at the same time"));
    }
    if !args.has("filename") {
        let asks = resource::asks(sh, &args.words)?;
        if asks.is_empty() {
            return Err(resource::nothing_given());
        }
        if asks.iter().any(|a| a.name.is_none()) && !all && !selects {
            return Err(resource::no_name());
        }
    }
    let found = resource::find(sh, args, &args.words)?;
    if force {
        sh.warn("Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.");
    }
    if args.on("all-namespaces") && found.items.is_empty() || (found.items.is_empty() && found.missing.is_empty()) {
        sh.say("No resources found");
        return Ok(());
    }
    let dry = args.get("dry-run").filter(|d| *d != "none");
    let mut waits = Vec::new();
    if args.has("namespace") && !args.on("all-namespaces") && found.items.iter().any(|i| !i.kind.info().namespaced) {
        sh.warn("Warning: deleting cluster-scoped resources, not scoped to the provided namespace");
    }
    for item in &found.items {
        if dry.is_none() {
            let why = format!("kubectl delete {}", item.title());
            if let Err(e) = sh.delete(item.kind, &item.key(), options.clone(), &why) {
                sh.complain(&Failure::new(server_error(&e, "")));
                continue;
            }
        }
        told(sh, args, item, force && matches!(grace, None | Some(0)), dry);
        waits.push((item.kind, item.key(), item.object.meta().uid.clone()));
    }
    if !args.on("ignore-not-found") {
        for f in &found.missing {
            sh.complain(f);
        }
    }
    if dry.is_some() || !args.on_by_default("wait") || waits.is_empty() {
        return Ok(());
    }
    let timeout = args.get("timeout").map(SimDuration::parse).transpose().map_err(Failure::error)?.filter(|t| *t > SimDuration::ZERO);
    let end = timeout.map(|t| sh.now() + t);
    let exit = sh.exit;
    running::start(sh, Gone { waits, end, exit })
}

fn told(sh: &mut Shell, args: &Args, item: &Item, forced: bool, dry: Option<&str>) {
    if args.get("output") == Some("name") {
        sh.say(item.title());
        return;
    }
    let dry = match dry {
        Some("server") => " (server dry run)",
        Some(_) => " (dry run)",
        None => "",
    };
    let verb = if forced { "force deleted" } else { "deleted" };
    sh.say(format!("{} \"{}\" {verb}{dry}", item.kind.info().singular_resource(), item.name()));
}

/// Waits until every object is gone, or another one has its name.
#[derive(Clone, Debug)]
pub(super) struct Gone {
    pub waits: Vec<(Kind, Key, Name)>,
    pub end: Option<SimTime>,
    /// The status if all goes well: other objects may have failed.
    pub exit: i32,
}

impl Gone {
    fn check(&mut self, io: &mut Io, ctl: &Ctl) {
        self.waits.retain(|(kind, key, uid)| ctl.api.store.get(*kind, key).is_some_and(|o| o.meta().uid == *uid));
        if self.waits.is_empty() {
            io.exit = Some(self.exit);
        }
    }
}

impl Ongoing for Gone {
    fn clone_box(&self) -> Box<dyn Ongoing> {
        Box::new(self.clone())
    }
    fn begin(&mut self, io: &mut Io, ctl: &mut Ctl) {
        self.check(io, ctl);
        if let Some(end) = self.end {
            io.wake_after(end - ctl.cx.now);
        }
    }
    fn observe(&mut self, event: &WatchEvent, io: &mut Io, ctl: &mut Ctl) {
        if event.new.is_none() {
            self.check(io, ctl);
        }
    }
    fn tick(&mut self, io: &mut Io, ctl: &mut Ctl) {
        if self.end.is_some_and(|e| e <= ctl.cx.now) {
            let names: Vec<String> = self.waits.iter().map(|(k, key, _)| format!("{}/{}", k.info().plural, key.name)).collect();
            io.fail(&Failure::error(format_args!("timed out waiting for the condition on {}", names.join(", "))));
        }
    }
}
