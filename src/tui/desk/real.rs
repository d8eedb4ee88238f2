//! The desk on the session's practice: records, grader, modes and claims of the program itself.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::Date;

use crate::session::OpenOptions;
use crate::session::claims::{self, Claims, Finding, Verification};
use crate::session::practice::cards::CardSitting;
use crate::session::practice::{
    Aloud, Bank, Board, CardSetup, Drill, Evidence, InterviewSetup, LeftOff, Marks, Placement, Practice, PracticeOptions, Predictions,
    Question, Report, Said, Side, Unfinished, answer, millis,
};
use crate::session::progress::{Now, Pace, Plan, Rating, TopicStanding, full_date, short_date};

use super::{
    Asked, Chain, Component, Desk, Graded, Judged, Known, Left, LeftWhat, Outcome, Overview, Place, Placed, Prediction, Progress, Reply,
    Sitting, TopicRow, Trouble,
};
use crate::session::view::{SimDuration, SimTime};
use crate::tui::page::count;

/// Real time that a frame may spend in a simulation; keys and drawing get the rest.
const BUDGET: Duration = Duration::from_millis(12);
/// Events between two looks at the clock.
const SLICE: u64 = 512;
/// The draft that says which lab was left.
const PLACE: &str = "lab";
/// Days of the forecast, and of what was done.
const FORECAST_DAYS: usize = 30;
const ACTIVITY_DAYS: u32 = 30;

pub struct RealDesk {
    practice: Practice,
    open: OpenOptions,
    clock: fn() -> Now,
    claims: OnceCell<Claims>,
    check: Option<Verification>,
    findings: Vec<Finding>,
    placement: Option<Placement>,
    predictions: Option<Predictions>,
    drill: Option<Drill>,
    chosen: Option<usize>,
    /// The answer whose follow-up may be answered next.
    first: Option<answer::Graded>,
}

impl RealDesk {
    /// # Errors
    /// A profile that does not exist, or no memory at all.
    pub fn open(options: &PracticeOptions, clock: fn() -> Now) -> Result<Self, Trouble> {
        Ok(Self {
            practice: Practice::open(options, &clock())?,
            open: options.open.clone(),
            clock,
            claims: OnceCell::new(),
            check: None,
            findings: Vec::new(),
            placement: None,
            predictions: None,
            drill: None,
            chosen: None,
            first: None,
        })
    }

    fn now(&self) -> Now {
        (self.clock)()
    }

    /// After another profile was chosen or made.
    fn anew(&mut self) -> Result<(), Trouble> {
        let now = self.now();
        self.placement = None;
        self.predictions = None;
        self.drill = None;
        self.practice.refresh(&now)
    }

    /// The session's graded answer as the screens have it.
    fn graded(&self, g: answer::Graded, follow_up: Option<Asked>) -> Graded {
        let rating = if g.due.is_some() { Rating::of(g.score, g.misconceptions.len()).word() } else { "" };
        Graded {
            score: g.score,
            rating,
            due: g.due,
            follow_up,
            points: g.points.into_iter().map(|p| (p.id, p.degree, p.evidence)).collect(),
            misconceptions: g.misconceptions.into_iter().map(|m| (m.id, m.evidence)).collect(),
            contradictions: g.contradictions.into_iter().map(|c| (c.first, c.second)).collect(),
            next: g.next,
        }
    }

    /// Something that was left, in words.
    fn left(&self, left: LeftOff) -> Option<Left> {
        Some(match left {
            LeftOff::Cards(to_go) => Left { what: LeftWhat::Cards, at: format!("{to_go} to go") },
            LeftOff::Answer(id) => {
                let words = self.bank().get(&id)?.question.clone();
                Left { what: LeftWhat::Answer(id, words), at: "an answer begun".into() }
            }
            LeftOff::Predictions(done, of) => Left { what: LeftWhat::Predictions, at: format!("{done} of {of} done") },
            LeftOff::Board(id) => {
                let title = self.practice.drills().chain(&id)?.title.to_string();
                Left { what: LeftWhat::Board(id, title), at: "half in order".into() }
            }
            LeftOff::Sides(done, of) => Left { what: LeftWhat::Sides, at: format!("{done} of {of} placed") },
        })
    }

    fn title(&self, topic: &Arc<str>) -> Arc<str> {
        self.practice.library().bank.topic(topic).map_or(topic.clone(), |t| t.title.clone())
    }
}

/// The follow-up that a graded answer leads to, asking for what was missed.
fn follow_up(g: &answer::Graded) -> Option<Asked> {
    let f = g.question.follow_ups.get(g.follow_up?)?;
    let missed = |id: &&Arc<str>| g.points.iter().any(|p| p.id == **id && p.degree < 50);
    let points: Vec<Arc<str>> = f.missed.iter().filter(missed).cloned().collect();
    let points = if points.is_empty() { f.missed.clone() } else { points };
    Some(Asked { question: g.question.clone(), text: f.ask.clone(), follow_up: true, points })
}

/// The rating of some points as one of the whole rubric; the others count as not said.
fn spread(asked: &Asked, said: &[Said]) -> Vec<Said> {
    let at = |id: &Arc<str>| asked.rubric().position(|p| p.id == *id);
    asked.question.points.iter().map(|p| at(&p.id).and_then(|i| said.get(i)).copied().unwrap_or_default()).collect()
}

/// A side by its number.
fn side(side: Side) -> usize {
    Side::WORDS.iter().position(|(_, s)| *s == side).unwrap_or(0)
}

fn board(id: &str, order: &[usize], spent: Duration) -> Board {
    Board { chain: id.into(), order: order.to_vec(), spent_ms: millis(spent) }
}

/// Runs slices until there is a result or the frame needs its time.
#[expect(clippy::disallowed_methods, reason = "a face: keys must not wait for the simulation")]
fn within_budget<T>(mut slice: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        let done = slice();
        if done.is_some() || started.elapsed() >= BUDGET {
            return done;
        }
    }
}

/// The plan in sentences.
fn plan_words(plan: &Plan) -> Vec<String> {
    if plan.over {
        return vec![format!("The interview was on {}. Set another day, or none.", short_date(plan.interview))];
    }
    if plan.days_left == 0 {
        return vec!["The interview is today.".into(), format!("Warm up with what is due ({}), learn nothing new.", plan.today)];
    }
    let mut out = vec![
        format!(
            "Interview on {}: {} to go, {} a day{}.",
            full_date(plan.interview),
            count(plan.days_left as usize, "day"),
            count(plan.per_day, "question"),
            if plan.done_today >= plan.today && plan.days_left > 1 { " from tomorrow on" } else { "" },
        ),
        format!("Today {} ({} new), {} done.", plan.today, plan.new_today, plan.done_today),
        match plan.pace {
            // Nobody is on track with more than can be done.
            Pace::OnTrack if plan.heavy() => String::new(),
            Pace::OnTrack => "You are on track.".into(),
            Pace::Ahead(n) => format!("You are {} ahead of the plan.", count(n, "question")),
            Pace::Behind(n) => format!("You are {} behind; the plan has spread them over the days left.", count(n, "question")),
        },
    ];
    out.retain(|line| !line.is_empty());
    if plan.heavy() {
        out.push("That is more than most people keep up: choose topics, or a later day.".into());
    }
    out
}

impl Desk for RealDesk {
    fn bank(&self) -> &Bank {
        &self.practice.library().bank
    }
    fn warnings(&self) -> Vec<String> {
        self.practice.troubles()
    }
    fn see(&self, evidence: &Evidence) -> Option<(Arc<str>, SimTime)> {
        self.practice.see(evidence).lab().map(|lab| (lab.scenario.clone(), lab.at))
    }
    fn known(&self, question: &str) -> Known {
        let standing = self.practice.standing();
        match standing.question(question).and_then(|q| q.memory.as_ref()).map(|m| m.worth(standing.today)) {
            None => Known::Never,
            Some(w) if w >= 0.7 => Known::Well,
            Some(w) if w >= 0.4 => Known::Fair,
            Some(_) => Known::Weak,
        }
    }

    fn profile(&self) -> Arc<str> {
        self.practice.book().profile().name.clone()
    }
    fn profiles(&self) -> Vec<Arc<str>> {
        self.practice.book().profiles().map(|all| all.into_iter().map(|p| p.name).collect()).unwrap_or_default()
    }
    fn choose_profile(&mut self, name: &str) -> Result<(), Trouble> {
        self.practice.records().choose(name, true).map_err(|e| e.to_string())?;
        self.anew()
    }
    fn new_profile(&mut self, name: &str) -> Result<(), Trouble> {
        let now = self.now();
        let made = self.practice.records().create(name, &now).map_err(|e| e.to_string())?;
        self.choose_profile(&made.name)
    }
    fn rename_profile(&mut self, name: &str) -> Result<(), Trouble> {
        let old = self.profile();
        self.practice.records().rename(&old, name).map(|_| ()).map_err(|e| e.to_string())
    }
    fn set_interview(&mut self, day: Option<Date>) -> Result<(), Trouble> {
        let now = self.now();
        self.practice.set_interview(day, &now)
    }
    fn today(&self) -> Date {
        self.practice.standing().today
    }
    fn turn_day(&mut self) -> bool {
        let now = self.now();
        self.practice.turn_day(&now)
    }

    fn overview(&self) -> Overview {
        let standing = self.practice.standing();
        let plan = self.practice.plan();
        let streak = standing.streak();
        let interview = plan.map(|p| p.interview);
        let ready_on = interview.filter(|d| *d >= standing.today).unwrap_or(standing.today);
        let open = self.practice.interview().map(|s| match s.prompt() {
            Some(p) => {
                let left = crate::tui::text::clock(s.left(s.elapsed()).as_secs());
                format!("question {}, {left} left", p.number)
            }
            None => "the report".into(),
        });
        Overview {
            profile: self.profile(),
            due: standing.due().len(),
            unseen: standing.unseen().count(),
            streak: streak.days,
            practised_today: streak.practised_today,
            interview,
            days_left: plan.filter(|p| !p.over).map(|p| p.days_left),
            per_day: plan.filter(|p| !p.over).map(|p| (p.today, p.done_today)),
            readiness: standing.readiness(ready_on).mastery,
            weakest: standing.weak_topics().iter().map(|t| (self.title(&t.topic), t.all.strength)).collect(),
            interview_open: open,
            left: self.practice.left_off().into_iter().filter_map(|l| self.left(l)).collect(),
        }
    }

    fn progress(&self) -> Progress {
        let standing = self.practice.standing();
        let (streak, retention) = (standing.streak(), standing.retention(30));
        let row = |t: &TopicStanding| {
            let [a, b, c, d] = t.levels;
            TopicRow { title: self.title(&t.topic), cells: [a, b, c, d, t.all] }
        };
        Progress {
            today: standing.today,
            reviews: standing.reviews,
            questions: standing.questions.len(),
            seen: standing.questions.len() - standing.unseen().count(),
            forecast: standing.forecast(FORECAST_DAYS),
            activity: standing.activity(ACTIVITY_DAYS).into_iter().map(|(_, n)| n).collect(),
            streak: streak.days,
            longest: streak.longest,
            repetitions: retention.repetitions,
            measured: retention.measured,
            predicted: retention.predicted,
            topics: standing.topics().iter().map(row).collect(),
            weak: standing.weak_topics().iter().map(|t| (self.title(&t.topic), t.all.strength)).collect(),
            plan: self.practice.plan().map(plan_words).unwrap_or_default(),
            file: self.practice.book().file().map(|f| f.display().to_string()),
        }
    }

    fn left_lab(&self) -> Option<Place> {
        let body = self.practice.book().draft(PLACE).ok().flatten()?.body;
        let mut lines = body.lines();
        let (at, scenario, title) = (lines.next()?, lines.next()?, lines.next()?);
        let at = SimTime::ZERO + SimDuration::from_nanos(at.parse().ok()?);
        Some(Place { scenario: scenario.into(), title: title.into(), at })
    }
    fn keep_lab(&mut self, place: Option<&Place>) {
        let now = self.now();
        let records = self.practice.records();
        // It is a convenience: where it cannot be kept the lab begins anew.
        let _ = match place {
            Some(p) => records.keep_draft(PLACE, &format!("{}\n{}\n{}", p.at.as_nanos(), p.scenario, p.title), &now),
            None => records.drop_draft(PLACE),
        };
    }

    fn answer(&mut self, sitting: Sitting, asked: &Asked, reply: Reply, took: Duration, elapsed: Duration) -> Result<Graded, Trouble> {
        let now = self.now();
        let id = &asked.question.id;
        let said = if let Reply::Rated(said) = reply { said } else { &[] };
        let graded = match (sitting, reply) {
            (Sitting::Interview, _) => {
                let graded = match reply {
                    Reply::Typed(text) => self.practice.answer_interview(text, elapsed, &now)?,
                    Reply::Rated(said) => self.practice.rate_interview(said, elapsed, &now)?,
                    Reply::Passed => self.practice.skip_interview(elapsed, &now)?,
                };
                let next = self.interview(elapsed).map(|(asked, ..)| asked).filter(|a| a.follow_up);
                return Ok(self.graded(graded, next));
            }
            (Sitting::Cards, Reply::Typed(text)) => self.practice.answer_card(text, Some(took), &now)?,
            (Sitting::Cards, _) => self.practice.rate_card_points(said, Some(took), &now)?,
            // Follow-ups are exercise: they change no date, and are not kept.
            (Sitting::Free, _) if asked.follow_up => {
                self.practice.keep_unfinished(id, true, &Unfinished::default(), &now)?;
                // The program may have been left since the first answer.
                let first = self.first.take().filter(|first| first.question.id == *id);
                self.first = first.or_else(|| self.practice.last_graded(id).map(|(graded, _)| graded));
                let graded = match (reply, &self.first) {
                    (Reply::Typed(text), Some(first)) => self.practice.grade_follow_up(first, first.follow_up.unwrap_or(0), text)?,
                    _ => {
                        let marks = Marks::rated(&asked.question, &spread(asked, said)).only(&asked.points);
                        let points = marks.points.iter().map(|(id, d)| (id.clone(), *d, Vec::new())).collect();
                        return Ok(Graded { score: marks.score, points, next: marks.next, ..Graded::default() });
                    }
                };
                return Ok(self.graded(graded, None));
            }
            (Sitting::Free, Reply::Typed(text)) => self.practice.answer(id, text, Some(took), &now)?,
            (Sitting::Free, _) => self.practice.rate(id, said, Aloud::Spoken, Some(took), &now)?,
        };
        let next = follow_up(&graded);
        self.first = Some(graded.clone());
        Ok(self.graded(graded, next))
    }

    fn history(&self, question: &str) -> Vec<Arc<str>> {
        self.practice.reviews().iter().rev().filter(|r| *r.question == *question).filter_map(|r| r.answer.clone()).take(20).collect()
    }

    fn draft(&self, sitting: Sitting, asked: &Asked) -> Option<Unfinished> {
        match sitting {
            Sitting::Interview => self.practice.interview().map(|s| s.unfinished().clone()).filter(|u| !u.is_empty()),
            _ => self.practice.unfinished(&asked.question.id, asked.follow_up),
        }
    }

    fn left_follow_up(&self, question: &str) -> Option<(Graded, Arc<str>)> {
        self.practice.unfinished(question, true)?;
        let (graded, words) = self.practice.last_graded(question)?;
        let next = follow_up(&graded)?;
        Some((self.graded(graded, Some(next)), words.unwrap_or_default()))
    }

    fn keep_draft(&mut self, sitting: Sitting, asked: &Asked, answer: &Unfinished, elapsed: Duration) -> Result<(), Trouble> {
        let now = self.now();
        match sitting {
            Sitting::Interview => self.practice.keep_interview(answer, elapsed, &now),
            _ => self.practice.keep_unfinished(&asked.question.id, asked.follow_up, answer, &now),
        }
    }

    fn begin_cards(&mut self) -> bool {
        if self.practice.card().is_none() {
            let now = self.now();
            // Without a table to write on there are no cards; `warnings` says why.
            let _ = self.practice.begin_cards(&CardSetup::default(), &now);
        }
        self.practice.card().is_some()
    }
    fn card(&self) -> Option<Arc<Question>> {
        self.practice.card().cloned()
    }
    fn cards_left(&self) -> usize {
        self.practice.cards().map_or(0, CardSitting::left)
    }
    fn cards_done(&self) -> Vec<(Arc<Question>, u8)> {
        let done = self.practice.cards().map(CardSitting::done).unwrap_or_default();
        let first = done.iter().filter(|d| d.attempt == 1);
        first.filter_map(|d| Some((self.bank().get(&d.question)?.clone(), d.score))).collect()
    }

    fn begin_interview(&mut self, setup: &InterviewSetup) -> Result<(), Trouble> {
        let now = self.now();
        self.practice.begin_interview(setup, &now)
    }
    fn has_interview(&self) -> bool {
        self.practice.interview().is_some()
    }
    fn interview(&self, elapsed: Duration) -> Option<(Asked, usize, usize)> {
        let sitting = self.practice.interview()?;
        let prompt = sitting.prompt()?;
        let asked = Asked {
            question: prompt.question.clone(),
            text: prompt.text.clone(),
            follow_up: prompt.follow_up.is_some(),
            points: prompt.points.clone(),
        };
        Some((asked, prompt.number, sitting.about(elapsed).max(prompt.number)))
    }
    fn interview_elapsed(&self) -> Duration {
        self.practice.interview().map_or(Duration::ZERO, |s| s.elapsed())
    }
    fn interview_budget(&self) -> Duration {
        self.practice.interview().map_or(Duration::ZERO, |s| s.left(Duration::ZERO))
    }
    fn end_interview(&mut self) -> Option<Report> {
        self.practice.end_interview().ok().flatten()
    }
    fn report_text(&self, report: &Report, columns: usize) -> String {
        self.practice.report_text(report, columns)
    }

    fn begin_predictions(&mut self) -> (usize, usize) {
        let now = self.now();
        let series = self.practice.predictions(&now);
        let so_far = (series.done().len(), series.total());
        self.predictions = Some(series);
        self.open_drill();
        so_far
    }
    fn prediction(&self) -> Option<Prediction> {
        let drill = self.drill.as_ref()?;
        Some(Prediction {
            scenario: drill.id.scenario.clone(),
            title: drill.title.clone(),
            at: drill.at,
            question: drill.question.clone(),
            choices: drill.choices.clone(),
        })
    }
    fn predict(&mut self, choice: Option<usize>) {
        self.chosen = choice;
    }
    fn measure_on(&mut self) -> Result<Option<Outcome>, Trouble> {
        let Some(drill) = &mut self.drill else { return Err("nothing is predicted".into()) };
        let Some(measured) = within_budget(|| drill.measure(SLICE)) else { return Ok(None) };
        let now = self.now();
        if let Some(series) = &mut self.predictions {
            self.practice.store_prediction(series, self.chosen, measured.right, &now)?;
        }
        Ok(Some(Outcome { right: measured.right, because: measured.because }))
    }
    fn next_prediction(&mut self) {
        self.open_drill();
    }
    fn predictions_right(&self) -> (usize, usize) {
        let done = self.predictions.as_ref().map(Predictions::done).unwrap_or_default();
        let counted = done.iter().filter(|d| d.right.is_some());
        (done.iter().filter(|d| d.correct()).count(), counted.count())
    }

    fn whiteboards(&self) -> Vec<(Arc<str>, String, usize)> {
        self.practice.drills().chains.iter().map(|c| (c.id.clone(), c.title.to_string(), c.steps.len())).collect()
    }
    fn whiteboard(&mut self, id: &str) -> Option<Chain> {
        let now = self.now();
        let chain = self.practice.drills().chain(id)?;
        let board = self.practice.board(id, &now).ok()?;
        let lab = chain.evidence.as_ref().and_then(|e| self.see(e));
        Some(Chain {
            id: chain.id.clone(),
            title: chain.title.to_string(),
            ask: chain.ask.to_string(),
            steps: chain.steps.iter().map(|s| s.text.to_string()).collect(),
            order: board.order,
            spent: Duration::from_millis(board.spent_ms),
            lab,
        })
    }
    fn keep_board(&mut self, id: &str, order: &[usize], spent: Duration) {
        let now = self.now();
        // A board that is not kept is shuffled again; that is no loss worth a word.
        let _ = self.practice.keep_board(&board(id, order, spent), &now);
    }
    fn judge(&mut self, id: &str, order: &[usize], took: Duration) -> Result<Judged, Trouble> {
        let now = self.now();
        let board = board(id, order, took);
        let ordered = self.practice.submit_board(&board, Some(took), &now)?;
        let chain = self.practice.drills().chain(id).ok_or("there is no such chain")?;
        let mut truth: Vec<usize> = (0..chain.steps.len()).collect();
        truth.sort_by_key(|i| chain.steps[*i].rank);
        let misplaced = ordered.misplaced.iter().map(|m| (m.step, m.why.to_string())).collect();
        Ok(Judged { score: ordered.score, order: truth, misplaced })
    }
    fn begin_sides(&mut self) -> usize {
        let now = self.now();
        let placement = self.practice.placement(&now);
        let total = placement.total();
        self.placement = Some(placement);
        total
    }
    fn placed(&self) -> Vec<Placed> {
        let all = &self.practice.drills().components;
        let done = self.placement.iter().flat_map(Placement::done);
        let known = done.filter_map(|(id, put, worth)| all.iter().find(|c| c.id == *id).map(|c| (c, put, worth)));
        known
            .map(|(c, put, worth)| Placed {
                words: c.text.to_string(),
                worth,
                put: side(put),
                belongs: side(c.side),
                because: c.why.to_string(),
            })
            .collect()
    }
    fn component(&self) -> Option<Component> {
        let placement = self.placement.as_ref()?;
        let current = placement.current(&self.practice.drills().components)?;
        Some(Component { words: current.text.to_string(), number: placement.done().count() + 1, total: placement.total() })
    }
    fn place(&mut self, side: usize) -> Result<Option<Placed>, Trouble> {
        let now = self.now();
        let all = &self.practice.drills().components;
        let Some((placement, (_, said))) = self.placement.as_mut().zip(Side::WORDS.get(side)) else { return Ok(None) };
        let Some(component) = placement.current(all).cloned() else { return Ok(None) };
        let Some(worth) = placement.place(all, *said) else { return Ok(None) };
        let placement = placement.clone();
        self.practice.keep_placement(&placement, &now)?;
        Ok(Some(Placed {
            words: component.text.to_string(),
            worth,
            put: side,
            belongs: self::side(component.side),
            because: component.why.to_string(),
        }))
    }
    fn sides_score(&self) -> Option<u8> {
        self.placement.as_ref().and_then(Placement::score)
    }

    fn claims(&self) -> &Claims {
        // The catalogue inside the program is read by the tests; a broken one is empty here.
        self.claims.get_or_init(|| claims::catalogue().unwrap_or_default())
    }
    fn begin_check(&mut self, ids: &[Arc<str>]) -> Result<(), Trouble> {
        let wanted: Vec<_> = self.claims().claims.iter().filter(|c| ids.contains(&c.id)).cloned().collect();
        self.take_findings();
        self.findings.retain(|f| !ids.contains(&f.id));
        self.check = Some(Verification::new(&wanted)?);
        Ok(())
    }
    fn check_on(&mut self) -> bool {
        let Some(check) = &mut self.check else { return false };
        let over = within_budget(|| (!check.advance(SLICE)).then_some(())).is_some();
        if over {
            self.take_findings();
        }
        !over
    }
    fn checking(&self) -> Option<(Arc<str>, u32)> {
        let p = self.check.as_ref()?.progress()?;
        let end = p.end.as_nanos().max(1);
        let here = u32::try_from(p.now.as_nanos().saturating_mul(1000) / end).unwrap_or(1000);
        Some((p.scenario, here.min(1000)))
    }
    fn finding(&self, id: &str) -> Option<&Finding> {
        self.check.as_ref().and_then(|c| c.finding(id)).or_else(|| self.findings.iter().find(|f| *f.id == *id))
    }
}

impl RealDesk {
    /// What a check has found stays when the next one begins.
    fn take_findings(&mut self) {
        if let Some(check) = self.check.take() {
            self.findings.extend(check.findings().iter().cloned());
        }
    }

    /// The lab of the prediction at hand, played up to its question. One that cannot be opened is passed over.
    fn open_drill(&mut self) {
        self.drill = None;
        self.chosen = None;
        while let Some(id) = self.predictions.as_ref().and_then(|p| p.current().cloned()) {
            match Drill::open(&id, &self.open) {
                Ok(drill) => {
                    self.drill = Some(drill);
                    return;
                }
                Err(_) => {
                    if let Some(series) = &mut self.predictions {
                        series.answer(None, None);
                    }
                }
            }
        }
    }
}
