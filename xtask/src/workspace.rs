//! Where things are: the root of the checkout, the target directory, and what cargo knows of the packages.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use crate::process;

/// The folder that holds the workspace's `Cargo.toml`.
///
/// Found when the task runs and not when it is built, so that a target directory can serve several checkouts.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let start = manifest.or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let found = start.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    found.unwrap_or(&start).to_owned()
}

/// What `cargo metadata` says.
pub struct Metadata(Value);

/// One package of the workspace.
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its folder.
    pub folder: &'a Path,
    id: &'a str,
    value: &'a Value,
}

impl Metadata {
    /// Asks cargo.
    pub fn read() -> anyhow::Result<Self> {
        let mut command = process::cargo();
        command.args(["metadata", "--format-version", "1", "--quiet"]);
        let output = command.output().context("cannot run `cargo metadata`")?;
        let said = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "`cargo metadata` failed: {}", said.trim());
        Ok(Self(serde_json::from_slice(&output.stdout).context("`cargo metadata` printed no JSON")?))
    }

    /// The target directory in use.
    pub fn target(&self) -> PathBuf {
        text(&self.0, "target_directory").map_or_else(|| root().join("target"), PathBuf::from)
    }

    /// The packages of the workspace.
    pub fn members(&self) -> impl Iterator<Item = Package<'_>> {
        let members = list(&self.0, "workspace_members");
        list(&self.0, "packages")
            .iter()
            .filter(|package| {
                let id = package.get("id");
                members.iter().any(|member| Some(member) == id)
            })
            .filter_map(|value| {
                let folder = Path::new(text(value, "manifest_path")?).parent()?;
                Some(Package { name: text(value, "name")?, folder, id: text(value, "id")?, value })
            })
    }

    /// The names of all crates that `package` is built from, through any number of steps, tests apart.
    pub fn closure(&self, package: &Package<'_>) -> Vec<String> {
        let nodes = self.0.get("resolve").map(|resolve| list(resolve, "nodes")).unwrap_or_default();
        let mut seen: Vec<&str> = vec![package.id];
        let mut next = 0;
        while let Some(id) = seen.get(next).copied() {
            next += 1;
            let Some(node) = nodes.iter().find(|node| text(node, "id") == Some(id)) else { continue };
            for dependency in list(node, "deps") {
                let built = list(dependency, "dep_kinds")
                    .iter()
                    .any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev"));
                match text(dependency, "pkg") {
                    Some(id) if built && !seen.contains(&id) => seen.push(id),
                    _ => {}
                }
            }
        }
        let names = list(&self.0, "packages")
            .iter()
            .filter(|found| text(found, "id").is_some_and(|id| id != package.id && seen.contains(&id)));
        names.filter_map(|found| text(found, "name")).map(str::to_owned).collect()
    }
}

impl<'a> Package<'a> {
    /// The names of the packages that it lists itself, tests apart.
    pub fn dependencies(&self) -> impl Iterator<Item = &'a str> {
        let listed = list(self.value, "dependencies").iter();
        listed.filter(|found| text(found, "kind") != Some("dev")).filter_map(|found| text(found, "name"))
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
