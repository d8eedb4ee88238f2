//! The format as a table of fields, from which the JSON Schema and the reference in `scenarios/README.md` are made.
//!
//! The loader decodes by hand, so the table could drift from it; a test compares the two field by field.

mod fields;

use serde_json::{Map, Value as Json, json};

use crate::model::Component;
use crate::model::fault::FAULTS;

pub use fields::{DEFS, Def};

/// The JSON Schema (draft 2020-12) of a scenario file.
pub fn json_schema() -> Json {
    let mut defs: Map<String, Json> = DEFS.iter().map(|d| (d.name.to_string(), object(d))).collect();
    let faults: Vec<Json> = FAULTS.iter().map(|f| json!({"const": f.word, "description": f.about})).collect();
    defs.insert("fault-kind".into(), json!({"type": "string", "oneOf": faults}));
    let components: Vec<&str> = Component::ALL.iter().map(|c| c.word()).collect();
    defs.insert("component".into(), json!({"type": "string", "enum": components}));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wheelhouse scenario",
        "description": "One failure, lived through in a Docker-only world and in a Kubernetes world.",
        "$ref": "#/$defs/scenario",
        "$defs": defs,
    })
}

fn object(d: &Def) -> Json {
    let mut properties = Map::new();
    for f in d.fields {
        let mut ty = schema_of(f.ty);
        if let Json::Object(o) = &mut ty {
            o.insert("description".into(), Json::from(f.about));
        }
        properties.insert(f.name.into(), ty);
    }
    let required: Vec<&str> = d.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    json!({"type": "object", "title": d.what, "properties": properties, "required": required, "additionalProperties": false})
}

/// A type of the small language as JSON Schema.
fn schema_of(ty: &str) -> Json {
    let alternatives = split_top(ty);
    if alternatives.len() > 1 {
        let words: Option<Vec<&str>> = alternatives.iter().map(|a| a.strip_prefix('=')).collect();
        return match words {
            Some(words) => json!({"enum": words}),
            None => json!({"anyOf": alternatives.iter().map(|a| schema_of(a)).collect::<Vec<_>>()}),
        };
    }
    let pattern = |p: &str, examples: &[&str]| json!({"type": "string", "pattern": p, "examples": examples});
    match ty {
        "text" => json!({"type": "string"}),
        "words" => json!({"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}),
        "whole" => json!({"type": "integer", "minimum": 0}),
        "number" => json!({"type": "number"}),
        "bool" => json!({"type": "boolean"}),
        "any" => json!({}),
        "map" => json!({"type": "object"}),
        "duration" => {
            json!({"anyOf": [pattern(r"^([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h|d))+$", &["90s", "5m", "1h30m", "250ms"]), {"const": 0}, {"const": "0"}]})
        }
        "size" => {
            json!({"anyOf": [pattern(r"^[0-9]*\.?[0-9]+ ?[KkMmGgTt]?i?[Bb]?$", &["256Mi", "180MB"]), {"type": "integer", "minimum": 0}]})
        }
        "rate" => pattern(r"^[0-9]*\.?[0-9]+ ?(rps|/s|/sec|/min|/m|rpm|/h)$", &["90rps", "600/min"]),
        "cpu" => json!({"anyOf": [pattern(r"^[0-9]*\.?[0-9]+m?$", &["500m", "2"]), {"type": "number", "minimum": 0}]}),
        "percent" => json!({"anyOf": [pattern("^[0-9]+ ?%?$", &["300%"]), {"type": "integer", "minimum": 0}]}),
        "expr" => json!({"type": "string", "examples": ["kubernetes.availability > docker.availability"]}),
        _ => match ty.as_bytes().first() {
            Some(b'@') => json!({"$ref": format!("#/$defs/{}", &ty[1..])}),
            Some(b'[') => json!({"type": "array", "items": schema_of(&ty[1..ty.len() - 1])}),
            Some(b'{') => json!({"type": "object", "additionalProperties": schema_of(&ty[1..ty.len() - 1])}),
            Some(b'=') => match ty[1..].parse::<i64>() {
                Ok(n) => json!({"const": n}),
                Err(_) => json!({"const": &ty[1..]}),
            },
            _ => json!({}),
        },
    }
}

/// Splits at ` | ` outside brackets.
fn split_top(ty: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0, 0, Vec::new());
    for (i, c) in ty.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            '|' if depth == 0 => {
                out.push(ty[start..i].trim());
                start = i + 1;
            }
            _ => {}
        }
    }
    out.push(ty[start..].trim());
    out
}

/// The reference of all fields, faults and facts as Markdown: the second half of `scenarios/README.md`.
pub fn reference() -> String {
    use super::facts::{FACTS, Scope};
    let mut out = String::new();
    let heading = |what: &str| {
        let plain = ["a ", "an ", "the "].iter().find_map(|a| what.strip_prefix(a)).unwrap_or(what);
        plain[..1].to_uppercase() + &plain[1..]
    };
    for d in DEFS {
        out.push_str(&format!("### {}\n\n| field | type | |\n|---|---|---|\n", heading(d.what)));
        for f in d.fields {
            let star = if f.required { " (required)" } else { "" };
            out.push_str(&format!("| `{}` | {} | {}{star} |\n", f.name, people_type(f.ty), f.about.replace('|', "\\|")));
        }
        out.push('\n');
    }
    out.push_str("### Faults\n\n| kind | hits | extra fields | |\n|---|---|---|---|\n");
    for f in FAULTS {
        let keys: Vec<String> = f.keys.iter().map(|k| format!("`{k}`")).collect();
        out.push_str(&format!("| `{}` | {} | {} | {} |\n", f.word, f.on, keys.join(", "), f.about));
    }
    out.push_str("\n### Facts\n\n| fact | where | |\n|---|---|---|\n");
    for f in FACTS {
        let place = match f.scope {
            Scope::Worlds => "both worlds",
            Scope::World(w) => w,
            Scope::Lab => "alone",
        };
        out.push_str(&format!("| `{}` | {place} | {} |\n", f.signature(), f.about));
    }
    out
}

fn people_type(ty: &str) -> String {
    let part = |t: &str| match t.as_bytes().first() {
        Some(b'=') => format!("`{}`", &t[1..]),
        Some(b'@') => t[1..].replace('-', " "),
        Some(b'[') => format!("list of {}", people_type(&t[1..t.len() - 1])),
        Some(b'{') => format!("map of {}", people_type(&t[1..t.len() - 1])),
        _ => match t {
            "words" => "text with {expressions}, or per language".into(),
            "whole" => "whole number".into(),
            "expr" => "expression".into(),
            "bool" => "true or false".into(),
            t => t.to_string(),
        },
    };
    split_top(ty).into_iter().map(part).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Whether a value fits a schema: the few keywords we use.
    pub fn fits(value: &Json, schema: &Json, root: &Json, at: &str) -> Result<(), String> {
        let no = |why: String| Err(format!("{at}: {why}"));
        if let Some(Json::String(r)) = schema.get("$ref") {
            let name = r.rsplit('/').next().unwrap_or_default();
            let target = root["$defs"].get(name).ok_or_else(|| format!("no definition {name}"))?;
            fits(value, target, root, at)?;
        }
        if let Some(c) = schema.get("const")
            && c != value
        {
            return no(format!("{value} is not {c}"));
        }
        if let Some(Json::Array(e)) = schema.get("enum")
            && !e.contains(value)
        {
            return no(format!("{value} is not one of {e:?}"));
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Json::Array(any)) = schema.get(key) {
                let tries: Vec<_> = any.iter().map(|s| fits(value, s, root, at)).collect();
                if !tries.iter().any(Result::is_ok) {
                    return no(format!("fits nothing: {:?}", tries.into_iter().filter_map(Result::err).collect::<Vec<_>>()));
                }
            }
        }
        let ty = match value {
            Json::Null => "null",
            Json::Bool(_) => "boolean",
            Json::Number(n) if n.is_i64() => "integer",
            Json::Number(_) => "number",
            Json::String(_) => "string",
            Json::Array(_) => "array",
            Json::Object(_) => "object",
        };
        if let Some(Json::String(t)) = schema.get("type")
            && t != ty
            && !(t == "number" && ty == "integer")
        {
            return no(format!("{value} is no {t}"));
        }
        if let (Json::Array(items), Some(s)) = (value, schema.get("items")) {
            for (i, v) in items.iter().enumerate() {
                fits(v, s, root, &format!("{at}[{i}]"))?;
            }
        }
        if let Json::Object(o) = value {
            for r in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
                if !o.contains_key(r) {
                    return no(format!("`{r}` is missing"));
                }
            }
            for (k, v) in o {
                match (schema.get("properties").and_then(|p| p.get(k)), schema.get("additionalProperties")) {
                    (Some(s), _) => fits(v, s, root, &format!("{at}.{k}"))?,
                    (None, Some(Json::Bool(false))) => return no(format!("`{k}` is unknown")),
                    (None, Some(s @ Json::Object(_))) => fits(v, s, root, &format!("{at}.{k}"))?,
                    _ => {}
                }
            }
        }
        Ok(())
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let schema = json_schema();
        let text = schema.to_string();
        for part in text.split("#/$defs/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schema["$defs"].get(name).is_some(), "{name}");
        }
        assert!(text.len() > 5_000);
        for d in DEFS {
            assert!(d.name == "scenario" || text.contains(&format!("#/$defs/{}\"", d.name)), "{} is not used", d.name);
            for f in d.fields {
                assert!(f.about.ends_with(['.', '…', '?']), "{}.{}: {}", d.name, f.name, f.about);
            }
        }
    }

    #[test]
    fn the_readme_is_up_to_date() {
        let readme = include_str!("../../../scenarios/README.md").replace("\r\n", "\n");
        let (_, rest) =
            readme.split_once("<!-- generated: cargo test prints the new text when this is out of date -->\n\n").expect("the marker");
        assert!(rest == reference(), "scenarios/README.md is out of date; its generated part should be:\n{}", reference());
    }
}
