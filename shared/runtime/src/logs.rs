//! Logs: by env_logger, as text for people or as JSON lines for machines.

use std::io::{self, Write};
use std::panic;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::rt::time::Instant;
use env_logger::{Builder, Logger, Target};
use files::LogFile;
use jiff::Timestamp;
use log::kv::{self, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};
use serde_json::Map;

use crate::log_buffer::LogBuffer;
use crate::variables::{Variable, Variables};

/// The target of the lines that tell of requests.
pub const REQUEST: &str = "request";

/// Whether this process has its logger.
static STARTED: AtomicBool = AtomicBool::new(false);

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The log of a program: how its lines look, and where they go.
#[derive(Clone, Debug, Default)]
pub struct Logs {
    format: LogFormat,
    /// Standard error if there is none.
    file: Option<PathBuf>,
}

impl Logs {
    /// How its lines look.
    pub const FORMAT: Variable = Variable { name: "LOG_FORMAT", about: "text or json; text" };
    /// The file that they go to.
    pub const FILE: Variable = Variable {
        name: "LOG_FILE",
        about: "the file that takes the log; at 8 MiB it becomes NAME.1 and begins anew; standard error",
    };
    /// Which there are. The logger reads it by itself.
    pub const FILTER: Variable =
        Variable { name: "RUST_LOG", about: "which lines to log, as env_logger reads it; info" };

    /// Reads `LOG_FORMAT` and `LOG_FILE`.
    pub fn read(variables: &mut Variables) -> Self {
        let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
        Self {
            format: variables.one_of(Self::FORMAT.name, &formats).unwrap_or(LogFormat::Text),
            file: variables.take(Self::FILE.name, "a path"),
        }
    }

    /// Starts the logger; `RUST_LOG` chooses what it lets through. A second call changes nothing.
    ///
    /// # Errors
    /// If `LOG_FILE` cannot be written.
    pub fn start(&self) -> Result<(), String> {
        let out: Box<dyn Write + Send> = match &self.file {
            Some(path) => Box::new(LogFile::open(path).map_err(|error| {
                format!("LOG_FILE={}: cannot be written: {error}", path.display())
            })?),
            None => Box::new(io::stderr()),
        };
        // Tests in one process share one logger.
        if STARTED.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let waiting = LogBuffer::start(out).map_err(|error| format!("the log: {error}"))?;
        let logger = builder(self.format).target(Target::Pipe(Box::new(waiting.clone()))).build();
        let filter = logger.filter();
        if log::set_boxed_logger(Box::new(Buffered { logger, waiting })).is_ok() {
            log::set_max_level(filter);
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                log::logger().flush();
                report(panic);
            }));
        }
        Ok(())
    }
}

/// The log. The lines of requests wait for each other; any other line is written at once, after those that wait.
struct Buffered {
    logger: Logger,
    waiting: LogBuffer,
}

impl Log for Buffered {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.logger.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        self.logger.log(record);
        if record.target() != REQUEST && self.logger.matches(record) {
            self.flush();
        }
    }

    fn flush(&self) {
        self.waiting.flush();
    }
}

fn builder(format: LogFormat) -> Builder {
    let mut builder = Builder::new();
    builder.filter_level(LevelFilter::Info);
    // Each client that does not speak HTTP would be an error of ours, and each start a page of news.
    builder.filter_module("actix_http", LevelFilter::Off);
    builder.filter_module("actix_server", LevelFilter::Warn);
    builder.parse_env("RUST_LOG");
    builder.format(move |out, record| match format {
        LogFormat::Text => text(out, record),
        LogFormat::Json => json(out, record),
    });
    builder
}

fn text(out: &mut impl Write, record: &Record<'_>) -> io::Result<()> {
    write!(out, "{:.3} {:5}", Timestamp::now(), record.level())?;
    if record.target() == REQUEST {
        let mut values = Values(out, Ok(()));
        // The visitor keeps its own error.
        let _ = record.key_values().visit(&mut values);
        values.1?;
        writeln!(out)
    } else {
        writeln!(out, " {}", OneLine(&record.args().to_string()))
    }
}

/// Writes the values alone, a space before each.
struct Values<'a, W>(&'a mut W, io::Result<()>);

impl<'kvs, W: Write> VisitSource<'kvs> for Values<'_, W> {
    fn visit_pair(&mut self, _: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        if self.1.is_ok() {
            self.1 = write!(self.0, " {value}");
        }
        Ok(())
    }
}

/// A message that cannot pretend to be two.
struct OneLine<'a>(&'a str);

impl std::fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, line) in self.0.lines().enumerate() {
            if index > 0 {
                f.write_str("\\n")?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

fn json(out: &mut impl Write, record: &Record<'_>) -> io::Result<()> {
    let mut line = Map::new();
    line.insert("time".into(), format!("{:.3}", Timestamp::now()).into());
    line.insert("level".into(), record.level().as_str().into());
    line.insert("target".into(), record.target().into());
    line.insert("message".into(), record.args().to_string().into());
    // The visitor cannot fail.
    let _ = record.key_values().visit(&mut Members(&mut line));
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

struct Members<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Members<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let json = match (value.to_u64(), value.to_f64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => value.to_string().into(),
        };
        self.0.insert(key.as_str().into(), json);
        Ok(())
    }
}

/// The milliseconds since `start`, with three decimals.
pub fn ms_since(start: Instant) -> f64 {
    let us = start.elapsed().as_micros();
    // Exact up to 2^53 µs: 285 years.
    us as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use log::{Level, Record};

    use super::{REQUEST, json, text};

    fn line(
        write: impl Fn(&mut Vec<u8>, &Record<'_>) -> std::io::Result<()>,
        target: &str,
    ) -> String {
        let values: &[(&str, log::kv::Value<'_>)] =
            &[("path", "/api".into()), ("status", 200.into()), ("ms", 0.25.into())];
        let mut out = Vec::new();
        let record = Record::builder()
            .args(format_args!("one\ntwo"))
            .level(Level::Info)
            .target(target)
            .key_values(&values)
            .build();
        write(&mut out, &record).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_request_is_one_line_of_its_values() {
        let line = line(text, REQUEST);
        assert!(line.ends_with(" INFO  /api 200 0.25\n"), "{line}");
    }

    #[test]
    fn a_message_is_one_line_whatever_it_holds() {
        let line = line(text, "store");
        assert!(line.ends_with(" INFO  one\\ntwo\n"), "{line}");
    }

    #[test]
    fn json_lines_hold_each_value_with_its_type() {
        let line: serde_json::Value = serde_json::from_str(&line(json, REQUEST)).unwrap();
        assert_eq!(line["message"], "one\ntwo");
        assert_eq!(line["path"], "/api");
        assert_eq!(line["status"], 200);
        assert_eq!(line["ms"], 0.25);
        assert_eq!(line["level"], "INFO");
    }
}
