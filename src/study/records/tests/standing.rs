//! Due, forecast, retention, streak, weak topics, readiness, plan.

use super::super::memory::Scheduler;
use super::*;
use crate::study::bank::Level;

fn items(n: usize) -> Vec<Item> {
    let level = |i: usize| LEVELS[i % 4];
    let item = |i: usize| Item { question: format!("q{i}").into(), topic: format!("t{}", i / 4).into(), level: level(i), points: vec![] };
    (0..n).map(item).collect()
}

fn names(list: &[&QuestionStanding]) -> Vec<String> {
    list.iter().map(|q| q.item.question.to_string()).collect()
}

#[test]
fn due_lists_the_most_nearly_forgotten_first_and_the_forecast_counts_each_once() {
    let reviews = [
        review("q0", day(0), 70), // good: due on day 2
        review("q1", day(0), 90), // easy: due on day 8
        review("q2", day(1), 50), // hard: due on day 2
        review("q3", day(3), 10), // again: due the same day
        review("gone", day(3), 90),
    ];
    let standing = Standing::new(&items(8), &reviews, day(3));
    assert_eq!(names(&standing.due()), ["q2", "q0", "q3"]);
    assert_eq!(standing.unseen().count(), 4);
    let forecast = standing.forecast(30);
    assert_eq!((forecast.len(), forecast[0], forecast[5], forecast.iter().sum::<usize>()), (30, 3, 1, 4));
    assert_eq!(Standing::new(&items(8), &reviews, day(1)).forecast(2), [0, 2]);
}

#[test]
fn retention_counts_repetitions_only() {
    let none = Standing::new(&items(4), &[review("q0", day(0), 70), review("q0", day(0), 10)], day(0)).retention(30);
    assert_eq!((none.repetitions, none.measured, none.predicted), (0, None, None));
    let reviews =
        [review("q0", day(0), 70), review("q1", day(0), 70), review("q0", day(2), 80), review("q1", day(2), 0), review("q1", day(2), 90)];
    let standing = Standing::new(&items(4), &reviews, day(2));
    let kept = standing.retention(30);
    assert_eq!((kept.repetitions, kept.measured), (2, Some(0.5)));
    let expected = Scheduler::default().trace(&[(day(0), Rating::Good)]).unwrap().retrievability(day(2));
    assert!((kept.predicted.unwrap() - expected).abs() < 1e-6);
    assert!((0.9..0.93).contains(&expected), "{expected}");
    assert_eq!(kept.today, Some(1.0));
    assert_eq!(Standing::new(&items(4), &reviews, day(40)).retention(30).repetitions, 0, "out of the window");
}

#[test]
fn streaks_hold_until_a_day_is_over() {
    let on = |days: &[u32], today| {
        let reviews: Vec<_> = days.iter().map(|d| review("x", day(*d), 50)).collect();
        let s = Standing::new(&[], &reviews, day(today)).streak();
        (s.days, s.longest, s.practised_today)
    };
    assert_eq!(on(&[], 5), (0, 0, false));
    assert_eq!(on(&[0, 1, 2], 2), (3, 3, true));
    assert_eq!(on(&[0, 1, 2], 3), (3, 3, false), "today is not over");
    assert_eq!(on(&[0, 1, 2], 4), (0, 3, false));
    assert_eq!(on(&[0, 1, 2, 4, 4], 4), (1, 3, true));
}

#[test]
fn topics_levels_and_readiness_are_means_of_what_answers_are_worth() {
    let reviews = [review("q0", day(0), 100), review("q1", day(0), 50), review("q4", day(0), 90)];
    let standing = Standing::new(&items(12), &reviews, day(0));
    let topics = standing.topics();
    assert_eq!(topics.iter().map(|t| &*t.topic).collect::<Vec<_>>(), ["t0", "t1", "t2"]);
    let all = topics[0].all;
    assert_eq!((all.questions, all.seen, all.mastery, all.strength), (4, 2, 0.375, 0.75));
    assert_eq!(topics[0].levels[1].mastery, 0.5);
    assert_eq!(topics[2].all, Mastery { questions: 4, ..Mastery::default() });
    assert!((standing.readiness(day(0)).mastery - 0.2).abs() < 1e-6);
    assert!(standing.readiness(day(30)).mastery < 0.2, "it fades");
    // Weak: begun, and below seven tenths.
    assert!(standing.weak_topics().is_empty());
    let later = Standing::new(&items(12), &[reviews.to_vec(), vec![review("q5", day(0), 20), review("q2", day(0), 45)]].concat(), day(0));
    assert_eq!(later.weak_topics().iter().map(|t| &*t.topic).collect::<Vec<_>>(), ["t1", "t0"]);
    assert_eq!(Level::Junior, later.questions[0].item.level);
}

#[test]
fn the_last_misconceptions_are_known() {
    let mut reviews = vec![review("q0", day(0), 60)];
    reviews[0].misconceptions = vec!["instant-failover".into()];
    assert_eq!(Standing::new(&items(1), &reviews, day(0)).questions[0].misconceptions.len(), 1);
    reviews.push(review("q0", day(1), 80));
    assert!(Standing::new(&items(1), &reviews, day(1)).questions[0].misconceptions.is_empty());
}

#[test]
fn what_a_rating_would_lead_to() {
    let standing = Standing::new(&items(1), &[], day(0));
    let due: Vec<_> = Rating::ALL.iter().map(|r| standing.due_if("q0", *r).unwrap()).collect();
    assert_eq!(due, [day(0), day(1), day(2), day(8)]);
    assert_eq!(standing.due_if("q9", Rating::Good), None);
}

/// Someone who does what the plan says, every day, well.
fn follow(items: &[Item], interview: Date, from: Date, skip: &[u32]) -> (Vec<Plan>, Vec<Review>) {
    let (mut reviews, mut plans, mut today) = (vec![], vec![], from);
    let mut n = 0;
    let mut announced = None;
    while today < interview {
        let plan = Plan::to(interview, from, items, &reviews, today);
        assert!(announced.is_none_or(|n| n == plan.per_day), "what the evening before said: {announced:?} {}", plan.per_day);
        announced = None;
        if !skip.contains(&n) {
            let standing = Standing::new(items, &reviews, today);
            let next: Vec<_> =
                standing.due().into_iter().chain(standing.unseen()).take(plan.today).map(|q| q.item.question.clone()).collect();
            let (half, rest) = next.split_at(next.len() / 2);
            reviews.extend(half.iter().map(|q| review(q, today, 75)));
            let halfway = Plan::to(interview, from, items, &reviews, today);
            assert_eq!(
                (halfway.today, halfway.per_day, halfway.done_today),
                (plan.today, plan.per_day, half.len()),
                "today's share stands"
            );
            reviews.extend(rest.iter().map(|q| review(q, today, 75)));
            let after = Plan::to(interview, from, items, &reviews, today);
            assert_eq!((after.today, after.done_today), (plan.today, plan.today));
            assert_eq!(after.new_left, Standing::new(items, &reviews, today).unseen().count(), "what is done counts at once");
            announced = (after.days_left > 1).then_some(after.per_day);
        }
        plans.push(plan);
        today = super::super::memory::later(today, 1);
        n += 1;
    }
    (plans, reviews)
}

#[test]
fn whoever_follows_the_plan_has_seen_everything_and_remembers_it() {
    for (count, days) in [(185, 7), (185, 30), (20, 10), (60, 1), (185, 120)] {
        let items = items(count);
        let (plans, reviews) = follow(&items, day(days), day(0), &[]);
        let end = Standing::new(&items, &reviews, day(days));
        assert_eq!(end.unseen().count(), 0, "{count} in {days}");
        let shares: Vec<_> = plans.iter().map(|p| p.per_day).collect();
        assert!(shares.iter().max().unwrap() <= &(shares[0] + shares[0] / 3 + 2), "{count} in {days}: {shares:?}");
        assert!(end.readiness(day(days)).mastery > 0.63, "{count} in {days}: {}", end.readiness(day(days)).mastery);
    }
}

#[test]
fn the_plan_adapts_when_days_are_missed() {
    let items = items(100);
    let (steady, _) = follow(&items, day(20), day(0), &[]);
    let (lazy, reviews) = follow(&items, day(20), day(0), &[8, 9, 10, 11]);
    assert!(matches!(lazy[12].pace, Pace::Behind(n) if n > 5), "{:?}", lazy[12].pace);
    assert!(lazy[12].per_day > steady[12].per_day, "{} {}", lazy[12].per_day, steady[12].per_day);
    assert_eq!(Standing::new(&items, &reviews, day(20)).unseen().count(), 0);
    assert_eq!(steady[0].pace, Pace::OnTrack);
    // Someone who did twice the share on the first day.
    let eager: Vec<_> = (0..40).map(|i| review(&format!("q{i}"), day(0), 75)).collect();
    let plan = Plan::to(day(20), day(0), &items, &eager, day(1));
    assert!(matches!(plan.pace, Pace::Ahead(_)), "{:?}", plan.pace);
    assert!(plan.new_left == 60 && plan.per_day <= steady[1].per_day, "{plan:?}");
}

#[test]
fn the_plan_adapts_within_the_day() {
    let items = items(100);
    let done = |count: usize| -> Vec<_> { (0..count).map(|i| review(&format!("q{i}"), day(0), 75)).collect() };
    let plan = |reviews: &[Review]| Plan::to(day(10), day(0), &items, reviews, day(0));
    let morning = plan(&[]);
    let share = plan(&done(morning.today));
    assert_eq!((morning.pace, share.pace), (Pace::OnTrack, Pace::OnTrack), "the share of today makes nobody ahead");
    assert_eq!((share.new_left, share.today, share.done_today), (100 - morning.today, morning.today, morning.today));
    let twice = plan(&done(2 * morning.today));
    assert_eq!((twice.pace, twice.new_left), (Pace::Ahead(morning.today), 100 - 2 * morning.today));
    assert!(twice.per_day < share.per_day, "tomorrow asks for less: {} {}", twice.per_day, share.per_day);
    // Two days missed, and worked off within the third.
    let late = |reviews: &[Review]| Plan::to(day(10), day(0), &items, reviews, day(2)).pace;
    let today = |count: usize| -> Vec<_> { (0..count).map(|i| review(&format!("q{i}"), day(2), 75)).collect() };
    let Pace::Behind(behind) = late(&[]) else { panic!("{:?}", late(&[])) };
    assert_eq!(late(&today(behind - 1)), Pace::Behind(1));
    assert_eq!(late(&today(behind)), Pace::OnTrack);
}

#[test]
fn the_day_itself_and_after() {
    let reviews = [review("q0", day(0), 70)];
    let on = Plan::to(day(5), day(0), &items(10), &reviews, day(5));
    assert_eq!((on.days_left, on.over, on.today, on.per_day), (0, false, 1, 0));
    let after = Plan::to(day(5), day(0), &items(10), &reviews, day(6));
    assert_eq!((after.days_left, after.over, after.today), (0, true, 0));
    let nothing = Plan::to(day(5), day(0), &[], &[], day(0));
    assert_eq!((nothing.per_day, nothing.today, nothing.pace), (0, 0, Pace::OnTrack));
    assert!(Plan::to(day(2), day(0), &items(185), &[], day(0)).heavy());
}
