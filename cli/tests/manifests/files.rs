//! The files of the workspace that Copilot reads, and those that they name.

use std::collections::BTreeSet;
use std::fs;

use crate::manifest::{environment, path, service, text};
use crate::names::programs;

#[test]
fn the_workspace_is_that_of_the_application_api() {
    assert_eq!(text("copilot/.workspace"), "application: api\n");
}

#[test]
fn each_service_has_a_folder_and_an_environment_of_its_name() {
    assert_eq!(folders("copilot"), programs().chain(["environments"]).map(str::to_owned).collect());
    assert_eq!(folders("copilot/environments"), programs().map(str::to_owned).collect());
    for name in programs() {
        assert_eq!(service(name).name, name);
        assert_eq!(environment(name).name, name);
    }
}

fn folders(of: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(path(of)).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn every_dockerfile_target_and_context_exists() {
    for name in programs() {
        let build = service(name).image.build;
        assert_eq!((build.target.as_str(), build.context.as_str()), (name, "."));
        let stages = text(&build.dockerfile);
        let stages = stages.lines().filter(|line| line.starts_with("FROM "));
        let mut stages = stages.filter_map(|line| line.rsplit_once(" AS "));
        assert!(
            stages.any(|(_, stage)| stage == name),
            "copilot/{name}/manifest.yml: image.build.target: {} has no stage {name}",
            build.dockerfile
        );
        assert!(path(&build.context).join("Cargo.lock").is_file(), "{name}: image.build.context");
    }
}
