use serde_json::{Value as Json, json};

use super::*;
use crate::document::Source;
use crate::scenario::facts::Still;

/// A run that stands still.
struct Fixed;

impl Facts for Fixed {
    fn call(&self, world: Option<&str>, name: &str, args: &[Json]) -> Result<Json, String> {
        Ok(match (world, name, args) {
            (Some("kubernetes"), "ready", [o]) if o == "deployment/shop" => json!(2),
            (Some("kubernetes"), "ready", [o]) => return Err(format!("there is no {}", o.as_str().unwrap_or_default())),
            (Some("kubernetes"), "availability", _) => json!(0.969),
            (Some("docker"), "availability", _) => json!(0.7181),
            (Some("kubernetes"), "failed", []) => json!(1497),
            (Some("kubernetes"), "failed", [_, w]) => json!(w["last"].as_f64().unwrap() as i64),
            (Some("kubernetes"), "failed", [w]) => json!(w["last"].as_f64().unwrap() as i64 + 1),
            (Some("kubernetes"), "recovered_after", _) => json!(370.2),
            (Some("docker"), "recovered_after", _) => json!(null),
            (Some("kubernetes"), "pods", _) => {
                json!([{"name": "a", "reason": "ImagePullBackOff", "restarts": 3}, {"name": "b", "reason": "", "restarts": 1}])
            }
            (Some("kubernetes"), "deleted", _) => json!(false),
            (Some("docker"), "p50_ms", _) => json!(null),
            (None, "same_uid", _) => json!(true),
            (None, "now", _) => json!(171.3),
            other => return Err(format!("{other:?} is not in this test")),
        })
    }
}

/// The same in the middle of a run.
struct Midway;

impl Facts for Midway {
    fn call(&self, world: Option<&str>, name: &str, args: &[Json]) -> Result<Json, String> {
        Fixed.call(world, name, args)
    }
    fn still(&self, world: Option<&str>, name: &str, args: &[Json]) -> Still {
        match (world, name) {
            (Some("kubernetes"), "recovered_after") => Still::Final,
            (Some("docker"), "recovered_after") => Still::AtLeast(200.0),
            (Some("kubernetes"), "failed") if args.is_empty() => Still::AtLeast(1497.0),
            (None, "same_uid") => Still::Final,
            _ => Still::Open,
        }
    }
}

#[test]
fn what_is_certain_before_the_end() {
    let certain = |text: &str| compile(text).unwrap().certain(&Midway).map(|v| v.people());
    for (text, expect) in [
        ("2", Some("2")),
        ("kubernetes.recovered_after('x') > duration('5m') ? 2 : 0", Some("2")),
        // Two hundred seconds have passed, and it is not over.
        ("docker.recovered_after('x') > duration('3m') ? 2 : 0", Some("2")),
        ("docker.recovered_after('x') > duration('4m') ? 2 : 0", None),
        ("docker.recovered_after('x') <= duration('3m')", Some("no")),
        ("docker.recovered_after('x') > kubernetes.recovered_after('x')", None),
        ("docker.recovered_after('x') + duration('3m') > kubernetes.recovered_after('x')", Some("yes")),
        ("kubernetes.failed == 0 ? 3 : 2", Some("2")),
        ("kubernetes.failed > 1000 ? 1 : 0", Some("1")),
        ("kubernetes.failed > 2000 ? 1 : 0", None),
        ("kubernetes.failed(last('1m')) > 1", None),
        ("kubernetes.failed > 2000 ? 1 : 1", Some("1")),
        ("1000 - kubernetes.failed < 0", Some("yes")),
        ("kubernetes.availability > 0.5 && kubernetes.failed < 9", Some("no")),
        ("kubernetes.availability > 0.5 || kubernetes.failed > 9", Some("yes")),
        ("kubernetes.availability > 0.5", None),
        ("!(kubernetes.failed == 0)", Some("yes")),
        ("kubernetes.pods.size() > 0", None),
        ("same_uid('deployment/shop') ? 1 : 0", Some("1")),
        ("min(kubernetes.ready('deployment/shop'), 0)", None),
    ] {
        assert_eq!(certain(text).as_deref(), expect, "{text}");
    }
}

fn compile(text: &str) -> Result<Expression, Vec<Diagnostic>> {
    let s = Source::new("s.yaml", format!("x: {text}\n"));
    Expression::compile(text, &s.span(3..3 + text.len()))
}
fn eval(text: &str) -> Result<Value, String> {
    let e = compile(text).map_err(|e| e.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    e.eval(&Fixed).map_err(|e| e.message)
}
fn people(text: &str) -> String {
    eval(text).map(|v| v.people()).unwrap_or_else(|e| format!("ERROR {e}"))
}

#[test]
fn the_designs_examples() {
    for (text, expect) in [
        ("kubernetes.ready('deployment/shop') >= 2", "yes"),
        ("kubernetes.ready('deployment/shop') == 3", "no"),
        ("kubernetes.availability > docker.availability", "yes"),
        ("kubernetes.failed('shoppers', last('1m')) == 0", "no"),
        ("kubernetes.failed('shoppers', last('1m'))", "60"),
        ("kubernetes.failed(last('1m'))", "61"),
        ("kubernetes.recovered_after('blackout') > duration('5m')", "yes"),
        ("kubernetes.recovered_after('blackout') > duration('5m') ? 2 : 0", "2"),
        ("docker.recovered_after('blackout') > duration('5m')", "yes"),
        ("kubernetes.pods.exists(p, p.reason == 'ImagePullBackOff')", "yes"),
        ("kubernetes.pods.all(p, p.restarts > 0 && has(p.reason))", "yes"),
        ("kubernetes.pods().filter(p, p.restarts > 2).map(p, p.name)", "a"),
        ("kubernetes.pods.map(p, p.restarts)", "3, 1"),
        ("kubernetes.pods.exists_one(p, p.name == 'b')", "yes"),
        ("size(kubernetes.pods) + kubernetes.pods.size()", "4"),
        ("same_uid('deployment/shop')", "yes"),
        ("kubernetes.deleted('deployment/shop')", "no"),
        ("kubernetes.failed == 1497 && same_uid('deployment/shop')", "yes"),
        ("kubernetes.availability", "96.9 %"),
        ("kubernetes.availability - docker.availability", "25.1 %"),
        ("kubernetes.recovered_after('x')", "6m 10s"),
        ("docker.recovered_after('x')", "never"),
        ("kubernetes.recovered_after('x') - duration('5m')", "1m 10s"),
        ("kubernetes.failed", "1 497"),
        ("now < duration('3m')", "yes"),
        ("1 + 2 * 3 - -4 % 3", "8"),
        ("7 / 2 + 0.5", "3.5"),
        ("'a' in ['a', 'b'] && !('c' in ['a'])", "yes"),
        ("[1, 2][1] + {'k': 5}['k'] + {'k': 5}.k", "12"),
        ("'web-1'.startsWith('web') && 'web-1'.endsWith('1') && 'web-1'.contains('b-')", "yes"),
        ("max(1, 3, 2) - min(4, 5)", "-1"),
        ("'é' == 'é' && kubernetes.availability > 0.9", "yes"),
        // Either side may decide alone.
        ("kubernetes.ready('deployment/gone') > 1 || true", "yes"),
        ("false && kubernetes.ready('deployment/gone') > 1", "no"),
    ] {
        assert_eq!(people(text), expect, "{text}");
    }
}

#[test]
fn errors_have_columns_and_help() {
    for (text, column, expect) in [
        ("kubernetes.redy('deployment/shop') >= 2", 15, "did you mean `ready`?"),
        ("kubernets.ready('deployment/shop')", 4, "did you mean `kubernetes`?"),
        ("docker.pods.size() > 1", 11, "the world kubernetes has it"),
        ("kubernetes.ready('shop') > 1", 21, "for example 'deployment/shop'"),
        ("kubernetes.ready() > 1", 4, "takes 1 argument, found 0"),
        ("availability > 0.5", 4, "say of which world"),
        ("kubernetes.availability >", 28, "not a valid expression"),
        ("kubernetes.recovered_after('b') > 300", 4, "a duration cannot be compared with a number"),
        ("duration('5 minutes') > now", 13, "expected a duration"),
        ("kubernetes.failed && true", 4, "expected a condition, found a number"),
        ("sizeof(kubernetes.pods)", 4, "there is no function `sizeof`"),
        ("kubernetes > docker", 4, "is a world; ask it something"),
        ("true && p.name == 'x'", 12, "nothing is called `p`"),
        ("kubernetes.failed('s', 60) == 0", 27, "expected a window such as last('1m'), found a number"),
    ] {
        let errors = compile(text).expect_err(text);
        let all = errors.iter().map(|e| format!("{e} | {}", e.help.clone().unwrap_or_default())).collect::<Vec<_>>().join("\n");
        assert!(all.contains(expect), "{text}: {all}");
        let got = errors[0].span.as_ref().map(|s| s.column);
        assert_eq!(got, Some(column), "{text}: {all}");
    }
    let s = Source::new("s", "x: kubernetes.failed");
    assert!(
        Expression::condition("kubernetes.failed", &s.span(3..20)).unwrap_err()[0]
            .to_string()
            .contains("expected a condition, found a number")
    );
}

#[test]
fn running_says_why_not() {
    assert_eq!(people("kubernetes.ready('deployment/gone') > 1"), "ERROR kubernetes.ready: there is no deployment/gone");
    assert_eq!(people("docker.p50_ms > 1.0"), "ERROR docker.p50_ms has no value yet");
    assert_eq!(people("kubernetes.pods[0].nam == 'a'"), "ERROR there is no `nam` here; there are: name, reason, restarts");
    assert_eq!(people("kubernetes.pods[7].name"), "ERROR the list has 2 entries, none with the number 7");
    assert_eq!(people("1 / 0"), "ERROR this divides by zero");
    assert_eq!(people("9223372036854775807 + 1"), "ERROR the number is too large");
    let e = compile("kubernetes.ready('deployment/shop') >= 3 && kubernetes.availability > docker.availability").unwrap();
    assert_eq!(
        e.evidence(&Fixed),
        "kubernetes.ready('deployment/shop') = 2, kubernetes.availability = 96.9 %, docker.availability = 71.8 %"
    );
    assert_eq!(e.uses().len(), 3);
    assert_eq!(e.uses()[0].literals[0].as_ref().map(|l| (&*l.0, l.1.column)), Some(("deployment/shop", 21)));
}

#[test]
fn templates() {
    let read = |t: &str| {
        let s = Source::new("s.yaml", format!("x: {t}"));
        Template::compile(t, &s.span(3..3 + t.len()))
    };
    let t = read("Noticed after {kubernetes.recovered_after('b')}; {kubernetes.failed} of {{all}} failed, {docker.p50_ms}.").unwrap();
    assert_eq!(t.render(&Fixed), "Noticed after 6m 10s; 1 497 of {all} failed, (docker.p50_ms has no value yet).");
    assert_eq!(t.expressions().count(), 3);
    assert_eq!(read("{kubernetes.pods.map(p, {'a': p.name}['a'])} and '}' ").map(|t| t.render(&Fixed)).unwrap_err().len(), 1);
    let e = read("so {kubernetes.faild} and { x").unwrap_err();
    assert_eq!(e[0].span.as_ref().unwrap().column, 19);
    assert!(e[0].help.as_deref() == Some("did you mean `failed`?") && e[1].message.contains("never closed"), "{e:?}");
}

#[test]
fn hostile_expressions_are_refused_at_once() {
    let nested = (0..9).fold("1".to_string(), |s, i| format!("[1,2,3,4,5,6,7,8,9,0].map(x{i}, {s}).size()"));
    let doubled = format!("{} == 1", (0..20).fold("[1]".to_string(), |s, i| format!("{s}.map(a{i}, [a{i}, a{i}])")));
    let grown = format!(
        "{}.size()",
        (0..8)
            .fold("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'".to_string(), |s, _| format!("({s} + {s})"))
            .chars()
            .take(4000)
            .collect::<String>()
    );
    for text in [
        "(".repeat(2000),
        format!("{}1{}", "(".repeat(1900), ")".repeat(1900)),
        "!".repeat(3000) + "true",
        "-".repeat(3000) + "1",
        "a?".repeat(1500),
        "a.".repeat(1500) + "b",
        "[".repeat(3000),
        "'".repeat(3999),
        "1+".repeat(1900) + "1",
        "a in ".repeat(700) + "a",
        "a && ".repeat(700) + "a",
        "x".repeat(LENGTH_MAX + 1),
        nested,
        doubled,
        grown,
        "\u{0}\u{1}😀".repeat(100),
        String::new(),
    ] {
        let r = eval(&text);
        assert!(r.is_err() || text.contains("== 1"), "{}: {r:?}", text.chars().take(60).collect::<String>());
    }
}
