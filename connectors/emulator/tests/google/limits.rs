//! Quotas, and what calls cost.

use labeld_emulator::google::{RateLimitForm, Switches};
use reqwest::Method;

use crate::support::{MINA, World, of, refusal};

#[tokio::test]
async fn a_minute_has_so_many_units() {
    for (switches, expected) in [
        (
            Switches {
                user_units_per_minute: Some(110),
                ..Switches::default()
            },
            of(403, "userRateLimitExceeded", None),
        ),
        (
            Switches {
                project_units_per_minute: Some(110),
                ..Switches::default()
            },
            of(403, "rateLimitExceeded", None),
        ),
        (
            Switches {
                project_units_per_minute: Some(110),
                rate_limit_form: RateLimitForm::Detailed,
                ..Switches::default()
            },
            of(403, "rateLimitExceeded", None),
        ),
        (
            Switches {
                user_units_per_minute: Some(110),
                rate_limit_form: RateLimitForm::TooManyRequests,
                ..Switches::default()
            },
            of(429, "rateLimitExceeded", None),
        ),
        (
            Switches {
                user_units_per_minute: Some(3),
                requests_are_units: true,
                ..Switches::default()
            },
            of(403, "userRateLimitExceeded", None),
        ),
    ] {
        let world = World::with(switches.clone()).await;
        world.emulator.clock().freeze();
        let look = "drive/v3/about?fields=kind";
        for target in ["drive/v3/files", look, look] {
            world.get(target).await;
        }
        assert_eq!(world.refused(look).await, expected, "{switches:?}");
        world
            .emulator
            .clock()
            .advance(chrono::TimeDelta::minutes(1));
        world.get(look).await;
    }
}

#[tokio::test]
async fn each_call_costs_what_the_reference_says() {
    let world = World::new().await;
    let id = world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
    for (method, target, units) in [
        (Method::GET, format!("drive/v3/files/{id}"), 5),
        (Method::GET, "drive/v3/files".to_owned(), 100),
        (Method::GET, format!("drive/v3/files/{id}?alt=media"), 200),
        (
            Method::PATCH,
            format!("upload/drive/v3/files/{id}?uploadType=media"),
            50,
        ),
        (Method::POST, "drive/v3/channels/stop".to_owned(), 5),
    ] {
        let request = world.request(method, &target);
        let request = if target.starts_with("upload") {
            request.body("y")
        } else {
            request
        };
        request.send().await.unwrap();
        let entry = world.emulator.journal().since(0).pop().unwrap();
        if entry.status == Some(200) {
            assert_eq!(entry.units, Some(units), "{target}");
        }
    }
    let part = |number: u8, target: &str| {
        format!(
            "--B\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\nGET /{target} HTTP/1.1\r\n\r\n\r\n"
        )
    };
    let body = format!(
        "{}{}--B--",
        part(1, &format!("drive/v3/files/{id}")),
        part(2, "drive/v3/files/1missing")
    );
    let request = world
        .request(Method::POST, "batch/drive/v3")
        .header("content-type", "multipart/mixed; boundary=B");
    let answer = request.body(body).send().await.unwrap();
    let text = answer.text().await.unwrap();
    for expected in [
        "Content-ID: <response-1>",
        "HTTP/1.1 200 OK",
        "Content-ID: <response-2>",
        "HTTP/1.1 404 Not Found",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    let many: String = (0..101)
        .map(|_| part(1, "drive/v3/files"))
        .collect::<String>()
        + "--B--";
    let request = world
        .request(Method::POST, "batch/drive/v3")
        .header("content-type", "multipart/mixed; boundary=B");
    assert_eq!(
        refusal(request.body(many).send().await.unwrap()).await,
        of(400, "badRequest", None)
    );
}
