use super::*;

fn target(host: &'static str, method: &str, path: &str) -> Target {
    Target {
        provider: "tiny",
        host,
        method: method.parse().unwrap(),
        path: path.to_owned(),
    }
}

fn hits(rule: FaultRule, requests: usize) -> Vec<bool> {
    let faults = Faults::default();
    faults.add(rule).unwrap();
    let target = target("one", "GET", "/a");
    (0..requests)
        .map(|_| faults.first(&target, |_| true).is_some())
        .collect()
}

#[test]
fn rules_count() {
    let rule = || FaultRule::new(Effect::Html);
    for (rule, expected) in [
        (rule(), [true, true, true, true, true]),
        (rule().count(2), [true, true, false, false, false]),
        (rule().skip(3), [false, false, false, true, true]),
        (rule().skip(1).count(2), [false, true, true, false, false]),
        (rule().count(0), [false; 5]),
        (rule().probability(0.0, 1), [false; 5]),
        (rule().path("/b"), [false; 5]),
    ] {
        assert_eq!(hits(rule.clone(), 5), expected, "{rule:?}");
    }
}

#[test]
fn dice_are_the_same_for_a_seed() {
    let thrown = |seed| hits(FaultRule::new(Effect::Html).probability(0.3, seed), 1000);
    assert_eq!(thrown(7), thrown(7));
    assert_ne!(thrown(7), thrown(8));
    let share = thrown(7).iter().filter(|hit| **hit).count();
    assert!((200..400).contains(&share), "{share}");
}

#[test]
fn rules_cover_requests() {
    let rule = || FaultRule::new(Effect::Html);
    let other_provider = FaultRule {
        provider: Some("other".to_owned()),
        ..rule()
    };
    for (rule, expected) in [
        (rule(), true),
        (rule().host("one"), true),
        (rule().host("two"), false),
        (rule().method("get"), true),
        (rule().method("PUT"), false),
        (rule().path("/files/*"), true),
        (rule().path("/files"), false),
        (other_provider, false),
    ] {
        let covers = rule.covers(&target("one", "GET", "/files/a b.docx"));
        assert_eq!(covers, expected, "{rule:?}");
    }
}

#[test]
fn the_first_hit_hides_the_request_from_later_rules() {
    let faults = Faults::default();
    let first = faults.add(FaultRule::new(Effect::Html).count(1)).unwrap();
    let second = faults.add(FaultRule::new(Effect::RequestLost)).unwrap();
    let target = target("one", "GET", "/a");
    let effect = || faults.first(&target, |_| true).map(|hit| hit.effect);
    assert_eq!(effect(), Some(Effect::Html));
    assert_eq!(effect(), Some(Effect::RequestLost));
    assert_eq!(
        (faults.hits(first), faults.hits(second)),
        (Some(1), Some(1))
    );
    assert!(faults.remove(first));
    assert!(!faults.remove(first));
    assert_eq!(faults.hits(first), None);
}

#[test]
fn providers_ask_for_their_effects() {
    let faults = Faults::default();
    faults
        .add(FaultRule::new(Effect::ExpiredCursor).skip(1).count(1))
        .unwrap();
    faults
        .add(
            FaultRule::new(Effect::Throttle {
                retry_after: Some(3),
            })
            .count(1),
        )
        .unwrap();
    let target = Arc::new(target("one", "GET", "/a"));
    let active = ActiveFaults::new(faults, target);
    assert_eq!(active.throttle(), Some(Some(3)));
    assert_eq!(active.throttle(), None);
    let expired: Vec<bool> = (0..3).map(|_| active.expired_cursor()).collect();
    assert_eq!(expired, [false, true, false]);
    assert!(active.duplicate().is_none());
    assert_eq!(active.take_done(), ["throttle", "expired_cursor"]);
}

#[test]
fn rules_are_json() {
    for (text, expected) in [
        (
            r#"{"effect": "answer_lost"}"#,
            Ok(FaultRule::new(Effect::AnswerLost)),
        ),
        (
            r#"{"path": "/**", "skip": 1, "count": 2, "effect": {"delay_ms": 20}}"#,
            Ok(FaultRule::new(Effect::DelayMs(20))
                .path("/**")
                .skip(1)
                .count(2)),
        ),
        (
            r#"{"effect": {"cut_after": {"bytes": 9}}, "probability": 0.5, "seed": 4}"#,
            Ok(FaultRule::new(Effect::CutAfter { bytes: 9 }).probability(0.5, 4)),
        ),
        (
            r#"{"effect": {"throttle": {}}}"#,
            Ok(FaultRule::new(Effect::Throttle { retry_after: None })),
        ),
        (r#"{"effect": "explode"}"#, Err("unknown variant `explode`")),
        (
            r#"{"effect": "html", "paths": "/"}"#,
            Err("unknown field `paths`"),
        ),
        (
            r#"{"effect": {"cut_after": {"byte": 9}}}"#,
            Err("unknown field `byte`"),
        ),
        (r"{}", Err("missing field `effect`")),
    ] {
        match (serde_json::from_str::<FaultRule>(text), expected) {
            (Ok(rule), Ok(expected)) => {
                assert_eq!(rule, expected, "{text}");
                let again = serde_json::to_string(&rule).unwrap();
                assert_eq!(serde_json::from_str::<FaultRule>(&again).unwrap(), rule);
            }
            (Err(error), Err(expected)) => {
                assert!(error.to_string().contains(expected), "{text}: {error}");
            }
            (found, expected) => panic!("{text}: {found:?} in place of {expected:?}"),
        }
    }
}

#[test]
fn rules_that_cannot_be_done_are_refused() {
    let status = |code, header: &str| {
        FaultRule::new(Effect::Status {
            code,
            headers: [(header.to_owned(), "1".to_owned())].into(),
            body: serde_json::Value::Null,
        })
    };
    for (rule, expected) in [
        (status(503, "retry-after"), Ok(1)),
        (status(99, "retry-after"), Err(InvalidRule::Status(99))),
        (status(600, "retry-after"), Err(InvalidRule::Status(600))),
        (
            status(503, "a b"),
            Err(InvalidRule::Header("a b".to_owned())),
        ),
        (
            FaultRule::new(Effect::Html).probability(1.5, 0),
            Err(InvalidRule::Probability),
        ),
        (
            FaultRule::new(Effect::Html).probability(f64::NAN, 0),
            Err(InvalidRule::Probability),
        ),
    ] {
        assert_eq!(Faults::default().add(rule.clone()), expected, "{rule:?}");
    }
}
