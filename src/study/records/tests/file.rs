//! The file: made, reopened, refused.

use rusqlite::Connection;

use super::super::schema::{self, MIGRATIONS};
use super::*;

#[test]
fn a_review_is_there_after_reopening_with_all_it_had() {
    let folder = Folder::new("reopen");
    let path = folder.file("p.db");
    let new = NewReview {
        points: vec![PointResult { point: "labels".into(), degree: 55 }],
        misconceptions: vec!["annotations-select".into()],
        answer: Some("labels are \u{1f3f7} and\0nul".into()),
        took: Some(std::time::Duration::from_millis(61_500)),
        ..NewReview::new("labels-selectors", Mode::Interview, 71)
    };
    let stored = Records::open(&path, &noon(START)).unwrap().record(&new, &[], &noon(START)).unwrap();
    assert_eq!(stored.rating, Rating::Hard, "71 would be good, but a misconception was asserted");
    let again = Records::open(&path, &noon(day(1))).unwrap();
    assert_eq!(again.reviews().unwrap(), [stored]);
    assert_eq!(again.profile().name, DEFAULT_PROFILE.into());
    assert!(!path.with_extension("db-journal").exists(), "nothing lies beside the file");
}

#[test]
fn ratings_follow_their_table() {
    let of = |score| Rating::of(score, 0);
    assert_eq!([0, 39, 40, 64, 65, 84, 85, 100].map(of), {
        use Rating::*;
        [Again, Again, Hard, Hard, Good, Good, Easy, Easy]
    });
    assert_eq!(Rating::of(100, 1), Rating::Hard);
    assert_eq!(Rating::of(10, 3), Rating::Again);
}

#[test]
fn equal_answers_in_one_microsecond_are_two_reviews() {
    let mut records = Records::in_memory(&noon(START)).unwrap();
    let new = NewReview::new("q", Mode::Card, 50);
    for _ in 0..3 {
        records.record(&new, &[], &noon(START)).unwrap();
    }
    assert_eq!(records.reviews().unwrap().len(), 3);
}

#[test]
fn what_cannot_be_a_review_is_refused_and_a_giant_answer_is_cut() {
    let mut records = Records::in_memory(&noon(START)).unwrap();
    for bad in [NewReview::new("", Mode::Card, 50), NewReview::new("q", Mode::Card, 101), NewReview::new("a\nb", Mode::Card, 1)] {
        assert!(matches!(records.record(&bad, &[], &noon(START)), Err(RecordsError::Review(_))), "{bad:?}");
    }
    let giant = NewReview { answer: Some("ü".repeat(ANSWER_BYTES_MAX).into()), ..NewReview::new("q", Mode::Answer, 3) };
    let stored = records.record(&giant, &[], &noon(START)).unwrap();
    assert_eq!(stored.answer.unwrap().len(), ANSWER_BYTES_MAX);
    assert_eq!(records.reviews().unwrap().len(), 1);
}

#[test]
fn a_newer_file_is_refused_and_not_touched() {
    let folder = Folder::new("newer");
    let path = folder.file("p.db");
    drop(Records::open(&path, &noon(START)).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Records::open(&path, &noon(START)).err().unwrap();
    assert!(matches!(error, RecordsError::Newer { found: 99, known: 1, .. }), "{error}");
    assert!(error.to_string().contains("p.db"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn other_files_are_refused_and_not_touched() {
    let folder = Folder::new("foreign");
    let database = folder.file("other.db");
    Connection::open(&database).unwrap().execute_batch("CREATE TABLE mails (x); INSERT INTO mails VALUES (1)").unwrap();
    let branded = folder.file("branded.db");
    Connection::open(&branded).unwrap().execute_batch("PRAGMA application_id = 7; CREATE TABLE mails (x)").unwrap();
    let text = folder.file("text.db");
    std::fs::write(&text, "dear diary, ".repeat(50)).unwrap();
    let short = folder.file("short.db");
    std::fs::write(&short, "SQLite format 3\0").unwrap();
    for path in [database, branded, text, short] {
        let before = std::fs::read(&path).unwrap();
        let error = Records::open(&path, &noon(START)).err().unwrap();
        assert!(matches!(error, RecordsError::Foreign { .. }), "{error:?}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    assert!(matches!(Records::open(&folder.0, &noon(START)), Err(RecordsError::Foreign { .. })), "a folder");
}

#[test]
fn a_damaged_file_is_refused_and_not_touched() {
    let folder = Folder::new("damaged");
    let path = folder.file("p.db");
    let mut records = Records::open(&path, &noon(START)).unwrap();
    for n in 0..200 {
        records
            .record(&NewReview { answer: Some("x".repeat(500).into()), ..NewReview::new("q", Mode::Answer, n % 100) }, &[], &noon(START))
            .unwrap();
    }
    drop(records);
    let sound = std::fs::read(&path).unwrap();
    let mut refused = 0;
    // Rubbish in one page at a time; a page that is not in use may pass, and then every review must still be there.
    for page in 0..sound.len() / 4096 {
        let mut bytes = sound.clone();
        for (i, byte) in bytes[page * 4096..(page + 1) * 4096].iter_mut().enumerate().skip(if page == 0 { 100 } else { 0 }) {
            *byte = (i * 37 % 251) as u8;
        }
        std::fs::write(&path, &bytes).unwrap();
        match Records::open(&path, &noon(START)) {
            Err(e) => {
                assert!(matches!(e, RecordsError::Damaged { .. }), "page {page}: {e:?}");
                assert!(e.to_string().contains("p.db"), "{e}");
                refused += 1;
            }
            Ok(records) => assert_eq!(records.reviews().unwrap().len(), 200, "page {page}"),
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "page {page} was changed");
    }
    assert!(refused > 10, "{refused}");
    // A file cut short.
    std::fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    assert!(matches!(Records::open(&path, &noon(START)), Err(RecordsError::Damaged { .. })));
    assert_eq!(std::fs::metadata(&path).unwrap().len(), sound.len() as u64 / 2);
}

#[test]
fn without_a_file_practice_goes_on_in_memory() {
    let folder = Folder::new("memory");
    let missing = folder.file("no/such/folder/p.db");
    let (mut records, why) = Records::open_or_memory(Ok(missing.clone()), &noon(START)).unwrap();
    assert!(why.unwrap().to_string().contains(missing.to_str().unwrap()));
    assert!(records.file().is_none());
    records.record(&NewReview::new("q", Mode::Card, 90), &[], &noon(START)).unwrap();
    assert_eq!(records.reviews().unwrap().len(), 1);
    assert!(!missing.exists());
}

#[test]
fn a_file_that_can_only_be_read_is_shown_and_not_written() {
    let folder = Folder::new("readonly");
    let path = folder.file("p.db");
    let mut records = Records::open(&path, &noon(START)).unwrap();
    records.create("Anna", &noon(START)).unwrap();
    records.choose("Anna", true).unwrap();
    records.record(&NewReview::new("q", Mode::Card, 90), &[], &noon(START)).unwrap();
    drop(records);
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    // The super-user may write everywhere; then the reading half is tested alone.
    if std::fs::OpenOptions::new().append(true).open(&path).is_ok() {
        let conn = schema::open_read_only(&path, MIGRATIONS).unwrap();
        assert!(conn.execute("DELETE FROM review", []).is_err());
        assert!(super::super::exchange::export_from(&conn, &path).unwrap().contains("Anna"));
        return;
    }
    let before = std::fs::read(&path).unwrap();
    let (mut records, why) = Records::open_or_memory(Ok(path.clone()), &noon(START)).unwrap();
    assert!(matches!(why, Some(RecordsError::Unwritable { .. })), "{why:?}");
    assert_eq!((&*records.profile().name, records.reviews().unwrap().len()), ("Anna", 1));
    records.record(&NewReview::new("r", Mode::Card, 90), &[], &noon(START)).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn an_older_file_is_brought_up_to_date_wholly_or_not_at_all() {
    let folder = Folder::new("migrate");
    let path = folder.file("p.db");
    let mut records = Records::open(&path, &noon(START)).unwrap();
    records.record(&NewReview::new("q", Mode::Card, 90), &[], &noon(START)).unwrap();
    drop(records);
    let broken = [MIGRATIONS[0], "ALTER TABLE review ADD COLUMN place TEXT; SELECT no_such_function();"];
    assert!(schema::open(&path, &broken).is_err());
    assert_eq!(Records::open(&path, &noon(START)).unwrap().reviews().unwrap().len(), 1, "as it was");
    let good = [MIGRATIONS[0], "ALTER TABLE review ADD COLUMN place TEXT;", "UPDATE review SET place = 'home';"];
    let conn = schema::open(&path, &good).unwrap();
    assert_eq!(conn.query_row("SELECT place FROM review", [], |r| r.get::<_, String>(0)).unwrap(), "home");
    assert_eq!(conn.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0)).unwrap(), 3);
    drop(conn);
    assert!(matches!(Records::open(&path, &noon(START)), Err(RecordsError::Newer { found: 3, .. })));
}

#[test]
fn two_programs_write_into_one_file() {
    let folder = Folder::new("two");
    let path = folder.file("p.db");
    let mut a = Records::open(&path, &noon(START)).unwrap();
    let mut b = Records::open(&path, &noon(START)).unwrap();
    for n in 0..20 {
        a.record(&NewReview::new("q", Mode::Card, n), &[], &noon(START)).unwrap();
        b.record(&NewReview::new("r", Mode::Card, n), &[], &noon(START)).unwrap();
    }
    assert_eq!(a.reviews().unwrap().len(), 40);
    assert_eq!(a.profiles().unwrap().len(), 1);
}

#[test]
fn profiles_are_apart_and_the_last_one_used_comes_back() {
    let folder = Folder::new("profiles");
    let path = folder.file("p.db");
    let mut records = Records::open(&path, &noon(START)).unwrap();
    records.record(&NewReview::new("q", Mode::Card, 90), &[], &noon(START)).unwrap();
    records.create("  Anna ", &noon(START)).unwrap();
    assert!(matches!(records.create("ANNA", &noon(START)), Err(RecordsError::ProfileExists(_))));
    for bad in ["", "   ", "a\tb", "-x", &"x".repeat(41)] {
        assert!(matches!(records.create(bad, &noon(START)), Err(RecordsError::ProfileName { .. })), "{bad:?}");
    }
    records.choose("anna", true).unwrap();
    assert!(records.reviews().unwrap().is_empty());
    records.record(&NewReview::new("r", Mode::Card, 10), &[], &noon(START)).unwrap();
    records.set_interview(Some(day(9)), &noon(START)).unwrap();
    records.rename("Anna", "anna").unwrap();
    records.rename("anna", "Anne").unwrap();
    drop(records);
    let mut records = Records::open(&path, &noon(START)).unwrap();
    assert_eq!(&*records.profile().name, "Anne");
    assert_eq!(records.profile().interview, Some(day(9)));
    let error = records.choose("Ann", false).err().unwrap();
    assert!(error.to_string().contains("did you mean 'Anne'"), "{error}");
    assert_eq!(records.reset("Anne").unwrap(), 1);
    assert_eq!((records.reviews().unwrap().len(), records.profile().interview), (0, None));
    records.choose("default", false).unwrap();
    assert_eq!(records.reviews().unwrap().len(), 1, "the other profile kept its own");
    records.delete("default", &noon(START)).unwrap();
    assert_eq!(&*records.profile().name, "Anne");
    records.delete("Anne", &noon(START)).unwrap();
    assert_eq!((&*records.profile().name, records.profiles().unwrap().len()), (DEFAULT_PROFILE, 1));
    assert!(records.reviews().unwrap().is_empty());
}

#[test]
fn drafts_live_until_the_review_they_became() {
    let folder = Folder::new("drafts");
    let path = folder.file("p.db");
    let mut records = Records::open(&path, &noon(START)).unwrap();
    records.keep_draft("answer/q", "half", &noon(START)).unwrap();
    records.keep_draft("interview", "{}", &noon(day(1))).unwrap();
    records.keep_draft("answer/q", "half a sen", &noon(START)).unwrap();
    drop(records);
    let mut records = Records::open(&path, &noon(START)).unwrap();
    assert_eq!(&*records.draft("answer/q").unwrap().unwrap().body, "half a sen");
    let slots: Vec<_> = records.drafts().unwrap().into_iter().map(|d| d.slot.to_string()).collect();
    assert_eq!(slots, ["interview", "answer/q"], "the latest first");
    // A review that is refused leaves the draft.
    let changes = [DraftChange::Drop { slot: "answer/q" }, DraftChange::Keep { slot: "interview", body: "{1}" }];
    assert!(records.record(&NewReview::new("q", Mode::Answer, 200), &changes, &noon(START)).is_err());
    assert!(records.draft("answer/q").unwrap().is_some());
    records.record(&NewReview::new("q", Mode::Answer, 50), &changes, &noon(START)).unwrap();
    assert_eq!(records.draft("answer/q").unwrap(), None);
    assert_eq!(&*records.draft("interview").unwrap().unwrap().body, "{1}");
    records.drop_draft("interview").unwrap();
    assert!(records.drafts().unwrap().is_empty());
}
