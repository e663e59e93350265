//! Private authorities: PEM files in a folder. Each is the only authority for the certificates of the services that
//! name it; what the machine trusts does not count for them.
//!
//! A file that changes is read again. A connection that was made under an earlier content of it is not used any more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, fs, io};

use arc_swap::ArcSwap;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::file_version::{FileVersion, file_version};

/// How the name of each file ends.
const SUFFIX: &str = ".pem";

/// The authorities of a folder, the variable `UPSTREAM_CA_DIR`; without a folder there are none. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct PrivateAuthorities(Arc<Authorities>);

#[derive(Debug, Default)]
struct Authorities {
    folder: Option<PathBuf>,
    /// By name: those of the folder at the start, and those that were asked for.
    known: Mutex<BTreeMap<String, Arc<Authority>>>,
}

/// An authority that a service names, whether its file can be used or not.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) name: String,
    file: Option<PathBuf>,
    /// What can be trusted now, or why nothing can.
    trust: ArcSwap<Result<Arc<Trust>, String>>,
    seen: Mutex<Seen>,
}

/// A file as it was when it was read last.
#[derive(Debug, Default)]
struct Seen {
    /// None if it was not there.
    version: Option<FileVersion>,
    /// Why it could not be used. It is read again then, though it looks the same.
    unused: Option<String>,
}

/// One content of a file.
pub(crate) struct Trust {
    /// How to speak TLS with a service that this vouches for.
    pub(crate) config: Arc<ClientConfig>,
    pem: Arc<[u8]>,
}

impl PrivateAuthorities {
    /// The tag of a service that names its authority.
    pub const TAG: &str = "banyan:ca";

    /// What the value of the tag must be.
    pub(crate) const TAKES: &str =
        "the name of a file in UPSTREAM_CA_DIR without its .pem: 1 to 64 letters, digits, - and _";

    /// Reads every file of a folder whose name ends in `.pem`.
    ///
    /// # Errors
    /// Says which file cannot be used, and why.
    pub fn open(folder: &Path) -> Result<Self, String> {
        let unread = |error: io::Error| format!("{}: {error}", folder.display());
        let this = Self(Arc::new(Authorities {
            folder: Some(folder.to_owned()),
            known: Mutex::default(),
        }));
        for entry in fs::read_dir(folder).map_err(unread)? {
            let name = entry.map_err(unread)?.file_name();
            let name = name.to_string_lossy();
            let Some(name) = name.strip_suffix(SUFFIX) else { continue };
            if !Self::is_name(name) {
                let file = folder.join(format!("{name}{SUFFIX}"));
                return Err(format!(
                    "{}: no tag can name it; a name has 1 to 64 letters, digits, - and _, and then .pem",
                    file.display()
                ));
            }
            this.pem(name)?;
        }
        Ok(this)
    }

    /// Whether a tag can have this value. A name is never a path.
    pub(crate) fn is_name(name: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=64).contains(&name.len()) && name.bytes().all(plain)
    }

    /// The certificates of an authority, in PEM form, as its file has them now.
    ///
    /// # Errors
    /// Says what is wrong with its file.
    pub fn pem(&self, name: &str) -> Result<Arc<[u8]>, String> {
        let authority = self.get(name);
        authority.look();
        Ok(Arc::clone(&authority.current()?.pem))
    }

    /// The authority of this name.
    pub(crate) fn get(&self, name: &str) -> Arc<Authority> {
        let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || Arc::new(Authority::new(name, self.0.folder.as_deref()));
        Arc::clone(known.entry(name.to_owned()).or_insert_with(make))
    }

    /// Reads files again that changed, and those that could not be read.
    pub(crate) fn look(&self) {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.values().for_each(|authority| authority.look());
    }
}

impl Authority {
    fn new(name: &str, folder: Option<&Path>) -> Self {
        let file = folder
            .filter(|_| PrivateAuthorities::is_name(name))
            .map(|folder| folder.join(format!("{name}{SUFFIX}")));
        let why = match &file {
            // It is read before anything else is asked.
            Some(file) => missing(file),
            None => format!("UPSTREAM_CA_DIR is not set, or {name:?} is no name of a file there"),
        };
        let trust = ArcSwap::from_pointee(Err(why));
        let authority = Self { name: name.to_owned(), file, trust, seen: Mutex::default() };
        authority.look();
        authority
    }

    /// What can be trusted now.
    ///
    /// # Errors
    /// Why nothing can.
    pub(crate) fn current(&self) -> Result<Arc<Trust>, String> {
        (**self.trust.load()).clone()
    }

    /// Whether this is what can be trusted now.
    pub(crate) fn is_current(&self, trust: &Arc<Trust>) -> bool {
        self.trust.load().as_ref().as_ref().is_ok_and(|now| Arc::ptr_eq(now, trust))
    }

    /// Reads the file again if it changed. If it is gone, nothing can be trusted any more; if it cannot be used, what was
    /// trusted before still is.
    fn look(&self) {
        let Some(file) = &self.file else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What is written while it is read looks different the next time.
        let now = file_version(file);
        if seen.version == now && seen.unused.is_none() {
            return;
        }
        let first = seen.version.is_none();
        seen.version = now;
        let before = seen.unused.take();
        if now.is_none() {
            log::error!(
                "{}; services with {}={} are not reached",
                missing(file),
                PrivateAuthorities::TAG,
                self.name
            );
            self.trust.store(Arc::new(Err(missing(file))));
            return;
        }
        match read(file) {
            Ok(trust) => {
                self.trust.store(Arc::new(Ok(Arc::new(trust))));
                if !first {
                    log::info!("the authorities of {} are used from now on", file.display());
                }
            }
            Err(why) => {
                if self.current().is_err() {
                    self.trust.store(Arc::new(Err(why.clone())));
                } else if before.as_ref() != Some(&why) {
                    log::error!("the authorities stay as they were: {why}");
                }
                seen.unused = Some(why);
            }
        }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust").field("pem", &self.pem.len()).finish_non_exhaustive()
    }
}

fn missing(file: &Path) -> String {
    format!("UPSTREAM_CA_DIR has no file {}", file.display())
}

fn read(file: &Path) -> Result<Trust, String> {
    let wrong = |why: &dyn fmt::Display| format!("{}: {why}", file.display());
    let pem = fs::read(file).map_err(|error| wrong(&error))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| wrong(&error))?;
    if certificates.is_empty() {
        return Err(wrong(&"it has no certificate in PEM form"));
    }
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(|error| wrong(&error))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Trust { config: Arc::new(config), pem: pem.into() })
}
