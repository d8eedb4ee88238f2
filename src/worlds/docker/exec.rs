//! Programs the engine runs inside containers, and name look-ups, whose answers only the engine's DNS server knows.

use std::sync::Arc;

use crate::machine::ExecResult;

use super::container::{Cid, Container};
use super::networks::has_dns;
use super::{Cx, Docker};

/// The host's resolver, to which the default bridge leaves all names (an address of the documentation range, as in the recordings).
pub const HOST_RESOLVER: &str = "192.0.2.53";
/// The embedded DNS server inside each container on a user network (libnetwork/resolver.go).
pub const EMBEDDED_DNS: &str = "127.0.0.11";

/// True if a command is `nslookup NAME [SERVER]`.
pub fn is_lookup(argv: &[Arc<str>]) -> bool {
    argv.first().is_some_and(|p| p.rsplit('/').next() == Some("nslookup")) && argv.len() >= 2
}

impl Docker {
    /// What the runtime is to run: for a look-up a script that prints the answer of this moment.
    pub(crate) fn runtime_argv(&mut self, c: &Container) -> Vec<Arc<str>> {
        let argv = c.config.argv();
        if !is_lookup(&argv) {
            return argv;
        }
        let (text, code) = self.nslookup(c.cid, &argv[1], argv.get(2).map(|s| &**s));
        let script = format!("printf '%s' '{}'; exit {code}", text.replace('\'', "'\\''"));
        vec!["/bin/sh".into(), "-c".into(), script.into()]
    }

    /// busybox nslookup: the A and the AAAA answer, in whichever order they come back.
    pub(crate) fn nslookup(&mut self, cid: Cid, name: &str, server: Option<&str>) -> (String, i32) {
        let on_user_network = self
            .containers
            .get(&cid)
            .is_some_and(|c| c.endpoints.iter().any(|e| self.engine(&c.host).networks.get(&e.network).is_some_and(has_dns)));
        let server = server.unwrap_or(if on_user_network { EMBEDDED_DNS } else { HOST_RESOLVER });
        let found = if server == EMBEDDED_DNS && on_user_network { self.resolve(cid, name) } else { Vec::new() };
        let head = format!("Server:\t\t{server}\nAddress:\t{server}:53\n\n");
        if found.is_empty() {
            let not = format!("** server can't find {name}: NXDOMAIN\n\n");
            return (format!("{head}{not}{not}"), 1);
        }
        let mut a = String::from("Non-authoritative answer:\n");
        for ip in &found {
            a.push_str(&format!("Name:\t{name}\nAddress: {ip}\n"));
        }
        a.push('\n');
        let aaaa = "Non-authoritative answer:\n\n";
        let a_first = self.rng.stream("dns").chance(1, 2);
        (if a_first { format!("{head}{a}{aaaa}") } else { format!("{head}{aaaa}{a}") }, 0)
    }

    /// `docker exec`
    pub(crate) fn run_in(&mut self, cid: Cid, argv: &[Arc<str>], cx: &mut Cx) -> ExecResult {
        if is_lookup(argv) {
            let (stdout, code) = self.nslookup(cid, &argv[1], argv.get(2).map(|s| &**s));
            return ExecResult { code, stdout, ..ExecResult::default() };
        }
        match self.containers.get(&cid).and_then(|c| c.machine) {
            Some(machine) => self.machine.exec(machine, argv, cx.now),
            None => ExecResult { code: 1, ..ExecResult::default() },
        }
    }
}
