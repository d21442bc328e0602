//! A disk that is full at any point of a run: a clear word, and with space again the same end as ever.

use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use super::program::{Place, Ran, assert_says, files_below};
use super::skipped::skipped;

/// A small file system of memory, gone with this.
struct Disk(PathBuf);

impl Disk {
    /// None where this user may not mount.
    fn of(folder: PathBuf, kib: usize) -> Option<Self> {
        fs::create_dir_all(&folder).unwrap();
        let size = format!("size={kib}k");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder);
        mount.output().ok().filter(|output| output.status.success()).map(|_| Self(folder))
    }

    fn remount(&self, how: &str) {
        let mut mount = Command::new("mount");
        mount.args(["-o", &format!("remount,{how}")]).arg(&self.0);
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn run(place: &Place, more: &[&str]) -> Ran {
    let models = ["run", "--models", "majority,stratified-random", "--benchmarks", "crehate,emgsd"];
    Ran::of(&mut place.command(&[&models[..], &["--data", "sample", "--jobs", "1"], more].concat()))
}

fn board(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("default/leaderboard.csv")).unwrap()
}

#[test]
fn whatever_did_not_fit_is_made_when_there_is_space() {
    let undisturbed = Place::new();
    run(&undisturbed, &[]).exits(0);
    let whole = board(&undisturbed.path("runs"));
    let (mut full, mut cells_lost) = (0, 0);
    let sizes = (8..=128).step_by(8).chain((160..=640).step_by(80));
    for kib in sizes {
        let place = Place::new();
        // The data are there: only the run's own folder is small.
        std::os::unix::fs::symlink(undisturbed.path("cache"), place.path("cache")).unwrap();
        let Some(disk) = Disk::of(place.path("runs"), kib) else {
            skipped("mounting a file system", "start it as root");
            return;
        };
        let ran = run(&place, &[]);
        if ran.code != Some(0) {
            full += 1;
            let said = format!("{}{}", ran.out, ran.err).split_whitespace().collect::<String>();
            assert_says(&said, &["Nospaceleftondevice"]);
            assert!(matches!(ran.code, Some(1 | 2)), "{kib} KiB: {:?}", ran.code);
            cells_lost += usize::from(ran.err.contains("] failed"));
        }
        disk.remount("size=64m");
        run(&place, &["--retry-failed"]).exits(0);
        assert!(board(&place.path("runs")) == whole, "{kib} KiB");
        let left: Vec<PathBuf> = (files_below(&place.path("runs")).into_iter())
            .filter(|path| path.to_string_lossy().contains(".partial"))
            .collect();
        assert!(left.is_empty(), "{kib} KiB: {left:?}");
    }
    println!("{full} disks were full, {cells_lost} of them so that a cell failed");
    assert!(full >= 16 && cells_lost >= 2, "{full} {cells_lost}");
}

#[test]
fn a_disk_that_may_only_be_read_is_told() {
    let undisturbed = Place::new();
    run(&undisturbed, &[]).exits(0);
    let whole = board(&undisturbed.path("runs"));
    let place = Place::new();
    std::os::unix::fs::symlink(undisturbed.path("cache"), place.path("cache")).unwrap();
    let Some(disk) = Disk::of(place.path("runs"), 65_536) else {
        skipped("mounting a file system", "start it as root");
        return;
    };
    disk.remount("ro");
    let ran = run(&place, &[]).exits(2);
    assert_says(&ran.err, &["runs", "Read-only file system"]);
    disk.remount("rw");
    run(&place, &[]).exits(0);
    assert!(board(&place.path("runs")) == whole);
    // What is done can be read where nothing may be written.
    disk.remount("ro");
    let shown = Ran::of(&mut place.command(&["verify", "default"])).exits(0);
    assert!(!shown.err.contains("Read-only"), "{}", shown.err);
    disk.remount("rw");
}
