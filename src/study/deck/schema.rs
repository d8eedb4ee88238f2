//! The deck format as JSON Schema, for editors.

use serde_json::{Value as Json, json};

/// One kind of map: its name, the reader's words for it, and its fields (name, type, required, a line about it).
pub(super) struct Def {
    name: &'static str,
    pub(super) what: &'static str,
    pub(super) fields: &'static [FieldDef],
}
pub(super) struct FieldDef {
    pub(super) name: &'static str,
    ty: Type,
    required: bool,
    about: &'static str,
}

#[derive(Clone, Copy)]
enum Type {
    Id,
    Text,
    Level,
    Moment,
    Claim,
    Texts,
    Groups,
    Ids,
    One(&'static str),
    Many(&'static str),
}

const fn req(name: &'static str, ty: Type, about: &'static str) -> FieldDef {
    FieldDef { name, ty, required: true, about }
}
const fn opt(name: &'static str, ty: Type, about: &'static str) -> FieldDef {
    FieldDef { name, ty, required: false, about }
}

/// Every map there is, the whole file first.
pub(super) const DEFS: &[Def] = &[
    Def {
        name: "deck",
        what: "a deck",
        fields: &[
            req("topic", Type::Id, "The topic's id; a deck may add to a topic that is there already."),
            req("title", Type::Text, "The topic as people see it."),
            req("questions", Type::Many("question"), "The questions, in the order of the list."),
        ],
    },
    Def {
        name: "question",
        what: "a question",
        fields: &[
            req("id", Type::Id, "Progress hangs on it: unique over all decks, and never changed."),
            req("question", Type::Text, "What the interviewer asks."),
            req("level", Type::Level, "How much experience it asks for; scenario = a story to reason through."),
            req("points", Type::Many("point"), "What a good answer says; three to seven are best."),
            opt("misconceptions", Type::Many("misconception"), "Wrong beliefs that answers often carry."),
            opt("follow-ups", Type::Many("follow-up"), "What is asked next, by what was missed."),
            req("answers", Type::One("answers"), "Model answers, to be spoken."),
            opt("evidence", Type::One("evidence"), "What proves the answer."),
        ],
    },
    Def {
        name: "point",
        what: "a point",
        fields: &[
            req("id", Type::Id, "Unique within its question."),
            req("text", Type::Text, "The point, as the rubric shows it."),
            opt("say", Type::Texts, "The same in words people use; the more different, the better it is recognised."),
            opt("concepts", Type::Groups, "Groups of words; an answer that makes the point uses one of each group."),
        ],
    },
    Def {
        name: "misconception",
        what: "a misconception",
        fields: &[
            req("id", Type::Id, "Unique within its question."),
            req("text", Type::Text, "What the person believes (\"Claims that …\")."),
            opt("say", Type::Texts, "How people put it."),
            req("correction", Type::Text, "What is true instead."),
        ],
    },
    Def {
        name: "follow-up",
        what: "a follow-up",
        fields: &[
            req("ask", Type::Text, "The question that is asked next."),
            req(
                "missed",
                Type::Ids,
                "Ids of the points whose absence makes this the question to ask; an empty list for one that leads further.",
            ),
        ],
    },
    Def {
        name: "answers",
        what: "the block of model answers",
        fields: &[
            req("short", Type::Text, "About 20 seconds."),
            opt("medium", Type::Text, "About a minute; the short one unless given."),
            opt("long", Type::Text, "About three minutes; the medium one unless given."),
        ],
    },
    Def {
        name: "evidence",
        what: "the evidence",
        fields: &[
            opt("scenario", Type::Id, "A scenario by name; `at` and `look` go with it."),
            opt("at", Type::Moment, "The moment at which the lab is opened: 2m50s."),
            opt("look", Type::Text, "What to look at there."),
            opt("claim", Type::Claim, "A claim by id, G-05."),
            opt("none", Type::Text, "A sentence saying that nothing shows it yet."),
        ],
    },
];

/// The schema (draft 2020-12).
pub fn json_schema() -> Json {
    let mut root = object(&DEFS[0]);
    let defs: serde_json::Map<String, Json> = DEFS[1..].iter().map(|d| (d.name.to_string(), object(d))).collect();
    if let Some(o) = root.as_object_mut() {
        o.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
        o.insert("title".into(), json!("wheelhouse question deck"));
        o.insert("$defs".into(), defs.into());
    }
    root
}

fn object(def: &Def) -> Json {
    let field = |f: &FieldDef| {
        let mut ty = schema_of(f.ty);
        if let Some(o) = ty.as_object_mut() {
            o.insert("description".into(), json!(f.about));
        }
        (f.name.to_string(), ty)
    };
    let properties: serde_json::Map<String, Json> = def.fields.iter().map(field).collect();
    let required: Vec<&str> = def.fields.iter().filter(|f| f.required).map(|f| f.name).collect();
    json!({"type": "object", "title": def.what, "properties": properties, "required": required, "additionalProperties": false})
}

fn schema_of(ty: Type) -> Json {
    let text = || json!({"type": "string", "minLength": 1});
    let id = || json!({"type": "string", "pattern": "^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$"});
    let list = |items: Json| json!({"type": "array", "items": items});
    let words: Vec<&str> = super::super::bank::Level::WORDS.iter().map(|(w, _)| *w).collect();
    match ty {
        Type::Id => id(),
        Type::Text => text(),
        Type::Level => json!({"enum": words}),
        Type::Moment => json!({"type": "string", "pattern": "^([0-9]*\\.?[0-9]+(ns|us|µs|ms|s|m|h|d))+$", "examples": ["90s", "2m50s"]}),
        Type::Claim => json!({"type": "string", "pattern": "^[A-Z]{1,3}-[0-9]{1,4}$"}),
        Type::Texts => list(text()),
        Type::Groups => list(list(text())),
        Type::Ids => list(id()),
        Type::One(def) => json!({"$ref": format!("#/$defs/{def}")}),
        Type::Many(def) => list(json!({"$ref": format!("#/$defs/{def}")})),
    }
}
