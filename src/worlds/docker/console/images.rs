//! `docker images`, `pull`, `rmi`, `image prune`. Sources: cli/command/image/{list,pull,remove,prune}.go.

use serde_json::{Value, json};

use crate::machine::PullId;
use crate::model::ImageRef;

use super::super::images::{check_reference, familiar, familiar_repository};
use super::super::session::{Io, Reply, Script};
use super::super::text::{human_size, human_size4, natural_key, short_id, table};
use super::super::{Cx, Docker};
use super::flags::{list, switch, unsimulated, value};
use super::{Call, Completes, Verb, gather};

/// The verbs of this file.
pub const VERBS: &[Verb] = &[
    Verb {
        paths: &[&["images"], &["image", "ls"], &["image", "list"]],
        usage: "[OPTIONS] [REPOSITORY[:TAG]]",
        about: "List images",
        flags: &[
            switch("all", Some('a'), "Show all images (default hides intermediate images)"),
            switch("digests", None, "Show digests"),
            list("filter", Some('f'), "Filter output based on conditions provided"),
            value("format", None, "Format output using a custom template"),
            switch("no-trunc", None, "Don't truncate output"),
            switch("quiet", Some('q'), "Only show image IDs"),
        ],
        args: (0, 1),
        completes: Completes::Images,
        run: images,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["pull"], &["image", "pull"]],
        usage: "[OPTIONS] NAME[:TAG|@DIGEST]",
        about: "Download an image from a registry",
        flags: &[
            switch("quiet", Some('q'), "Suppress verbose output"),
            unsimulated(switch("all-tags", Some('a'), "Download all tagged images in the repository")),
            unsimulated(value("platform", None, "Set platform if server is multi-platform capable")),
        ],
        args: (1, 1),
        completes: Completes::Images,
        run: pull,
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["rmi"], &["image", "rm"], &["image", "remove"]],
        usage: "[OPTIONS] IMAGE [IMAGE...]",
        about: "Remove one or more images",
        flags: &[
            switch("force", Some('f'), "Force removal of the image"),
            unsimulated(switch("no-prune", None, "Do not delete untagged parents")),
        ],
        args: (1, usize::MAX),
        completes: Completes::Images,
        run: |c| {
            let force = c.flags.on("force");
            let words = c.args().to_vec();
            let results: Vec<_> = words
                .iter()
                .map(|w| c.d.image_remove(&c.host, w, force, c.cx).map_err(|e| format!("Error response from daemon: {e}\n")))
                .collect();
            gather(results)
        },
        ..Verb::DEFAULT
    },
    Verb {
        paths: &[&["image", "prune"]],
        usage: "[OPTIONS]",
        about: "Remove unused images",
        flags: &[
            switch("all", Some('a'), "Remove all unused images, not just dangling ones"),
            switch("force", Some('f'), "Do not prompt for confirmation"),
            list("filter", None, "Provide filter values"),
        ],
        args: (0, 0),
        run: |c| {
            let all = c.flags.on("all");
            let warning = if all {
                "This will remove all images without at least one container associated to them."
            } else {
                "This will remove all dangling images."
            };
            if let Some(question) = super::containers::must_force(c, warning) {
                return question;
            }
            let (text, bytes) = if all { prune_images(c) } else { (String::new(), 0) };
            Reply::out(format!("{text}Total reclaimed space: {}\n", human_size4(bytes)))
        },
        ..Verb::DEFAULT
    },
];

const HEADERS: &[(&str, &str)] = &[
    ("Repository", "REPOSITORY"),
    ("Tag", "TAG"),
    ("Digest", "DIGEST"),
    ("ID", "IMAGE ID"),
    ("CreatedSince", "CREATED"),
    ("CreatedAt", "CREATED AT"),
    ("Size", "SIZE"),
    ("Containers", "CONTAINERS"),
    ("SharedSize", "SHARED SIZE"),
    ("UniqueSize", "UNIQUE SIZE"),
    ("VirtualSize", "SIZE"),
];

/// The pattern fits the name with its tag, or without (distribution/reference, FamiliarMatch).
fn matches_reference(pattern: &str, image: &ImageRef) -> bool {
    fits(pattern.as_bytes(), familiar(image).as_bytes()) || fits(pattern.as_bytes(), familiar_repository(image).as_bytes())
}

/// `*` and `?` of Go's path.Match: neither goes beyond a slash.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    // Which beginnings of the text fit the pattern so far.
    let mut reached: Vec<bool> = (0..=text.len()).map(|n| n == 0).collect();
    for p in pattern {
        let mut next = vec![false; text.len() + 1];
        for n in 0..=text.len() {
            let last = n.checked_sub(1).map(|i| text[i]);
            next[n] = match p {
                b'*' => reached[n] || (last.is_some_and(|c| c != b'/') && next[n - 1]),
                b'?' => last.is_some_and(|c| c != b'/') && reached[n - 1],
                p => last == Some(*p) && reached[n - 1],
            };
        }
        reached = next;
    }
    reached[text.len()]
}

fn images(call: &mut Call) -> Reply {
    let f = &call.flags;
    let filters = match super::filters(f) {
        Ok(x) => x,
        Err(e) => return Reply::fail(e, 125),
    };
    let truncate = !f.on("no-trunc");
    let mut all = call.d.images(&call.host);
    if let Some(word) = call.args().first() {
        let wanted = ImageRef::new(word.as_str());
        let tagged = word.rsplit('/').next().is_some_and(|l| l.contains(':'));
        all.retain(|i| {
            if word.contains(['*', '?']) {
                matches_reference(word, &i.reference)
            } else if tagged {
                i.reference.canonical() == wanted.canonical()
            } else {
                familiar_repository(&i.reference) == familiar_repository(&wanted)
            }
        });
    }
    for (k, v) in &filters {
        match k.as_str() {
            // Every image here has its tag.
            "dangling" => all.retain(|_| matches!(v.as_str(), "false" | "0")),
            "reference" => all.retain(|i| matches_reference(v, &i.reference)),
            other => return Reply::fail(format!("Error response from daemon: invalid filter '{other}'"), 1),
        }
    }
    all.sort_by_cached_key(|i| natural_key(&familiar(&i.reference)));
    let used = |i: &crate::model::ImageSpec| {
        let canonical = i.reference.canonical();
        call.d.containers_on(&call.host).filter(|c| c.config.image.canonical() == canonical).count()
    };
    let rows: Vec<Value> = all
        .iter()
        .map(|i| {
            let id = i.id();
            json!({
                "Containers": used(i).to_string(), "CreatedAt": "0001-01-01 00:00:00 +0000 UTC",
                // Image files are not simulated, hence no build date: Docker prints N/A for images without one.
                "CreatedSince": "N/A",
                "Digest": i.manifest_digest(), "ID": if truncate { short_id(&id).to_string() } else { id }, "Repository": familiar_repository(&i.reference),
                "SharedSize": "N/A", "Size": human_size(i.size), "Tag": i.reference.tag(), "UniqueSize": "N/A", "VirtualSize": human_size(i.size),
            })
        })
        .collect();
    let cell = |r: &Value, k: &str| r[k].as_str().unwrap_or_default().to_string();
    if f.on("quiet") {
        return Reply::out(rows.iter().map(|r| format!("{}\n", cell(r, "ID"))).collect::<String>());
    }
    if let Some(format) = f.get("format").filter(|t| *t != "table") {
        return match super::format_rows(format, HEADERS, &rows) {
            Ok(text) => Reply::out(text),
            Err(e) => Reply::fail(e, 1),
        };
    }
    let mut columns = vec!["Repository", "Tag"];
    if f.on("digests") {
        columns.push("Digest");
    }
    columns.extend(["ID", "CreatedSince", "Size"]);
    let header: Vec<&str> = columns.iter().map(|c| HEADERS.iter().find(|(k, _)| k == c).map_or("", |(_, h)| *h)).collect();
    let cells: Vec<Vec<String>> = rows.iter().map(|r| columns.iter().map(|c| cell(r, c)).collect()).collect();
    Reply::out(table(&header, &cells))
}

fn pull(call: &mut Call) -> Reply {
    let image = match check_reference(&call.args()[0]) {
        Ok(i) => i,
        Err(e) => return Reply::fail(e, 1),
    };
    let pull = call.d.pull_begin(&call.host, &image, call.cx);
    Reply::Script(Box::new(Pull { pull, image, quiet: call.flags.on("quiet"), began: false }))
}

#[derive(Clone, Debug)]
struct Pull {
    pull: PullId,
    image: ImageRef,
    quiet: bool,
    began: bool,
}

impl Script for Pull {
    fn advance(&mut self, d: &mut Docker, io: &mut Io, _cx: &mut Cx) -> Option<i32> {
        if !std::mem::replace(&mut self.began, true)
            && !self.quiet
            && !self.image.text.contains('@')
            && !self.image.text.rsplit('/').next().is_some_and(|l| l.contains(':'))
        {
            io.out.push_str("Using default tag: latest\n");
        }
        let state = d.pulls.get(&self.pull).cloned()?;
        let result = state.result.clone()?;
        d.pulls.remove(&self.pull);
        match result {
            Ok(_) => {
                if !self.quiet {
                    io.out.push_str(&d.pull_text(&state));
                }
                // The CLI ends with the full reference.
                io.out.push_str(&format!("{}\n", self.image.canonical()));
                Some(0)
            }
            Err(e) => {
                io.err.push_str(&format!("Error response from daemon: {}\n", d.pull_error_text(&self.image, &e)));
                Some(1)
            }
        }
    }
    fn clone_box(&self) -> Box<dyn Script> {
        Box::new(self.clone())
    }
}

/// Removes images no container uses; (what the CLI prints, bytes).
pub(super) fn prune_images(call: &mut Call) -> (String, u64) {
    let used: Vec<String> = call.d.containers_on(&call.host).map(|c| c.config.image.canonical().into_owned()).collect();
    let unused: Vec<_> = call.d.images(&call.host).into_iter().filter(|i| !used.iter().any(|u| **u == *i.reference.canonical())).collect();
    let mut out = String::new();
    let mut bytes = 0;
    for i in unused {
        if let Ok(text) = call.d.image_remove(&call.host, &familiar(&i.reference), false, call.cx) {
            out.push_str(&text.replace("Untagged", "untagged").replace("Deleted", "deleted"));
            bytes += i.size;
        }
    }
    if out.is_empty() { (out, 0) } else { (format!("Deleted Images:\n{out}\n"), bytes) }
}
