//! Who a process is: `--user`, `runAsUser`, `id`, `whoami`.

use super::commands::Effect;

/// Users that every small image has (`/etc/passwd` of BusyBox and Debian).
const KNOWN: [(&str, u32); 5] = [("root", 0), ("daemon", 1), ("bin", 2), ("www-data", 33), ("nobody", 65534)];
/// The first number that `adduser` gives out: what a user is taken to have whom only the image knows.
const FIRST: u32 = 1000;

/// A user as the engine was told: `1000`, `1000:2000`, `nobody`; empty = root.
struct User {
    uid: u32,
    gid: u32,
    name: Option<String>,
}

fn read(user: &str) -> User {
    let (who, group) = user.split_once(':').unwrap_or((user, ""));
    let number = |word: &str| word.parse().ok().or_else(|| KNOWN.iter().find(|(n, _)| *n == word).map(|k| k.1));
    let named = |id: u32| KNOWN.iter().find(|k| k.1 == id).map(|k| k.0.to_string());
    if who.is_empty() {
        return User { uid: 0, gid: number(group).unwrap_or(0), name: named(0) };
    }
    let uid = number(who).unwrap_or(FIRST);
    let by_number = who.parse::<u32>().is_ok();
    let name = if by_number { named(uid) } else { Some(who.to_string()) };
    // A number that stands in no /etc/passwd belongs to the group 0 (moby daemon/oci_linux.go, user.GetExecUser).
    let gid = number(group).unwrap_or(if name.is_none() { 0 } else { uid });
    User { uid, gid, name }
}

/// `id [-u|-g] [-n]`
pub(super) fn id(args: &[&str], user: &str) -> Effect {
    let u = read(user);
    let flags: String = args.iter().filter(|a| a.starts_with('-')).flat_map(|a| a.chars().skip(1)).collect();
    let group = KNOWN.iter().find(|k| k.1 == u.gid).map(|k| k.0.to_string()).or_else(|| u.name.clone().filter(|_| u.gid == u.uid));
    let word = |id: u32, name: &Option<String>| name.as_ref().map_or_else(|| id.to_string(), |n| format!("{id}({n})"));
    let named = flags.contains('n');
    let text = match () {
        () if flags.contains('u') => u.name.clone().filter(|_| named).unwrap_or_else(|| u.uid.to_string()),
        () if flags.contains('g') => group.filter(|_| named).unwrap_or_else(|| u.gid.to_string()),
        () => format!("uid={} gid={} groups={}", word(u.uid, &u.name), word(u.gid, &group), word(u.gid, &group)),
    };
    Effect::ok(text + "\n")
}

/// The user as `ps` prints them.
pub(super) fn name(user: &str) -> String {
    let u = read(user);
    u.name.unwrap_or_else(|| u.uid.to_string())
}

pub(super) fn whoami(user: &str) -> Effect {
    let u = read(user);
    match u.name {
        Some(name) => Effect::ok(name + "\n"),
        None => Effect::fail(1, format!("whoami: unknown uid {}\n", u.uid)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_a_process_is() {
        let id = |args: &[&str], user: &str| super::id(args, user).out.text;
        assert_eq!(id(&[], ""), "uid=0(root) gid=0(root) groups=0(root)\n");
        assert_eq!(id(&["-u"], ""), "0\n");
        assert_eq!(id(&["-un"], ""), "root\n");
        assert_eq!(id(&[], "1000:2000"), "uid=1000 gid=2000 groups=2000\n");
        assert_eq!(id(&[], "1000"), "uid=1000 gid=0(root) groups=0(root)\n");
        assert_eq!(id(&["-u"], "nobody"), "65534\n");
        assert_eq!(whoami("1000").err, "whoami: unknown uid 1000\n");
        assert_eq!(whoami("app").out.text, "app\n");
    }
}
