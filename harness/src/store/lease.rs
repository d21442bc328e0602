//! A lease: who works on a cell, on whichever machine, in a folder that machines share.
//!
//! A file with a heartbeat instead of a lock of the system, so that a machine that died gives its cells free. A holder
//! on this machine is asked for its process; one elsewhere has lost its lease when it has not renewed it for
//! [`EXPIRES`]. Ages are differences of two times of the file server, so that clocks of machines need not agree.
//! Two holders are possible where a machine was believed dead and was not: then the first record counts.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::place_atomic;

/// How often a lease is renewed.
pub const RENEWED: Duration = Duration::from_secs(10);

/// A lease that was not renewed for so long is lost.
pub const EXPIRES: Duration = Duration::from_mins(1);

/// How often a lease that cannot be read is looked at before it is removed, and the pause between.
const LOOKS: usize = 5;
const LOOK: Duration = Duration::from_millis(50);

/// Bytes of the file: it is renewed in place, by a text of the same length.
const LENGTH: usize = 512;

/// Who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Name of the machine.
    pub host: String,
    /// This boot of the machine, and the space that its process numbers belong to; empty where the system does not tell.
    pub machine: String,
    /// Number of the process.
    pub pid: u32,
    /// When the process began, as the system counts it: numbers of processes come again.
    pub began: u64,
    /// The scheduler's name for the job; empty if there is none.
    pub job: String,
    /// When the lease was taken: seconds since 1970.
    pub taken: u64,
    /// How often it was renewed.
    pub renewals: u64,
}

impl Holder {
    /// This process.
    pub fn here(job: &str) -> Self {
        let pid = std::process::id();
        Self {
            host: short(&host()),
            machine: machine(),
            pid,
            began: began(pid).unwrap_or(0),
            job: short(job),
            taken: now(),
            renewals: 0,
        }
    }

    /// Whether it is the same holding, however often renewed.
    fn same(&self, other: &Self) -> bool {
        (&self.machine, self.pid, self.began, self.taken)
            == (&other.machine, other.pid, other.began, other.taken)
    }

    /// Whether its process is there; none where that cannot be known from here.
    fn lives(&self) -> Option<bool> {
        if self.machine.is_empty() || self.machine != machine() {
            return None;
        }
        Some(began(self.pid).is_some_and(|began| began == self.began))
    }
}

/// A lease of this process; given back when dropped.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    holder: Holder,
    renewed: Instant,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Held {
    /// It is ours; with the holder that has lost it, where there was one.
    Ours(Lease, Option<Holder>),
    /// Somebody works on the cell.
    Theirs(Holder),
}

impl Lease {
    /// Asks for the lease.
    pub fn take(path: &Path, job: &str) -> io::Result<Held> {
        let (mut lost, mut unread) = (None, 0);
        loop {
            let holder = Holder::here(job);
            if place(path, &holder)? {
                let lease = Self { path: path.to_owned(), holder, renewed: Instant::now() };
                return Ok(Held::Ours(lease, lost));
            }
            let (theirs, modified) = match look(path) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                // Just being renewed; if it stays so, it is nobody's.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    unread += 1;
                    if unread < LOOKS {
                        std::thread::sleep(LOOK);
                    } else {
                        super::discard(path)?;
                    }
                    continue;
                }
                Err(error) => return Err(error),
            };
            let dead = match theirs.lives() {
                Some(lives) => !lives,
                None => age(path, modified)? >= EXPIRES,
            };
            if !dead {
                return Ok(Held::Theirs(theirs));
            }
            if clear(path, &theirs)? {
                lost = Some(theirs);
            }
        }
    }

    /// Renews the lease where it is time to. A lease that was lost stays lost: the first record will count.
    pub fn renew(&mut self) -> io::Result<()> {
        if self.renewed.elapsed() < RENEWED {
            return Ok(());
        }
        self.renewed = Instant::now();
        if !self.is_ours()? {
            return Ok(());
        }
        self.holder.renewals += 1;
        let mut file = super::plain(&self.path, fs::OpenOptions::new().write(true))?;
        file.write_all(&text(&self.holder)?)?;
        file.sync_data()
    }

    fn is_ours(&self) -> io::Result<bool> {
        Ok(look(&self.path)?.is_some_and(|(holder, _)| holder.same(&self.holder)))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_ours().unwrap_or(false) {
            // What cannot be removed expires.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Who holds a lease now, if anybody does. Only looks, by this machine's clock.
pub fn holder(path: &Path) -> io::Result<Option<Holder>> {
    Ok(match look_kindly(path)? {
        Some((holder, modified)) => {
            let fresh = || SystemTime::now().duration_since(modified).unwrap_or_default() < EXPIRES;
            holder.lives().unwrap_or_else(fresh).then_some(holder)
        }
        None => None,
    })
}

/// Gives up what a holder that is gone has left behind, and tells who that was.
pub fn reclaim(path: &Path) -> io::Result<Option<Holder>> {
    match look_kindly(path)? {
        Some((theirs, _)) if holder(path)?.is_none() => Ok(clear(path, &theirs)?.then_some(theirs)),
        _ => Ok(None),
    }
}

/// Puts the file there, if there is none.
fn place(path: &Path, holder: &Holder) -> io::Result<bool> {
    let text = text(holder)?;
    place_atomic(path, |file| file.write_all(&text))
}

/// Takes a lost lease away. False where somebody was faster, and put back where it was another's by then.
fn clear(path: &Path, lost: &Holder) -> io::Result<bool> {
    let aside = path.with_extension(format!("lost-{}-{}", std::process::id(), lost.taken));
    match fs::rename(path, &aside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    }
    let ours = look(&aside)?.is_none_or(|(holder, _)| holder.same(lost));
    if !ours {
        let _ = fs::hard_link(&aside, path);
    }
    fs::remove_file(&aside)?;
    Ok(ours)
}

/// The same, where a file that tells nobody is as good as none.
fn look_kindly(path: &Path) -> io::Result<Option<(Holder, SystemTime)>> {
    match look(path) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
        other => other,
    }
}

fn look(path: &Path) -> io::Result<Option<(Holder, SystemTime)>> {
    // Opening asks the file server again; what is known of a path may be old.
    let read = super::open_plain(path).and_then(|mut file| {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(&mut file, 1 << 16), &mut bytes)?;
        Ok((bytes, file.metadata()?.modified()?))
    });
    match read {
        Ok((bytes, modified)) => match serde_json::from_slice(&bytes) {
            Ok(holder) => Ok(Some((holder, modified))),
            Err(error) => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{}: {error}; delete the file", path.display()),
            )),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// How old a time of the file server is, by its own clock.
fn age(path: &Path, modified: SystemTime) -> io::Result<Duration> {
    let mut probe = tempfile::tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    probe.write_all(b"now")?;
    probe.sync_all()?;
    Ok(probe.metadata()?.modified()?.duration_since(modified).unwrap_or_default())
}

fn text(holder: &Holder) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(holder)?;
    bytes.resize(bytes.len().max(LENGTH), b' ');
    Ok(bytes)
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Name of this machine.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// This boot of the machine and the space of its process numbers; empty where the system does not tell.
fn machine() -> String {
    let boot = fs_err::read_to_string("/proc/sys/kernel/random/boot_id");
    let space = fs_err::read_link("/proc/self/ns/pid");
    match (boot, space) {
        (Ok(boot), Ok(space)) => format!("{} {}", boot.trim(), space.display()),
        _ => String::new(),
    }
}

/// When a process began, in ticks since the start of the machine; none where it is not there or only waits to be collected.
fn began(pid: u32) -> Option<u64> {
    let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then_some(())?;
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(taken: Held) -> (Lease, Option<Holder>) {
        match taken {
            Held::Ours(lease, lost) => (lease, lost),
            Held::Theirs(holder) => panic!("it is held by {holder:?}"),
        }
    }

    fn elsewhere() -> Holder {
        Holder { host: "n7".into(), machine: "another boot".into(), taken: 5, ..Holder::here("") }
    }

    fn set_age(path: &Path, age: Duration) {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.file().set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn one_holds_it_and_gives_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        assert_eq!(holder(&path).unwrap(), None);
        let (lease, lost) = ours(Lease::take(&path, "7_1").unwrap());
        assert_eq!(lost, None);
        assert!(
            matches!(Lease::take(&path, "7_1").unwrap(), Held::Theirs(h) if h.pid == std::process::id())
        );
        assert_eq!(holder(&path).unwrap().unwrap().job, "7_1");
        drop(lease);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
        ours(Lease::take(&path, "7_1").unwrap());
    }

    #[test]
    fn a_dead_process_here_has_lost_it_at_once() {
        if machine().is_empty() {
            crate::testing::skipped("/proc", "it needs Linux");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = Holder { pid: child.id(), ..Holder::here("") };
        child.wait().unwrap();
        // Also where the number belongs to another process by now.
        let reused = Holder { began: Holder::here("").began + 1, ..Holder::here("") };
        for dead in [gone, reused] {
            place(&path, &dead).unwrap();
            assert_eq!(holder(&path).unwrap(), None);
            let (_lease, lost) = ours(Lease::take(&path, "7_1").unwrap());
            assert_eq!(lost, Some(dead));
        }
    }

    #[test]
    fn a_machine_that_does_not_renew_loses_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        place(&path, &elsewhere()).unwrap();
        for (age, held) in [(0, true), (50, true), (70, false)] {
            set_age(&path, Duration::from_secs(age));
            assert_eq!(holder(&path).unwrap().is_some(), held, "{age} s");
            assert_eq!(
                matches!(Lease::take(&path, "7_1").unwrap(), Held::Theirs(_)),
                held,
                "{age} s"
            );
            assert_eq!(path.exists(), held);
        }
        place(&path, &elsewhere()).unwrap();
        assert_eq!(reclaim(&path).unwrap(), None, "it is fresh");
        set_age(&path, EXPIRES);
        assert_eq!(reclaim(&path).unwrap(), Some(elsewhere()));
        assert!(!path.exists());
    }

    #[test]
    fn renewing_keeps_it_and_what_was_lost_stays_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        let (mut lease, _) = ours(Lease::take(&path, "7_1").unwrap());
        let renewals = |path: &Path| look(path).unwrap().unwrap().0.renewals;
        lease.renew().unwrap();
        assert_eq!(renewals(&path), 0, "it is not time to");
        set_age(&path, EXPIRES);
        lease.renewed = Instant::now().checked_sub(RENEWED).unwrap();
        lease.renew().unwrap();
        assert_eq!(renewals(&path), 1);
        let (_, modified) = look(&path).unwrap().unwrap();
        assert!(age(&path, modified).unwrap() < EXPIRES, "the file's time is new");
        fs::remove_file(&path).unwrap();
        place(&path, &elsewhere()).unwrap();
        lease.renewed = Instant::now().checked_sub(RENEWED).unwrap();
        lease.renew().unwrap();
        drop(lease);
        assert_eq!(look(&path).unwrap().unwrap().0, elsewhere(), "another's lease is left alone");
        assert!(!clear(&path, &Holder { taken: 6, ..elsewhere() }).unwrap());
        assert_eq!(look(&path).unwrap().unwrap().0, elsewhere(), "it was put back");
    }
}
