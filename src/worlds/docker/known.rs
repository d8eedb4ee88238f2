//! What well-known images bring along: ENTRYPOINT, CMD and EXPOSE of their Dockerfiles (docker-library, hub.docker.com). Image files are not
//! simulated: any other image is taken to start a program called like itself.

use std::sync::Arc;

use crate::model::ImageRef;

/// Name, ENTRYPOINT, CMD, EXPOSE (TCP).
type Known = (&'static str, &'static [&'static str], &'static [&'static str], &'static [u16]);

const KNOWN: &[Known] = &[
    ("nginx", &["/docker-entrypoint.sh"], &["nginx", "-g", "daemon off;"], &[80]),
    ("postgres", &["docker-entrypoint.sh"], &["postgres"], &[5432]),
    ("mysql", &["docker-entrypoint.sh"], &["mysqld"], &[3306, 33060]),
    ("mariadb", &["docker-entrypoint.sh"], &["mariadbd"], &[3306]),
    ("redis", &["docker-entrypoint.sh"], &["redis-server"], &[6379]),
    ("mongo", &["docker-entrypoint.sh"], &["mongod"], &[27017]),
    ("rabbitmq", &["docker-entrypoint.sh"], &["rabbitmq-server"], &[4369, 5671, 5672, 15691, 15692, 25672]),
    ("httpd", &[], &["httpd-foreground"], &[80]),
    ("busybox", &[], &["sh"], &[]),
    ("bb", &[], &["sh"], &[]),
    ("alpine", &[], &["/bin/sh"], &[]),
    ("ubuntu", &[], &["/bin/bash"], &[]),
    ("debian", &[], &["bash"], &[]),
    ("hello-world", &[], &["/hello"], &[]),
    ("traefik", &["/entrypoint.sh"], &["traefik"], &[80]),
];

/// The search path that every image sets, or the engine where one does not.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An image's own settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub entrypoint: Vec<Arc<str>>,
    pub cmd: Vec<Arc<str>>,
    pub ports: &'static [u16],
}

impl Settings {
    pub fn of(image: &ImageRef) -> Self {
        let repository = image.repository();
        let last = repository.rsplit('/').next().unwrap_or(&repository);
        let words = |list: &[&str]| list.iter().map(|w| Arc::from(*w)).collect();
        match KNOWN.iter().find(|(name, ..)| *name == last) {
            Some((_, entrypoint, cmd, ports)) => Self { entrypoint: words(entrypoint), cmd: words(cmd), ports },
            None => Self { entrypoint: Vec::new(), cmd: vec![format!("/{last}").into()], ports: &[] },
        }
    }
}
