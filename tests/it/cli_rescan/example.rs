//! The first command of the README.

use std::collections::BTreeMap;
use std::fs;

use super::Account;
use crate::workspace::{Workspace, copy_folder, documents, testdata, walk};

#[test]
fn the_example_labels_the_samples_once() {
    let workspace = Workspace::new();
    let example = testdata().join("../config.example.toml");
    fs::copy(example, workspace.path("config.example.toml")).unwrap();
    copy_folder(&documents(), &workspace.path("testdata/documents"));
    fs::copy(
        testdata().join("labels.json"),
        workspace.path("testdata/labels.json"),
    )
    .unwrap();
    let command = ["rescan", "--config", "config.example.toml"];
    let contents = || -> BTreeMap<_, _> {
        let files = walk(&workspace.path("demo-files"));
        let read = files
            .into_iter()
            .map(|file| (fs::read(&file).unwrap(), file));
        read.map(|(body, file)| (file, body)).collect()
    };

    let ended = workspace.run(command);
    assert!(
        !ended.err.contains("INFO"),
        "a command logs what it says: {}",
        ended.err
    );
    let first = Account::of(&ended.expect(0));
    assert!(first.outcomes["applied"] >= 15, "{first:?}");
    assert!(first.outcomes["file.signed"] >= 1, "{first:?}");
    let labelled = contents();

    let second = Account::of(&workspace.run(command).expect(0));
    assert_eq!(second.outcomes.get("applied"), None, "{second:?}");
    assert_eq!(second.in_scope, first.in_scope);
    assert_eq!(second.read, 0, "{second:?}");
    assert!(contents() == labelled, "the second run writes nothing");

    workspace
        .run(["undo", "1", "--config", "config.example.toml"])
        .expect(0);
    let samples = walk(&documents());
    for sample in samples {
        let below = sample.strip_prefix(documents()).unwrap().to_owned();
        let is_pdf = below.extension().is_some_and(|it| it == "pdf");
        let now = fs::read(workspace.path("demo-files").join(&below)).unwrap();
        // The parts of a package are as they were, in an archive that was written anew.
        let is_as_it_was = now == fs::read(&sample).unwrap();
        assert!(is_as_it_was || !is_pdf, "{}", below.display());
    }
}
