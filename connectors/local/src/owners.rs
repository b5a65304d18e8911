//! Names of the users of this machine.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

const PASSWORD_FILE: &str = "/etc/passwd";
/// Bytes of the password file that are looked at.
const MAX_BYTES: u64 = 1 << 20;

/// User names by number, read once. Users of a directory service (LDAP, AD) are not in the file that
/// this reads, and show as `uid:N`.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    names: HashMap<u32, String>,
}

impl Owners {
    /// The local users; none, where the file cannot be read.
    pub(crate) fn of_this_machine() -> Self {
        File::open(PASSWORD_FILE).map_or_else(|_| Self::default(), Self::read)
    }

    fn read(source: impl Read) -> Self {
        let mut names = HashMap::new();
        for line in BufReader::new(source.take(MAX_BYTES))
            .lines()
            .map_while(Result::ok)
        {
            // name:password:uid:…
            let mut fields = line.split(':');
            if let (Some(name), _, Some(Ok(user))) =
                (fields.next(), fields.next(), fields.next().map(str::parse))
            {
                // The first entry of a number is the one that the system shows.
                names.entry(user).or_insert_with(|| name.to_owned());
            }
        }
        Self { names }
    }

    /// The user's name, or `uid:N`.
    pub(crate) fn name_of(&self, user: u32) -> String {
        self.names
            .get(&user)
            .cloned()
            .unwrap_or_else(|| format!("uid:{user}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_the_first_name_of_its_number() {
        let file: &[u8] = b"root:x:0:0::/root:/bin/sh\n# no user\nada:x:1000:1000::/:\ntwin:x:1000:1::/:\nbroken:x:ten:1::/:\n";
        let owners = Owners::read(file);
        for (user, name) in [(0, "root"), (1000, "ada"), (10, "uid:10")] {
            assert_eq!(owners.name_of(user), name);
        }
    }
}
