//! A day as people write it: `28 November`, `Nov 28`, `2026-11-28`, `tomorrow`, `in 6 days`, `friday`.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::long_date;

/// What is understood, in a few words.
pub const DAY_HINT: &str = "28 nov, 2026-11-28, tomorrow, in 6 days or friday";

const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Nobody plans further.
const YEARS_MAX: i64 = 10;

/// The day that is meant, seen from today. A day and a month without a year are the next such day; a weekday is the next one, not today.
///
/// # Errors
/// What was not understood and what would be, or why the day cannot be meant.
pub fn day(words: &str, today: Date) -> Result<Date, String> {
    let said = words.trim();
    let lower = said.to_lowercase();
    let parts: Vec<&str> = lower.split([' ', ',']).filter(|p| !["", "on", "the", "of", "this"].contains(p)).collect();
    if let ["next", weekday] = parts.as_slice()
        && let Some(first) = weekday_after(weekday, today)
    {
        let second = first.checked_add(7.days()).unwrap_or(first);
        return Err(format!("`{said}` may be {} or {}: which day?", long_date(first), long_date(second)));
    }
    let unclear = || {
        let shown: String = said.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("`{shown}` is no day; write {DAY_HINT}")
    };
    let day = relative(&parts, today).or_else(|| written(&parts, today)).ok_or_else(unclear)?;
    if day < today {
        return Err(format!("{} is over; today is {}", long_date(day), long_date(today)));
    }
    if today.checked_add(YEARS_MAX.years()).is_ok_and(|last| day > last) {
        return Err(format!("{} is more than {YEARS_MAX} years away", long_date(day)));
    }
    Ok(day)
}

/// Counted from today: `tomorrow`, `in 6 days`, `+7`, `friday`.
fn relative(parts: &[&str], today: Date) -> Option<Date> {
    let in_days = |days: i64| today.checked_add(days.days()).ok();
    match parts {
        ["today"] => Some(today),
        ["tomorrow"] => in_days(1),
        ["day", "after", "tomorrow"] => in_days(2),
        ["yesterday"] => today.yesterday().ok(),
        ["in", number, unit] | [number, unit] => {
            let number = match *number {
                "a" | "an" | "one" => 1,
                // Beyond this jiff's spans end; it is too far away in any unit.
                digits => digits.trim_start_matches('+').parse::<i64>().ok().filter(|n| (0..=100_000).contains(n))?,
            };
            match unit.trim_end_matches('s') {
                "day" => in_days(number),
                "week" => today.checked_add((number.min(10_000)).weeks()).ok(),
                "month" => today.checked_add((number.min(10_000)).months()).ok(),
                _ => None,
            }
        }
        [one] => match one.strip_prefix('+') {
            Some(days) => in_days(days.trim_end_matches('d').parse::<i64>().ok().filter(|n| (0..=100_000).contains(n))?),
            None => weekday_after(one, today),
        },
        _ => None,
    }
}

/// `2026-11-28`, `28 november`, `nov 28 2027`, `28.11.`
fn written(parts: &[&str], today: Date) -> Option<Date> {
    if let [iso] = parts
        && let Ok(day) = iso.parse()
    {
        return Some(day);
    }
    let number = |word: &str| -> Option<i16> {
        let digits = ["st", "nd", "rd", "th", "."].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
        digits.parse().ok()
    };
    let (day, month, year) = match parts {
        [one] if one.contains('.') => {
            let mut fields = one.trim_end_matches('.').split('.').map(|p| p.parse::<i16>().ok());
            let (day, month) = (fields.next()??, fields.next()??);
            let year = match fields.next() {
                Some(year) => Some(year?),
                None => None,
            };
            (day, i8::try_from(month).ok()?, year)
        }
        [a, b, rest @ ..] if rest.len() <= 1 => {
            let year = match rest {
                [year] => Some(number(year)?),
                _ => None,
            };
            match (month(a), month(b)) {
                (Some(month), None) => (number(b)?, month, year),
                (None, Some(month)) => (number(a)?, month, year),
                _ => return None,
            }
        }
        _ => return None,
    };
    let at = |year: i16| Date::new(year, month, i8::try_from(day).ok()?).ok();
    match year {
        Some(year) => at(year),
        // The next such day; of 29 February the next leap year's.
        None => (0..=8).filter_map(|n| at(today.year() + n)).find(|d| *d >= today),
    }
}

fn month(word: &str) -> Option<i8> {
    let word = word.trim_end_matches('.');
    let at = MONTHS.iter().position(|m| (word.len() >= 3 && m.starts_with(word)) || word == "sept" && *m == "september")?;
    i8::try_from(at + 1).ok()
}

fn weekday_after(word: &str, today: Date) -> Option<Date> {
    let word = word.trim_end_matches('.');
    let at = DAYS.iter().position(|d| word.len() >= 3 && d.starts_with(word))?;
    let weekday = Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()?;
    today.nth_weekday(1, weekday).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_as_people_write_them() {
        let today: Date = "2026-11-21".parse().unwrap(); // a Saturday
        let reads = |words: &str| day(words, today).map(|d| d.to_string());
        for (words, meant) in [
            ("2026-11-28", "2026-11-28"),
            ("28 November", "2026-11-28"),
            ("28th of november", "2026-11-28"),
            (" Nov 28 ", "2026-11-28"),
            ("on Nov. 28, 2027", "2027-11-28"),
            ("28 nov", "2026-11-28"),
            ("28.11.", "2026-11-28"),
            ("28.11.2027", "2027-11-28"),
            ("3 feb", "2027-02-03"),
            ("29 feb", "2028-02-29"),
            ("Sept 1", "2027-09-01"),
            ("today", "2026-11-21"),
            ("Tomorrow", "2026-11-22"),
            ("day after tomorrow", "2026-11-23"),
            ("in 6 days", "2026-11-27"),
            ("in a week", "2026-11-28"),
            ("2 weeks", "2026-12-05"),
            ("in one month", "2026-12-21"),
            ("+7", "2026-11-28"),
            ("+7 days", "2026-11-28"),
            ("friday", "2026-11-27"),
            ("on Thu", "2026-11-26"),
            ("this sunday", "2026-11-22"),
            ("saturday", "2026-11-28"),
        ] {
            assert_eq!(reads(words).as_deref(), Ok(meant), "{words}");
        }
    }

    #[test]
    fn what_is_no_day_is_told_with_what_would_be_one() {
        let today: Date = "2026-11-21".parse().unwrap();
        let says = |words: &str| day(words, today).unwrap_err();
        for words in [
            "",
            "soon",
            "31 feb",
            "november",
            "28",
            "28 28",
            "2026-13-01",
            "in days",
            "in -3 days",
            "in 99999999999 days",
            "5 nov nov",
            "28/11",
        ] {
            assert!(says(words).contains("is no day; write 28 nov, 2026-11-28, tomorrow, in 6 days or friday"), "{words}: {}", says(words));
        }
        assert_eq!(says("2020-01-01"), "1 January 2020 is over; today is 21 November 2026");
        assert!(says("yesterday").contains("is over"));
        assert!(says("9999-01-01").contains("more than 10 years away") && says("in 90000 days").contains("more than 10 years away"));
        assert_eq!(says("next friday"), "`next friday` may be 27 November 2026 or 4 December 2026: which day?");
        assert!(says(&"x".repeat(10_000)).len() < 150 && !says("a\u{1b}[31m").contains('\u{1b}'));
    }
}
