//! `docker inspect`: a container as the API's JSON.
//!
//! Source: api/types/container/container.go; field order as printed.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::kernel::SimTime;

use super::Docker;
use super::container::Container;
use super::images::default_program;
use super::known::{PATH, Settings};
use super::text::{ZERO_TIME, rfc3339_nano};
use super::volumes::MountKind;

fn time(t: Option<SimTime>) -> Value {
    t.map_or_else(|| ZERO_TIME.into(), |t| rfc3339_nano(t).into())
}

fn state(c: &Container) -> Value {
    let s = &c.state;
    let mut v = json!({
        "Status": s.word(), "Running": s.running, "Paused": s.paused, "Restarting": s.restarting, "OOMKilled": s.oom_killed, "Dead": s.dead,
        // Processes have no numbers here; a running one prints a stable stand-in.
        "Pid": if c.alive() { 1000 + c.cid.0 } else { 0 },
        "ExitCode": s.exit_code, "Error": &*s.error, "StartedAt": time(s.started_at), "FinishedAt": time(s.finished_at),
    });
    if let Some(h) = &c.health {
        v["Health"] = json!({"Status": h.status.word(), "FailingStreak": h.streak});
    }
    v
}

/// The fields whose changes the journal names.
pub(crate) fn changing(c: &Container) -> Value {
    let networks: Map<String, Value> =
        c.endpoints.iter().map(|e| (e.network.to_string(), json!({"IPAddress": e.ip.as_deref().unwrap_or("")}))).collect();
    let mut s = state(c);
    if let Some(o) = s.as_object_mut() {
        o.remove("Pid");
    }
    json!({
        "Name": format!("/{}", c.name), "Image": &*c.config.image.text, "State": s, "RestartCount": c.restart_count,
        "HostConfig": {
            "RestartPolicy": {"Name": c.config.restart.name(), "MaximumRetryCount": c.config.restart.max_retries()},
            "Memory": c.config.memory.unwrap_or(0), "NanoCpus": u64::from(c.config.cpus_milli.unwrap_or(0)) * 1_000_000,
        },
        "NetworkSettings": {"Networks": networks},
    })
}

impl Docker {
    /// The whole object.
    pub fn inspect_container(&self, c: &Container) -> Value {
        let config = &c.config;
        let image = self.machine.image_spec(&config.image);
        let program = c.program(&default_program(&config.image));
        let (path, args) = program.split_first().map_or(("", Vec::new()), |(p, a)| (&**p, a.iter().map(|a| a.to_string()).collect()));
        let texts = |list: &[Arc<str>]| list.iter().map(|t| t.to_string()).collect::<Vec<String>>();
        let mut s = state(c);
        if let Some(h) = &c.health {
            let log: Vec<Value> = h
                .log
                .iter()
                .map(|r| json!({"Start": rfc3339_nano(r.start), "End": rfc3339_nano(r.end), "ExitCode": r.code, "Output": &*r.output}))
                .collect();
            s["Health"]["Log"] = log.into();
        }
        let key = |port: u16, proto: super::ports::Proto| format!("{port}/{proto}");
        let mut bindings: Map<String, Value> = Map::new();
        for p in &config.ports {
            let host = p.host.map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") }).unwrap_or_default();
            let entry = bindings.entry(key(p.container, p.proto)).or_insert_with(|| json!([]));
            if let Some(list) = entry.as_array_mut() {
                list.push(json!({"HostIp": &*p.ip, "HostPort": host}));
            }
        }
        let mut ports: Map<String, Value> = Map::new();
        if c.alive() {
            for (port, proto) in self.exposed(c) {
                ports.insert(key(port, proto), Value::Null);
            }
            for b in &c.bound {
                let ips: Vec<&str> = if b.ip.is_empty() { vec!["0.0.0.0", "::"] } else { vec![&*b.ip] };
                let list: Vec<Value> = ips.iter().map(|ip| json!({"HostIp": ip, "HostPort": b.host.to_string()})).collect();
                ports.insert(key(b.container, b.proto), list.into());
            }
        }
        let networks: Map<String, Value> = c
            .endpoints
            .iter()
            .map(|e| {
                let network = self.engine(&c.host).networks.get(&e.network);
                let pool = network.and_then(|n| n.pool).filter(|_| e.ip.is_some());
                let mut names = vec![c.name.to_string()];
                names.extend(e.aliases.iter().map(ToString::to_string));
                names.push(c.id.get(..12).unwrap_or(&c.id).to_string());
                (
                    e.network.to_string(),
                    json!({
                        "Aliases": e.aliases.iter().map(|a| a.to_string()).collect::<Vec<_>>(), "DNSNames": names,
                        "NetworkID": network.map_or("", |n| &n.id), "EndpointID": if e.ip.is_some() { &*e.id } else { "" },
                        "Gateway": pool.map_or_else(String::new, |p| p.gateway().to_string()), "IPAddress": e.ip.as_deref().unwrap_or(""),
                        "IPPrefixLen": pool.map_or(0, |p| p.prefix()),
                    }),
                )
            })
            .collect();
        // The engine repeats here what belongs to the default bridge, and only that (Engine 20.10, types.DefaultNetworkSettings).
        let bridge = networks.get("bridge").cloned().unwrap_or_default();
        let of = |field: &str, none: Value| bridge.get(field).cloned().unwrap_or(none);
        let mounts: Vec<Value> = c
            .mounts
            .iter()
            .filter(|m| m.kind != MountKind::Tmpfs)
            .map(|m| match &m.kind {
                MountKind::Bind(path) => json!({"Type": "bind", "Source": &**path, "Destination": &*m.target, "Mode": "", "RW": !m.read_only, "Propagation": "rprivate"}),
                MountKind::Volume(name) => {
                    let name = name.as_deref().unwrap_or("");
                    json!({"Type": "volume", "Name": name, "Source": format!("/var/lib/docker/volumes/{name}/_data"), "Destination": &*m.target,
                           "Driver": "local", "Mode": "z", "RW": !m.read_only, "Propagation": ""})
                }
                MountKind::Tmpfs => Value::Null,
            })
            .collect();
        let binds: Vec<String> = config
            .mounts
            .iter()
            .filter_map(|m| match &m.kind {
                MountKind::Volume(Some(source)) | MountKind::Bind(source) => {
                    Some(format!("{source}:{}{}", m.target, if m.read_only { ":ro" } else { "" }))
                }
                _ => None,
            })
            .collect();
        let memory_swap = config.memory_swap.unwrap_or_else(|| i64::try_from(config.memory.unwrap_or(0) * 2).unwrap_or(i64::MAX));
        // The image's settings stand where the user gave none; an entrypoint of one's own drops the image's command (daemon/commit.go, merge).
        let own = Settings::of(&config.image);
        fn some(list: &[Arc<str>]) -> Option<&[Arc<str>]> {
            (!list.is_empty()).then_some(list)
        }
        let entrypoint = config.entrypoint.as_deref().or_else(|| some(&own.entrypoint));
        let cmd = some(&config.cmd).or_else(|| if config.entrypoint.is_none() { some(&own.cmd) } else { None });
        let mut env: Vec<String> = config.env.iter().map(|(k, v)| format!("{k}={v}")).collect();
        if !config.env.iter().any(|(k, _)| &**k == "PATH") {
            env.push(format!("PATH={PATH}"));
        }
        let mut settings = json!({
            "Hostname": config.hostname.as_deref().unwrap_or_else(|| c.id.get(..12).unwrap_or("")), "User": &*config.user, "Tty": config.tty,
            "Env": env, "Cmd": cmd.map(texts), "Image": &*config.image.text, "WorkingDir": &*config.workdir,
            "Entrypoint": entrypoint.map(texts),
            "Labels": config.labels.iter().map(|(k, v)| (k.to_string(), Value::from(&**v))).collect::<Map<_, _>>(),
        });
        if let Some(signal) = &config.stop_signal {
            settings["StopSignal"] = (&**signal).into();
        }
        if let Some(t) = config.stop_timeout {
            settings["StopTimeout"] = t.into();
        }
        if let Some(h) = &config.health {
            let mut check = json!({"Test": texts(&h.test)});
            let fields =
                [("Interval", h.interval), ("Timeout", h.timeout), ("StartPeriod", h.start_period), ("StartInterval", h.start_interval)];
            for (name, d) in fields.into_iter().filter(|(_, d)| d.as_nanos() > 0) {
                check[name] = d.as_nanos().into();
            }
            if h.retries > 0 {
                check["Retries"] = h.retries.into();
            }
            settings["Healthcheck"] = check;
        }
        json!({
            "Id": &*c.id, "Created": rfc3339_nano(c.created), "Path": path, "Args": args, "State": s, "Image": image.id(),
            "Name": format!("/{}", c.name), "RestartCount": c.restart_count, "Driver": "overlay2", "Platform": "linux",
            "HostConfig": {
                "Binds": if binds.is_empty() { Value::Null } else { binds.into() }, "NetworkMode": &*config.network_mode, "PortBindings": bindings,
                "RestartPolicy": {"Name": config.restart.name(), "MaximumRetryCount": config.restart.max_retries()},
                "AutoRemove": config.auto_remove, "Memory": config.memory.unwrap_or(0), "MemoryReservation": config.memory_reservation.unwrap_or(0),
                "MemorySwap": memory_swap, "NanoCpus": u64::from(config.cpus_milli.unwrap_or(0)) * 1_000_000,
                "CpuShares": config.cpu_shares.unwrap_or(0), "PidsLimit": config.pids_limit, "OomKillDisable": Value::Null,
                "Init": if config.init { Value::Bool(true) } else { Value::Null }, "PublishAllPorts": config.publish_all,
                "LogConfig": {"Type": "json-file", "Config": {}},
            },
            "Mounts": mounts, "Config": settings,
            "NetworkSettings": {
                "Bridge": "", "SandboxID": if c.alive() { c.id.chars().rev().collect::<String>() } else { String::new() }, "Ports": ports,
                "EndpointID": of("EndpointID", "".into()), "Gateway": of("Gateway", "".into()), "IPAddress": of("IPAddress", "".into()),
                "IPPrefixLen": of("IPPrefixLen", 0.into()), "Networks": networks,
            },
        })
    }

    /// `docker network inspect`
    pub fn inspect_network(&self, host: &str, n: &super::networks::Network) -> Value {
        let containers: Map<String, Value> = self
            .attached(host, &n.name)
            .filter_map(|(cid, e)| {
                let c = self.containers.get(&cid)?;
                let ip = e.ip.as_deref().filter(|ip| !ip.is_empty())?;
                let prefix = n.pool.map_or(16, |p| p.prefix());
                Some((
                    c.id.to_string(),
                    json!({"Name": &*c.name, "EndpointID": &*e.id, "IPv4Address": format!("{ip}/{prefix}"), "IPv6Address": ""}),
                ))
            })
            .collect();
        let ipam: Vec<Value> = n.pool.iter().map(|p| json!({"Subnet": p.subnet(), "Gateway": &*p.gateway()})).collect();
        json!({
            "Name": &*n.name, "Id": &*n.id, "Created": rfc3339_nano(n.created), "Scope": "local", "Driver": &*n.driver, "EnableIPv4": true,
            "EnableIPv6": false, "IPAM": {"Driver": "default", "Options": {}, "Config": ipam}, "Internal": n.internal, "Attachable": n.attachable,
            "Ingress": false, "Containers": containers, "Options": {},
            "Labels": n.labels.iter().map(|(k, v)| (k.to_string(), Value::from(&**v))).collect::<Map<_, _>>(),
        })
    }

    /// `docker volume inspect`
    pub fn inspect_volume(v: &super::volumes::VolumeInfo) -> Value {
        let labels: Map<String, Value> = v.labels.iter().map(|(k, x)| (k.to_string(), Value::from(&**x))).collect();
        json!({
            "CreatedAt": super::text::rfc3339(v.created), "Driver": &*v.driver,
            "Labels": if labels.is_empty() { Value::Null } else { labels.into() },
            "Mountpoint": format!("/var/lib/docker/volumes/{}/_data", v.name), "Name": &*v.name, "Options": Value::Null, "Scope": "local",
        })
    }

    /// `docker image inspect`
    pub fn inspect_image(spec: &crate::model::ImageSpec) -> Value {
        let repository = super::images::familiar_repository(&spec.reference);
        let own = Settings::of(&spec.reference);
        let texts = |list: &[Arc<str>]| if list.is_empty() { Value::Null } else { list.iter().map(|t| Value::from(&**t)).collect() };
        let ports: Map<String, Value> = super::ports::image_ports(spec).into_iter().map(|p| (format!("{p}/tcp"), json!({}))).collect();
        let ports = if ports.is_empty() { Value::Null } else { ports.into() };
        json!({
            "Id": spec.id(), "RepoTags": [super::images::familiar(&spec.reference)],
            "RepoDigests": [format!("{repository}@{}", spec.manifest_digest())], "Created": "0001-01-01T00:00:00Z",
            "Config": {
                "Env": [format!("PATH={PATH}")], "Cmd": texts(&own.cmd), "Entrypoint": texts(&own.entrypoint), "ExposedPorts": ports,
            },
            "Architecture": "amd64", "Os": "linux", "Size": spec.size,
            "RootFS": {"Type": "layers", "Layers": spec.layers.iter().map(|l| l.digest.to_string()).collect::<Vec<_>>()},
        })
    }
}
