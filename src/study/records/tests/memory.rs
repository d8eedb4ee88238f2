//! FSRS as the crate has it, and the rules on top of it.

use fsrs::{FSRS, FSRSItem, FSRSReview, MemoryState};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::super::memory::{DESIRED_RETENTION, STUBBORN_AFTER, Scheduler};
use super::*;

fn memory(reviews: &[Review]) -> Memory {
    Memory::of(&Scheduler::default(), &reviews.iter().collect::<Vec<_>>()).unwrap()
}

#[test]
fn first_answers_have_the_intervals_of_the_crate() {
    // The crate's own documentation: 0.212, 1.2931, 2.3065, 8.2956 days.
    let due = |score| memory(&[review("q", START, score)]).due;
    assert_eq!([0, 40, 65, 85].map(due), [day(0), day(1), day(2), day(8)]);
    let trace = memory(&[review("q", START, 70)]).trace;
    assert_eq!((trace.stability, trace.difficulty), (2.3065, 2.118_104));
}

proptest! {
    #[test]
    fn a_history_is_what_the_crate_makes_of_it(steps in prop::collection::vec((0u32..400, 1usize..=4), 1..20)) {
        let scheduler = Scheduler::default();
        let (mut at, mut history, mut theirs, mut chained) = (START, vec![], vec![], None);
        for (i, (gap, rating)) in steps.iter().enumerate() {
            let gap = if i == 0 { 0 } else { *gap };
            at = super::super::memory::later(at, gap);
            let rating = Rating::ALL[rating - 1];
            history.push((at, rating));
            theirs.push(FSRSReview { rating: rating as u32, delta_t: gap });
            chained = scheduler.next(chained, at, rating);
        }
        let fsrs = FSRS::default();
        let expected = fsrs.memory_state(FSRSItem { reviews: theirs }, None).unwrap();
        let trace = scheduler.trace(&history).unwrap();
        prop_assert_eq!(MemoryState { stability: trace.stability, difficulty: trace.difficulty }, expected);
        prop_assert_eq!(Some(trace), chained);
        let interval = fsrs.next_interval(Some(trace.stability), DESIRED_RETENTION, 0).round();
        prop_assert_eq!(scheduler.interval(&trace), interval.min(36_500.0) as u32);
        // Nine of ten are known when it comes back.
        if scheduler.interval(&trace) > 20 {
            let known = trace.retrievability(super::super::memory::later(at, scheduler.interval(&trace)));
            prop_assert!((known - DESIRED_RETENTION).abs() < 0.01, "{known}");
        }
    }

    #[test]
    fn due_dates_keep_their_rules(scores in prop::collection::vec((0u32..30, 0u8..=100, 0u8..=100, 0u8..=100), 1..12)) {
        let mut at = START;
        let mut with = vec![];
        for (gap, score, a, b) in scores {
            at = super::super::memory::later(at, gap);
            with.push(with_points(review("q", at, score), &[("a", a), ("b", b)]));
        }
        let without: Vec<_> = with.iter().cloned().map(|r| Review { points: vec![], ..r }).collect();
        let (with, without) = (memory(&with), memory(&without));
        prop_assert!(with.due <= without.due, "a missed point never puts a question off");
        if with.rating == Rating::Again {
            prop_assert_eq!(with.due, at);
        } else {
            prop_assert!(with.due > at, "not twice on a day");
        }
        if with.missed().next().is_none() {
            prop_assert_eq!(with.due, without.due, "nothing missed, nothing pulled");
        }
    }
}

#[test]
fn a_missed_point_brings_its_question_back_sooner() {
    let good = |n, missed| with_points(review("q", day(n), 90), &[("taint", 100), ("evict", missed)]);
    assert_eq!(memory(&[good(0, 100)]).due, day(8));
    let pulled = memory(&[good(0, 10)]);
    assert_eq!(pulled.due, day(1));
    assert_eq!(pulled.missed().map(|p| &*p.point).collect::<Vec<_>>(), ["evict"]);
    // Half made: later than missed, sooner than made.
    assert_eq!(memory(&[good(0, 50)]).due, day(1));
    // Made the next time: the question goes its own way again.
    let both = memory(&[good(0, 10), good(1, 90)]);
    assert_eq!(both.due, memory(&[review("q", day(0), 90), review("q", day(1), 90)]).due);
    assert!(both.due > day(8), "{}", both.due);
}

#[test]
fn a_point_missed_again_and_again_stops_pulling() {
    let reviews: Vec<_> = (0..STUBBORN_AFTER as u32).map(|n| with_points(review("q", day(n), 90), &[("evict", 0)])).collect();
    let before = memory(&reviews[..STUBBORN_AFTER - 1]);
    assert_eq!(before.due, day(STUBBORN_AFTER as u32 - 1));
    assert_eq!(before.stubborn().count(), 0);
    let after = memory(&reviews);
    assert!(after.due > day(8), "{}", after.due);
    assert_eq!(after.stubborn().count(), 1);
}

#[test]
fn a_clock_set_back_harms_nothing() {
    let back = memory(&[review("q", day(9), 70), review("q", day(3), 70)]);
    assert!(back.trace.stability.is_finite());
    assert!(back.due > day(3));
    assert_eq!(back.trace.retrievability(START), 1.0);
}

#[test]
fn a_day_begins_at_four_in_the_morning_in_summer_and_winter() {
    // Central Europe, by its rule: summer time from the last Sunday of March, 01:00 UTC, to the last Sunday of October.
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let on = |text: &str| Now::local(text.parse().unwrap(), &zone).today.to_string();
    assert_eq!(on("2026-11-20T23:30:00Z"), "2026-11-20", "half past midnight belongs to the evening");
    assert_eq!(on("2026-11-21T02:59:59Z"), "2026-11-20");
    assert_eq!(on("2026-11-21T03:00:00Z"), "2026-11-21");
    // The night that is an hour shorter, and the one that is an hour longer: four o'clock is four o'clock.
    assert_eq!(on("2026-03-29T01:59:59Z"), "2026-03-28");
    assert_eq!(on("2026-03-29T02:00:00Z"), "2026-03-29");
    assert_eq!(on("2026-10-25T02:59:59Z"), "2026-10-24");
    assert_eq!(on("2026-10-25T03:00:00Z"), "2026-10-25");
    // The day never goes back while time goes on, hour by hour through both nights.
    for from in ["2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"] {
        let from: jiff::Timestamp = from.parse().unwrap();
        let days: Vec<_> = (0..36).map(|h| Now::local(from + jiff::Span::new().hours(h), &zone).today).collect();
        assert!(days.is_sorted(), "{days:?}");
        assert_eq!(days.last().unwrap().day() - days[0].day(), 1);
    }
}

#[test]
fn one_question_on_both_sides_of_midnight_is_one_day_and_of_the_clock_change_one_day_apart() {
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let at = |text: &str, score| NewReview::new("q", Mode::Card, score).at(&Now::local(text.parse().unwrap(), &zone)).unwrap();
    let night = [at("2026-11-20T22:50:00Z", 70), at("2026-11-20T23:10:00Z", 70)];
    let same_day = [at("2026-11-20T12:00:00Z", 70), at("2026-11-20T13:00:00Z", 70)];
    assert_eq!(memory(&night).trace.stability, memory(&same_day).trace.stability);
    // 25 hours lie between, and one day.
    let changed = [at("2026-10-24T16:00:00Z", 70), at("2026-10-25T17:00:00Z", 70)];
    let plain = [at("2026-11-24T16:00:00Z", 70), at("2026-11-25T16:00:00Z", 70)];
    assert_eq!(memory(&changed).trace.stability, memory(&plain).trace.stability);
}
