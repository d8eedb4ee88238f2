//! Dialects, places, limits and hostile texts.

use serde_json::{Value as Json, json};

use super::*;
use crate::kernel::{SimDuration, limits};

fn read(text: &str, dialect: Dialect) -> Result<Vec<Node>, Box<Diagnostic>> {
    parse(&Source::new("t.yaml", text), dialect)
}
fn one(text: &str, dialect: Dialect) -> serde_json::Value {
    read(text, dialect).unwrap_or_else(|e| panic!("{e}"))[0].to_json()
}
fn error(text: &str, dialect: Dialect) -> String {
    read(text, dialect).expect_err(text).to_string()
}

#[test]
fn dialects_type_scalars_as_the_real_tools_do() {
    let text = "{a: yes, b: on, c: y, d: 0644, e: 1_000, f: 0x1F, g: 1e3, h: ~, i: 'yes', j: 2001-01-01, k: 3.8, l: -0, m: .5, nn: 1.2.3, oo: 0o17}";
    assert_eq!(
        one(text, Dialect::Kubernetes),
        json!({"a": true, "b": true, "c": true, "d": 420, "e": 1000, "f": 31, "g": 1000.0, "h": null, "i": "yes", "j": "2001-01-01",
               "k": 3.8, "l": 0, "m": 0.5, "nn": "1.2.3", "oo": 15})
    );
    let compose = one(text, Dialect::Compose);
    assert_eq!((&compose["a"], &compose["c"], &compose["d"]), (&json!("yes"), &json!("y"), &json!(420)));
    let scenario = one(text, Dialect::Scenario);
    assert_eq!(
        (&scenario["b"], &scenario["d"], &scenario["e"], &scenario["f"]),
        (&json!("on"), &json!("0644"), &json!("1_000"), &json!("0x1F"))
    );
    assert_eq!(one("yes: 1\n8080: x\n", Dialect::Kubernetes), json!({"true": 1, "8080": "x"}));
    assert_eq!(one("yes: 1\n", Dialect::Compose), json!({"yes": 1}));
    assert_eq!(one("a: !!str 1\nb: !!float 2\nc: 99999999999999999999\n", Dialect::Kubernetes), json!({"a": "1", "b": 2.0, "c": 1e20}));
}

#[test]
fn merges_aliases_and_tags() {
    let text = "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\nall: {<<: [*b, *m], x: 9}\nsame: *b\n";
    let v = one(text, Dialect::Compose);
    assert_eq!((&v["all"], &v["same"]), (&json!({"x": 9, "y": 2, "z": 4}), &json!({"x": 1, "y": 2})));
    let nodes = read("ports: !reset []\nx: !override {a: 1}\n", Dialect::Compose).unwrap();
    assert_eq!(nodes[0].get("ports").unwrap().tag.as_deref(), Some("!reset"));
    assert_eq!(nodes[0].get("x").unwrap().tag.as_deref(), Some("!override"));
    assert!(error("x: !reset 1", Dialect::Scenario).contains("the tag `!reset` means nothing here"));
    assert_eq!(one("x: !Ref 1", Dialect::Kubernetes), json!({"x": 1}));
    assert!(error("a: &a [*a]", Dialect::Compose).contains("inside what it refers to"));
    assert!(error("a: *nowhere", Dialect::Compose).starts_with("t.yaml:1:4: error: this alias refers to nothing"));
}

#[test]
fn places_are_exact() {
    let text = "a: 1\nb:\n  - name: x\n    image: 'q r'\n  - |\n    two\n    lines\nc: {d: é, e: ü}\n";
    let n = &read(text, Dialect::Kubernetes).unwrap()[0];
    assert_eq!(n.at("b[0].image").unwrap().span.to_string(), "t.yaml:4:12");
    assert_eq!(n.at("b[0].image").unwrap().span.text(), "'q r'");
    assert_eq!(n.at("b.x.image").unwrap().span.line, 4, "by name");
    assert_eq!(n.at("b").unwrap().span.text(), "- name: x\n    image: 'q r'\n  - |\n    two\n    lines");
    assert_eq!(n.at("c.e").unwrap().span.to_string(), "t.yaml:8:14");
    assert_eq!(n.find("b[0].image").to_string(), "t.yaml:4:12");
    assert_eq!(n.find("b[0].ports[3].x").to_string(), "t.yaml:3:5", "the nearest that exists");
    assert_eq!(n.find("c").to_string(), "t.yaml:8:1", "the key of a map");
    assert_eq!(n.find("nowhere.at.all").to_string(), "t.yaml:1:1");
    assert_eq!(path_steps("a.b[0]['x.y/z'][app.io/n].c"), ["a", "b", "0", "x.y/z", "app.io/n", "c"]);
}

#[test]
fn the_broken_sample_points_at_labels() {
    let text = "spec:\n  selector:\n    matchLabels: {app: x}\n  template:\n    metadata:\n      name: x\n";
    let n = &read(text, Dialect::Kubernetes).unwrap()[0];
    assert_eq!(n.find("spec.template.metadata.labels").to_string(), "t.yaml:5:5");
}

#[test]
fn embedded_blocks_keep_the_places_of_the_file() {
    let text = "x: ä\nm: |\n    kind: A\n    ---\n    kind: B\n    bad: [1,\n      2]\n";
    let n = &read(text, Dialect::Scenario).unwrap()[0];
    let inner = parse_embedded(n.get("m").unwrap(), Dialect::Kubernetes).unwrap();
    assert_eq!(inner.len(), 2);
    assert_eq!(inner[1].at("kind").unwrap().span.to_string(), "t.yaml:5:11");
    assert_eq!(inner[1].at("bad[1]").unwrap().span.to_string(), "t.yaml:7:7");
    let n = &read("m: |\n  a: [1\n", Dialect::Scenario).unwrap()[0];
    let e = parse_embedded(n.get("m").unwrap(), Dialect::Kubernetes).unwrap_err();
    assert!(e.span.is_some_and(|s| s.line == 2), "{}", e.message);
    let n = &read("m: \"a: 1\\nb: 2\"", Dialect::Scenario).unwrap()[0];
    assert_eq!(parse_embedded(n.get("m").unwrap(), Dialect::Compose).unwrap()[0].to_json(), json!({"a": 1, "b": 2}));
}

#[test]
fn json_is_read_too() {
    let text = "{\n\t\"a\": \"\\u00e9\\ud83d\\ude00\\/\",\n\t\"b\": [1, true, null],\n\t\"c\": {}\n}\n";
    assert_eq!(one(text, Dialect::Kubernetes), json!({"a": "é😀/", "b": [1, true, null], "c": {}}));
}

#[test]
fn several_documents() {
    let n = read("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n", Dialect::Kubernetes).unwrap();
    assert_eq!(n.len(), 2);
    let s = Source::new("t.yaml", "a: 1\n---\nb: 2\n");
    assert_eq!(parse_one(&s, Dialect::Scenario).unwrap_err().to_string(), "t.yaml:3:1: error: expected one document, found a second one");
    assert!(parse_one(&Source::new("t", ""), Dialect::Scenario).unwrap().is_null());
}

#[test]
fn errors_tell_where_and_what() {
    for (text, expect) in [
        ("a: 1\na: 2\n", "t.yaml:2:1: error: key `a` is set twice"),
        ("a:\n\t- b\n", "t.yaml:2:1: error: expected spaces, found a tab"),
        ("a: 1\n\tb: x\n", "t.yaml:2:1: error: expected spaces, found a tab"),
        ("a: !!python/object x\n", "error: the tag `!!python/object` means nothing here"),
        ("a: \"b\nc: d\n", "never closed"),
        ("a: [1, 2\nb: 3\n", "t.yaml:"),
        ("a: b: c\n", "t.yaml:1:5: error: a key is not allowed here"),
        ("a: @x\n", "cannot begin with"),
        ("? [a]\n: 1\n", "expected a key, found a list or map"),
        ("a: 1\n b: 2\n", "t.yaml:2:"),
    ] {
        let e = error(text, Dialect::Scenario);
        assert!(e.contains(expect), "{text:?} gave {e}");
    }
}

#[test]
fn hostile_texts_are_refused_at_once() {
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_string(), |s, i| {
        let p = format!("*a{}", i - 1);
        s + &format!("a{i}: &a{i} [{}]\n", [p.as_str(); 10].join(","))
    });
    let merge_bomb = (1..12).fold("a0: &a0 {x: 1}\n".to_string(), |s, i| {
        s + &format!("a{i}: &a{i} {{{}}}\n", (0..10).map(|k| format!("k{k}: *a{}", i - 1)).collect::<Vec<_>>().join(", "))
    });
    let big = limits::FILE_BYTES_MAX;
    let cases: Vec<(&str, String)> = vec![
        ("alias bomb", bomb),
        ("map bomb", merge_bomb),
        ("brackets", "[".repeat(20_000)),
        ("braces", "{a: ".repeat(20_000)),
        ("dashes", "- ".repeat(20_000)),
        ("questions", "? ".repeat(20_000)),
        ("deep block", (0..2000).map(|i| format!("{}a:\n", " ".repeat(i))).collect()),
        (
            "anchored nest",
            format!("{}{}{}", (0..120).map(|i| format!("&a{i} [")).collect::<String>(), "x,".repeat(50_000), "]".repeat(120)),
        ),
        ("many values", "a,".repeat(200_000).to_string().replace('a', "[a]")),
        ("many documents", "---\na\n".repeat(limits::DOCUMENTS_MAX + 5)),
        ("megabytes of brackets", "[".repeat(big)),
        ("megabytes of list", format!("[{}", "1,".repeat(big / 2 - 1))),
        ("colons", "a: ".repeat(100_000)),
        ("open quote", format!("a: \"{}", "x\n".repeat(big / 4))),
        ("anchors", "&a ".repeat(100_000)),
        ("tags", "!a ".repeat(100_000)),
        ("stars", "*a ".repeat(100_000)),
        ("percent", "%YAML 1.2 ".repeat(100_000)),
        ("same keys", "a: 1\n".repeat(100_000)),
        ("spaces then bad", format!("{}\t- [", " ".repeat(1_000_000))),
    ];
    for (what, text) in cases {
        for dialect in [Dialect::Kubernetes, Dialect::Scenario] {
            let e = read(&text, dialect).map(|n| n.len()).map_err(|e| e.render(false));
            assert!(e.is_err() || what == "many values", "{what}: accepted");
            assert!(e.err().is_none_or(|e| e.len() < 4000), "{what}: a long message");
        }
    }
    // Large but honest texts are read.
    assert!(read(&format!("a: |\n{}", "  some text\n".repeat(400_000)), Dialect::Scenario).is_ok());
    assert!(read(&"#\n".repeat(1_000_000), Dialect::Scenario).is_ok());
}

#[test]
fn set_makes_and_replaces() {
    let mut n = read("a: {b: 1}\nl: [{name: x, v: 1}, {name: y}]\ns: text\n", Dialect::Scenario).unwrap().remove(0);
    let v = |t: &str| parse_one(&Source::new("--set", t), Dialect::Scenario).unwrap();
    n.set("a.b", v("2")).unwrap();
    n.set("a.c.d", v("[1]")).unwrap();
    n.set("l.y.v", v("7")).unwrap();
    n.set("l[0].v", v("8")).unwrap();
    assert_eq!(n.to_json(), json!({"a": {"b": 2, "c": {"d": [1]}}, "l": [{"name": "x", "v": 8}, {"name": "y", "v": 7}], "s": "text"}));
    assert_eq!(n.set("l.z.v", v("1")).unwrap_err(), "`l` has no entry `z`; it has 2");
    assert_eq!(n.set("s.t", v("1")).unwrap_err(), "`s` is the text `text` and has no fields");
    assert!(n.set("", v("1")).is_err());
}

#[test]
fn readers_collect_every_error() {
    let n = &read("name: 5\ncuont: 3\nwait: 90\nrate: [1]\nmode: alll\nsize: -1\n", Dialect::Scenario).unwrap()[0];
    let sink = Diagnostics::new();
    let r = Reader::new(n, "a thing", &sink).unwrap();
    assert_eq!(r.req("name").and_then(|f| f.text()), None);
    assert_eq!(r.opt("count").and_then(|f| f.whole(1, 9)), None);
    assert_eq!(r.opt("wait").and_then(|f| f.duration(SimDuration::MAX)), None);
    assert_eq!(r.opt("rate").and_then(|f| f.text()), None);
    assert_eq!(r.opt("mode").and_then(|f| f.word(&[("one", 1), ("all", 2)])), None);
    assert_eq!(r.opt("size").and_then(|f| f.whole(1, 9)), None);
    assert_eq!(r.req("target").and_then(|f| f.text()), None);
    r.finish();
    let text = sink.render(false);
    for expect in [
        "`name`: expected a text, found the number 5",
        "put it in quotes: \"5\"",
        "a thing has no field `cuont`",
        "did you mean `count`?",
        "write 90s, 90m or 90h",
        "`rate`: expected a text, found a list",
        "did you mean `all`?",
        "expected a whole number from 1 to 9, found the number -1",
        "`target` is missing",
    ] {
        assert!(text.contains(expect), "{expect} is not in\n{text}");
    }
    assert_eq!(sink.count(Severity::Error), 7);
}

/// Text made of the characters that matter to YAML.
fn yamlish() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let word = prop::sample::select(vec![
        "a", "b: ", "- ", "\n", "  ", "    ", "{", "}", "[", "]", ",", ":", "&x ", "*x", "<<: ", "!t ", "'", "\"", "|\n", ">-\n", "#",
        "---\n", "...\n", "? ", "\t", "é", "😀", "\\u12", "0644", "1e9", "~", "%", "@", "\r\n", "null", "\u{85}", "\u{2028}",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|w| w.concat())
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, cases: 3_000, ..Default::default() })]

    #[test]
    fn nothing_panics_and_places_are_inside(text in yamlish()) {
        let source = Source::new("p.yaml", text.as_str());
        for dialect in [Dialect::Kubernetes, Dialect::Compose, Dialect::Scenario] {
            match parse(&source, dialect) {
                Ok(nodes) => {
                    for n in &nodes {
                        inside(n, &text);
                        let _ = n.to_json();
                        let _ = Diagnostic::error("x").at(&n.find("a.b[0].c")).render(false);
                    }
                }
                Err(d) => assert!(!d.render(false).is_empty()),
            }
            // As a block inside another file, with the same places.
            let outer = format!("x:\n  y: |\n    {}\n", text.replace('\n', "\n    "));
            if let Ok(nodes) = parse(&Source::new("o.yaml", outer.as_str()), Dialect::Scenario)
                && let Some(block) = nodes.first().and_then(|n| n.at("x.y")).filter(|n| n.as_str().is_some())
                && let Ok(inner) = parse_embedded(block, dialect)
            {
                inner.iter().for_each(|n| inside(n, &outer));
            }
        }
    }

    #[test]
    fn within_is_inside(text in yamlish(), a in 0usize..60, b in 0usize..60) {
        let source = Source::new("p", format!("k: {text}"));
        let span = source.span(3..3 + text.len());
        let part = span.within(&text, a.min(b)..a.max(b));
        assert!(part.end >= part.start && part.end as usize <= source.text.len());
        let _ = Diagnostic::error("x").at(&part).label("y").render(false);
    }
}

fn inside(n: &Node, text: &str) {
    assert!(n.span.end >= n.span.start && text.get(n.span.start as usize..n.span.end as usize).is_some(), "{:?} in {text:?}", n.span);
    match &n.value {
        Value::List(l) => l.iter().for_each(|n| inside(n, text)),
        Value::Map(m) => m.iter().for_each(|(k, n)| {
            assert!(text.get(k.span.start as usize..k.span.end as usize).is_some());
            inside(n, text);
        }),
        _ => {}
    }
}

#[test]
fn looks_like_kubectl() {
    let v = json!({
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": "web-1", "creationTimestamp": "2024-01-02T03:04:05Z", "labels": {"app": "web", "b10": "x", "b9": "y"}, "annotations": {},
            "uid": "0b1c", "finalizers": []},
        "spec": {"containers": [{"name": "web", "image": "nginx:1.27", "args": ["--a=b", "- x", "yes", "1"], "env": [{"name": "A", "value": ""}],
            "command": ["sh", "-c", "echo 1\nsleep 2\n"]}], "hostNetwork": false, "weights": [[1, 2], []], "n": null},
        "status": {"conditions": [{"message": "containers with unready status: [web]", "status": "False"}],
            "long": "this is a message that is clearly longer than eighty columns and therefore has to be folded by the emitter",
            "text": "no end", "two": "a\nb", "port": "8080", "ratio": 0.5, "whole": 3.0, "quote": "'x'", "space": " x", "colon": "a: b", "hash": "a #b", "time": "1:20", "star": "*", "dash": "-", "uni": "é"},
    });
    let expected = r#"apiVersion: v1
kind: Pod
metadata:
  annotations: {}
  creationTimestamp: "2024-01-02T03:04:05Z"
  finalizers: []
  labels:
    app: web
    b9: "y"
    b10: x
  name: web-1
  uid: 0b1c
spec:
  containers:
  - args:
    - --a=b
    - '- x'
    - "yes"
    - "1"
    command:
    - sh
    - -c
    - |
      echo 1
      sleep 2
    env:
    - name: A
      value: ""
    image: nginx:1.27
    name: web
  hostNetwork: false
  "n": null
  weights:
  - - 1
    - 2
  - []
status:
  colon: 'a: b'
  conditions:
  - message: 'containers with unready status: [web]'
    status: "False"
  dash: '-'
  hash: 'a #b'
  long: this is a message that is clearly longer than eighty columns and therefore
    has to be folded by the emitter
  port: "8080"
  quote: '''x'''
  ratio: 0.5
  space: ' x'
  star: '*'
  text: no end
  time: "1:20"
  two: |-
    a
    b
  uni: é
  whole: 3
"#;
    assert_eq!(to_yaml(&v), expected);
}

fn any_json() -> impl proptest::strategy::Strategy<Value = Json> {
    use proptest::prelude::*;
    let word = prop::sample::select(vec![
        "a",
        "b",
        " ",
        "  ",
        ":",
        ": ",
        "#",
        " #",
        "-",
        "- ",
        "\n",
        "\n\n",
        "\t",
        "'",
        "\"",
        "\\",
        "é",
        "1",
        "0x1",
        "yes",
        "null",
        "~",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "?",
        "? ",
        "---",
        "...",
        "\u{85}",
        "\u{7f}",
        "<<",
        "=",
        "2001-01-01",
        "long words that fill the line until it folds ",
    ]);
    let text = prop::collection::vec(word, 0..8).prop_map(|w| w.concat());
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        text.clone().prop_map(Json::from)
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((text.clone(), inner), 0..4).prop_map(|e| Json::Object(e.into_iter().collect())),
        ]
    })
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, cases: 3_000, ..Default::default() })]

    #[test]
    fn what_is_written_reads_back(v in any_json()) {
        let text = to_yaml(&v);
        let back = parse_one(&Source::new("t", text.as_str()), Dialect::Kubernetes);
        let back = back.unwrap_or_else(|e| panic!("{text}\n{e}")).to_json();
        let (back, v) = (sorted(&back), sorted(&v));
        assert!(back == v, "{text}\n{v}\n{back}");
    }
}

/// Key order is not part of the value.
fn sorted(v: &Json) -> Json {
    match v {
        Json::Object(o) => {
            let mut e: Vec<_> = o.iter().map(|(k, v)| (k.clone(), sorted(v))).collect();
            e.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(e.into_iter().collect())
        }
        Json::Array(a) => Json::Array(a.iter().map(sorted).collect()),
        v => v.clone(),
    }
}
