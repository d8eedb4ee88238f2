//! Which objects a command means: `pods`, `pods a b`, `pods,svc`, `deploy/web svc/x`, `all`, `-l`, `-f`.
//! Follows: cli-runtime/pkg/resource/builder.go.

use serde_json::Value;

use crate::document::{Dialect, Source, parse};
use crate::worlds::Files;
use crate::worlds::kubernetes::kinds::Kind;

use super::args::{Args, Flag, flag, short_flag, short_text, text};
use super::endpoints;
use super::fields::{self, Fields};
use super::labels::Labels;
use super::shell::{Failure, Item, Shell, at_mut, text_at};
use crate::worlds::kubernetes::api::request::FieldValidation;

/// `kubectl get all` (each resource's category `all`)
const ALL: &[Kind] = &[
    Kind::Pod,
    Kind::ReplicationController,
    Kind::Service,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::HorizontalPodAutoscaler,
    Kind::CronJob,
    Kind::Job,
];

/// One thing asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ask {
    pub kind: Kind,
    /// None: all of them.
    pub name: Option<String>,
}

/// Flags that choose objects.
pub(super) const SELECT: &[Flag] = &[
    short_text("filename", 'f'),
    short_text("kustomize", 'k'),
    short_flag("recursive", 'R'),
    short_text("selector", 'l'),
    text("field-selector"),
    short_flag("all-namespaces", 'A'),
    flag("all"),
];

/// A kind by the word a person typed.
pub(super) fn kind_of(sh: &Shell, word: &str) -> Result<Kind, Failure> {
    // Without discovery kubectl does not even know the kinds.
    sh.check_up()?;
    Kind::from_word(word).ok_or_else(|| match super::verbs::api::other_kind(word) {
        // Reviews and bindings are questions put to the server: there is nothing to read back.
        Some(plural) if plural.ends_with("reviews") || plural == "bindings" => {
            Failure::new("Error from server (MethodNotAllowed): the server does not allow this method on the requested resource")
        }
        Some(plural) => Failure::error(format_args!("{plural} are not simulated in this world")),
        None => Failure::error(format_args!("the server doesn't have a resource type \"{word}\"")),
    })
}

/// Splits the words of a command into what they ask for.
pub(super) fn asks(sh: &Shell, words: &[String]) -> Result<Vec<Ask>, Failure> {
    let mixed = || {
        Failure::error(
            "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'",
        )
    };
    if words.iter().any(|w| w.contains('/')) {
        let mut out = Vec::new();
        for w in words {
            let Some((kind, name)) = w.split_once('/') else { return Err(mixed()) };
            if kind.is_empty() || name.is_empty() || name.contains('/') {
                return Err(Failure::error(format_args!("arguments in resource/name form may not have more than one slash")));
            }
            if kind.contains(',') {
                return Err(Failure::error("arguments in resource/name form must have a single resource and name"));
            }
            out.push(Ask { kind: kind_of(sh, kind)?, name: Some(name.into()) });
        }
        return Ok(out);
    }
    let Some((kinds, names)) = words.split_first() else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for word in kinds.split(',') {
        let kinds = if word == "all" { ALL.to_vec() } else { vec![kind_of(sh, word)?] };
        if word == "all" && !names.is_empty() {
            return Err(Failure::error("you must specify only one resource"));
        }
        for kind in kinds {
            if names.is_empty() {
                out.push(Ask { kind, name: None });
            }
            out.extend(names.iter().map(|n| Ask { kind, name: Some(n.clone()) }));
        }
    }
    Ok(out)
}

/// What was found, in the order in which it was asked for, and what was not.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub items: Vec<Item>,
    pub missing: Vec<Failure>,
    /// Everything asked for was named.
    pub named: bool,
}

impl Found {
    /// The failures as one, for commands that stop at them.
    pub fn strict(self) -> Result<Vec<Item>, Failure> {
        if self.missing.is_empty() {
            return Ok(self.items);
        }
        Err(joined(&self.missing))
    }
}

/// Several failures: a line each.
pub(super) fn joined(list: &[Failure]) -> Failure {
    Failure::new(list.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join("\n"))
}

/// Finds what the words, selectors and files of a command name.
pub(super) fn find(sh: &mut Shell, args: &Args, words: &[String]) -> Result<Found, Failure> {
    if args.has("kustomize") {
        return Err(Failure::not_simulated("kustomize (-k)"));
    }
    if args.has("filename") {
        if !words.is_empty() {
            return Err(Failure::error("when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"));
        }
        return from_files(sh, args);
    }
    let asks = asks(sh, words)?;
    if asks.is_empty() {
        return Err(nothing_given());
    }
    let selector = args.get("selector").unwrap_or_default().trim();
    let fields = Fields::parse(args.get("field-selector").unwrap_or_default())?;
    let everywhere = args.on("all-namespaces");
    let mut found = Found { named: asks.iter().all(|a| a.name.is_some()), ..Found::default() };
    if found.named && !selector.is_empty() {
        return Err(Failure::error("name cannot be provided when a selector is specified"));
    }
    if everywhere && asks.iter().any(|a| a.name.is_some() && a.kind.info().namespaced) {
        return Err(Failure::error("a resource cannot be retrieved by name across all namespaces"));
    }
    sh.check_up()?;
    let labels = Labels::parse(selector)
        .map_err(|why| fields::refused(asks[0].kind, selector, args.get("field-selector").unwrap_or_default(), &why))?;
    if asks.iter().any(|a| a.kind == Kind::Endpoints) {
        sh.warn(endpoints::WARNING);
    }
    for ask in &asks {
        match &ask.name {
            Some(name) => match sh.get(ask.kind, &sh.key(ask.kind, name)) {
                Ok(item) => found.items.push(item),
                Err(e) => found.missing.push(e),
            },
            None => {
                fields.check(ask.kind, selector)?;
                let namespace = sh.namespace.clone();
                let all = sh.list(ask.kind, (!everywhere).then_some(&*namespace));
                found.items.extend(all.into_iter().filter(|i| labels.matches(i) && fields.matches(i)));
            }
        }
    }
    Ok(found)
}

/// builder.go, missingResourceError
pub(super) fn nothing_given() -> Failure {
    Failure::error(
        "You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    )
}

/// builder.go: a kind without a name where names are needed.
pub(super) fn no_name() -> Failure {
    Failure::error("resource(s) were provided, but no name was specified")
}

fn from_files(sh: &mut Shell, args: &Args) -> Result<Found, Failure> {
    let mut found = Found { named: true, ..Found::default() };
    for doc in documents(sh, args)? {
        let (kind, name) = (doc.kind, text_at(&doc.value, "metadata.name").to_string());
        let key = if kind.info().namespaced {
            crate::worlds::kubernetes::api::meta::Key::new(text_at(&doc.value, "metadata.namespace"), name.as_str())
        } else {
            sh.key(kind, &name)
        };
        match sh.get(kind, &key) {
            Ok(item) => found.items.push(item),
            Err(mut e) => {
                let place = format!("{}: ", "Error from server (NotFound)");
                if let Some(rest) = e.text.strip_prefix(&place) {
                    e.text = format!("{place}error when deleting \"{}\": {rest}", doc.file);
                }
                found.missing.push(e);
            }
        }
    }
    Ok(found)
}

/// One object of a manifest.
#[derive(Clone, Debug)]
pub(super) struct Doc {
    /// As the messages name the file.
    pub file: String,
    pub kind: Kind,
    /// With its namespace filled in.
    pub value: Value,
}

/// The files that `-f` names; those of a folder, with `-R` also of the folders in it (builder.go, ExpandPathsToFileVisitors).
pub(super) fn files(folder: &dyn Files, args: &Args) -> Result<Vec<String>, Failure> {
    let mut out = Vec::new();
    for name in args.all("filename").iter().flat_map(|f| f.split(',')) {
        if name == "-" {
            return Err(Failure::error("there is no standard input at this console; give a file of the scenario"));
        }
        if name.starts_with("http://") || name.starts_with("https://") {
            return Err(Failure::error(format_args!("no internet is simulated, so {name} cannot be fetched; give a file of the scenario")));
        }
        match folder.list(name, args.on("recursive")).map_err(Failure::error)? {
            None => out.push(name.to_string()),
            Some(found) if found.is_empty() => {
                return Err(Failure::error(format_args!("error reading [{name}]: recognized file extensions are [.json .yaml .yml]")));
            }
            Some(found) => out.extend(found),
        }
    }
    Ok(out)
}

/// What `--validate` says of fields that do not exist (kubectl/pkg/cmd/util/helpers.go, GetValidationDirective).
pub(super) fn validation(args: &Args) -> Result<FieldValidation, Failure> {
    match args.get("validate") {
        None | Some("strict" | "1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(FieldValidation::Strict),
        Some("warn") => Ok(FieldValidation::Warn),
        Some("ignore" | "0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(FieldValidation::Ignore),
        Some(other) => Err(Failure::error(format_args!(
            "invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"
        ))),
    }
}

/// Reads manifests: several documents, `List`s, JSON or YAML. Fields are not checked here.
pub(super) fn documents(sh: &mut Shell, args: &Args) -> Result<Vec<Doc>, Failure> {
    let mut out = Vec::new();
    let validation = validation(args)?;
    for name in files(sh.files, args)? {
        let text = sh.files.read(&name).map_err(Failure::error)?;
        for value in read(&name, &text)? {
            out.push(doc(sh, &name, value, args.has("namespace"), validation)?);
        }
    }
    if out.is_empty() {
        return Err(Failure::error("no objects passed to apply"));
    }
    Ok(out)
}

/// The objects of a text, `List`s taken apart.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<Value>, Failure> {
    let source = Source::new(name, text);
    let nodes = parse(&source, Dialect::Kubernetes)
        .map_err(|d| Failure::error(format_args!("error parsing {name}: error converting YAML to JSON: yaml: {}", d.message)))?;
    let mut out = Vec::new();
    for value in nodes.iter().filter(|n| !n.is_null()).map(|n| n.to_json()) {
        let is_list = text_at(&value, "kind").ends_with("List") && value["items"].is_array();
        match value["items"].as_array().filter(|_| is_list) {
            Some(items) => out.extend(items.iter().cloned()),
            None => out.push(value),
        }
    }
    Ok(out)
}

fn doc(sh: &Shell, file: &str, mut value: Value, namespace_given: bool, validation: FieldValidation) -> Result<Doc, Failure> {
    let (version, kind_word) = (text_at(&value, "apiVersion").to_string(), text_at(&value, "kind").to_string());
    let name = text_at(&value, "metadata.name").to_string();
    let unset: Vec<&str> =
        [("apiVersion not set", &version), ("kind not set", &kind_word)].iter().filter(|(_, v)| v.is_empty()).map(|(t, _)| *t).collect();
    if validation == FieldValidation::Ignore && kind_word.is_empty() {
        return Err(Failure::error(format_args!("unable to decode \"{file}\": Object 'Kind' is missing in '{value}'")));
    }
    if validation != FieldValidation::Ignore && !unset.is_empty() {
        let list = if unset.len() == 1 { unset[0].to_string() } else { format!("[{}]", unset.join(", ")) };
        return Err(Failure::error(format_args!(
            "error validating \"{file}\": error validating data: {list}; if you choose to ignore these errors, turn validation off with --validate=false"
        )));
    }
    sh.check_up()?;
    let Some(kind) = Kind::from_api(&version, &kind_word) else {
        return Err(Failure::error(format_args!(
            "resource mapping not found for name: \"{name}\" namespace: \"{}\" from \"{file}\": no matches for kind \"{kind_word}\" in version \"{version}\"\nensure CRDs are installed first",
            text_at(&value, "metadata.namespace")
        )));
    };
    if kind.info().namespaced {
        let own = text_at(&value, "metadata.namespace").to_string();
        if own.is_empty() {
            *at_mut(&mut value, "metadata.namespace") = (*sh.namespace).into();
        } else if namespace_given && own != *sh.namespace {
            return Err(Failure::error(format_args!(
                "the namespace from the provided object \"{own}\" does not match the namespace \"{}\". You must pass '--namespace={own}' to perform this operation.",
                sh.namespace
            )));
        }
    }
    Ok(Doc { file: file.into(), kind, value })
}
