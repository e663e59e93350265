//! The programs of a board: each can be stopped, killed and started again, or made to crash at a place.

use std::fs;
use std::path::PathBuf;

use harness::{Program, Setup, TestDatabase};

use super::{Board, CLI, CONTROL};

impl Board {
    /// A program that runs.
    pub(crate) fn program(&self, name: &str) -> &Program {
        self.programs.get(name).unwrap_or_else(|| panic!("{name} does not run"))
    }

    /// Kills a program as a power cut would.
    pub(crate) async fn kill(&mut self, name: &'static str) {
        let mut program = self.programs.remove(name).expect("it runs");
        program.kill().await;
        self.setups.insert(name, program.setup().clone());
    }

    /// Stops a program as a deployment does: sends SIGTERM and waits for the end.
    pub(crate) async fn stop(&mut self, name: &'static str) {
        let mut program = self.programs.remove(name).expect("it runs");
        program.terminate();
        assert!(program.ended().await.success(), "{}", program.log());
        self.setups.insert(name, program.setup().clone());
    }

    /// Starts a program that does not run, at the address that it had.
    pub(crate) async fn start_again(&mut self, name: &'static str) {
        let setup = self.setups.remove(name).expect("it does not run");
        self.programs.insert(name, setup.start().await);
    }

    /// Runs a statement in the database of a program that does not run, past everything that keeps it in order.
    pub(crate) async fn spoil(&self, name: &str, sql: &str) {
        let setup = &self.setups[name];
        match setup.database() {
            Some(database) => database.execute(sql).await,
            None => {
                let database = rusqlite::Connection::open(setup.folder().join("test.db"));
                database.and_then(|database| database.execute_batch(sql)).expect(sql);
            }
        }
    }

    pub(super) fn setup_of(&self, name: &str) -> &Setup {
        let running = self.programs.get(name).map(Program::setup);
        running.unwrap_or_else(|| &self.setups[name])
    }

    pub(super) fn faults(&self, name: &str) -> PathBuf {
        if name == CLI {
            return self.setup_of(CONTROL).folder().join(CLI).join("faults");
        }
        self.setup_of(name).folder().join("faults")
    }

    /// The program crashes where it passes that place next.
    pub(crate) fn arm(&self, name: &str, place: &str) {
        fs::write(self.faults(name).join(place), "").expect("it can be written");
    }

    /// The program stands still where it passes that place next.
    pub(crate) fn arm_to_stop(&self, name: &str, place: &str) {
        // No reader may see it half written.
        let (written, armed) = (self.faults(name).join("written"), self.faults(name).join(place));
        fs::write(&written, fault::STOP).expect("it can be written");
        fs::rename(written, armed).expect("it can be renamed");
    }

    /// Whether it has not passed that place since.
    pub(crate) fn is_armed(&self, name: &str, place: &str) -> bool {
        self.faults(name).join(place).exists()
    }

    /// Waits until a program has crashed, and starts it again.
    pub(crate) async fn revive(&mut self, name: &'static str) {
        let mut program = self.programs.remove(name).expect("it runs");
        program.ended().await;
        self.setups.insert(name, program.setup().clone());
        self.start_again(name).await;
    }

    /// The database of a program, where that is one of PostgreSQL.
    pub(crate) fn database(&self, name: &str) -> Option<&TestDatabase> {
        self.setup_of(name).database()
    }
}
