//! How far a long command is: on a terminal a bar that is drawn again and again, elsewhere a line now and then.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::width;

/// How wide the bar is.
const BAR: usize = 24;
/// The width of a terminal that does not say it.
const WIDTH: usize = 80;
/// Before so much of the time has passed, the time left is not worth saying.
const KNOWN_AFTER: Duration = Duration::from_millis(500);
/// Back to the first column, and nothing right of it (ECMA-48, 8.3.41).
const ERASE: &str = "\r\x1b[K";

/// How much of something is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Part {
    pub(crate) done: f64,
    pub(crate) all: f64,
}

/// The progress of a command. Dropping it takes the bar away.
pub(crate) struct Progress {
    out: Box<dyn Write + Send>,
    /// How wide the terminal is; none if it is no terminal.
    columns: Option<usize>,
    /// The time between two lines; none to write no lines.
    every: Option<Duration>,
    /// What was done when it was first known how much there is.
    first: Option<(Instant, Part)>,
    /// When the last line was written.
    line: Instant,
    /// What the terminal shows.
    drawn: String,
}

impl Progress {
    /// On standard output; a line each `every` if that is no terminal.
    pub(crate) fn on_output(every: Duration) -> Self {
        let out = io::stdout();
        let columns = columns(out.is_terminal(), width::of_terminal(&out));
        Self::new(Box::new(out), columns, Some(every))
    }

    /// On standard error, for a command whose output is its result.
    pub(crate) fn on_error(every: Option<Duration>) -> Self {
        let out = io::stderr();
        let columns = columns(out.is_terminal(), width::of_terminal(&out));
        Self::new(Box::new(out), columns, every)
    }

    fn new(out: Box<dyn Write + Send>, columns: Option<usize>, every: Option<Duration>) -> Self {
        Self { out, columns, every, first: None, line: Instant::now(), drawn: String::new() }
    }

    /// Shows how far the command is now: how much is done, if that is known, what is said of it, and notes on it.
    pub(crate) fn show(&mut self, part: Option<Part>, text: &str, notes: &[String]) {
        match self.columns {
            Some(columns) => self.draw(part, text, notes, columns),
            None if self.every.is_some_and(|every| self.line.elapsed() > every) => {
                self.line = Instant::now();
                let _ = writeln!(self.out, "  {text}");
                for note in notes {
                    let _ = writeln!(self.out, "  {note}");
                }
            }
            None => {}
        }
    }

    fn draw(&mut self, part: Option<Part>, text: &str, notes: &[String], columns: usize) {
        let left = part.and_then(|part| self.left(part, Instant::now()));
        let text = notes.iter().fold(text.to_owned(), |text, note| format!("{text}; {note}"));
        let drawn = drawn(part, &text, left, columns);
        if drawn != self.drawn {
            let _ = write!(self.out, "{ERASE}{drawn}");
            let _ = self.out.flush();
            self.drawn = drawn;
        }
    }

    /// Takes the bar away: what is written next begins on a line of its own.
    pub(crate) fn clear(&mut self) {
        if !self.drawn.is_empty() {
            let _ = write!(self.out, "{ERASE}");
            let _ = self.out.flush();
            self.drawn.clear();
        }
    }

    /// How long it takes if it goes on as it went since the first part.
    fn left(&mut self, part: Part, now: Instant) -> Option<Duration> {
        let (since, first) = self.first.get_or_insert((now, part));
        let (took, more) = (now.duration_since(*since), part.done - first.done);
        let left = (part.all - part.done).max(0.0);
        let seconds = took.as_secs_f64() * left / more;
        let known = took > KNOWN_AFTER && more > 0.0;
        known.then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The columns of a terminal that takes control sequences.
fn columns(is_terminal: bool, width: Option<usize>) -> Option<usize> {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    (is_terminal && !is_dumb).then(|| width.unwrap_or(WIDTH))
}

/// A line that fits the terminal. The last column stays free: a full line would begin another one.
fn drawn(part: Option<Part>, text: &str, left: Option<Duration>, columns: usize) -> String {
    let mut line = "  ".to_owned();
    if let Some(part) = part {
        let share = if part.all > 0.0 { (part.done / part.all).clamp(0.0, 1.0) } else { 1.0 };
        let full = (share * BAR as f64) as usize;
        let (full, rest) = ("#".repeat(full), "-".repeat(BAR - full));
        line.push_str(&format!("[{full}{rest}] {:>3.0} %  ", (share * 100.0).floor()));
    }
    if let Some(left) = left {
        line.push_str(&format!("{} left, ", time(left)));
    }
    let text: String = text.chars().filter(|character| !character.is_control()).collect();
    line.push_str(&text);
    width::cut(&line, 0, columns.saturating_sub(1))
}

/// A time in its two largest units.
fn time(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..=59 => format!("{seconds} s"),
        seconds @ ..=3_599 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Part, Progress, drawn, time};

    #[test]
    fn a_bar_fits_its_terminal() {
        let part = Some(Part { done: 30.0, all: 120.0 });
        let left = Some(Duration::from_secs(9));
        let text = "copying: 30 rows, 10 rows/s";
        assert_eq!(
            drawn(part, text, left, 100),
            "  [######------------------]  25 %  9 s left, copying: 30 rows, 10 rows/s"
        );
        assert_eq!(
            drawn(part, text, left, 50),
            "  [######------------------]  25 %  9 s left, co…"
        );
        assert_eq!(drawn(None, "it\rbegins", None, 80), "  itbegins");
        for part in [Part { done: 0.0, all: 0.0 }, Part { done: 9.0, all: 3.0 }] {
            assert!(drawn(Some(part), "", None, 80).contains("] 100 %"), "{part:?}");
        }
    }

    #[test]
    fn the_time_left_is_that_of_what_went_before() {
        let mut progress = Progress::new(Box::new(Vec::new()), Some(80), None);
        let (start, mut part) = (Instant::now(), Part { done: 1_000.0, all: 5_000.0 });
        assert_eq!(progress.left(part, start), None);
        part.done = 2_000.0;
        let later = start + Duration::from_secs(4);
        assert_eq!(progress.left(part, later), Some(Duration::from_secs(12)));
        part.done = 1_000.0;
        assert_eq!(progress.left(part, later), None, "it does not get on");
    }

    #[test]
    fn a_time_has_two_units() {
        let times = [0, 59, 61, 3_600, 100_000].map(|seconds| time(Duration::from_secs(seconds)));
        assert_eq!(times, ["0 s", "59 s", "1 min 1 s", "1 h 0 min", "27 h 46 min"]);
    }
}
