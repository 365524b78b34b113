//! A resolver's configuration for the demo: Unbound on this machine, with the zones.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context;
use rempart_model::BlockClass;
use rempart_service::protect::Settings;

/// The file in the demo's folder.
pub(super) const FILE: &str = "unbound.conf";
/// Where the resolver answers.
pub(super) const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8454);

/// Writes the configuration of a resolver that takes the zones from `zones`.
pub(super) fn write(folder: &Path, zones: SocketAddr, settings: &Settings) -> anyhow::Result<()> {
    let folder = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let mut text = format!(
        "# Written by `rempart demo`: a resolver on this machine that takes its zones.\n\
         server:\n  interface: {}@{}\n  access-control: 127.0.0.0/8 allow\n  do-daemonize: no\n  use-syslog: no\n\
         \x20 username: \"\"\n  chroot: \"\"\n  pidfile: \"\"\n  directory: \"{}\"\n  do-not-query-localhost: no\n\
         \x20 module-config: \"respip validator iterator\"\n\
         remote-control:\n  control-enable: no\n",
        ADDRESS.ip(),
        ADDRESS.port(),
        folder.display()
    );
    let classes = BlockClass::ALL.map(|(class, _)| settings.zone_of(class));
    // The zone that lets names through comes first.
    for zone in std::iter::once(settings.allow_zone()).chain(classes) {
        text.push_str(&format!(
            "rpz:\n  name: {zone}.\n  primary: {}@{}\n  allow-notify: {}\n  rpz-log: yes\n  rpz-log-name: \"{zone}\"\n",
            zones.ip(),
            zones.port(),
            zones.ip()
        ));
    }
    let path = folder.join(FILE);
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
