//! `labeld rescan` while the service runs.

use std::fs;

use super::{Service, workspace};
use crate::cli_rescan::Account;
use crate::workspace::{GENERAL, Store, documents, docx, walk};

#[test]
fn the_service_rescans_for_the_command_and_says_the_same() {
    for store in Store::each() {
        let workspace = workspace(store, "1d").with_samples();
        let there = walk(&documents()).len() as u64;
        let service = Service::started(&workspace);
        let by_service = workspace.run(["rescan", "--reread"]).expect(0);
        let account = Account::of(&by_service);
        assert_eq!(account.in_scope, there, "{by_service:#?}");
        assert_eq!(account.outcomes.values().sum::<u64>(), there);

        workspace.write("later.docx", docx(Some(GENERAL)));
        let second = Account::of(&workspace.run(["rescan"]).expect(0));
        // Who reads it, the rescan or the scan that goes on all the time, is chance.
        assert_eq!(second.in_scope, there + 1);
        assert_eq!(second.outcomes["ok"], account.outcomes["ok"] + 1);
        for (arguments, code, words) in [
            (&["--app", "nothing"][..], 2, "no such tenant or app"),
            (
                &["--path", "later.docx", "--reread"],
                0,
                "acme/share: 1 files in scope = 1 ok",
            ),
        ] {
            let ended = workspace.run([&["rescan"], arguments].concat());
            ended.expect(code).says(&[words]);
        }
        service.stop();

        // The same command without a service: the same rows.
        fs::remove_file(workspace.docs().join("later.docx")).unwrap();
        let alone = workspace.run(["rescan", "--reread"]).expect(0);
        assert_eq!(alone.out, by_service.out);
        assert_eq!(Account::of(&alone).outcomes, account.outcomes);
    }
}
