//! Planted violations, each of which is found, and a sound history, in which nothing is.

mod sound;

use super::case::{Case, Log, Sight};
use super::{Rule, judge};
use sound::{STREAM, digest, hash, joined, saw, sound, told};

/// The rules that a changed run breaks.
fn broken(change: impl FnOnce(&mut Case)) -> Vec<Rule> {
    let mut case = told(sound());
    change(&mut case);
    let mut rules: Vec<_> = judge(&case).0.iter().map(|found| found.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// Changes the log as every node shows it.
fn logs(case: &mut Case, change: impl Fn(&mut Log)) {
    case.logs.values_mut().for_each(change);
}

fn views(case: &mut Case) -> &mut Vec<Sight> {
    case.views.values_mut().next().expect("a viewer")
}

#[test]
fn a_sound_run_is_good() {
    let case = told(sound());
    let (violations, seen) = judge(&case);
    assert!(violations.is_empty(), "{violations:?}");
    assert_eq!((seen.deliveries, seen.exact, seen.reset), (5, 1, 0));
}

#[test]
fn a_lost_event_is_found() {
    let found = broken(|case| {
        logs(case, |log| {
            // The acked one is gone, and what follows has moved up.
            log.events.remove(0);
            log.events.iter_mut().for_each(|(seq, _, _)| *seq -= 1);
            log.head = 4;
        });
    });
    assert!(
        found.contains(&Rule::Lost) && found.contains(&Rule::Usage),
        "{found:?}"
    );
    let changed = broken(|case| logs(case, |log| log.events[3].2 = hash("other")));
    assert!(
        changed.contains(&Rule::Lost) && changed.contains(&Rule::Stranger),
        "{changed:?}"
    );
}

#[test]
fn a_gap_a_repeat_and_a_stranger_in_the_log_are_found() {
    let gap = broken(|case| logs(case, |log| log.events[4].0 = 6));
    assert!(gap.contains(&Rule::LogGap), "{gap:?}");
    let head = broken(|case| logs(case, |log| log.head = 6));
    assert!(head.contains(&Rule::LogGap), "{head:?}");
    let more = |key: &'static str| {
        move |case: &mut Case| {
            logs(case, |log| {
                log.events.push((6, key.to_owned(), hash(key)));
                log.head = 6;
            });
        }
    };
    let twice = broken(more("a"));
    assert!(twice.contains(&Rule::Twice), "{twice:?}");
    let stranger = broken(more("z"));
    assert!(stranger.contains(&Rule::Stranger), "{stranger:?}");
}

#[test]
fn what_was_refused_and_is_there_is_found() {
    let there = |key: &'static str| {
        broken(|case| {
            logs(case, |log| {
                log.events.push((6, key.to_owned(), hash(key)));
                log.head = 6;
            });
        })
    };
    assert!(there("x").contains(&Rule::Refused));
    // Of this one an attempt was left open.
    assert!(!there("d").contains(&Rule::Refused));
}

#[test]
fn nodes_that_differ_are_found() {
    let order = broken(|case| {
        let log = case.logs.get_mut(&("r".to_owned(), 1)).expect("a log");
        log.events.swap(0, 1);
    });
    assert_eq!(order, [Rule::Differs]);
    let missing = broken(|case| drop(case.logs.remove(&("r".to_owned(), 1))));
    assert_eq!(missing, [Rule::Unread]);
    let stream = broken(|case| {
        let shown = case.streams.get_mut(&(STREAM.to_owned(), 1));
        shown.expect("a stream").length = 99;
    });
    assert_eq!(stream, [Rule::Differs]);
}

#[test]
fn what_a_viewer_misses_gets_twice_or_wrong_is_found() {
    let late = broken(|case| drop(views(case).pop()));
    assert_eq!(late, [Rule::ViewGap]);
    let skipped = broken(|case| {
        let mut sights = told(vec![joined(2, Some(2), 3, true), saw(2, 4, 5)]);
        views(case).truncate(2);
        let more = views(&mut sights).drain(..).collect::<Vec<_>>();
        views(case).extend(more);
    });
    assert_eq!(skipped, [Rule::ViewGap]);
    let twice = broken(|case| {
        let sight = views(case)[1].clone();
        views(case).insert(2, sight);
    });
    assert_eq!(twice, [Rule::ViewTwice]);
    let wrong = broken(|case| {
        if let Sight::Saw { hashes, .. } = &mut views(case)[1] {
            hashes.swap(0, 1);
        }
    });
    assert_eq!(wrong, [Rule::ViewDiffers]);
    let phantom = broken(|case| {
        let hashes = vec![hash("z")];
        views(case).push(Sight::Saw { from: 6, hashes });
    });
    assert_eq!(phantom, [Rule::ViewDiffers]);
}

#[test]
fn a_connection_that_was_reordered_is_found() {
    let found = broken(|case| {
        // Both were acked where they stand, the later one first.
        let last = case.attempts.len() - 2;
        case.attempts.swap(0, last);
    });
    assert_eq!(found, [Rule::Order]);
}

#[test]
fn a_needless_reset_is_found() {
    let reset = broken(|case| {
        views(case).insert(1, Sight::Reset { position: 0 });
    });
    assert_eq!(reset, [Rule::Reset]);
    let forgot = broken(|case| {
        let (conn, had, after) = (2, Some(2), 2);
        let recovered = false;
        views(case)[2] = Sight::Joined {
            conn,
            had,
            after,
            recovered,
        };
    });
    assert_eq!(forgot, [Rule::Reset]);
}

#[test]
fn lost_and_wrong_bytes_of_a_stream_are_found() {
    let change = |length: u64, sha: String| {
        broken(move |case| {
            for shown in case.streams.values_mut() {
                (shown.length, shown.sha) = (length, sha.clone());
            }
        })
    };
    assert!(change(60, digest(0, 60)).contains(&Rule::StreamBytes));
    assert_eq!(change(100, digest(1, 101)), [Rule::StreamBytes]);
    let wrong_end = broken(|case| {
        for shown in case.streams.values_mut() {
            shown.state = "interrupted".to_owned();
        }
    });
    assert_eq!(wrong_end, [Rule::StreamEnds]);
    let two_ends = broken(|case| {
        logs(case, |log| {
            log.events
                .push((6, "close:s-1".to_owned(), hash("close:s-1")));
            log.head = 6;
        });
    });
    assert!(two_ends.contains(&Rule::StreamEnds), "{two_ends:?}");
}

#[test]
fn what_a_follower_misses_gets_twice_or_wrong_is_found() {
    let change = |change: fn(&mut Vec<(u64, u64, String)>)| {
        broken(|case| {
            let followed = case.followed.values_mut().next().expect("a follower");
            change(&mut followed.stretches);
        })
    };
    assert_eq!(
        change(|stretches| drop(stretches.remove(0))),
        [Rule::ViewGap]
    );
    assert_eq!(change(|stretches| drop(stretches.pop())), [Rule::ViewGap]);
    let twice = change(|stretches| stretches[1] = (30, 100, digest(30, 100)));
    assert_eq!(twice, [Rule::ViewTwice]);
    assert_eq!(
        change(|stretches| stretches[0].2 = digest(1, 41)),
        [Rule::ViewDiffers]
    );
    let endless = broken(|case| {
        let followed = case.followed.values_mut().next().expect("a follower");
        followed.ends.clear();
    });
    assert_eq!(endless, [Rule::StreamEnds]);
}

#[test]
fn a_wrong_count_is_found() {
    for meter in ["messages", "streams", "stream_bytes"] {
        let found = broken(|case| *case.usage.entry(meter.to_owned()).or_default() += 1);
        assert_eq!(found, [Rule::Usage], "{meter}");
    }
    for (counted, wrong) in [(0, true), (4_000, true), (9_000, false), (15_001, true)] {
        let found = broken(|case| {
            case.usage.insert("agent_ms".to_owned(), counted);
            case.usage_at = 10_000_000;
        });
        assert_eq!(found.contains(&Rule::Usage), wrong, "{counted}");
    }
}

#[test]
fn what_stays_broken_is_found() {
    assert_eq!(broken(|case| case.probes[0].2 = None), [Rule::Life]);
    assert_eq!(
        broken(|case| case.reached[0].1 = Some(31_000_000)),
        [Rule::Life]
    );
    assert_eq!(broken(|case| case.reached.clear()), [Rule::Unread]);
    assert_eq!(
        broken(|case| case.failed.push((1, "panicked".into()))),
        [Rule::Failed]
    );
}
