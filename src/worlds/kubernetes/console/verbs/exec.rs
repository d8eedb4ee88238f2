//! `kubectl exec`: commands run at once; there is no terminal to attach.

use std::sync::Arc;

use crate::kernel::SimDuration;
use crate::worlds::kubernetes::api::object::{ContainerState, Object};
use crate::worlds::kubernetes::network::roads::ClusterRoads;

use super::super::args::{Args, Flag, flag, short_flag, short_text, text};
use super::super::shell::{Done, Failure, Shell};
use super::logs;

pub(in super::super) const FLAGS: &[Flag] = &[
    short_text("container", 'c'),
    short_flag("stdin", 'i'),
    short_flag("tty", 't'),
    short_flag("quiet", 'q'),
    text("pod-running-timeout"),
    short_text("filename", 'f'),
    flag("all"),
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let usage = "\nSee 'kubectl exec -h' for help and examples";
    let split = args.dash.unwrap_or(args.words.len());
    let (target, command) = args.words.split_at(split);
    let [word] = target else {
        return Err(match target {
            [] => Failure::error(format_args!("pod, type/name or --filename must be specified{usage}")),
            _ => Failure::error(format_args!("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead{usage}")),
        });
    };
    if command.is_empty() {
        return Err(Failure::error(format_args!("you must specify at least one command for the container{usage}")));
    }
    sh.check_up()?;
    let pods = logs::pods_of(sh, word)?;
    let Some(Object::Pod(pod)) = pods.first().map(|p| p.object.clone()) else { return Err(Failure::error("no pod")) };
    if pod.is_finished() {
        return Err(Failure::error(format_args!(
            "cannot exec into a container in a completed pod; current phase is {:?}",
            pod.status.phase
        )));
    }
    let container = logs::container_of(sh, &pod, args.get("container"), args.on("quiet"))?;
    if pod.node.is_none() {
        return Err(Failure::new(format!("Error from server (BadRequest): pod {} does not have a host assigned", pod.meta.name)));
    }
    logs::check_kubelet(sh.world, &pod, &container, "exec")?;
    let running = pod
        .status
        .containers
        .iter()
        .chain(&pod.status.init_containers)
        .any(|c| *c.name == *container && matches!(c.state, ContainerState::Running { .. }));
    let id = pod.node.as_ref().and_then(|n| sh.world.kubelets.get(n)).and_then(|k| k.container(&pod.meta.uid, &container));
    let Some(id) = id.filter(|_| running) else {
        return Err(Failure::error(format_args!(
            "Internal error occurred: unable to upgrade connection: container not found (\"{container}\")"
        )));
    };
    let argv: Vec<Arc<str>> = command.iter().map(|w| Arc::from(w.as_str())).collect();
    let now = sh.now();
    let world = &mut *sh.world;
    let roads = ClusterRoads { store: &world.api.store, network: &world.network, api_up: !world.outages.api };
    let result = world.machine.exec(id, &argv, now, &roads);
    if let Some(why) = &result.refused {
        let id = world.rng.stream("console/execs").hex(64);
        return Err(Failure::error(format_args!(
            "Internal error occurred: error executing command in container: failed to exec in container: failed to start exec {id:?}: {why}"
        )));
    }
    if result.takes == SimDuration::MAX {
        sh.out.push_str(&result.stdout);
        return Err(Failure::error("the command does not end by itself, and there is no terminal here to stop it"));
    }
    sh.out.push_str(&result.stdout);
    sh.err.push_str(&result.stderr);
    if result.code != 0 {
        return Err(Failure { text: format!("command terminated with exit code {}", result.code), exit: result.code });
    }
    Ok(())
}
