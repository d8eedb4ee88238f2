//! `kubectl version`, `kubectl cluster-info`

use super::super::args::{Args, Flag, flag, short_text};
use super::super::shell::{Done, Failure, Shell, refused};

pub(in super::super) const FLAGS: &[Flag] = &[flag("client"), flag("short"), short_text("output", 'o')];

/// What the recordings were made with, and what the world is faithful to.
const CLIENT: &str = "v1.32.0";
const KUSTOMIZE: &str = "v5.5.0";
pub(in super::super) const SERVER: &str = "v1.36.2";

pub(in super::super) fn version(sh: &mut Shell, args: &Args) -> Done {
    if args.has("output") {
        return Err(Failure::not_simulated("version -o"));
    }
    sh.say(format!("Client Version: {CLIENT}\nKustomize Version: {KUSTOMIZE}"));
    if args.on("client") {
        return Ok(());
    }
    if !sh.world.api.up {
        return Err(Failure::new(refused()));
    }
    sh.say(format!("Server Version: {SERVER}"));
    // kubectl/pkg/cmd/version/skew_warning.go
    sh.warn("WARNING: version difference between client (1.32) and server (1.36) exceeds the supported minor version skew of +/-1");
    Ok(())
}

pub(in super::super) fn cluster_info(sh: &mut Shell, _: &Args) -> Done {
    sh.check_up()?;
    let at = crate::worlds::kubernetes::api::SERVER;
    sh.say(format!("Kubernetes control plane is running at https://{at}\n\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'."));
    Ok(())
}
