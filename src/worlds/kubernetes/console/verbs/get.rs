//! `kubectl get`

use serde_json::Value;

use crate::document::to_yaml;
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::{self, Kind};

use super::super::args::{Args, Flag, flag, short_flag, short_text, text};
use super::super::fields::Fields;
use super::super::labels::Labels;
use super::super::print::jsonpath_read::{self, Step};
use super::super::print::table::{self, Options};
use super::super::print::{self, jsonpath, template};
use super::super::resource::{self, Found};
use super::super::running::{self, Io, Ongoing};
use super::super::shell::{Done, Failure, Item, Shell};

pub(in super::super) const FLAGS: &[Flag] = &[
    short_text("output", 'o'),
    flag("show-labels"),
    short_text("label-columns", 'L'),
    text("sort-by"),
    flag("no-headers"),
    short_flag("watch", 'w'),
    flag("watch-only"),
    flag("ignore-not-found"),
    flag("show-kind"),
    flag("show-managed-fields"),
    flag("output-watch-events"),
    text("chunk-size"),
    text("template"),
    flag("allow-missing-template-keys"),
    flag("server-print"),
    text("raw"),
];

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    if args.has("raw") {
        return Err(Failure::not_simulated("get --raw"));
    }
    if args.words.is_empty() && !args.has("filename") {
        return Err(Failure::new(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee 'kubectl get -h' for help and examples",
        ));
    }
    let format = Format::of(args)?;
    let sort = args.get("sort-by").map(|p| jsonpath_read::relaxed(p).map_err(Failure::error)).transpose()?;
    let mut found = resource::find(sh, args, &args.words)?;
    if args.on("ignore-not-found") {
        found.missing.clear();
    }
    if let Some(path) = &sort {
        sort_by(&mut found.items, path);
    }
    if args.on("watch") || args.on("watch-only") {
        return watch(sh, args, &format, &found);
    }
    print(sh, args, &format, &found)
}

/// How objects are printed.
#[derive(Clone, Debug)]
enum Format {
    Table { wide: bool },
    Yaml,
    Json,
    Name,
    JsonPath(Vec<jsonpath_read::Part>),
    Custom(Vec<(String, Vec<Step>)>),
    Template(String),
}

impl Format {
    fn of(args: &Args) -> Result<Self, Failure> {
        let given = args.get("output").unwrap_or_default();
        let (word, rest) = given.split_once('=').map_or((given, args.get("template")), |(w, r)| (w, Some(r)));
        let needs = |what: &str| rest.ok_or_else(|| Failure::error(format_args!("{what} template format specified but no template given")));
        Ok(match word {
            "" => Self::Table { wide: false },
            "wide" => Self::Table { wide: true },
            "yaml" => Self::Yaml,
            "json" => Self::Json,
            "name" => Self::Name,
            "jsonpath" | "jsonpath-as-json" => {
                let t = needs(word)?;
                Self::JsonPath(jsonpath_read::template(t).map_err(|e| Failure::error(format_args!("error parsing jsonpath {t}, {e}")))?)
            }
            "custom-columns" => {
                let spec = rest
                    .filter(|r| !r.is_empty())
                    .ok_or_else(|| Failure::error("custom-columns format specified but no custom columns given"))?;
                Self::Custom(custom(spec)?)
            }
            "go-template" => Self::Template(needs("go-template")?.into()),
            other => {
                return Err(Failure::error(format_args!(
                    "unable to match a printer suitable for the output format \"{other}\", allowed formats are: custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml"
                )));
            }
        })
    }
}

fn custom(spec: &str) -> Result<Vec<(String, Vec<Step>)>, Failure> {
    let mut out = Vec::new();
    for part in spec.split(',') {
        let Some((header, path)) = part.split_once(':') else {
            return Err(Failure::error(format_args!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")));
        };
        out.push((header.to_string(), jsonpath_read::relaxed(path).map_err(Failure::error)?));
    }
    Ok(out)
}

/// kubectl/pkg/cmd/get/sorter.go: numbers and quantities by size, the rest by text with numbers inside counted as numbers.
fn sort_by(items: &mut [Item], path: &[Step]) {
    let key = |i: &Item| jsonpath::select(path, &i.json, &i.json).into_iter().next();
    items.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        match (&a, &b) {
            (Some(Value::String(x)), Some(Value::String(y))) => {
                let quantity = |t: &str| crate::model::quantity::parse_milli(t).ok();
                match (quantity(x), quantity(y)) {
                    (Some(m), Some(n)) => m.cmp(&n),
                    _ => x.cmp(y),
                }
            }
            (Some(x), Some(y)) => x.as_f64().partial_cmp(&y.as_f64()).unwrap_or(std::cmp::Ordering::Equal),
            (x, y) => x.is_some().cmp(&y.is_some()),
        }
    });
}

fn print(sh: &mut Shell, args: &Args, format: &Format, found: &Found) -> Done {
    match format {
        Format::Table { wide } => tables(sh, args, *wide, found),
        _ => {
            let single = found.named && found.items.len() == 1 && args.words.len() <= 2;
            let text = as_text(format, &found.items, single)?;
            sh.out.push_str(&text);
        }
    }
    if found.missing.is_empty() { Ok(()) } else { Err(resource::joined(&found.missing)) }
}

fn as_text(format: &Format, items: &[Item], single: bool) -> Result<String, Failure> {
    let whole = || match items {
        [one] if single => one.json.clone(),
        all => print::list_of(all.iter().map(|i| i.json.clone()).collect()),
    };
    Ok(match format {
        Format::Yaml => to_yaml(&whole()),
        Format::Json => print::to_json(&whole()),
        Format::Name => items.iter().map(|i| format!("{}\n", i.title())).collect(),
        Format::JsonPath(parts) => jsonpath::render(parts, &whole()),
        Format::Template(t) => {
            template::render(t, &whole()).map_err(|e| Failure::error(format_args!("error parsing template {t}, {e}")))?
        }
        Format::Custom(columns) => {
            let mut rows = vec![columns.iter().map(|(h, _)| h.clone()).collect()];
            rows.extend(items.iter().map(|i| custom_row(i, columns)));
            table::print(&rows)
        }
        Format::Table { .. } => String::new(),
    })
}

fn custom_row(item: &Item, columns: &[(String, Vec<Step>)]) -> Vec<String> {
    let cell = |path: &[Step]| {
        let all: Vec<String> =
            jsonpath::select(path, &item.json, &item.json).iter().map(|v| if v.is_null() { "<nil>".into() } else { go_value(v) }).collect();
        if all.is_empty() { "<none>".into() } else { all.join(",") }
    };
    columns.iter().map(|(_, p)| cell(p)).collect()
}

/// A value as Go's `%v` prints it.
fn go_value(v: &Value) -> String {
    match v {
        Value::Object(m) => {
            let mut entries: Vec<_> = m.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            let parts: Vec<String> = entries.into_iter().map(|(k, v)| format!("{k}:{}", go_value(v))).collect();
            format!("map[{}]", parts.join(" "))
        }
        Value::Array(l) => format!("[{}]", l.iter().map(go_value).collect::<Vec<_>>().join(" ")),
        Value::Null => "<nil>".into(),
        other => jsonpath::text(other),
    }
}

fn label_columns(args: &Args) -> Vec<String> {
    args.all("label-columns").iter().flat_map(|l| l.split(',')).map(String::from).collect()
}

fn tables(sh: &mut Shell, args: &Args, wide: bool, found: &Found) {
    let columns = label_columns(args);
    let kinds: Vec<Kind> = found.items.iter().fold(Vec::new(), |mut l, i| {
        if !l.contains(&i.kind) {
            l.push(i.kind);
        }
        l
    });
    let many = kinds.len() > 1 || args.words.first().is_some_and(|w| w.contains(',') || w == "all");
    let options = Options {
        wide,
        headers: !args.on("no-headers"),
        namespaces: args.on("all-namespaces"),
        kinds: many || args.on("show-kind"),
        labels: args.on("show-labels"),
        label_columns: &columns,
    };
    let (now, epoch) = (sh.now(), sh.epoch());
    // A new table wherever the kind changes.
    let mut rest = found.items.as_slice();
    let mut first = true;
    while let Some(kind) = rest.first().map(|i| i.kind) {
        let n = rest.iter().take_while(|i| i.kind == kind).count();
        if !first {
            sh.out.push('\n');
        }
        first = false;
        let options = Options { namespaces: options.namespaces && kind.info().namespaced, ..options };
        let rows = table::rows(kind, &rest[..n], now, epoch, options);
        sh.out.push_str(&table::print(&rows));
        rest = &rest[n..];
    }
    if found.items.is_empty() && found.missing.is_empty() && !found.named {
        let namespaced =
            !args.on("all-namespaces") && resource::asks(sh, &args.words).is_ok_and(|a| a.iter().any(|a| a.kind.info().namespaced));
        let line = if namespaced { format!("No resources found in {} namespace.", sh.namespace) } else { "No resources found".into() };
        sh.warn(line);
    }
}

/// `-w`: every change of what was asked for is a line.
fn watch(sh: &mut Shell, args: &Args, format: &Format, found: &Found) -> Done {
    let asks = resource::asks(sh, &args.words)?;
    let [first, ..] = asks.as_slice() else { return Err(resource::nothing_given()) };
    if asks.iter().any(|a| a.kind != first.kind) || asks.len() > 1 {
        return Err(Failure::error("you may only specify a single resource type"));
    }
    if !found.missing.is_empty() {
        return Err(resource::joined(&found.missing));
    }
    if first.kind == Kind::Endpoints {
        return Err(Failure::error("watching endpoints is not simulated in this world; watch endpointslices"));
    }
    let columns = label_columns(args);
    let wide = matches!(format, Format::Table { wide: true });
    let everywhere = args.on("all-namespaces") || !first.kind.info().namespaced;
    let mut widths = Vec::new();
    if !args.on("watch-only") {
        print(sh, args, format, found)?;
        let options = Options {
            wide,
            headers: !args.on("no-headers"),
            namespaces: args.on("all-namespaces"),
            labels: args.on("show-labels"),
            label_columns: &columns,
            ..Options::default()
        };
        for row in table::rows(first.kind, &found.items, sh.now(), sh.epoch(), options) {
            widen(&mut widths, &row);
        }
    }
    running::start(
        sh,
        Watch {
            kind: first.kind,
            name: first.name.clone(),
            namespace: (!everywhere).then(|| sh.namespace.to_string()),
            labels: Labels::parse(args.get("selector").unwrap_or_default()).map_err(Failure::error)?,
            fields: Fields::parse(args.get("field-selector").unwrap_or_default())?,
            format: format.clone(),
            namespaces: args.on("all-namespaces"),
            show_labels: args.on("show-labels"),
            columns,
            widths,
            events: args.on("output-watch-events"),
        },
    )
}

fn widen(widths: &mut Vec<usize>, row: &[String]) {
    for (i, cell) in row.iter().enumerate() {
        let wanted = (cell.chars().count() + 3).max(6);
        match widths.get_mut(i) {
            Some(w) => *w = (*w).max(wanted),
            None => widths.push(wanted),
        }
    }
}

#[derive(Clone, Debug)]
struct Watch {
    kind: Kind,
    name: Option<String>,
    namespace: Option<String>,
    labels: Labels,
    fields: Fields,
    format: Format,
    namespaces: bool,
    show_labels: bool,
    columns: Vec<String>,
    /// Column widths so far: they only grow.
    widths: Vec<usize>,
    events: bool,
}

impl Ongoing for Watch {
    fn clone_box(&self) -> Box<dyn Ongoing> {
        Box::new(self.clone())
    }
    fn begin(&mut self, _: &mut Io, _: &mut Ctl) {}

    fn observe(&mut self, event: &WatchEvent, io: &mut Io, ctl: &mut Ctl) {
        if event.kind() != self.kind {
            return;
        }
        let object = event.object();
        let meta = object.meta();
        if self.namespace.as_ref().is_some_and(|n| **n != *meta.namespace) || self.name.as_ref().is_some_and(|n| **n != *meta.name) {
            return;
        }
        let item = Item { kind: self.kind, object: object.clone(), json: kinds::to_json_at(object, ctl.api.epoch) };
        if !self.labels.matches(&item) || !self.fields.matches(&item) {
            return;
        }
        let Format::Table { wide } = self.format else {
            if matches!(self.format, Format::Yaml) {
                io.say("---");
            }
            match as_text(&self.format, std::slice::from_ref(&item), true) {
                Ok(text) => io.out.push_str(&text),
                Err(f) => io.fail(&f),
            }
            return;
        };
        let options =
            Options { wide, namespaces: self.namespaces, labels: self.show_labels, label_columns: &self.columns, ..Options::default() };
        for mut row in table::rows(self.kind, &[item], ctl.cx.now, ctl.api.epoch, options) {
            if self.events {
                let word = match (&event.old, &event.new) {
                    (None, _) => "ADDED",
                    (_, None) => "DELETED",
                    _ => "MODIFIED",
                };
                row.insert(0, word.into());
            }
            widen(&mut self.widths, &row);
            let last = row.len() - 1;
            let line: String =
                row.iter().enumerate().map(|(i, c)| if i == last { c.clone() } else { format!("{c:<0$}", self.widths[i]) }).collect();
            io.say(line);
        }
    }
}
