//! Refused actions are looked at again by themselves, in growing pauses, where no listing tells that the reason is gone.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use labeld::apps::Organisation;
use labeld::clock::Clock;
use labeld::config::Config;
use labeld::model::Reason;
use labeld::model::policy::PolicyName;
use labeld::pipeline::govern::{self, Governor, Round};
use labeld::pipeline::scan::scan_waiting;
use labeld::store::actions::{self, Action, ActionQuery, ActionState};
use labeld::store::policies::{self, Switch};

use super::policies::POLICY;
use super::{World, label_of, on_each_store, plain};
use crate::five_apps::App;
use crate::pipeline::SETTINGS;

/// A file that the policy wants to label, and that was read.
async fn wanted(world: &World<'_>, app: App) -> String {
    let path = world.add(app, &plain()).await;
    let scanned = scan_waiting(&world.work, &world.apps[&app], SETTINGS).await;
    assert_eq!(scanned.unwrap().files, 1, "{app:?}");
    path
}

async fn round(world: &World<'_>, app: App) -> Round {
    let mut governor = Governor::new(Arc::clone(&world.rules));
    let round = governor.round(&world.work, &world.apps[&app]).await;
    round.unwrap().unwrap()
}

/// The owner of the site switches it; the app is made anew, which remembers for a real day what it was told of the library.
fn require_checkout(world: &mut World<'_>, required: bool) {
    let microsoft = world.five.emulator.microsoft();
    microsoft.require_checkout(&microsoft.library(), required);
    let config = Config::load(&world.five.workspace.path("labeld.toml")).unwrap();
    let tenant = &config.tenants[0];
    let organisation = Organisation::new(&config, tenant);
    let name = world.apps[&App::SharePoint].name.clone();
    let configured = tenant.apps().find(|app| *app.name() == name).unwrap();
    let app = organisation.app(configured).unwrap();
    world.apps.insert(App::SharePoint, app);
}

/// As the store keeps times.
fn now(world: &World<'_>) -> DateTime<Utc> {
    world.clock.now().trunc_subsecs(3)
}

/// The one action that there ever was for a file.
async fn only_action(world: &World<'_>, app: App, path: &str) -> Action {
    let query = ActionQuery {
        file: Some(world.file(app, path).await.id),
        ..ActionQuery::default()
    };
    let mut found = actions::list(&world.db, &query, 10).await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_refusal_that_nothing_tells_the_end_of_is_looked_at_in_growing_pauses() {
    on_each_store(POLICY, &async |world: &mut World<'_>| {
        govern::take_over(&world.work, &world.rules).await.unwrap();
        let app = App::SharePoint;
        require_checkout(world, true);
        let path = wanted(world, app).await;
        for (looks, days) in [1, 2, 4].into_iter().enumerate() {
            let round = round(world, app).await;
            assert_eq!(round.acted.ended.len(), 1, "{looks}: {round:?}");
            let action = only_action(world, app, &path).await;
            let refused = (ActionState::Refused, Some(Reason::LibraryCheckoutRequired));
            assert_eq!((action.state, action.reason), refused, "{looks}");
            assert_eq!(action.looks as usize, looks);
            let again = now(world) + TimeDelta::days(days);
            assert_eq!(action.again, Some(again), "{looks}");
            assert_eq!(round.next_due, Some(again), "{looks}");
            // Not before.
            world
                .clock
                .advance(TimeDelta::days(days) - TimeDelta::seconds(1));
            assert_eq!(self::round(world, app).await.acted.ended, []);
            assert_eq!(only_action(world, app, &path).await, action);
            world.clock.advance(TimeDelta::seconds(1));
        }
        assert_eq!(world.cap(app).await.used, 0);
        // The owner of the site switches it off, and nobody tells.
        require_checkout(world, false);
        round(world, app).await;
        let action = only_action(world, app, &path).await;
        assert_eq!((action.state, action.reason), (ActionState::Done, None));
        assert_eq!((action.looks, action.again), (3, None));
        let site = world.rules.site_id.unwrap();
        assert!(label_of(&world.content(app, &path), site).is_some());
        assert_eq!(world.cap(app).await.used, 1);
        what_nobody_wants_is_left_refused(world).await;
    });
}

/// Its policy is off when the look is due: it stays as it is, and is decided anew when the policy is on.
async fn what_nobody_wants_is_left_refused(world: &mut World<'_>) {
    let app = App::SharePoint;
    require_checkout(world, true);
    let path = wanted(world, app).await;
    round(world, app).await;
    assert!(only_action(world, app, &path).await.again.is_some());
    switch(world, false).await;
    world.clock.advance(TimeDelta::days(1));
    let idle = round(world, app).await;
    assert_eq!((idle.acted.ended, idle.next_due), (Vec::new(), None));
    let left = only_action(world, app, &path).await;
    assert_eq!((left.state, left.again), (ActionState::Refused, None));
    require_checkout(world, false);
    switch(world, true).await;
    round(world, app).await;
    let site = world.rules.site_id.unwrap();
    assert!(label_of(&world.content(app, &path), site).is_some());
}

async fn switch(world: &World<'_>, enabled: bool) {
    world.clock.advance(TimeDelta::seconds(1));
    let switch = Switch {
        enabled,
        mode: None,
        consented: None,
        changed_at: world.clock.now(),
        changed_by: "ada".to_owned(),
        reason: None,
    };
    let tx = world.db.begin().await.unwrap();
    let name = PolicyName("everything".to_owned());
    let found = policies::set_switch(&tx, &world.rules.tenant, &name, &switch).await;
    assert!(found.unwrap());
    tx.commit().await.unwrap();
}

/// One that processes have died over three times is left alone for a day, and tried once more.
#[test]
fn what_has_crashed_labeld_is_tried_again_after_a_day() {
    on_each_store(POLICY, &async |world: &mut World<'_>| {
        govern::take_over(&world.work, &world.rules).await.unwrap();
        let app = App::Box;
        let path = wanted(world, app).await;
        let mut governor = Governor::new(Arc::clone(&world.rules));
        let (decided, _) = governor
            .decide(&world.work, &world.apps[&app])
            .await
            .unwrap();
        assert_eq!(decided.proposed, 1);
        let file = world.file(app, &path).await.id;
        for _ in 0..3 {
            let tx = world.db.begin().await.unwrap();
            actions::note_crash(&tx, &[file]).await.unwrap();
            tx.commit().await.unwrap();
        }
        round(world, app).await;
        let action = only_action(world, app, &path).await;
        let poison = (ActionState::Refused, Some(Reason::FilePoison));
        assert_eq!((action.state, action.reason), poison);
        let again = now(world) + TimeDelta::days(1);
        assert_eq!(action.again, Some(again));
        world.clock.advance(TimeDelta::days(1));
        round(world, app).await;
        let action = only_action(world, app, &path).await;
        assert_eq!((action.state, action.reason), (ActionState::Done, None));
        assert_eq!(action.crashes, 2, "one more crash would be the third");
    });
}
