//! This process among those that share a control database.
//!
//! Each has two sessions. Through the first one it says every second that it is there, hears of changes and reads them.
//! Through the second one it waits for the lock of the process that leads, and leads once it has it.

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use runtime::chain;
use tokio::runtime::Handle;

use crate::lead::{Lead, Leading, MoveSettings};
use journal::{JoinError, Journal, Membership, ProcessAddress};
use postgres::PostgresUrl;
use proxy::DataPlane;
use spaces::Spaces;

/// How often a process says that it is there.
const BEAT: Duration = Duration::from_secs(1);
/// How often one that does not lead asks for the lock, and how long one waits before it connects again.
const PAUSE: Duration = Duration::from_millis(200);
/// No version: what is applied is not known.
const NONE: i64 = -1;

/// This process among others.
pub(crate) struct Processes {
    url: PostgresUrl,
    name: String,
    address: String,
    member: Mutex<Membership>,
    session: Mutex<Journal>,
    /// Since when, and why, the control database cannot be used.
    lost: Mutex<Option<(Instant, String)>>,
    /// The version that the data plane has.
    applied: AtomicI64,
    stops: AtomicBool,
    left: AtomicBool,
    leading: Leading,
}

/// The address at which other processes reach the control port of this one.
pub(crate) enum ControlAddress {
    /// There: `HOST:PORT`.
    Known(String),
    /// At this port of the address that the database server sees.
    Port(u16),
}

/// What a process does when it leads.
pub(crate) type OnLead = Box<dyn Fn(&Arc<Lead>) + Send + Sync>;

/// What a process needs to lead.
pub(crate) struct LeadParts {
    pub(crate) spaces: Spaces,
    pub(crate) plane: DataPlane,
    pub(crate) moving: MoveSettings,
    pub(crate) runtime: Handle,
    /// Called when this process leads.
    pub(crate) led: OnLead,
}

impl Processes {
    /// Takes part. From now on changes wait for this process.
    ///
    /// # Errors
    /// As [`Journal::join`]; if the server cannot be reached.
    pub(crate) fn join(
        url: PostgresUrl,
        name: String,
        address: ControlAddress,
    ) -> Result<Arc<Self>, JoinError> {
        let session = Journal::connect(&url)?;
        let address = match address {
            ControlAddress::Known(address) => address,
            ControlAddress::Port(port) => {
                let host = session.own_address()?.unwrap_or_else(|| "127.0.0.1".to_owned());
                if host.contains(':') {
                    format!("[{host}]:{port}")
                } else {
                    format!("{host}:{port}")
                }
            }
        };
        let member = Mutex::new(session.join(&Journal::connect(&url)?, &name, &address)?);
        let (session, lost, applied) =
            (Mutex::new(session), Mutex::default(), AtomicI64::new(NONE));
        let (stops, left, leading) = Default::default();
        Ok(Arc::new(Self {
            url,
            name,
            address,
            member,
            session,
            lost,
            applied,
            stops,
            left,
            leading,
        }))
    }

    /// The session of this process.
    pub(crate) fn session(&self) -> Journal {
        lock(&self.session).clone()
    }

    pub(crate) fn leading(&self) -> &Leading {
        &self.leading
    }

    /// Why the control database cannot be used, if it cannot.
    pub(crate) fn lost(&self) -> Option<String> {
        lock(&self.lost).as_ref().map(|(since, why)| {
            format!(
                "the control database {} cannot be used since {} s: {why}; traffic goes on with the last routes",
                self.url,
                since.elapsed().as_secs()
            )
        })
    }

    /// The process that leads, if it is another one.
    ///
    /// # Errors
    /// Why it is not known.
    pub(crate) fn leader(&self) -> Result<Option<ProcessAddress>, String> {
        if let Some(why) = self.lost() {
            return Err(why);
        }
        let leader = self.session().leader().map_err(|error| chain(&error))?;
        Ok(leader.filter(|leader| leader.name != self.name))
    }

    /// Follows and stands for the lead, each on a thread of its own, until [`Processes::leave`].
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(self: &Arc<Self>, followed: LeadParts) -> std::io::Result<()> {
        let followed = Arc::new(followed);
        let (one, other) = (Arc::clone(self), Arc::clone(self));
        let (follow, stand) = (Arc::clone(&followed), followed);
        thread::Builder::new().name("follow".into()).spawn(move || one.follow(&follow))?;
        thread::Builder::new().name("lead".into()).spawn(move || other.stand(&stand))?;
        Ok(())
    }

    /// Leads no more, once the operations that are under way have ended, or after this time: then another process takes
    /// up what is on disk. Blocks until then.
    pub(crate) fn finish(&self, within: Duration) {
        self.stops.store(true, Ordering::SeqCst);
        self.leading.finish(within);
        if let Some(lead) = self.leading.get() {
            self.leading.set(None);
            lead.journal.resign();
        }
    }

    /// Leaves: changes neither wait for this process nor name it. It must not take traffic any more.
    pub(crate) fn leave(&self) {
        self.left.store(true, Ordering::Relaxed);
        if let Err(error) = self.session().leave(*lock(&self.member)) {
            log::warn!("the control database: this process could not leave: {}", chain(&error));
        }
    }

    fn follow(&self, followed: &LeadParts) {
        while !self.left.load(Ordering::Relaxed) {
            let ended = self.follow_session(&self.session(), followed);
            let Err(error) = ended else { continue };
            if self.left.load(Ordering::Relaxed) {
                return;
            }
            let mut lost = lock(&self.lost);
            if lost.is_none() {
                log::error!(
                    "the control database {} cannot be used: {error}; traffic goes on with the last routes",
                    self.url
                );
                *lost = Some((Instant::now(), error));
            }
            drop(lost);
            thread::sleep(PAUSE);
            if let Err(error) = self.join_again()
                && let Some((_, why)) = lock(&self.lost).as_mut()
            {
                *why = chain(&error);
            }
        }
    }

    fn join_again(&self) -> Result<(), JoinError> {
        self.session().resign();
        let session = Journal::connect(&self.url)?;
        *lock(&self.member) =
            session.join(&Journal::connect(&self.url)?, &self.name, &self.address)?;
        *lock(&self.session) = session;
        self.applied.store(NONE, Ordering::Release);
        Ok(())
    }

    /// Follows through one session, until that ends or this process leaves.
    fn follow_session(&self, session: &Journal, followed: &LeadParts) -> Result<(), String> {
        let told = |error: journal::Error| chain(&error);
        while !self.left.load(Ordering::Relaxed) {
            let heard = session.heard();
            self.look(session, followed).map_err(told)?;
            if self.leading.get().is_none()
                && let Err(error) = followed.spaces.tell_canaries(session)
            {
                // Any other failure costs these counts alone.
                if session.is_over() {
                    return Err(told(error));
                }
                log::warn!("canaries: what this process saw is not told: {}", chain(&error));
            }
            if lock(&self.lost).take().is_some() {
                log::info!("the control database {} is there again", self.url);
            }
            session.hear(heard, BEAT);
        }
        Ok(())
    }

    /// Says that this process is there, and does what others changed.
    pub(crate) fn look(
        &self,
        session: &Journal,
        followed: &LeadParts,
    ) -> Result<(), journal::Error> {
        let member = *lock(&self.member);
        loop {
            let applied = self.applied.load(Ordering::Acquire);
            let newest = session.beat(member, applied, &followed.spaces.earlier_uploads())?;
            // A process that leads has its own changes. It must not say so: if it loses the lead during a commit, it
            // does not know whether that was done.
            let is_behind = applied != newest && self.leading.get().is_none();
            let is_deaf = followed.spaces.deafness().is_some();
            if is_behind || is_deaf {
                moves::tell_epochs(&session.read_only(), &followed.plane)?;
            }
            if is_deaf {
                followed.spaces.reload(session)?;
            } else if is_behind {
                followed.spaces.catch_up(session, applied, newest)?;
            }
            if !is_behind {
                return Ok(());
            }
            // If this fails, the lead was lost meanwhile, and everything is read again.
            let (old, new) = (Ordering::AcqRel, Ordering::Acquire);
            let _ = self.applied.compare_exchange(applied, newest, old, new);
        }
    }

    fn stand(&self, followed: &LeadParts) {
        let mut said = String::new();
        while !self.stops.load(Ordering::SeqCst) {
            if lock(&self.lost).is_none()
                && let Err(error) = self.lead(followed)
                && chain(&*error) != said
            {
                said = chain(&*error);
                log::warn!("this process cannot lead: {said}");
            }
            thread::sleep(PAUSE);
        }
    }

    /// Waits for the lead, and leads until the session ends or this process stops.
    fn lead(&self, followed: &LeadParts) -> Result<(), Box<dyn Error + Send + Sync>> {
        let journal = Journal::connect(&self.url)?;
        // Whatever fails from here on, another process must be able to lead.
        let _resigns = Resigns(&journal);
        let member = *lock(&self.member);
        while !journal.lead(member)? {
            if self.stops.load(Ordering::SeqCst) || member != *lock(&self.member) {
                return Ok(());
            }
            thread::sleep(PAUSE);
        }
        log::info!(
            "this process leads: it changes the state, and carries out stack operations and moves"
        );
        moves::tell_epochs(&journal, &followed.plane)?;
        let spaces = followed.spaces.lead(journal.clone())?;
        let (moving, runtime) = (followed.moving.clone(), followed.runtime.clone());
        let lead = Arc::new(Lead::open(journal.clone(), spaces, moving, runtime)?);
        // The one that led before may not have told of an epoch that it wrote.
        if let Err(error) = lead.spaces.announce() {
            lead.stacks.close();
            return Err(error.into());
        }
        lead.begin();
        self.leading.set(Some(Arc::clone(&lead)));
        // If it was told to stop before that, `finish` found no lead to give up.
        if !self.stops.load(Ordering::SeqCst) {
            (followed.led)(&lead);
            self.leads(&journal);
        }
        self.leading.set(None);
        journal.resign();
        lead.stacks.close();
        self.applied.store(NONE, Ordering::Release);
        log::warn!("this process leads no more");
        Ok(())
    }

    /// Ends when the session does.
    fn leads(&self, journal: &Journal) {
        while !journal.is_over() {
            let heard = journal.heard();
            journal.hear(heard, BEAT);
            // If this fails, the session is over.
            drop(journal.leader());
        }
    }
}

/// Gives the lead up at its end.
struct Resigns<'a>(&'a Journal);

impl Drop for Resigns<'_> {
    fn drop(&mut self) {
        self.0.resign();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
