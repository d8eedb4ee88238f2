//! `docker version`, `info`, `system df`, `system prune`. Sources: cli/command/system/{version,info,df,prune}.go.

use serde_json::json;

use super::super::session::Reply;
use super::super::template::Template;
use super::super::text::{human_size4, table};
use super::flags::{list, switch, value};
use super::{Call, Verb};

/// The versions whose behaviour this world follows: messages as recorded from an engine of this line.
pub const CLIENT_VERSION: &str = "28.2.2";
pub const CLIENT_COMMIT: &str = "e6534b4";
pub const ENGINE_VERSION: &str = "20.10.24";

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["version"]],
        usage: "[OPTIONS]",
        about: "Show the Docker version information",
        flags: &[value("format", Some('f'), "Format output using a custom template")],
        args: (0, 0),
        local: true,
        run: version,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["info"], &["system", "info"]],
        usage: "[OPTIONS]",
        about: "Display system-wide information",
        flags: &[value("format", Some('f'), "Format output using a custom template")],
        args: (0, 0),
        run: info,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["system", "df"]],
        usage: "[OPTIONS]",
        about: "Show docker disk usage",
        flags: &[switch("verbose", Some('v'), "Show detailed information on space usage")],
        args: (0, 0),
        run: df,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["system", "prune"]],
        usage: "[OPTIONS]",
        about: "Remove unused data",
        flags: &[
            switch("all", Some('a'), "Remove all unused images not just dangling ones"),
            switch("force", Some('f'), "Do not prompt for confirmation"),
            switch("volumes", None, "Prune anonymous volumes"),
            list("filter", None, "Provide filter values"),
        ],
        args: (0, 0),
        run: prune,
        ..Verb::DEFAULT
    },
];

fn version(call: &mut Call) -> Reply {
    let down = call.d.unreachable(&call.host);
    let value = json!({
        "Client": {"Version": CLIENT_VERSION, "ApiVersion": "1.41", "GitCommit": CLIENT_COMMIT, "Os": "linux", "Arch": "amd64", "Context": &*call.host},
        "Server": if down.is_some() { json!(null) } else { json!({"Version": ENGINE_VERSION, "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Os": "linux", "Arch": "amd64"}) },
    });
    if let Some(format) = call.flags.get("format") {
        if format == "json" {
            return Reply::out(format!("{value}\n"));
        }
        return match Template::parse(format).and_then(|t| t.render(&value)) {
            Ok(text) => Reply::out(format!("{text}\n")),
            Err(e) => Reply::fail(format!("template parsing error: template: {e}"), 64),
        };
    }
    let client = format!(
        "Client:\n Version:           {CLIENT_VERSION}\n API version:       1.41 (downgraded from 1.50)\n Git commit:        {CLIENT_COMMIT}\n OS/Arch:           linux/amd64\n Context:           {}\n",
        call.host
    );
    match down {
        Some(why) => Reply::Done(crate::worlds::Output { stdout: client, stderr: format!("{why}\n"), exit: 1, running: false }),
        None => Reply::out(format!(
            "{client}\nServer: wheelhouse (simulated)\n Engine:\n  Version:          {ENGINE_VERSION}\n  API version:      1.41 (minimum version 1.12)\n  OS/Arch:          linux/amd64\n"
        )),
    }
}

fn info(call: &mut Call) -> Reply {
    let d = &*call.d;
    let host = &call.host;
    let count = |w: &str| d.containers_on(host).filter(|c| c.state.word() == w).count();
    let total = d.containers_on(host).count();
    let running = d.containers_on(host).filter(|c| c.state.running && !c.state.paused).count();
    let (paused, images) = (count("paused"), d.images(host).len());
    let stopped = total - running - paused;
    let engine = d.engine(host);
    let (cpu, memory) = d.machine().host(host).map_or((0, 0), |h| (h.spec.cpu_milli / 1000, h.spec.memory));
    let value = json!({
        "Containers": total, "ContainersRunning": running, "ContainersPaused": paused, "ContainersStopped": stopped, "Images": images,
        "LiveRestoreEnabled": engine.live_restore, "NCPU": cpu, "MemTotal": memory, "Name": &**host, "ServerVersion": ENGINE_VERSION,
        "Driver": "overlay2", "LoggingDriver": "json-file", "Swarm": {"LocalNodeState": "inactive"}, "OperatingSystem": "wheelhouse (simulated)",
    });
    if let Some(format) = call.flags.get("format") {
        if format == "json" {
            return Reply::out(format!("{value}\n"));
        }
        return match Template::parse(format).and_then(|t| t.render(&value)) {
            Ok(text) => Reply::out(format!("{text}\n")),
            Err(e) => Reply::fail(format!("template parsing error: template: {e}"), 64),
        };
    }
    Reply::out(format!(
        "Client:\n Version:    {CLIENT_VERSION}\n Context:    {host}\n\nServer:\n Containers: {total}\n  Running: {running}\n  Paused: {paused}\n  Stopped: {stopped}\n Images: {images}\n Server Version: {ENGINE_VERSION}\n Storage Driver: overlay2\n Logging Driver: json-file\n Swarm: inactive\n Operating System: wheelhouse (simulated)\n CPUs: {cpu}\n Total Memory: {}\n Name: {host}\n Live Restore Enabled: {}\n",
        super::super::text::bytes_size(memory),
        engine.live_restore
    ))
}

fn df(call: &mut Call) -> Reply {
    let d = &*call.d;
    let host = &call.host;
    let images = d.images(host);
    let used = |i: &crate::model::ImageSpec| d.containers_on(host).any(|c| c.config.image.canonical() == i.reference.canonical());
    let share = |part: u64, all: u64| match (part * 100).checked_div(all) {
        Some(percent) => format!("{} ({percent}%)", human_size4(part)),
        None => human_size4(part),
    };
    let all: u64 = images.iter().map(|i| i.size).sum();
    let idle: u64 = images.iter().filter(|i| !used(i)).map(|i| i.size).sum();
    let volumes: Vec<_> = d.machine().volumes(host).cloned().collect();
    let bytes: u64 = volumes.iter().map(|v| v.bytes).sum();
    let free = |name: &str| d.volume_users(host, name).is_empty();
    let lost: u64 = volumes.iter().filter(|v| free(&v.name)).map(|v| v.bytes).sum();
    let row = |kind: &str, total: usize, active: usize, size: u64, reclaim: u64| {
        vec![kind.to_string(), total.to_string(), active.to_string(), human_size4(size), share(reclaim, size)]
    };
    let containers = d.containers_on(host).count();
    let active = d.containers_on(host).filter(|c| c.state.running).count();
    Reply::out(table(
        &["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"],
        &[
            row("Images", images.len(), images.iter().filter(|i| used(i)).count(), all, idle),
            row("Containers", containers, active, 0, 0),
            row("Local Volumes", volumes.len(), volumes.iter().filter(|v| !free(&v.name)).count(), bytes, lost),
            row("Build Cache", 0, 0, 0, 0),
        ],
    ))
}

fn prune(call: &mut Call) -> Reply {
    let (all, volumes) = (call.flags.on("all"), call.flags.on("volumes"));
    let mut lines = vec!["all stopped containers", "all networks not used by at least one container"];
    if volumes {
        lines.push("all anonymous volumes not used by at least one container");
    }
    lines.push(if all { "all images without at least one container associated to them" } else { "all dangling images" });
    lines.push("unused build cache");
    let list: String = lines.iter().map(|l| format!("  - {l}\n")).collect();
    if let Some(question) = super::containers::must_force(call, &format!("This will remove:\n{list}")) {
        return question;
    }
    let mut out = super::containers::prune_containers(call);
    out.push_str(&super::network::prune_networks(call));
    let mut bytes = 0;
    if volumes {
        let (text, freed) = super::volume::prune_volumes(call);
        out.push_str(&text);
        bytes += freed;
    }
    if all {
        let (text, freed) = super::images::prune_images(call);
        out.push_str(&text);
        bytes += freed;
    }
    Reply::out(format!("{out}Total reclaimed space: {}\n", human_size4(bytes)))
}
