//! JSON where places do not matter: quick, but as strict as kubectl (a key may stand once), and several documents one after the other.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The documents of a JSON text. None if it is anything else, or not wholly sound: whoever wants to know why parses it with places.
pub fn plain(text: &str) -> Option<Vec<Value>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let stream = serde_json::Deserializer::from_str(text).into_iter::<Strict>();
    stream.map(|v| v.map(|v| v.0)).collect::<Result<_, _>>().ok()
}

/// As many files as somebody puts together by hand.
const STREAM_MAX: usize = 16;

/// Where the documents stand in a text of several JSON documents; None for any other text.
pub fn stream(text: &str) -> Option<Vec<Range<usize>>> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let (mut parts, mut start) = (vec![], 0);
    while let Some(document) = documents.next() {
        document.ok().filter(|_| parts.len() < STREAM_MAX)?;
        parts.push(start..documents.byte_offset());
        start = documents.byte_offset();
    }
    (parts.len() > 1).then_some(parts)
}

/// A value without repeated keys.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, v: bool) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_i64<E>(self, v: i64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_u64<E>(self, v: u64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_f64<E>(self, v: f64) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_str<E>(self, v: &str) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_string<E>(self, v: String) -> Result<Value, E> {
        Ok(v.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        while let Some(Strict(v)) = seq.next_element()? {
            list.push(v);
        }
        Ok(list.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if map.insert(key, value).is_some() {
                return Err(A::Error::custom("a key is set twice"));
            }
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_stand_once_and_documents_follow_each_other() {
        assert_eq!(plain("{\"a\": [1, -2, 0.5, null, true, \"x\"]}"), Some(vec![json!({"a": [1, -2, 0.5, null, true, "x"]})]));
        assert_eq!(plain("{\"a\": {\"b\": 1, \"b\": 2}}"), None);
        assert_eq!((plain("[1]"), plain("{\"a\": 1"), plain("a: 1")), (None, None, None));
        assert_eq!(plain("{}\n{\"a\": 1}").map(|d| d.len()), Some(2));
        assert_eq!((stream("{}"), stream("{} x"), stream("{}\n {}\n")), (None, None, Some(vec![0..2, 2..6])));
    }
}
