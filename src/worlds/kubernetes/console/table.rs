//! The verbs of kubectl: name, usage, flags, handler. A new verb is one file and one line here.

use super::args::{Args, Flag};
use super::shell::{Done, Shell};
use super::verbs::{
    annotate, api, apply, auth, autoscale, config, create, delete, describe, drain, events, exec, explain, expose, get, logs, patch,
    refused, replace, rollout, run, scale, set, taint, top, version, wait,
};

/// One verb.
pub(super) struct Verb {
    /// `get`, `rollout status`
    pub name: &'static str,
    /// One line, as a person types it.
    pub usage: &'static str,
    /// What it does, in a few words.
    pub about: &'static str,
    /// Flag groups it understands besides the global ones.
    pub flags: &'static [&'static [Flag]],
    /// Flags whose values are whole numbers.
    pub ints: &'static [&'static str],
    pub run: fn(&mut Shell, &Args) -> Done,
}

const fn verb(
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    flags: &'static [&'static [Flag]],
    ints: &'static [&'static str],
    run: fn(&mut Shell, &Args) -> Done,
) -> Verb {
    Verb { name, usage, about, flags, ints, run }
}

/// The registry, in the order of `kubectl --help`. Subcommands are entries of their own.
#[rustfmt::skip]
pub(super) const VERBS: &[Verb] = &[
    verb("create", "create -f FILENAME", "Create a resource from a file", &[create::FLAGS], &[], create::from_file),
    verb("create deployment", "create deployment NAME --image=image [--replicas=N] [-- COMMAND]", "Create a deployment", &[create::FLAGS, create::DEPLOYMENT], &["replicas", "port"], create::deployment),
    verb("create namespace", "create namespace NAME", "Create a namespace", &[create::FLAGS], &[], create::namespace),
    verb("create configmap", "create configmap NAME [--from-literal=key=value] [--from-file=[key=]file]", "Create a config map", &[create::FLAGS, create::DATA], &[], create::configmap),
    verb("create secret generic", "create secret generic NAME [--from-literal=key=value] [--from-file=[key=]file]", "Create a secret", &[create::FLAGS, create::DATA], &[], create::secret),
    verb("create service clusterip", "create service clusterip NAME [--tcp=port:target]", "Create a ClusterIP service", &[create::FLAGS, create::SERVICE], &[], create::service_cluster_ip),
    verb("create service nodeport", "create service nodeport NAME [--tcp=port:target]", "Create a NodePort service", &[create::FLAGS, create::SERVICE], &[], create::service_node_port),
    verb("create service loadbalancer", "create service loadbalancer NAME [--tcp=port:target]", "Create a LoadBalancer service", &[create::FLAGS, create::SERVICE], &[], create::service_load_balancer),
    verb("create job", "create job NAME --image=image [-- COMMAND]", "Create a job", &[create::FLAGS, create::DEPLOYMENT], &[], create::job),
    verb("create cronjob", "create cronjob NAME --image=image --schedule='* * * * *' [-- COMMAND]", "Create a cron job", &[create::FLAGS, create::DEPLOYMENT], &[], create::cronjob),
    verb("create serviceaccount", "create serviceaccount NAME", "Create a service account", &[create::FLAGS], &[], create::serviceaccount),
    verb("create priorityclass", "create priorityclass NAME --value=N", "Create a priority class", &[create::FLAGS, create::PRIORITY], &["value"], create::priorityclass),
    verb("create quota", "create quota NAME [--hard=key=value,…]", "Create a quota", &[create::FLAGS, create::QUOTA], &[], create::quota),
    verb("create poddisruptionbudget", "create poddisruptionbudget NAME --selector=SELECTOR --min-available=N", "Create a pod disruption budget", &[create::FLAGS, create::BUDGET], &[], create::budget),
    verb("expose", "expose (TYPE NAME | TYPE/NAME) [--port=port]", "Expose a resource as a new service", &[expose::FLAGS], &["port"], expose::run),
    verb("run", "run NAME --image=image [-- COMMAND]", "Run a particular image on the cluster", &[run::FLAGS], &["port"], run::run),
    verb("set image", "set image (TYPE NAME | TYPE/NAME) CONTAINER=IMAGE …", "Update the image of a pod template", &[set::FLAGS], &[], set::image),
    verb("set env", "set env TYPE/NAME KEY=VALUE … KEY-", "Update environment variables on a pod template", &[set::FLAGS, set::ENV], &[], set::env),
    verb("set resources", "set resources TYPE/NAME [--limits=…] [--requests=…]", "Update resource requests and limits", &[set::FLAGS, set::RESOURCES], &[], set::resources),
    verb("explain", "explain TYPE[.FIELD]", "Get documentation for a resource", &[explain::FLAGS], &[], explain::run),
    verb("get", "get [(-o wide|yaml|json|name|jsonpath=…|custom-columns=…)] (TYPE[,TYPE…] [NAME …] | TYPE/NAME …)", "Display one or many resources", &[get::FLAGS, super::resource::SELECT], &[], get::run),
    verb("edit", "edit TYPE/NAME", "Edit a resource on the server", &[], &[], refused::edit),
    verb("delete", "delete (-f FILENAME | TYPE [(NAME | -l label | --all)])", "Delete resources", &[delete::FLAGS, super::resource::SELECT], &["grace-period"], delete::run),
    verb("rollout status", "rollout status TYPE/NAME [--watch=false]", "Show the status of the rollout", &[rollout::FLAGS], &["revision"], rollout::status),
    verb("rollout history", "rollout history TYPE/NAME [--revision=N]", "View rollout history", &[rollout::FLAGS], &["revision"], rollout::history),
    verb("rollout undo", "rollout undo TYPE/NAME [--to-revision=N]", "Undo a previous rollout", &[rollout::FLAGS], &["to-revision"], rollout::undo),
    verb("rollout restart", "rollout restart TYPE/NAME", "Restart a resource", &[rollout::FLAGS], &[], rollout::restart),
    verb("rollout pause", "rollout pause TYPE/NAME", "Mark the provided resource as paused", &[rollout::FLAGS], &[], rollout::pause),
    verb("rollout resume", "rollout resume TYPE/NAME", "Resume a paused resource", &[rollout::FLAGS], &[], rollout::resume),
    verb("scale", "scale --replicas=COUNT (-f FILENAME | TYPE NAME)", "Set a new size for a deployment, replica set, or replication controller", &[scale::FLAGS, super::resource::SELECT], &["replicas", "current-replicas"], scale::run),
    verb("autoscale", "autoscale TYPE/NAME --min=N --max=N [--cpu-percent=N]", "Auto-scale a deployment or replica set", &[autoscale::FLAGS], &["min", "max", "cpu-percent"], autoscale::run),
    verb("cluster-info", "cluster-info", "Display cluster information", &[], &[], version::cluster_info),
    verb("top pods", "top pods", "Display resource usage of pods", &[top::FLAGS], &[], top::run),
    verb("top nodes", "top nodes", "Display resource usage of nodes", &[top::FLAGS], &[], top::run),
    verb("cordon", "cordon NODE", "Mark node as unschedulable", &[drain::CORDON], &[], drain::cordon),
    verb("uncordon", "uncordon NODE", "Mark node as schedulable", &[drain::CORDON], &[], drain::uncordon),
    verb("drain", "drain NODE [--ignore-daemonsets] [--delete-emptydir-data] [--force]", "Drain node in preparation for maintenance", &[drain::FLAGS], &["grace-period", "skip-wait-for-delete-timeout"], drain::drain),
    verb("taint", "taint NODE NAME KEY=VALUE:EFFECT … KEY:EFFECT-", "Update the taints on one or more nodes", &[taint::FLAGS], &[], taint::run),
    verb("describe", "describe (TYPE [NAME] | TYPE/NAME | -l label)", "Show details of a specific resource", &[describe::FLAGS, super::resource::SELECT], &[], describe::run),
    verb("logs", "logs (POD | TYPE/NAME) [-c CONTAINER] [-f] [--previous] [--tail=N]", "Print the logs for a container in a pod", &[logs::FLAGS], &["tail"], logs::run),
    verb("exec", "exec (POD | TYPE/NAME) [-c CONTAINER] -- COMMAND", "Execute a command in a container", &[exec::FLAGS], &[], exec::run),
    verb("attach", "attach POD", "Attach to a running container", &[refused::FLAGS], &[], refused::attach),
    verb("port-forward", "port-forward POD PORT", "Forward one or more local ports to a pod", &[refused::FLAGS], &[], refused::port_forward),
    verb("proxy", "proxy", "Run a proxy to the Kubernetes API server", &[refused::FLAGS], &[], refused::proxy),
    verb("cp", "cp FROM TO", "Copy files to and from containers", &[refused::FLAGS], &[], refused::cp),
    verb("debug", "debug POD", "Create debugging sessions", &[refused::FLAGS], &[], refused::debug),
    verb("diff", "diff -f FILENAME", "Diff the live version against a would-be applied version", &[refused::FLAGS], &[], refused::diff),
    verb("kustomize", "kustomize DIR", "Build a kustomization target", &[refused::FLAGS], &[], refused::kustomize),
    verb("auth can-i", "auth can-i VERB TYPE", "Check whether an action is allowed", &[auth::FLAGS], &[], auth::can_i),
    verb("auth whoami", "auth whoami", "Show who you are", &[auth::FLAGS], &[], auth::whoami),
    verb("events", "events [--for TYPE/NAME]", "List events", &[events::FLAGS], &[], events::run),
    verb("apply", "apply -f FILENAME", "Apply a configuration to a resource by file name", &[apply::FLAGS], &[], apply::run),
    verb("patch", "patch TYPE/NAME -p PATCH [--type=strategic|merge|json]", "Update fields of a resource", &[patch::FLAGS], &[], patch::run),
    verb("replace", "replace -f FILENAME", "Replace a resource by file name", &[replace::FLAGS], &["grace-period"], replace::run),
    verb("wait", "wait --for=condition=NAME TYPE/NAME [--timeout=30s]", "Wait for a specific condition on one or many resources", &[wait::FLAGS, super::resource::SELECT], &[], wait::run),
    verb("label", "label TYPE NAME KEY=VALUE … KEY-", "Update the labels on a resource", &[annotate::FLAGS, super::resource::SELECT], &[], annotate::label),
    verb("annotate", "annotate TYPE NAME KEY=VALUE … KEY-", "Update the annotations on a resource", &[annotate::FLAGS, super::resource::SELECT], &[], annotate::annotate),
    verb("api-resources", "api-resources [--namespaced=true|false] [--api-group=G] [-o name|wide]", "Print the supported API resources on the server", &[api::FLAGS], &[], api::resources),
    verb("api-versions", "api-versions", "Print the supported API versions on the server", &[], &[], api::versions),
    verb("config get-contexts", "config get-contexts", "Describe one or many contexts", &[config::FLAGS], &[], config::get_contexts),
    verb("config current-context", "config current-context", "Display the current context", &[config::FLAGS], &[], config::current_context),
    verb("config set-context", "config set-context --current --namespace=NAME", "Set a context entry", &[config::FLAGS], &[], config::set_context),
    verb("config use-context", "config use-context NAME", "Set the current context", &[config::FLAGS], &[], config::use_context),
    verb("config view", "config view", "Display merged kubeconfig settings", &[config::FLAGS], &[], config::view),
    verb("version", "version", "Print the client and server version information", &[version::FLAGS], &[], version::version),
];

/// Other words for a verb or its last part.
#[rustfmt::skip]
const ALIASES: &[(&str, &str)] = &[
    ("create deploy", "create deployment"), ("create ns", "create namespace"), ("create cm", "create configmap"), ("create svc clusterip", "create service clusterip"),
    ("create svc nodeport", "create service nodeport"), ("create svc loadbalancer", "create service loadbalancer"), ("create cj", "create cronjob"),
    ("create sa", "create serviceaccount"), ("create pc", "create priorityclass"), ("create resourcequota", "create quota"), ("create pdb", "create poddisruptionbudget"),
    ("top pod", "top pods"), ("top po", "top pods"), ("top node", "top nodes"), ("top no", "top nodes"), ("event", "events"), ("ev", "events"), ("api-versions", "api-versions"),
];

/// Finds the verb of a command line: the longest name that its words begin with. Returns how many words it took.
pub(super) fn lookup(words: &[&str]) -> Option<(&'static Verb, usize)> {
    for n in (1..=words.len().min(3)).rev() {
        let name = words[..n].join(" ");
        let name = ALIASES.iter().find(|(a, _)| *a == name).map_or(name.as_str(), |(_, full)| full);
        if let Some(v) = VERBS.iter().find(|v| v.name == name) {
            return Some((v, n));
        }
    }
    None
}
