//! The stem of an English word: enough to bring `schedules`, `scheduled` and `scheduling` together, no more.

/// Endings and what takes their place; the first that fits is taken.
const ENDINGS: &[(&str, &str)] = &[
    ("ies", "y"),
    ("sses", "ss"),
    ("ing", ""),
    ("edly", ""),
    ("ed", ""),
    ("ations", "at"),
    ("ation", "at"),
    ("ments", "ment"),
    ("ers", "er"),
    ("es", "e"),
    ("ly", ""),
    ("s", ""),
];

/// Stems of irregular forms.
const IRREGULAR: &[(&str, &str)] = &[
    ("ran", "run"),
    ("gone", "go"),
    ("went", "go"),
    ("goes", "go"),
    ("does", "do"),
    ("did", "do"),
    ("done", "do"),
    ("built", "build"),
    ("kept", "keep"),
    ("lost", "lose"),
    ("losing", "lose"),
    ("taken", "take"),
    ("took", "take"),
    ("sent", "send"),
    ("written", "write"),
    ("wrote", "write"),
    ("broken", "break"),
    ("broke", "break"),
    ("died", "die"),
    ("dies", "die"),
    ("dying", "die"),
    ("chosen", "choose"),
    ("chose", "choose"),
    ("known", "know"),
    ("knew", "know"),
    ("seen", "see"),
    ("saw", "see"),
    ("came", "come"),
    ("got", "get"),
    ("told", "tell"),
    ("held", "hold"),
    ("bound", "bind"),
    ("thrown", "throw"),
    ("shown", "show"),
    ("given", "give"),
    ("gave", "give"),
    ("grew", "grow"),
    ("grown", "grow"),
    ("found", "find"),
    ("meant", "mean"),
    ("left", "leave"),
    ("made", "make"),
];

pub fn stem(word: &str) -> String {
    if let Some((_, s)) = IRREGULAR.iter().find(|(w, _)| *w == word) {
        return (*s).to_string();
    }
    if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_alphabetic()) {
        return word.to_string();
    }
    let mut out = word.to_string();
    for (ending, instead) in ENDINGS {
        let Some(base) = word.strip_suffix(ending) else { continue };
        if base.len() < 3 || !base.bytes().any(|b| b"aeiouy".contains(&b)) {
            continue;
        }
        if *ending != "s" || !base.ends_with(['s', 'u']) {
            out = format!("{base}{instead}");
        }
        break;
    }
    let bytes = out.as_bytes();
    let last = bytes[bytes.len() - 1];
    if out.len() > 3 && bytes[bytes.len() - 2] == last && !b"lsz".contains(&last) {
        out.pop();
    }
    if out.len() > 4 && out.ends_with('e') {
        out.pop();
    }
    if out.len() > 5 && out.ends_with("at") {
        out.truncate(out.len() - 2);
    }
    if out.ends_with('i') {
        out.pop();
        out.push('y');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn forms_of_a_word_meet() {
        for group in
            [&["schedule", "schedules", "scheduled", "scheduling"][..], &["stop", "stops", "stopped", "stopping"], &["replica", "replicas"]]
        {
            for word in group {
                assert_eq!(stem(word), stem(group[0]), "{word}");
            }
        }
    }

    #[test]
    fn short_and_odd_words_stay() {
        for word in ["etcd", "dns", "1.24", "cri-o", "class", "status", "überall"] {
            assert_eq!(stem(word), word);
        }
    }
}
