use super::tests::{GOOD, parse_text};
use super::*;

/// The reference that is written for the store.
fn secret(text: &str) -> Secret {
    let text = GOOD.replace("sqlite = \"db\"", &format!("postgres = {text}"));
    match parse_text(&text).unwrap().store {
        StoreConfig::Postgres(secret) => secret,
        StoreConfig::Sqlite(_) => panic!("not a secret"),
    }
}

#[test]
fn secrets_are_resolved() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("{{ file = {:?} }}", path.to_str().unwrap())
    };
    let shell = |script: &str| Secret::Command {
        program: "sh".into(),
        arguments: vec!["-c".into(), script.into()],
        folder: folder.path().into(),
    };
    std::fs::write(folder.path().join("here"), "from here\n").unwrap();
    let table: Vec<(Secret, Result<&str, &str>)> = vec![
        (secret(&file("good", b"top secret\r\n\n")), Ok("top secret")),
        (secret(&file("spaces", b" a b \n")), Ok(" a b ")),
        (shell("echo of a command"), Ok("of a command")),
        (shell("cat here"), Ok("from here")),
        (
            secret("{ env = \"CARGO_MANIFEST_DIR\" }"),
            Ok(env!("CARGO_MANIFEST_DIR")),
        ),
        (
            secret("{ env = \"LABELD_TEST_NOT_SET\" }"),
            Err("the environment variable `LABELD_TEST_NOT_SET`: it is not set"),
        ),
        (secret(&file("empty", b"\n\n")), Err("it is empty")),
        (
            secret(&file("binary", b"\xFF\xFE")),
            Err("it is not UTF-8 text"),
        ),
        (
            secret(&file("long", &[b'x'; 70_000])),
            Err("it is longer than 64 KiB"),
        ),
        (
            secret("{ file = \"none\" }"),
            Err("the file conf/none: it cannot be read"),
        ),
        (
            secret("{ credential = \"url\" }"),
            Err("systemd gave no credentials; add `LoadCredential=url:PATH`"),
        ),
        (
            shell("echo hunter2; exit 3"),
            Err("the command `sh`: it failed with exit status: 3"),
        ),
        (shell("exit 0"), Err("it is empty")),
        (shell("yes"), Err("it is longer than 64 KiB")),
        (
            Secret::Command {
                program: "/no/such/program".into(),
                arguments: Vec::new(),
                folder: ".".into(),
            },
            Err("it cannot be run"),
        ),
    ];
    for (secret, expected) in table {
        match (secret.resolve(), expected) {
            (Ok(text), Ok(expected)) => {
                assert_eq!(text.expose(), expected);
                assert_eq!(format!("{text:?}"), "SecretText(…)");
            }
            (Err(error), Err(expected)) => {
                assert!(error.to_string().contains(expected), "{error}");
                assert!(!format!("{error:?} {error}").contains("hunter2\n"));
            }
            (found, expected) => panic!("{secret}: {found:?}, expected {expected:?}"),
        }
    }
}

#[test]
fn commands_of_the_configuration_start_from_its_folder() {
    let Secret::Command {
        program,
        arguments,
        folder,
    } = secret("{ command = [\"./get\", \"a b\"] }")
    else {
        panic!("not a command");
    };
    assert!(
        program.is_absolute() && program.ends_with("conf/get"),
        "{program:?}"
    );
    assert_eq!(
        (arguments, folder),
        (vec!["a b".to_owned()], PathBuf::from("conf"))
    );
    let Secret::Command { program, .. } = secret("{ command = [\"pass\"] }") else {
        panic!("not a command");
    };
    assert_eq!(program, Path::new("pass"));
}
