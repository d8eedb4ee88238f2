//! Progress for programs. Shares are numbers from 0 to 1 with three digits.

use serde_json::{Value, json};

use super::{LEVELS, Mastery, Overview, Pace, Plan, Profile, QuestionStanding};

fn share(x: f32) -> f64 {
    (f64::from(x) * 1000.0).round() / 1000.0
}

fn mastery(m: &Mastery) -> Value {
    json!({"questions": m.questions, "seen": m.seen, "mastery": share(m.mastery), "strength": share(m.strength)})
}

/// Everything that `wheelhouse progress` shows.
pub fn overview(o: &Overview) -> Value {
    let s = &o.standing;
    let (retention, streak, ready) = (s.retention(30), s.streak(), s.readiness(s.today));
    let levels = |t: &super::TopicStanding| -> Value {
        LEVELS.iter().zip(&t.levels).map(|(l, m)| (l.word().to_string(), mastery(m))).collect::<serde_json::Map<_, _>>().into()
    };
    let topics: Vec<_> = s.topics();
    let topic =
        |t: &super::TopicStanding| json!({"topic": t.topic, "title": o.title(&t.topic), "all": mastery(&t.all), "levels": levels(t)});
    json!({
        "profile": o.profile.name,
        "today": s.today.to_string(),
        "due": s.due().len(),
        "unseen": s.unseen().count(),
        "questions": s.questions.len(),
        "reviews": s.reviews,
        "readiness": share(ready.mastery),
        "seen": ready.seen,
        "strength": share(ready.strength),
        "retention": {
            "repetitions": retention.repetitions, "measured": retention.measured.map(share),
            "predicted": retention.predicted.map(share), "today": retention.today.map(share),
        },
        "streak": {"days": streak.days, "longest": streak.longest, "practised_today": streak.practised_today, "active": streak.active},
        "plan": o.plan.as_ref().map(plan),
        "forecast": s.forecast(30),
        "activity": s.activity(30).iter().map(|(d, n)| json!({"day": d.to_string(), "reviews": n})).collect::<Vec<_>>(),
        "weak_topics": s.weak_topics().iter().map(|t| json!({"topic": t.topic, "strength": share(t.all.strength)})).collect::<Vec<_>>(),
        "topics": topics.iter().map(topic).collect::<Vec<_>>(),
        "misconceptions": s.questions.iter().filter(|q| !q.misconceptions.is_empty())
            .map(|q| json!({"question": q.item.question, "misconceptions": q.misconceptions})).collect::<Vec<_>>(),
        "stubborn_points": s.questions.iter().flat_map(|q| q.memory.iter().flat_map(|m| m.stubborn()).map(|p|
            json!({"question": q.item.question, "point": p.point, "missed_running": p.missed_running}))).collect::<Vec<_>>(),
    })
}

pub fn plan(p: &Plan) -> Value {
    let (pace, by) = match p.pace {
        Pace::OnTrack => ("on track", 0),
        Pace::Ahead(n) => ("ahead", n),
        Pace::Behind(n) => ("behind", n),
    };
    json!({
        "interview": p.interview.to_string(), "days_left": p.days_left, "over": p.over, "new_left": p.new_left,
        "repetitions": p.repetitions, "per_day": p.per_day, "new_today": p.new_today, "today": p.today, "done_today": p.done_today,
        "pace": pace, "by": by,
    })
}

/// What is due, the most nearly forgotten first.
pub fn due(o: &Overview) -> Value {
    let one = |q: &&QuestionStanding| {
        let m = q.memory.as_ref()?;
        Some(json!({
            "question": q.item.question, "topic": q.item.topic, "level": q.item.level.word(), "due": m.due.to_string(),
            "retrievability": share(m.trace.retrievability(o.standing.today)), "score": m.score, "rating": m.rating.word(),
            "stability_days": share(m.trace.stability), "difficulty": share(m.trace.difficulty), "reviews": m.reviews, "lapses": m.lapses,
            "missed": m.missed().map(|p| &*p.point).collect::<Vec<_>>(),
        }))
    };
    json!({"profile": o.profile.name, "today": o.standing.today.to_string(), "due": o.standing.due().iter().filter_map(one).collect::<Vec<_>>()})
}

pub fn profiles(all: &[Profile], current: &Profile) -> Value {
    let one = |p: &Profile| {
        let interview = p.interview.map(|d| d.to_string());
        json!({"name": p.name, "in_use": p == current, "created": p.created.to_string(), "interview": interview})
    };
    all.iter().map(one).collect()
}
