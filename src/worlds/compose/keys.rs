//! Which keys a Compose file may have, and which of them do something here.

use crate::document::node::Value;
use crate::document::{Diagnostic, Diagnostics, Key, Node};

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    Simulated,
    /// Valid, accepted, without effect here.
    Accepted,
    /// Valid, but Compose itself does nothing with it.
    Inert(&'static str),
}

use Support::{Accepted as A, Inert, Simulated as S};

type Table = &'static [(&'static str, Support)];

/// Top level (compose-spec schema).
const TOP: Table = &[
    ("name", S),
    ("version", Inert("the attribute `version` is obsolete, it will be ignored, please remove it to avoid potential confusion")),
    ("services", S),
    ("networks", S),
    ("volumes", S),
    ("configs", A),
    ("secrets", A),
    ("include", A),
    ("models", A),
];

/// A service.
pub const SERVICE: Table = &[
    ("image", S),
    ("command", S),
    ("entrypoint", S),
    ("environment", S),
    ("env_file", S),
    ("ports", S),
    ("expose", S),
    ("volumes", S),
    ("tmpfs", S),
    ("networks", S),
    ("network_mode", S),
    ("depends_on", S),
    ("restart", S),
    ("healthcheck", S),
    ("deploy", S),
    ("mem_limit", S),
    ("mem_reservation", S),
    ("memswap_limit", S),
    ("cpus", S),
    ("cpu_shares", S),
    ("container_name", S),
    ("hostname", S),
    ("labels", S),
    ("profiles", S),
    ("scale", S),
    ("stop_signal", S),
    ("stop_grace_period", S),
    ("init", S),
    ("extends", S),
    ("pull_policy", S),
    ("user", S),
    ("working_dir", S),
    ("tty", S),
    ("stdin_open", S),
    ("build", A),
    ("annotations", A),
    ("attach", A),
    ("blkio_config", A),
    ("cap_add", A),
    ("cap_drop", A),
    ("cgroup", A),
    ("cgroup_parent", A),
    ("configs", A),
    ("cpu_count", A),
    ("cpu_percent", A),
    ("cpu_period", A),
    ("cpu_quota", A),
    ("cpu_rt_period", A),
    ("cpu_rt_runtime", A),
    ("cpuset", A),
    ("credential_spec", A),
    ("develop", A),
    ("device_cgroup_rules", A),
    ("devices", A),
    ("dns", A),
    ("dns_opt", A),
    ("dns_search", A),
    ("domainname", A),
    ("external_links", A),
    ("extra_hosts", A),
    ("gpus", A),
    ("group_add", A),
    ("ipc", A),
    ("isolation", A),
    ("label_file", A),
    ("links", A),
    ("logging", A),
    ("mac_address", A),
    ("mem_swappiness", A),
    ("models", A),
    ("oom_kill_disable", A),
    ("oom_score_adj", A),
    ("pid", A),
    ("pids_limit", A),
    ("platform", A),
    ("post_start", A),
    ("pre_stop", A),
    ("privileged", A),
    ("provider", A),
    ("read_only", A),
    ("runtime", A),
    ("secrets", A),
    ("security_opt", A),
    ("shm_size", A),
    ("storage_opt", A),
    ("sysctls", A),
    ("ulimits", A),
    ("use_api_socket", A),
    ("userns_mode", A),
    ("uts", A),
    ("volumes_from", A),
];

const HEALTHCHECK: Table =
    &[("test", S), ("interval", S), ("timeout", S), ("retries", S), ("start_period", S), ("start_interval", S), ("disable", S)];

const SWARM: Support = Inert("only `docker stack deploy` (Swarm) uses it; Compose ignores it");
const DEPLOY: Table = &[
    ("replicas", S),
    ("resources", S),
    ("restart_policy", S),
    ("labels", SWARM),
    ("mode", SWARM),
    ("update_config", SWARM),
    ("rollback_config", SWARM),
    ("placement", SWARM),
    ("endpoint_mode", SWARM),
];

/// A network at top level.
pub const NETWORK: Table = &[
    ("name", S),
    ("external", S),
    ("driver", S),
    ("internal", S),
    ("ipam", S),
    ("labels", S),
    ("driver_opts", A),
    ("attachable", A),
    ("enable_ipv4", A),
    ("enable_ipv6", A),
];

/// A volume at top level.
pub const VOLUME: Table = &[("name", S), ("external", S), ("labels", S), ("driver", A), ("driver_opts", A)];

/// Reports keys that are unknown (error) or without effect (note).
pub fn check(path: &str, node: &Node, table: Table, sink: &Diagnostics) {
    match &node.value {
        Value::Map(entries) => check_entries(path, entries, table, sink),
        Value::Null => {}
        _ => sink.push(
            Diagnostic::error(format!("{path} must be a mapping")).at(&node.span.first_line()).label(format!("found {}", node.describe())),
        ),
    }
}

fn check_entries(path: &str, entries: &[(Key, Node)], table: Table, sink: &Diagnostics) {
    for (key, _) in entries.iter().filter(|(k, _)| !k.text.starts_with("x-")) {
        match table.iter().find(|(k, _)| *k == &*key.text) {
            Some((_, Support::Simulated)) => {}
            Some((_, Support::Accepted)) => {
                sink.push(
                    Diagnostic::note(format!("`{}` is accepted but not simulated", key.text)).at(&key.span).label("has no effect here"),
                );
            }
            Some((_, Support::Inert(why))) => sink.push(Diagnostic::warning(*why).at(&key.span)),
            None => {
                let path = if path.is_empty() { "(root)" } else { path };
                sink.push(
                    Diagnostic::error(format!("{path} additional properties '{}' not allowed", key.text))
                        .at(&key.span)
                        .label("unknown key")
                        .did_you_mean(&key.text, table.iter().map(|(k, _)| *k)),
                );
            }
        }
    }
}

/// The top level.
pub fn check_top(entries: &[(Key, Node)], sink: &Diagnostics) {
    check_entries("", entries, TOP, sink);
}

/// What a service may be called (compose-spec schema: `^[a-zA-Z0-9._-]+$`).
pub fn check_service_name(key: &Key, sink: &Diagnostics) {
    if key.text.is_empty() || !key.text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)) {
        sink.push(
            Diagnostic::error(format!("services additional properties '{}' not allowed", key.text))
                .at(&key.span)
                .label("letters, digits, `.`, `_` and `-` make a name"),
        );
    }
}

/// One service with its maps inside.
pub fn check_service(name: &str, node: &Node, sink: &Diagnostics) {
    let path = format!("services.{name}");
    if node.is_null() {
        let empty = Diagnostic::error(format!("{path} must be a mapping")).at(&node.span.first_line());
        sink.push(empty.label("nothing is said of it").help("add `image: …`"));
    }
    check(&path, node, SERVICE, sink);
    for (key, table) in [("healthcheck", HEALTHCHECK), ("deploy", DEPLOY)] {
        if let Some(inner) = node.get(key) {
            check(&format!("{path}.{key}"), inner, table, sink);
        }
    }
}
