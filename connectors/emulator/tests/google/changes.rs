//! The change logs.

use labeld_emulator::google::{Grantee, NewUser, Role};
use serde_json::Value;

use crate::support::{MINA, World, of};

const BOB: &str = "bob@alder.example";

/// What changed, as `id` or `-id`, and the token for the next time.
async fn follow(world: &World, token: &str, more: &str) -> (Vec<String>, String) {
    let page = world
        .get(&format!("drive/v3/changes?pageToken={token}{more}"))
        .await;
    let changes = page["changes"].as_array().unwrap().iter().map(|change| {
        let id = change["fileId"]
            .as_str()
            .or(change["driveId"].as_str())
            .unwrap();
        let mark = if change["removed"] == Value::Bool(true) {
            "-"
        } else {
            ""
        };
        format!("{mark}{id}")
    });
    let next = page["newStartPageToken"]
        .as_str()
        .or(page["nextPageToken"].as_str());
    (changes.collect(), next.unwrap().to_owned())
}

async fn start(world: &World, query: &str) -> String {
    let answer = world
        .get(&format!("drive/v3/changes/startPageToken{query}"))
        .await;
    answer["startPageToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_log_is_of_states() {
    let world = World::new().await;
    let google = world.google();
    google
        .add_user(NewUser {
            email: BOB.to_owned(),
            ..NewUser::default()
        })
        .unwrap();
    let first = google.put(MINA, "first.docx", "x", MINA).unwrap();
    let token = start(&world, "").await;
    let second = google.put(MINA, "second.docx", "x", MINA).unwrap();
    for _ in 0..3 {
        google.edit_metadata(&first).unwrap();
    }
    let (changes, next) = follow(&world, &token, "").await;
    assert_eq!(
        changes,
        [second.clone(), first.clone()],
        "each once, in the order of the last change"
    );
    let (none, same) = follow(&world, &next, "").await;
    assert_eq!((none.len(), &same), (0, &next));

    google.set_trashed(&second, true).unwrap();
    google.delete(&first).unwrap();
    let (changes, next) = follow(&world, &next, "").await;
    assert_eq!(
        changes,
        [second.clone(), format!("-{first}")],
        "what is in the bin is no removal"
    );
    let (hidden, _) = follow(&world, &token, "&includeRemoved=false").await;
    assert_eq!(hidden, [second]);

    // Bob's files come and go with his sharing.
    let shared = google.put(BOB, "bobs.docx", "x", BOB).unwrap();
    let permission = google
        .share(&shared, Grantee::User(MINA.to_owned()), Role::Reader)
        .unwrap();
    let (changes, next) = follow(&world, &next, "").await;
    assert_eq!(changes, std::slice::from_ref(&shared));
    let (mine, _) = follow(
        &world,
        &token,
        "&restrictToMyDrive=true&includeRemoved=false",
    )
    .await;
    assert!(!mine.contains(&shared));
    google.unshare(&shared, &permission).unwrap();
    let (changes, _) = follow(&world, &next, "").await;
    assert_eq!(changes, [format!("-{shared}")]);
}

#[tokio::test]
async fn each_log_has_its_own_tokens() {
    let world = World::new().await;
    let google = world.google();
    let finance = google.shared_drive("Finance").unwrap();
    let of_drive =
        format!("&driveId={finance}&supportsAllDrives=true&includeItemsFromAllDrives=true");
    let mine = start(&world, "").await;
    let shared = start(
        &world,
        &format!("?supportsAllDrives=true&driveId={finance}"),
    )
    .await;
    let id = google.put(&finance, "plan.docx", "x", MINA).unwrap();
    assert_eq!(
        follow(&world, &shared, &of_drive).await.0,
        std::slice::from_ref(&id)
    );
    assert_eq!(follow(&world, &mine, "").await.0, Vec::<String>::new());
    let with_drives = "&supportsAllDrives=true&includeItemsFromAllDrives=true";
    assert_eq!(follow(&world, &mine, with_drives).await.0, [id]);
    for target in [
        format!("drive/v3/changes?pageToken={mine}{of_drive}"),
        format!("drive/v3/changes?pageToken={shared}"),
        "drive/v3/changes?pageToken=x".to_owned(),
    ] {
        assert_eq!(
            world.refused(&target).await,
            of(400, "invalid", Some("pageToken")),
            "{target}"
        );
    }
    assert_eq!(
        world.refused("drive/v3/changes").await,
        of(400, "required", Some("pageToken"))
    );
    let unknown = world
        .refused("drive/v3/changes/startPageToken?driveId=0Ax&supportsAllDrives=true")
        .await;
    assert_eq!(unknown, of(404, "notFound", Some("driveId")));
}

#[tokio::test]
async fn memberships_and_moves_are_told() {
    let world = World::new().await;
    let google = world.google();
    let team = google.add_shared_drive("Team");
    let inside = google.put(&team, "inside.docx", "x", MINA).unwrap();
    let with_drives = "&supportsAllDrives=true&includeItemsFromAllDrives=true";
    let token = start(&world, "").await;
    let member = google
        .add_member(&team, Grantee::User(MINA.to_owned()), Role::Organizer)
        .unwrap();
    let (changes, next) = follow(&world, &token, with_drives).await;
    // The drive, and nothing of what is in it; the file stands where it was last changed.
    assert_eq!(changes, std::slice::from_ref(&team));
    let moved = google.put(MINA, "moved.docx", "x", MINA).unwrap();
    let (_, next) = follow(&world, &next, with_drives).await;
    google.move_into(&moved, &team).unwrap();
    let (plain, _) = follow(&world, &next, "").await;
    assert_eq!(plain, [format!("-{moved}")], "it is in another corpus");
    let (all, next) = follow(&world, &next, with_drives).await;
    assert_eq!(all, [moved]);
    google.remove_member(&team, &member).unwrap();
    let (changes, _) = follow(&world, &next, with_drives).await;
    assert_eq!(changes, [format!("-{team}")]);
    assert!(google.file(&inside).is_ok());
}
