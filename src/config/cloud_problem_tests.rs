use super::cloud_tests::CLOUDS;
use super::problem_tests::problems_of;

/// The credentials of [`CLOUDS`].
const CONFIG: &str = "config = { file = \"box.json\" }";
const ADMIN: &str = "admin = \"admin@c.example\"";

/// Each configuration is [`CLOUDS`] with one text in it replaced by another.
#[track_caller]
fn check(table: &[(&str, String, &[&str])]) {
    for (from, to, expected) in table {
        assert!(CLOUDS.contains(from), "{from}");
        let text = CLOUDS.replacen(from, to, 1);
        let found = problems_of(&text);
        assert_eq!(found, *expected, "\n{text}");
        assert!(!found.concat().contains("hunter2"), "{found:?}");
    }
}

fn after(line: &str, added: &str) -> String {
    format!("{line}\n{added}")
}

#[test]
fn problems_of_box_have_their_place_and_fix() {
    check(&[
        (
            CONFIG,
            String::new(),
            &[
                "5:1 [[tenant.box]] names no credential -> add `config = { file = \"PATH\" }`, the file that Box's developer console makes, or `client_id`, `client_secret` and `enterprise_id`",
            ],
        ),
        (
            CONFIG,
            "config = '{\"hunter2\": 1}'".to_owned(),
            &[
                "7:10 `config` in [[tenant.box]] is a secret and cannot stand in this file -> keep it elsewhere and say where: { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"program\", \"argument\"] } or { credential = \"NAME\" } (of systemd)",
            ],
        ),
        (
            CONFIG,
            after(CONFIG, "client_secret = { env = \"S\" }"),
            &[
                "8:17 labeld signs in either with `config` or with `client_secret`, and `client_secret` belongs to the latter -> take one of them out; `config` holds the ids too",
            ],
        ),
        (
            CONFIG,
            "client_secret = { env = \"S\" }".to_owned(),
            &[
                "7:17 `client_secret` without `client_id` -> add `client_id`, or take `client_secret` out",
                "7:17 `client_secret` without `enterprise_id` -> add `enterprise_id`, or take `client_secret` out",
            ],
        ),
        (
            CONFIG,
            "client_id = \"c\"\nclient_secret = { env = \"S\" }\nenterprise_id = \"contoso\""
                .to_owned(),
            &[
                "9:17 the id of an enterprise is a number -> copy it from the Admin Console: \"1234567\"",
            ],
        ),
        (
            CONFIG,
            after(CONFIG, "api_url = \"http://box.example\""),
            &[
                "8:11 `api_url` in [[tenant.box]]: plain http would show tokens and files to the network -> write https; plain http is for 127.0.0.1, [::1] and localhost",
            ],
        ),
        (
            CONFIG,
            after(CONFIG, "download_hosts = [\"box cloud\"]"),
            &[
                "8:18 `box cloud` is no domain -> domains such as [\"boxcloud.com\"], or web addresses of hosts",
            ],
        ),
        (
            CONFIG,
            after(
                CONFIG,
                "download_hosts = [\"https://a.example\", \"box.com\"]",
            ),
            &[
                "8:18 `download_hosts` in [[tenant.box]]: `box.com`: not a web address: nothing like https:// in front -> for example \"https://…\"",
            ],
        ),
        (
            CONFIG,
            after(CONFIG, "users = [\"mina\"]"),
            &["8:9 `mina` names no user -> an address such as \"mina@contoso.example\""],
        ),
        (
            CONFIG,
            after(CONFIG, "mirror_classification = true"),
            &[
                "8:25 `mirror_classification` writes, and nothing may be written -> add `read_only = false`, or take `mirror_classification` out",
            ],
        ),
        (
            CONFIG,
            after(CONFIG, "calls_per_minute = 0"),
            &["8:20 `calls_per_minute` in [[tenant.box]]: out of range -> from 1 to 1000000"],
        ),
        (
            CONFIG,
            after(
                CONFIG,
                "[[tenant.box]]\nname = \"more\"\nconfig = { file = \"box.json\" }",
            ),
            &[
                "5:1 app `boxes` and app `more` both take every user -> take each user into one app: with `users`, or with `exclude`",
            ],
        ),
        (
            CONFIG,
            after(
                CONFIG,
                "[[tenant.box]]\nname = \"more\"\nconfig = { file = \"other.json\" }",
            ),
            &[],
        ),
        (
            "\"boxes\"",
            "\"drives\"".to_owned(),
            &[
                "9:8 name `drives` is used twice, first on line 6 -> give each app of a tenant its own name",
            ],
        ),
    ]);
}

#[test]
fn problems_of_google_have_their_place_and_fix() {
    const MIRROR: &str = "read_only = false\nmirror_label = { label = \"L\", field = \"F\"";
    const MORE: &str = "[[tenant.google]]\nname = \"more\"\nservice_account = { env = \"KEY\" }\nadmin = \"it@C.example\"";
    check(&[
        (
            "service_account = { env = \"KEY\" }",
            String::new(),
            &[
                "8:1 [[tenant.google]] names no credential -> add `service_account = { file = \"PATH\" }`, the key file that the Cloud console makes",
            ],
        ),
        (
            "{ env = \"KEY\" }",
            "\"hunter2\"".to_owned(),
            &[
                "10:19 `service_account` in [[tenant.google]] is a secret and cannot stand in this file -> keep it elsewhere and say where: { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"program\", \"argument\"] } or { credential = \"NAME\" } (of systemd)",
            ],
        ),
        (
            ADMIN,
            String::new(),
            &["8:1 `admin` is missing in [[tenant.google]] -> add `admin = \"…\"`"],
        ),
        (
            ADMIN,
            "admin = \"admin\"".to_owned(),
            &[
                "11:9 `admin` is no address -> the primary address of an administrator: \"admin@contoso.example\"",
            ],
        ),
        (
            ADMIN,
            after(ADMIN, "writes = \"v4\""),
            &[
                "12:10 `writes` in [[tenant.google]]: not a known word -> did you mean \"v2\"? one of \"v2\", \"v2-then-v3\", \"v3\"",
            ],
        ),
        (
            ADMIN,
            after(ADMIN, "quota = { get = 0, lists = 1 }"),
            &[
                "12:17 `get` in [tenant.google.quota]: out of range -> from 1 to 10000",
                "12:20 unknown key `lists` in [tenant.google.quota] -> did you mean `list`?",
            ],
        ),
        (
            ADMIN,
            after(
                ADMIN,
                "mirror_label = { label = \"L\", field = \"F\", choices = {} }",
            ),
            &[
                "12:16 `mirror_label` writes, and nothing may be written -> add `read_only = false`, or take `mirror_label` out",
            ],
        ),
        (
            ADMIN,
            after(ADMIN, &format!("{MIRROR} }}")),
            &[
                "13:16 `choices` is missing in [tenant.google.mirror_label] -> add `choices = { \"00000000-1111-2222-3333-444444444444\" = \"CHOICE-ID\" }`",
            ],
        ),
        (
            ADMIN,
            after(
                ADMIN,
                &format!("{MIRROR}, choices = {{ General = \"C\" }} }}"),
            ),
            &[
                "13:54 `choices` in [tenant.google.mirror_label]: `General` is not the GUID of a label -> for example { \"00000000-1111-2222-3333-444444444444\" = \"CHOICE-ID\" }",
            ],
        ),
        (
            ADMIN,
            after(
                ADMIN,
                &format!("users = [\"mina@c.example\"]\n{MORE}\nexclude = [\"mina@c.example\"]"),
            ),
            &[
                "8:1 app `drives` and app `more` both take the shared drives -> add `shared_drives = false` to all of them but one",
            ],
        ),
        (
            ADMIN,
            after(
                ADMIN,
                &format!("users = [\"mina@c.example\"]\n{MORE}\nshared_drives = false"),
            ),
            &[
                "8:1 user `mina@c.example` is in both app `drives` and app `more`, which takes every user -> take each user into one app: with `users`, or with `exclude`",
            ],
        ),
        (
            ADMIN,
            after(
                ADMIN,
                &format!("{MORE}\n").replace("C.example", "other.example"),
            ),
            &[],
        ),
    ]);
}
