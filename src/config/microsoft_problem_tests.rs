use super::problem_tests::problems_of;
use super::tests::CLOUD;

/// The credential of [`CLOUD`].
const SECRET: &str = "client_secret = { env = \"SECRET\" }";

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(CLOUD.contains(from), "{from}");
    let text = CLOUD.replacen(from, to, 1);
    let found = problems_of(&text);
    assert_eq!(found, expected, "\n{text}");
    assert!(!found.concat().contains("hunter2"), "{found:?}");
}

/// Each configuration is [`CLOUD`] with something more in `[tenant.microsoft]`.
#[test]
fn problems_of_microsoft_have_their_place_and_fix() {
    let table: &[(&str, &[&str])] = &[
        (
            "certificate = \"app.pem\"\nprivate_key = { file = \"app.key\" }",
            &[
                "10:15 labeld signs in either with `client_secret` or with `certificate`, not both -> take one of them out; the certificate can do more",
            ],
        ),
        (
            "private_key = { file = \"app.key\" }",
            &[
                "10:15 `private_key` without `certificate` -> add `certificate`, or take `private_key` out",
            ],
        ),
        (
            "passphrase = { env = \"P\" }",
            &[
                "10:14 `passphrase` without `private_key` -> add `private_key`, or take `passphrase` out",
            ],
        ),
        (
            "cloud = \"us-gov-l3\"",
            &[
                "10:9 `cloud` in [tenant.microsoft]: not a known word -> did you mean \"us-gov-l4\"? one of \"global\", \"us-gov-l4\", \"us-gov-l5\", \"china\"",
            ],
        ),
        (
            "login_url = \"http://login.example\"",
            &[
                "10:13 `login_url` in [tenant.microsoft]: plain http would show tokens and files to the network -> write https; plain http is for 127.0.0.1, [::1] and localhost",
            ],
        ),
        (
            "graph_url = \"ftp://graph.example\"",
            &[
                "10:13 `graph_url` in [tenant.microsoft]: `ftp` is not a web address -> it begins with https://",
            ],
        ),
        (
            "graph_url = \"graph.microsoft.com\"",
            &[
                "10:13 `graph_url` in [tenant.microsoft]: not a web address: nothing like https:// in front -> for example \"https://…\"",
            ],
        ),
        (
            "graph_url = \"https://me:hunter2@graph.example\"",
            &[
                "10:13 `graph_url` in [tenant.microsoft]: a user name or password in an address -> take it out: labeld signs in with the credential that is configured",
            ],
        ),
        (
            "graph_url = \"https://graph.example/?a=b\"",
            &[
                "10:13 `graph_url` in [tenant.microsoft]: an address with a query or a fragment -> take out what begins with `?` or `#`",
            ],
        ),
        (
            "sharepoint_urls = [\"https://a.example\", \"http://b.example\"]",
            &[
                "10:19 `sharepoint_urls` in [tenant.microsoft]: `http://b.example`: plain http would show tokens and files to the network -> write https; plain http is for 127.0.0.1, [::1] and localhost",
            ],
        ),
        (
            "sharepoint_urls = \"https://a.example\"",
            &[
                "10:19 `sharepoint_urls` in [tenant.microsoft]: expected a list of web addresses, found text -> for example [\"https://…\", \"https://…\"]",
            ],
        ),
        (
            "proxy = \"socks5://p.example\"",
            &[
                "10:9 `proxy` in [tenant.microsoft]: `socks5` is no kind of proxy that labeld knows -> it begins with http:// or https://",
            ],
        ),
        (
            "proxy = \"http://me:hunter2@p.example:3128\"",
            &[
                "10:9 `proxy` in [tenant.microsoft]: a user name or password in an address -> keep the whole address elsewhere and say where: { env = \"NAME\" } or { file = \"PATH\" }",
            ],
        ),
        (
            "operator = \"a|b\"",
            &[
                "10:12 `operator` stands in a header of every request, between two `|` -> plain letters, digits and signs without `|`, at most 64",
            ],
        ),
        (
            "units_per_minute = 0",
            &["10:20 `units_per_minute` in [tenant.microsoft]: out of range -> from 1 to 1000000"],
        ),
        (
            "parallel = 65",
            &["10:12 `parallel` in [tenant.microsoft]: out of range -> from 1 to 64"],
        ),
        (
            "parallel = \"4\"",
            &[
                "10:12 `parallel` in [tenant.microsoft]: expected a whole number, found text -> for example 4",
            ],
        ),
        (
            "assign_labels = true",
            &[
                "10:17 `assign_labels` writes, and nothing may be written -> add `read_only = false`, or take `assign_labels` out",
            ],
        ),
        (
            "read_only = false\ncloud = \"china\"\nassign_labels = true",
            &[
                "12:17 Microsoft Graph sets labels in the global cloud only -> take `assign_labels` out",
            ],
        ),
        (
            "internal_domains = [\"contoso.example\", \"@x.example\"]",
            &[
                "10:20 `@x.example` is no domain -> what stands behind the @ of an address: [\"contoso.example\"]",
            ],
        ),
        (
            "lifecycle_url = \"https://l.example\"",
            &[
                "10:17 `lifecycle_url` without `notification_url` -> add `notification_url`, the address for the notifications themselves",
            ],
        ),
    ];
    for (added, expected) in table {
        check(SECRET, &format!("{SECRET}\n{added}"), expected);
    }
}

/// Each configuration is [`CLOUD`] with one text in it replaced by another.
#[test]
fn problems_around_microsoft_have_their_place_and_fix() {
    let table: &[(&str, &str, &[&str])] = &[
        (
            "client_id = ",
            "clientid = ",
            &[
                "7:1 `client_id` is missing in [tenant.microsoft] -> add `client_id = \"00000000-0000-0000-0000-000000000000\"`",
                "8:1 unknown key `clientid` in [tenant.microsoft] -> did you mean `client_id`?",
            ],
        ),
        (
            "\"2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77\"",
            "\"labeld\"",
            &[
                "8:13 `client_id` in [tenant.microsoft]: not a GUID -> 32 hexadecimal digits: \"00000000-0000-0000-0000-000000000000\"",
            ],
        ),
        (
            "client_secret = { env = \"SECRET\" }",
            "",
            &[
                "7:1 [tenant.microsoft] names no credential -> add `certificate = \"path/to/it.pem\"` with `private_key = { file = \"PATH\" }`, or `client_secret = { env = \"NAME\" }`",
            ],
        ),
        (
            "{ env = \"SECRET\" }",
            "\"hunter2\"",
            &[
                "9:17 `client_secret` in [tenant.microsoft] is a secret and cannot stand in this file -> keep it elsewhere and say where: { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"program\", \"argument\"] } or { credential = \"NAME\" } (of systemd)",
            ],
        ),
        (
            "client_secret = { env = \"SECRET\" }",
            "certificate = \"app.pem\"",
            &[
                "9:15 a certificate without its key cannot sign -> add `private_key = { file = \"PATH\" }`",
            ],
        ),
        (
            "id = \"72f988bf-86f1-41af-91ab-2d7cd011db47\"\n",
            "",
            &[
                "6:1 [tenant.microsoft] needs to know which tenant to sign in to -> add the tenant's Entra id as `id` to [[tenant]]",
            ],
        ),
        (
            "[tenant.microsoft]\nclient_id = \"2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77\"\nclient_secret = { env = \"SECRET\" }\n",
            "",
            &[
                "6:10 `labels = { graph = true }` needs to sign in to Microsoft 365 -> add [tenant.microsoft] with `client_id` and a credential; docs/connect/microsoft.md says how",
                "7:1 [[tenant.sharepoint]] needs to sign in to Microsoft 365 -> add [tenant.microsoft] with `client_id` and a credential; docs/connect/microsoft.md says how",
                "9:1 [[tenant.onedrive]] needs to sign in to Microsoft 365 -> add [tenant.microsoft] with `client_id` and a credential; docs/connect/microsoft.md says how",
            ],
        ),
        (
            "{ graph = true }",
            "{ graph = true, file = \"labels.json\" }",
            &[
                "6:20 the label list comes either from `file` or from `graph`, not both -> take one of them out",
            ],
        ),
        (
            "{ graph = true }",
            "{ graph = false }",
            &[
                "6:20 no source of the label list is left -> write `graph = true`, or `file = \"path/to/it\"` in its place",
            ],
        ),
        (
            "{ graph = true }",
            "{ grahp = true }",
            &[
                "6:10 [tenant.labels] names no source of the label list -> add `file = \"path/to/it\"` or `graph = true`",
                "6:12 unknown key `grahp` in [tenant.labels] -> did you mean `graph`?",
            ],
        ),
        (
            "\"people\"",
            "\"sites\"",
            &[
                "13:8 name `sites` is used twice, first on line 11 -> give each app of a tenant its own name",
            ],
        ),
        (
            "name = \"sites\"",
            "name = \"sites\"\nsties = []",
            &["12:1 unknown key `sties` in [[tenant.sharepoint]] -> did you mean `sites`?"],
        ),
        (
            "name = \"sites\"",
            "name = \"sites\"\nusers = []",
            &[
                "12:1 unknown key `users` in [[tenant.sharepoint]] -> `users` belongs in [[tenant.onedrive]]",
            ],
        ),
        (
            "name = \"sites\"",
            "name = \"sites\"\nsites = [\"https://contoso-my.sharepoint.com/personal/mina\"]",
            &[
                "12:9 `https://contoso-my.sharepoint.com/personal/mina` is the OneDrive of a person -> name the person as one of `users` in [[tenant.onedrive]]",
            ],
        ),
        (
            "name = \"sites\"",
            "name = \"sites\"\nsites = [\"finance\"]",
            &[
                "12:9 `sites` in [[tenant.sharepoint]]: `finance`: not a web address: nothing like https:// in front -> for example \"https://…\"",
            ],
        ),
        (
            "name = \"sites\"",
            "name = \"sites\"\n[[tenant.sharepoint]]\nname = \"more\"",
            &[
                "10:1 app `sites` and app `more` both take every site -> take each site into one app: with `sites`, or with `exclude`",
            ],
        ),
        (
            "name = \"sites\"",
            "name = \"sites\"\n[[tenant.sharepoint]]\nname = \"more\"\nsites = [\"https://c.example/a\"]",
            &[
                "10:1 site `https://c.example/a` is in both app `more` and app `sites`, which takes every site -> take each site into one app: with `sites`, or with `exclude`",
            ],
        ),
        (
            "name = \"sites\"",
            "name = \"sites\"\nexclude = [\"https://c.example/A/\"]\n[[tenant.sharepoint]]\nname = \"more\"\nsites = [\"https://c.example/a\"]",
            &[],
        ),
        (
            "name = \"people\"",
            "name = \"people\"\nusers = [\"mina\"]",
            &[
                "14:9 `mina` names no user -> a user principal name such as \"mina@contoso.example\", or an object id (a GUID)",
            ],
        ),
        (
            "name = \"people\"",
            "name = \"people\"\nusers = [\"mina@c.example\"]\n[[tenant.onedrive]]\nname = \"more\"\nusers = [\"Mina@c.example\"]",
            &[
                "12:1 user `mina@c.example` is in both app `people` and app `more` -> take each user into one app: with `users`, or with `exclude`",
            ],
        ),
        (
            "name = \"people\"",
            "name = \"people\"\nsize_limit = 0\nread_mode = \"remote\"",
            &[
                "14:14 `size_limit` in [[tenant.onedrive]]: out of range -> from 1 byte to 1 GiB",
                "15:13 `read_mode` in [[tenant.onedrive]]: not a known word -> one of \"local\", \"requests\", \"bytes\"",
            ],
        ),
    ];
    for (from, to, expected) in table {
        check(from, to, expected);
    }
}
