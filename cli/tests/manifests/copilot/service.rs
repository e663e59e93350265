//! The manifest of a Load Balanced Web Service: `copilot/<name>/manifest.yml`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::{HttpPath, Manifest, ManifestError, RulePath, duration, read};

/// A service, its image and how many tasks of it run. Every key is required: a default that is not written down cannot be reviewed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    /// The name of its folder.
    pub(crate) name: String,
    #[serde(rename = "type")]
    kind: Kind,
    /// How the load balancer reaches it.
    pub(crate) http: Http,
    /// What runs.
    pub(crate) image: Image,
    /// CPU units of a task; 1024 are one core.
    pub(crate) cpu: u32,
    /// MiB of a task.
    pub(crate) memory: u32,
    platform: Platform,
    /// How many tasks run.
    pub(crate) count: Count,
    exec: bool,
    storage: Storage,
    network: Network,
    deployment: Deployment,
    logging: Logging,
    /// The environment of the program.
    pub(crate) variables: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
enum Kind {
    #[serde(rename = "Load Balanced Web Service")]
    LoadBalancedWebService,
}

/// How the load balancer reaches a service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    /// Which requests come here.
    pub(crate) path: RulePath,
    /// How a task shows that it is alive.
    pub(crate) healthcheck: HealthCheck,
    /// How long a task that is leaving may still answer.
    #[serde(deserialize_with = "duration::read")]
    pub(crate) deregistration_delay: Duration,
}

/// How a task shows that it is alive.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthCheck {
    /// Asked at the task's own port.
    pub(crate) path: HttpPath,
    /// The answers of a healthy task.
    pub(crate) success_codes: StatusCodes,
    /// How many good answers in a row make it healthy.
    pub(crate) healthy_threshold: u8,
    /// How many bad ones make it unhealthy.
    pub(crate) unhealthy_threshold: u8,
    /// From one question to the next.
    #[serde(deserialize_with = "duration::read")]
    pub(crate) interval: Duration,
    /// How long one answer may take.
    #[serde(deserialize_with = "duration::read")]
    pub(crate) timeout: Duration,
    /// How long after its start a task may be unhealthy.
    #[serde(deserialize_with = "duration::read")]
    pub(crate) grace_period: Duration,
}

/// Status codes of HTTP: `'200'`, or `'200-299'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StatusCodes(RangeInclusive<u16>);

impl StatusCodes {
    /// Whether this is one of them.
    pub(crate) fn contain(&self, status: u16) -> bool {
        self.0.contains(&status)
    }
}

impl<'de> Deserialize<'de> for StatusCodes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (first, last) = text.split_once('-').unwrap_or((&text, &text));
        let code = |text: &str| {
            let code = u16::try_from(duration::number(text)?).ok()?;
            Some(code).filter(|code| (200..=499).contains(code))
        };
        match (code(first), code(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self(first..=last)),
            _ => Err(de::Error::custom(format!(
                "{text:?} are no status codes; write '200' or '200-299', from 200 to 499"
            ))),
        }
    }
}

/// What runs in a task.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Image {
    /// How it is made.
    pub(crate) build: Build,
    /// The port on which the program listens.
    pub(crate) port: u16,
}

/// How an image is made; paths are relative to the root of the workspace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Build {
    /// The Dockerfile.
    pub(crate) dockerfile: String,
    /// The folder that the build sees; without it that would be the Dockerfile's own.
    pub(crate) context: String,
    /// The stage of the Dockerfile.
    pub(crate) target: String,
}

#[derive(Debug, Deserialize)]
enum Platform {
    #[serde(rename = "linux/x86_64", alias = "linux/amd64", alias = "linux/arm64")]
    Linux,
}

/// How many tasks run, and what makes them more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Count {
    /// The fewest and the most.
    #[expect(dead_code, reason = "read for its form alone")]
    #[serde(deserialize_with = "task_range")]
    range: RangeInclusive<u32>,
    /// The load of a task's processor to keep to, in percent.
    pub(crate) cpu_percentage: u8,
    /// The use of a task's memory to keep to, in percent.
    pub(crate) memory_percentage: u8,
    /// How long to wait before the next change.
    #[expect(dead_code, reason = "read for its form alone")]
    cooldown: Cooldown,
}

/// How long to wait after a change in the number of tasks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cooldown {
    /// Before there are fewer.
    #[expect(dead_code, reason = "read for its form alone")]
    #[serde(rename = "in", deserialize_with = "duration::read")]
    fewer: Duration,
    /// Before there are more.
    #[expect(dead_code, reason = "read for its form alone")]
    #[serde(rename = "out", deserialize_with = "duration::read")]
    more: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Storage {
    readonly_fs: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    vpc: Vpc,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vpc {
    placement: Placement,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Placement {
    Public,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deployment {
    rolling: Rolling,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rolling {
    Default,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Logging {
    retention: u16,
}

fn task_range<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RangeInclusive<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bounds = text.split_once('-');
    let number = |text: &str| u32::try_from(duration::number(text)?).ok();
    let bounds = bounds.and_then(|(min, max)| Some((number(min)?, number(max)?)));
    match bounds {
        Some((min, max)) if 1 <= min && min <= max => Ok(min..=max),
        _ => {
            Err(de::Error::custom(format!("{text:?} is no range of tasks; write one such as 1-4")))
        }
    }
}

impl Service {
    /// Reads the manifest of a service.
    ///
    /// # Errors
    /// Names the file, the place and what is wrong there.
    pub(crate) fn read(file: &str, text: &str) -> Result<Self, ManifestError> {
        read(file, text)
    }
}

impl Manifest for Service {
    fn check(&self) -> Result<(), String> {
        let Self { kind: Kind::LoadBalancedWebService, platform: Platform::Linux, .. } = self;
        let Placement::Public = self.network.vpc.placement;
        let Rolling::Default = self.deployment.rolling;
        let check = &self.http.healthcheck;
        let seconds = |duration: Duration| duration.as_secs();
        let rules = [
            (self.image.port > 0, "image.port: 0 is no port"),
            (fits_fargate(self.cpu, self.memory), "cpu, memory: Fargate has no task of this size"),
            (percent(self.count.cpu_percentage), "count.cpu_percentage: takes 1 to 100"),
            (percent(self.count.memory_percentage), "count.memory_percentage: takes 1 to 100"),
            (
                (2..=10).contains(&check.healthy_threshold),
                "http.healthcheck.healthy_threshold: takes 2 to 10",
            ),
            (
                (2..=10).contains(&check.unhealthy_threshold),
                "http.healthcheck.unhealthy_threshold: takes 2 to 10",
            ),
            (
                (5..=300).contains(&seconds(check.interval)),
                "http.healthcheck.interval: takes 5s to 300s",
            ),
            (
                (2..=120).contains(&seconds(check.timeout)) && check.timeout < check.interval,
                "http.healthcheck.timeout: takes 2s to 120s, and less than the interval",
            ),
            (
                check.grace_period > check.interval * u32::from(check.healthy_threshold),
                "http.healthcheck.grace_period: must be longer than it takes to become healthy",
            ),
            (
                seconds(self.http.deregistration_delay) <= 3600,
                "http.deregistration_delay: takes 0s to 3600s",
            ),
            (
                RETENTIONS.contains(&self.logging.retention),
                "logging.retention: CloudWatch keeps 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, or 365 days",
            ),
            (
                !(self.exec && self.storage.readonly_fs),
                "exec: needs a file system that can be written; storage.readonly_fs says it cannot",
            ),
        ];
        let broken = rules.into_iter().filter(|(holds, _)| !holds).map(|(_, rule)| rule);
        let broken: Vec<_> = broken.collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    }
}

/// The days for which CloudWatch Logs can keep a log group, up to a year (`PutRetentionPolicy`).
const RETENTIONS: [u16; 12] = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365];

fn percent(value: u8) -> bool {
    (1..=100).contains(&value)
}

/// The sizes that Fargate has (ECS developer guide, "Task CPU and memory"), up to two cores.
fn fits_fargate(cpu: u32, memory: u32) -> bool {
    match cpu {
        256 => [512, 1024, 2048].contains(&memory),
        512 => (1024..=4096).contains(&memory) && memory.is_multiple_of(1024),
        1024 => (2048..=8192).contains(&memory) && memory.is_multiple_of(1024),
        2048 => (4096..=16384).contains(&memory) && memory.is_multiple_of(1024),
        _ => false,
    }
}
