//! The commands that a scenario holds, read before anything is played: `check` tells what is wrong with them, `run` and `play` refuse it.

use std::collections::BTreeSet;

use crate::document::{Diagnostic, Diagnostics};
use crate::scenario::Scenario;
use crate::worlds::{Misread, World};

/// What can be told without running them: a quote that is not closed, a program, a verb, a flag, a file that does not exist. A command that
/// fails in its world is no mistake of the file.
pub fn misread(scenario: &Scenario, worlds: &[Box<dyn World>]) -> Diagnostics {
    let sink = Diagnostics::new();
    let mut told = BTreeSet::new();
    for line in &scenario.commands {
        let Some(world) = worlds.iter().find(|w| w.name() == line.world) else { continue };
        // An alias or a repetition stands at the same place.
        if !told.insert((line.span.source.name.clone(), line.span.start, line.world)) {
            continue;
        }
        let wrong = match crate::worlds::words(&line.text) {
            Ok(argv) => world.misread(&argv, line.runbook, &*scenario.files),
            Err(why) => Some(Misread::new(why)),
        };
        if let Some(wrong) = wrong {
            sink.push(diagnostic(&wrong).at(&line.span));
        }
    }
    sink
}

/// The first sentence of what the tool would say, and the rest as help.
fn diagnostic(wrong: &Misread) -> Diagnostic {
    let text = wrong.text.trim();
    let text = ["error: ", "Error: ", "wheelhouse: "].iter().find_map(|p| text.strip_prefix(p)).unwrap_or(text);
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let rest: Vec<&str> = rest.split_whitespace().collect();
    let rest = rest.join(" ");
    let d = if wrong.only_real { Diagnostic::warning(first.to_string()) } else { Diagnostic::error(first.to_string()) };
    if rest.is_empty() || rest.starts_with("Usage:") { d } else { d.help(rest) }
}

#[cfg(test)]
mod tests {
    use super::super::{OpenOptions, Session, catalogue};

    const SCENARIO: &str = "
wheelhouse: 1
title: Commands
duration: 2m
worlds:
  docker:
    hosts: [{name: host-1}]
    run: [DOCKER]
    operator: {runbook: [STEP, power-on HOST, proxy remove $HOST, systemctl restart docker]}
  kubernetes:
    nodes: [{count: 1}]
    run: [KUBECTL]
timeline:
  - {at: 60s, run: {kubernetes: [\"LATER\", kubectl get pods nothing], docker: docker stop nothing}}
  - {at: 70s, run: {kubernetes: kubctl typed by hand}, by: you}
  - {at: 80s, run: {docker: docker pss}, fails: true}
";

    fn check(replace: &[(&str, &str)]) -> (String, i32) {
        let usual = [
            ("DOCKER", "docker run -d nginx"),
            ("STEP", "docker ps"),
            ("KUBECTL", "kubectl run a --image=b"),
            ("LATER", "kubectl get pods"),
        ];
        let mut text = SCENARIO.to_string();
        for (word, line) in replace.iter().chain(&usual) {
            text = text.replacen(word, line, 1);
        }
        let opened = Session::open_text("commands.yaml", &text, &OpenOptions::default());
        let (told, code) = catalogue::check_bytes("commands.yaml", text.as_bytes(), &OpenOptions::default());
        assert_eq!(opened.is_err(), code == 2, "what check refuses is not opened: {told}");
        (told, code)
    }

    #[test]
    fn commands_are_read_before_they_are_run() {
        let (told, code) = check(&[]);
        assert_eq!(code, 0, "what fails when it runs is no mistake of the file: {told}");
        for (word, line, wrong) in [
            ("LATER", "kubctl get pods", "kubctl: command not found"),
            ("LATER", "kubectl gett pods", "unknown command \"gett\" for \"kubectl\""),
            ("LATER", "kubectl get pods --flag-x", "unknown flag: --flag-x"),
            ("LATER", "kubectl get pods 'a", "a quote is not closed"),
            ("LATER", "kubectl get pods | grep web", "there is no shell here"),
            ("LATER", "kubectl apply -f nofile.yaml", "the path \"nofile.yaml\" does not exist"),
            ("LATER", "docker ps", "docker: command not found"),
            ("KUBECTL", "kubectl scale deploy/a --replicas=many", "strconv.ParseInt"),
            ("DOCKER", "kubectl get pods", "kubectl: command not found"),
            ("DOCKER", "docker pss", "unknown command: docker pss"),
            ("DOCKER", "docker ps --nope", "unknown flag: --nope"),
            ("DOCKER", "docker compose -f other.yaml up", "open other.yaml: no such file or directory"),
            ("DOCKER", "docker compose upp", "unknown docker command"),
            ("STEP", "reboot", "reboot: command not found"),
            ("STEP", "power-on host-7", "there is no host host-7"),
        ] {
            let (told, code) = check(&[(word, line)]);
            assert!(code == 2 && told.contains(wrong), "{line}: {told}");
            assert!(told.contains("--> commands.yaml:"), "it has a place: {told}");
        }
        let (told, code) = check(&[("STEP", "docker build .")]);
        assert!(code == 0 && told.contains("` is a real command that is not simulated"), "{told}");
    }
}
