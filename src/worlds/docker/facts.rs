//! Facts for expressions: `docker.ready('web')`, `docker.containers.exists(c, c.status == 'restarting')`.

use serde_json::{Value, json};

use crate::kernel::SimTime;
use crate::machine::HostState;

use super::container::Cid;
use super::{Daemon, Docker};

/// Facts with an argument (a service, container or host) and without.
pub const WITH_NAME: [&str; 14] = [
    "ready",
    "replicas",
    "exists",
    "deleted",
    "restarts",
    "health",
    "uid",
    "image",
    "status",
    "exit_code",
    "last_exit_code",
    "oom_killed",
    "running",
    "host_state",
];
pub const COLLECTIONS: [&str; 5] = ["containers", "hosts", "images", "volumes", "proxy_backends"];

impl Docker {
    pub(crate) fn fact_value(&self, name: &str, args: &[Value], now: SimTime) -> Result<Value, String> {
        match name {
            "containers" => return Ok(self.containers.keys().filter_map(|c| self.container_fact(*c, now)).collect()),
            "hosts" | "nodes" => return Ok(self.engines.keys().map(|h| self.host_fact(h)).collect()),
            "images" => {
                let one = |h: &str| {
                    self.images(h)
                        .into_iter()
                        .map(|i| json!({"host": h, "name": super::images::familiar(&i.reference), "size": i.size}))
                        .collect::<Vec<_>>()
                };
                return Ok(self.engines.keys().flat_map(|h| one(h)).collect());
            }
            "volumes" => {
                let bytes = |h: &str, v: &str| self.machine.volumes(h).find(|x| &*x.name == v).map_or(0, |x| x.bytes);
                let one = |h: &std::sync::Arc<str>| {
                    self.engine(h).volumes.keys().map(|v| json!({"host": &**h, "name": &**v, "bytes": bytes(h, v)})).collect::<Vec<_>>()
                };
                return Ok(self.engines.keys().flat_map(one).collect());
            }
            "proxy_backends" => {
                let backends = self.proxy.iter().flat_map(|p| &p.backends);
                return Ok(backends.map(|b| json!({"host": &*b.host, "up": b.up && !b.removed})).collect());
            }
            _ => {}
        }
        if !WITH_NAME.contains(&name) {
            return Err(format!("the docker world has no fact `{name}`; there are: {}, {}", WITH_NAME.join(", "), COLLECTIONS.join(", ")));
        }
        let Some(word) = args.first().and_then(Value::as_str) else {
            return Err(format!("`{name}` needs the name of a service, container or host: {name}('web')"));
        };
        if name == "host_state" {
            return match self.machine.host(word) {
                Some(h) => Ok(format!("{:?}", h.state).to_lowercase().into()),
                None => Err(format!("there is no host `{word}`; there are: {}", self.host_list())),
            };
        }
        // `container/web-1`, `service/web`, and Kubernetes' `deployment/web` all mean web here.
        let bare = word
            .strip_prefix("container/")
            .or_else(|| word.strip_prefix("service/"))
            .or_else(|| word.strip_prefix("deployment/"))
            .unwrap_or(word);
        let copies = self.copies_named(bare);
        if let (Some(host), true) = (self.machine.host(bare), copies.is_empty()) {
            let ready = host.state == HostState::Up && self.engine(bare).daemon == Daemon::Up;
            match name {
                "exists" => return Ok(true.into()),
                "ready" => return Ok(ready.into()),
                _ => {}
            }
        }
        let all = || copies.iter().filter_map(|c| self.containers.get(c));
        let declared = || {
            self.declared
                .iter()
                .filter(|(_, n)| {
                    &**n == bare || n.rsplit_once(['-', '_']).is_some_and(|(b, _)| b == bare || b.ends_with(&format!("-{bare}")))
                })
                .count()
        };
        // A name nobody has used yet counts nothing: facts are asked from the first moment on.
        Ok(match name {
            "ready" => all().filter(|c| self.serves(c.cid, now)).count().into(),
            "running" => all().filter(|c| c.alive()).count().into(),
            "replicas" => all().count().max(declared()).into(),
            "exists" => (!copies.is_empty()).into(),
            "deleted" => (copies.is_empty() && (declared() > 0 || self.targets.contains_key(bare))).into(),
            "image" => all().next().map_or(Value::Null, |c| (&*c.config.image.text).into()),
            "restarts" => all().map(|c| u64::from(c.restart_count)).sum::<u64>().into(),
            "health" => all().next().map_or("none", |c| c.health.as_ref().map_or("none", |h| h.status.word())).into(),
            "uid" => all().next().map_or(Value::Null, |c| (&*c.id).into()),
            "status" => all().next().map_or("gone", |c| c.state.word()).into(),
            "last_exit_code" => {
                let last = all().filter(|c| c.state.last_exit_code.is_some()).max_by_key(|c| c.state.finished_at);
                last.and_then(|c| c.state.last_exit_code).unwrap_or(-1).into()
            }
            "exit_code" => all().next().map_or(Value::Null, |c| c.state.exit_code.into()),
            _ => all().any(|c| c.state.oom_killed).into(),
        })
    }

    fn host_list(&self) -> String {
        self.engines.keys().map(|h| &**h).collect::<Vec<_>>().join(", ")
    }

    fn container_fact(&self, cid: Cid, now: SimTime) -> Option<Value> {
        let c = self.containers.get(&cid)?;
        Some(json!({
            "name": &*c.name, "host": &*c.host, "service": &*c.app(), "image": &*c.config.image.text, "status": c.state.word(), "state": c.state.word(), "text": c.status(now),
            "exit_code": c.state.exit_code, "restarts": c.restart_count, "oom_killed": c.state.oom_killed,
            "health": c.health.as_ref().map_or("none", |h| h.status.word()), "ready": self.serves(cid, now), "uid": &*c.id, "error": &*c.state.error,
        }))
    }

    fn host_fact(&self, host: &str) -> Value {
        let state = self.machine.host(host).map_or_else(|| "unknown".into(), |h| format!("{:?}", h.state).to_lowercase());
        json!({
            "name": host, "state": state, "status": state, "zone": self.machine.host(host).map_or("", |h| &*h.spec.zone), "ready": state == "up" && self.engine(host).daemon == Daemon::Up,
            "containers": self.containers_on(host).count(), "running": self.containers_on(host).filter(|c| c.alive()).count(),
        })
    }
}
