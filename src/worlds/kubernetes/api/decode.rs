//! Strict decoding of JSON into the official types in the API server's words: unknown fields are collected, the first wrong type ends it
//! with the sentence that Go's decoder would say. Facts: sigs.k8s.io/json (strict mode, field paths), encoding/json/decode.go.
//!
//! The types' own `Deserialize` drives it: every struct tells its name and fields, so the messages need no schema of ours.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::{Deserializer, Serialize, forward_to_deserialize_any};
use serde_json::{Map, Value};

use super::go;
use super::quantity::Quantity;

/// A field that the type does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// `spec.template.spec.containers[0].imag`
    pub path: String,
    /// What the type has instead.
    pub known: &'static [&'static str],
}

/// A decoded object: as JSON again, quantities canonical, nulls and unknown fields gone.
#[derive(Clone, Debug)]
pub struct Decoded {
    pub value: Value,
    pub unknown: Vec<UnknownField>,
}

/// A value of the wrong type: Go's sentence and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongType {
    pub message: String,
    /// The field path with indices.
    pub path: String,
}

/// Decodes `value` as a `T`.
///
/// # Errors
/// The first value that does not fit.
pub fn decode<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Decoded, WrongType> {
    let state = RefCell::new(State::default());
    let wrong = |e: Error| WrongType { message: e.0, path: state.borrow().path.clone() };
    let typed = T::deserialize(Json { value, state: &state }).map_err(wrong)?;
    let unknown = std::mem::take(&mut state.borrow_mut().unknown);
    let mut decoded = serde_json::to_value(&typed).map_err(|e| WrongType { message: e.to_string(), path: String::new() })?;
    keep_present(&mut decoded, value);
    Ok(Decoded { value: decoded, unknown })
}

/// The types write required fields even where they were absent; absent is not empty.
fn keep_present(decoded: &mut Value, given: &Value) {
    match (decoded, given) {
        (Value::Object(d), Value::Object(g)) => {
            d.retain(|k, _| g.get(k).is_some_and(|v| !v.is_null()));
            for (k, v) in d.iter_mut() {
                keep_present(v, &g[k]);
            }
        }
        (Value::Array(d), Value::Array(g)) => d.iter_mut().zip(g).for_each(|(d, g)| keep_present(d, g)),
        _ => {}
    }
}

/// Where the decoder is.
#[derive(Debug, Default)]
struct State {
    path: String,
    /// Field names from the top, without indices.
    fields: Vec<String>,
    /// Names of the structs around.
    structs: Vec<&'static str>,
    unknown: Vec<UnknownField>,
}

impl State {
    /// "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
    fn mismatch(&self, found: &str, wanted: &str) -> Error {
        let wanted = match (self.structs.last(), self.fields.last()) {
            (Some(s), Some(f)) => go::named_type(s, f, wanted).to_string(),
            _ => wanted.to_string(),
        };
        Error(match self.structs.last() {
            Some(s) => format!("json: cannot unmarshal {found} into Go struct field {s}.{} of type {wanted}", self.fields.join(".")),
            None => format!("json: cannot unmarshal {found} into Go value of type {wanted}"),
        })
    }
}

/// Only its text counts.
#[derive(Debug)]
struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl std::error::Error for Error {}
impl de::Error for Error {
    fn custom<T: fmt::Display>(msg: T) -> Self {
        Self(msg.to_string())
    }
}

/// One value being decoded.
#[derive(Clone, Copy)]
struct Json<'a> {
    value: &'a Value,
    state: &'a RefCell<State>,
}

static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);

impl<'a> Json<'a> {
    fn wrong(&self, wanted: &str) -> Error {
        self.state.borrow().mismatch(&go::found(self.value, wanted.starts_with("int")), wanted)
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V, wanted: &str, range: std::ops::RangeInclusive<i64>) -> Result<V::Value, Error> {
        let whole = |f: f64| (f.fract() == 0.0 && f.abs() < 9e15).then_some(f as i64);
        match self.value {
            Value::Null => visitor.visit_i64(0),
            Value::Number(n) => match n.as_i64().or_else(|| n.as_f64().and_then(whole)).filter(|n| range.contains(n)) {
                Some(n) => visitor.visit_i64(n),
                None => Err(self.wrong(wanted)),
            },
            _ => Err(self.wrong(wanted)),
        }
    }
}

macro_rules! integers {
    ($($method:ident, $name:literal, $t:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.integer(visitor, $name, <$t>::MIN as i64..=<$t>::MAX as i64)
        }
    )*};
}

impl<'de, 'a: 'de> Deserializer<'de> for Json<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // IntOrString decodes itself, outside the struct's context; free-form JSON takes anything.
        self.value.deserialize_any(visitor).map_err(|_| Error(go::int_or_string(self.value)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let map = match self.value {
            Value::Object(map) => map,
            Value::Null => &EMPTY,
            _ => return Err(self.wrong(&go::struct_type(name))),
        };
        let fields_before = self.state.borrow().fields.len();
        self.state.borrow_mut().structs.push(name);
        let out = visitor.visit_map(Entries { entries: sorted(map), next: 0, at: self, known: Some(fields) })?;
        let mut state = self.state.borrow_mut();
        state.structs.pop();
        state.fields.truncate(fields_before);
        Ok(out)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Object(map) => visitor.visit_map(Entries { entries: sorted(map), next: 0, at: self, known: None }),
            Value::Null => visitor.visit_map(Entries { entries: vec![], next: 0, at: self, known: None }),
            _ => {
                let wanted = visitor.visit_map(Probe).err().map_or_else(String::new, |e| e.0);
                Err(self.wrong(&go::map_type(&wanted)))
            }
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(list) => visitor.visit_seq(Elements { list, next: 0, at: self }),
            Value::Null => visitor.visit_seq(Elements { list: &[], next: 0, at: self }),
            _ => {
                let wanted = visitor.visit_seq(Probe).err().map_or_else(String::new, |e| e.0);
                Err(self.wrong(&format!("[]{wanted}")))
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Null => visitor.visit_bool(false),
            _ => Err(self.wrong("bool")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::String(s) => visitor.visit_str(s),
            Value::Null => visitor.visit_str(""),
            _ => Err(self.wrong("string")),
        }
    }

    /// Bytes and timestamps ask for borrowed text.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::String(s) => visitor.visit_str(s).map_err(|_: Error| Error(go::base64_error(s))),
            Value::Null => visitor.visit_str(""),
            _ => Err(self.wrong("[]uint8")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        match (name, self.value) {
            ("Quantity", value) => {
                let text = match value {
                    Value::String(s) => s.clone(),
                    other => other.to_string(),
                };
                let quantity = Quantity::parse(&text).map_err(|e| Error(e.into()))?;
                visitor.visit_newtype_struct(quantity.to_string().into_deserializer())
            }
            (_, Value::String(s)) => visitor
                .visit_newtype_struct(IntoDeserializer::<Error>::into_deserializer(s.as_str()))
                .map_err(|_| Error(format!("parsing time \"{s}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{s}\" as \"2006\""))),
            _ => Err(Error(format!("json: cannot unmarshal {} into Go value of type string", go::found(self.value, false)))),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    integers! {
        deserialize_i8, "int8", i8;
        deserialize_i16, "int16", i16;
        deserialize_i32, "int32", i32;
        deserialize_i64, "int64", i64;
        deserialize_u8, "uint8", u8;
        deserialize_u16, "uint16", u16;
        deserialize_u32, "uint32", u32;
    }
    forward_to_deserialize_any! { u64 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct enum }
}

/// kubectl sends keys in alphabetical order, and so the server reads them.
fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(k, _)| k.as_str());
    entries
}

/// The entries of an object: of a struct (with its known fields) or of a map.
struct Entries<'a> {
    entries: Vec<(&'a String, &'a Value)>,
    next: usize,
    at: Json<'a>,
    known: Option<&'static [&'static str]>,
}

impl<'de, 'a: 'de> de::MapAccess<'de> for Entries<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        while let Some((key, _)) = self.entries.get(self.next) {
            if let Some(known) = self.known.filter(|known| !known.contains(&key.as_str())) {
                let mut state = self.at.state.borrow_mut();
                let path = dotted(&state.path, key);
                state.unknown.push(UnknownField { path, known });
                self.next += 1;
                continue;
            }
            return seed.deserialize(IntoDeserializer::<Error>::into_deserializer(key.as_str())).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let (key, value) = self.entries[self.next];
        self.next += 1;
        let len = {
            let mut state = self.at.state.borrow_mut();
            let len = state.path.len();
            state.path = dotted(&state.path, key);
            if self.known.is_some() {
                state.fields.push(key.clone());
            }
            len
        };
        let out = seed.deserialize(Json { value, state: self.at.state })?;
        let mut state = self.at.state.borrow_mut();
        state.path.truncate(len);
        if self.known.is_some() {
            state.fields.pop();
        }
        Ok(out)
    }
}

fn dotted(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
}

struct Elements<'a> {
    list: &'a [Value],
    next: usize,
    at: Json<'a>,
}

impl<'de, 'a: 'de> de::SeqAccess<'de> for Elements<'a> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(value) = self.list.get(self.next) else { return Ok(None) };
        let len = {
            let mut state = self.at.state.borrow_mut();
            let len = state.path.len();
            state.path.push_str(&format!("[{}]", self.next));
            len
        };
        self.next += 1;
        let out = seed.deserialize(Json { value, state: self.at.state })?;
        self.at.state.borrow_mut().path.truncate(len);
        Ok(Some(out))
    }
}

/// Asks a type for its Go name: every answer is an error that carries it.
struct Probe;

impl<'de> de::SeqAccess<'de> for Probe {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        seed.deserialize(Probe).map(Some)
    }
}
impl<'de> de::MapAccess<'de> for Probe {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        seed.deserialize(IntoDeserializer::<Error>::into_deserializer("key")).map(Some)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Probe)
    }
}

macro_rules! names {
    ($($method:ident => $name:literal,)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error($name.into()))
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe {
    type Error = Error;

    names! {
        deserialize_any => "intstr.IntOrString",
        deserialize_bool => "bool",
        deserialize_i32 => "int32",
        deserialize_i64 => "int64",
        deserialize_string => "string",
        deserialize_str => "[]uint8",
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(Probe)
    }
    fn deserialize_struct<V: Visitor<'de>>(self, name: &'static str, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(Error(go::struct_type(name)))
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, _: V) -> Result<V::Value, Error> {
        Err(Error(if name == "Quantity" { "resource.Quantity".into() } else { format!("v1.{name}") }))
    }
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let inner = visitor.visit_seq(Probe).err().map_or_else(String::new, |e| e.0);
        Err(Error(format!("[]{inner}")))
    }
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let inner = visitor.visit_map(Probe).err().map_or_else(String::new, |e| e.0);
        Err(Error(go::map_type(&inner)))
    }
    forward_to_deserialize_any! { i8 i16 u8 u16 u32 u64 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier ignored_any }
}

/// Reads a typed part leniently, for what was checked before.
pub fn lenient<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(value)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::Deployment;
    use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
    use serde_json::json;

    use super::*;

    fn wrong<T: DeserializeOwned + Serialize>(v: Value) -> String {
        decode::<T>(&v).expect_err("must not fit").message
    }
    fn deployment(spec: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec})
    }

    #[test]
    fn speaks_like_go() {
        assert_eq!(
            wrong::<Deployment>(deployment(json!({"replicas": "three"}))),
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
        );
        let port = json!({"template": {"spec": {"containers": [{"name": "c", "ports": [{"containerPort": "http"}]}]}}});
        assert_eq!(
            wrong::<Deployment>(deployment(port)),
            "json: cannot unmarshal string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32"
        );
        let containers = json!({"template": {"spec": {"containers": {"name": "c"}}}});
        assert_eq!(
            wrong::<Deployment>(deployment(containers)),
            "json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container"
        );
        assert_eq!(
            wrong::<ConfigMap>(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"n": 5}})),
            "json: cannot unmarshal number into Go struct field ConfigMap.data of type string"
        );
        assert_eq!(
            wrong::<Deployment>(deployment(json!({"replicas": 3_000_000_000_u64}))),
            "json: cannot unmarshal number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32"
        );
        let policy = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "c", "imagePullPolicy": 5}]}});
        assert_eq!(
            wrong::<Pod>(policy),
            "json: cannot unmarshal number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy"
        );
        assert_eq!(
            wrong::<Secret>(json!({"apiVersion": "v1", "kind": "Secret", "data": {"p": "geheim!"}})),
            "illegal base64 data at input byte 6"
        );
    }

    #[test]
    fn collects_unknown_fields_and_canonical_quantities() {
        let v = deployment(json!({"replica": 3, "template": {"spec": {"containers": [
            {"name": "c", "imag": "x", "resources": {"limits": {"memory": "1024Mi", "cpu": 0.5}}}]}}}));
        let d = decode::<Deployment>(&v).unwrap();
        let paths: Vec<_> = d.unknown.iter().map(|u| u.path.as_str()).collect();
        assert_eq!(paths, ["spec.replica", "spec.template.spec.containers[0].imag"]);
        assert!(d.unknown[0].known.contains(&"replicas"));
        assert_eq!(d.value.pointer("/spec/template/spec/containers/0/resources/limits").unwrap(), &json!({"cpu": "500m", "memory": "1Gi"}));
    }
}
