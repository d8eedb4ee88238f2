//! `kubectl events`: sorted by time, unlike `kubectl get events`. Follows: kubectl/pkg/cmd/events/{events,event_printer}.go.

use crate::worlds::kubernetes::kinds::Kind;

use super::super::args::{Args, Flag, flag, short_flag, short_text, text};
use super::super::print::cells_cluster::{event_count, event_times};
use super::super::print::{age, table};
use super::super::resource;
use super::super::shell::{Done, Failure, Item, Shell, text_at};

pub(in super::super) const FLAGS: &[Flag] = &[
    short_flag("all-namespaces", 'A'),
    text("for"),
    text("types"),
    flag("no-headers"),
    short_flag("watch", 'w'),
    short_text("output", 'o'),
    text("chunk-size"),
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    if args.on("watch") || args.has("output") {
        return Err(Failure::not_simulated("kubectl events with -w or -o; use kubectl get events"));
    }
    sh.check_up()?;
    let about = match args.get("for") {
        Some(word) => {
            let asks = resource::asks(sh, &[word.to_string()])?;
            match asks.as_slice() {
                [a] if a.name.is_some() => Some((a.kind.info().kind, a.name.clone().unwrap_or_default())),
                _ => return Err(Failure::error("--for must be in resource/name form")),
            }
        }
        None => None,
    };
    let types: Vec<String> = args.all("types").iter().flat_map(|t| t.split(',')).map(str::to_ascii_lowercase).collect();
    let everywhere = args.on("all-namespaces");
    let namespace = sh.namespace.clone();
    let mut list: Vec<Item> = sh
        .list(Kind::Event, (!everywhere).then_some(&*namespace))
        .into_iter()
        .filter(|e| {
            let o = &e.json["involvedObject"];
            about.as_ref().is_none_or(|(kind, name)| o["kind"] == *kind && o["name"] == name.as_str())
                && (types.is_empty() || types.contains(&text_at(&e.json, "type").to_ascii_lowercase()))
        })
        .collect();
    if list.is_empty() {
        sh.warn(if everywhere { "No events found.".to_string() } else { format!("No events found in {namespace} namespace.") });
        return Ok(());
    }
    list.sort_by(|a, b| event_times(&a.json).1.cmp(event_times(&b.json).1));
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !args.on("no-headers") {
        let mut header: Vec<String> = ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"].map(String::from).to_vec();
        if everywhere {
            header.insert(0, "NAMESPACE".into());
        }
        rows.push(header);
    }
    for e in &list {
        let v = &e.json;
        let (first, last) = event_times(v);
        let ago = |t: &str| age::since(t, sh.now(), sh.epoch());
        let seen = match event_count(v) {
            1 => ago(last),
            n => format!("{} (x{n} over {})", ago(last), ago(first)),
        };
        let object = format!("{}/{}", text_at(v, "involvedObject.kind"), text_at(v, "involvedObject.name"));
        let mut row = vec![seen, text_at(v, "type").into(), text_at(v, "reason").into(), object, text_at(v, "message").trim().into()];
        if everywhere {
            row.insert(0, e.namespace().into());
        }
        rows.push(row);
    }
    let text = table::print(&rows);
    sh.out.push_str(&text);
    Ok(())
}
