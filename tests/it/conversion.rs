//! Every recorded object comes back from its own type as it went in.

use serde_json::Value;
use wheelhouse::worlds::kubernetes::api::meta::Epoch;
use wheelhouse::worlds::kubernetes::kinds;

use crate::vectors;

/// Null and empty are the same to the API; so are fields whose zero value is meant.
fn plain(v: &Value) -> Value {
    match v {
        Value::Object(m) => {
            let kept =
                m.iter().map(|(k, v)| (k.clone(), plain(v))).filter(|(_, v)| !v.is_null() && *v != Value::Object(Default::default()));
            Value::Object(kept.collect())
        }
        Value::Array(l) => Value::Array(l.iter().map(plain).collect()),
        other => other.clone(),
    }
}

#[test]
fn recorded_objects_round_trip() {
    let Some(printing) = vectors::json("printing.json") else { return };
    // Two weeks before the recording: nothing in it is older.
    let epoch = Epoch::from_unix(1_794_000_000);
    // What an unset field means is written out: endpoints' conditions, and the kubelet's port, which the recording's stand-in nodes lack.
    let told = |path: &str| {
        path.ends_with(".conditions.serving")
            || path.ends_with(".conditions.terminating")
            || path == "status.daemonEndpoints.kubeletEndpoint.Port"
    };
    let mut wrong = Vec::new();
    for o in printing["objects"].as_array().expect("objects") {
        let back = match kinds::from_json_at(o, epoch) {
            Ok(object) => kinds::to_json_at(&object, epoch),
            Err(e) => {
                wrong.push(format!("{}: {e}", o["metadata"]["name"]));
                continue;
            }
        };
        for f in wheelhouse::kernel::journal::diff_json(plain(o), plain(&back)).iter().filter(|f| !told(&f.path)) {
            wrong.push(format!("{} {} {}: {} became {}", o["kind"], o["metadata"]["name"], f.path, f.from, f.to));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
