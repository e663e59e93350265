//! What the checks work with.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use replication::SideStatus;
use runtime::Token;

use crate::other_side::OtherSide;
use crate::sample::{Made, Sample};
use crate::stop::Checked;
use crate::subject::Subject;
use crate::{Report, Rule};

/// What the checks work with.
pub(crate) struct Run {
    pub(crate) subject: Subject,
    pub(crate) sample: Sample,
    pub(crate) report: Report,
    /// Another copy of the program, whose store was never used.
    pub(crate) empty: Option<Subject>,
    /// The rows that were made, oldest first.
    pub(crate) rows: Vec<Made>,
    pub(crate) listen: SocketAddr,
    pub(crate) token: Token,
    pub(crate) number: AtomicU64,
}

impl Run {
    /// A number that no row has yet.
    pub(crate) fn number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes the rules that were kept.
    pub(crate) fn held(&mut self, rules: &[Rule]) {
        rules.iter().for_each(|rule| self.report.held(*rule));
    }

    /// Makes a row and keeps it for later.
    pub(crate) async fn create(&mut self) -> Checked<Made> {
        let made = self.sample.create(&self.subject, self.number()).await?;
        self.rows.push(made.clone());
        Ok(made)
    }

    /// The played side, as a follower of the program.
    pub(crate) fn other_side(&self, of: &SideStatus) -> Checked<OtherSide> {
        OtherSide::start(self.listen, self.token.clone(), &of.ownership, &self.subject.url)
    }
}
