//! What people claim: the catalogue for the faces, and runs that bear it out.
//!
//! A face shows [`catalogue`]'s themes and claims at once. To check some, it makes a [`Verification`] and calls
//! [`Verification::advance`] as often as it likes, with as many events a call as fit between two frames: nothing blocks, nothing runs in
//! the background, and findings come in one by one.

mod print;
mod verify;

pub use crate::study::claims::{Claim, Claims, Shows, Theme, Verdict};
pub use print::{NO_RUN, json, text};
pub use verify::{Finding, Progress, Verification};

/// The catalogue inside the program.
///
/// # Errors
/// The rendered diagnostics; only a broken build has them.
pub fn catalogue() -> Result<Claims, String> {
    Claims::built_in().map_err(|d| d.render(false))
}

/// The claims with these ids, in the catalogue's order, of this theme if one is given; all without ids and theme.
///
/// # Errors
/// A sentence that names an unknown id or theme and what may have been meant.
pub fn select<'a>(claims: &'a Claims, ids: &[String], theme: Option<&str>) -> Result<Vec<&'a Claim>, String> {
    if let Some(id) = ids.iter().find(|id| claims.get(id).is_none()) {
        let near = claims.nearest(id).map_or_else(String::new, |n| format!("; did you mean {n}?"));
        return Err(format!("error: there is no claim '{id}'{near}"));
    }
    let theme = match theme.map(|t| (t, claims.theme(t))) {
        None => None,
        Some((_, Some(theme))) => Some(theme),
        Some((word, None)) => {
            let all: Vec<&str> = claims.themes.iter().map(|t| &*t.id).collect();
            let hint = crate::document::nearest(word, all.iter().copied())
                .map_or_else(|| format!("the themes are {}", all.join(", ")), |near| format!("did you mean {near}?"));
            return Err(format!("error: there is no theme '{word}'; {hint}"));
        }
    };
    if let Some(theme) = theme
        && let Some(c) = ids.iter().filter_map(|id| claims.get(id)).find(|c| c.theme != theme.id)
    {
        return Err(format!("error: {} is in the theme {}, not in {}", c.id, c.theme, theme.id));
    }
    let named = |c: &Claim| ids.is_empty() || ids.iter().any(|id| c.id.eq_ignore_ascii_case(id));
    let inside = |c: &Claim| theme.is_none_or(|t| t.id == c.theme);
    Ok(claims.claims.iter().filter(|c| named(c) && inside(c)).collect())
}

#[cfg(test)]
mod tests;
