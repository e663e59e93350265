//! What Copilot would take in silence is refused, with the file and the place.

use crate::copilot::{Environment, Service};

use crate::manifest::text;

const FILE: &str = "copilot/users/manifest.yml";

/// The manifest of users with one change is refused, and the message holds this.
fn refused(from: &str, to: &str, message: &str) {
    let text = text(FILE);
    assert!(text.contains(from), "{from}");
    let error = Service::read(FILE, &text.replacen(from, to, 1));
    let error = error.map(|_| ()).expect_err(to).to_string();
    assert!(error.starts_with("copilot/users/manifest.yml: "), "{error}");
    assert!(error.contains(message), "{to:?}: {error}");
}

#[test]
fn a_key_that_copilot_does_not_know_is_named_with_its_place() {
    refused("  healthcheck:", "  healthchek:", "unknown field `healthchek`");
    refused("unhealthy_threshold", "unhealthy_treshold", "unknown field `unhealthy_treshold`");
    refused(
        "healthcheck:\n",
        "healthcheck:\n    prot: 3000\n",
        "http.healthcheck.prot: unknown field `prot`",
    );
    refused("variables:", "variable:", "unknown field `variable`");
    refused("cpu: 256\n", "cpu: 256\ncpu: 512\n", "duplicate mapping key: cpu");
    refused("  SEED: 'demo'\n", "  SEED: 'demo'\n  SEED: ''\n", "duplicate mapping key: SEED");
}

#[test]
fn a_value_of_another_type_is_named() {
    refused("port: 3000", "port: '3000'", "image.port: invalid type: string");
    refused("port: 3000", "port: 70000", "image.port: invalid value: integer `70000`");
    refused("port: 3000", "port: 0", "image.port: 0 is no port");
    refused("PORT: '3000'", "PORT: 3000", "variables.PORT: invalid type: integer `3000`");
    refused("path: 'api/users'", "path: [api/users]", "http.path: invalid type: sequence");
    refused("exec: false", "exec: maybe", "exec: invalid type: string \"maybe\"");
    refused("exec: false", "exec: no", "exec: invalid type: string \"no\"");
    refused("platform: linux/x86_64", "platform: arm64", "unknown variant `arm64`");
    refused("type: Load Balanced Web Service", "type: Backend Service", "unknown variant");
    refused("placement: public", "placement: private", "unknown variant `private`");
}

#[test]
fn a_duration_without_a_unit_is_named() {
    refused(
        "interval: 10s",
        "interval: 10",
        "http.healthcheck.interval: invalid type: integer `10`",
    );
    refused("timeout: 5s", "timeout: '5'", "\"5\" is no duration; write a unit, such as 10s or 2m");
    refused(
        "deregistration_delay: 30s",
        "deregistration_delay: 30",
        "http.deregistration_delay: invalid type",
    );
    refused("in: 120s", "in: 1h", "\"1h\" is no duration");
}

#[test]
fn a_path_that_would_not_match_itself_is_named() {
    refused("path: 'api/users'", "path: 'api/users/'", "\"api/users/\" is no path rule");
    refused("path: 'api/users'", "path: ''", "is no path rule");
    refused("path: 'api/users'", "path: 'api/{id}'", "is no path rule");
    refused("path: '/healthz'", "path: 'healthz'", "\"healthz\" is no path");
}

#[test]
fn a_number_out_of_its_range_is_named() {
    refused(
        "unhealthy_threshold: 3",
        "unhealthy_threshold: 11",
        "unhealthy_threshold: takes 2 to 10",
    );
    refused("  healthy_threshold: 2", "  healthy_threshold: 1", "healthy_threshold: takes 2 to 10");
    refused("interval: 10s", "interval: 3s", "interval: takes 5s to 300s");
    refused("timeout: 5s", "timeout: 10s", "less than the interval");
    refused("grace_period: 90s", "grace_period: 20s", "grace_period: must be longer");
    refused("delay: 30s", "delay: 61m", "deregistration_delay: takes 0s to 3600s");
    refused("success_codes: '200'", "success_codes: '200-599'", "are no status codes");
    refused("range: 1-4", "range: 4-1", "\"4-1\" is no range of tasks");
    refused("range: 1-4", "range: 0-4", "\"0-4\" is no range of tasks");
    refused("range: 1-4", "range: '1-+4'", "\"1-+4\" is no range of tasks");
    refused("cpu_percentage: 70", "cpu_percentage: 170", "cpu_percentage: takes 1 to 100");
    refused("cpu: 256", "cpu: 300", "cpu, memory: Fargate has no task of this size");
    refused("memory: 512", "memory: 4096", "cpu, memory: Fargate has no task of this size");
    refused("retention: 30", "retention: 13", "logging.retention: CloudWatch keeps 1, 3, 5, 7");
    refused("exec: false", "exec: true", "exec: needs a file system that can be written");
}

#[test]
fn what_copilot_would_replace_from_the_environment_is_named() {
    refused(
        "SEED: 'demo'",
        "SEED: '${HOME}'",
        "variables.SEED: \"${HOME}\": Copilot would replace",
    );
    refused("target: users", "target: x${USER}", "image.build.target: ");
}

#[test]
fn what_is_missing_is_named() {
    refused("platform: linux/x86_64\n", "", "missing field `platform`");
    refused("    context: .\n", "", "missing field `context`");
    refused("  cpu_percentage: 70\n", "", "missing field `cpu_percentage`");
}

#[test]
fn an_environment_is_read_as_strictly() {
    let file = "copilot/environments/users/manifest.yml";
    let text = text(file);
    let changes = [
        ("type: Environment", "type: environment", "unknown variant `environment`"),
        (
            "observability:",
            "network:\n  vpc:\n    cidr: 10.0.0.0/16\nobservability:",
            "unknown field `network`",
        ),
        (
            "container_insights: false",
            "container_insights: 'false'",
            "observability.container_insights: invalid type",
        ),
        (
            "container_insights: false",
            "container_insight: false",
            "unknown field `container_insight`",
        ),
    ];
    for (from, to, message) in changes {
        assert!(text.contains(from), "{from}");
        let error = Environment::read(file, &text.replacen(from, to, 1));
        let error = error.map(|_| ()).expect_err(to).to_string();
        assert!(error.starts_with(file) && error.contains(message), "{to}: {error}");
    }
}
