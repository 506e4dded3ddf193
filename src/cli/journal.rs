//! An experiment on disk: what it is, and a line for every piece of work that is
//! done.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::files::write_whole;
use crate::lab::journal::{Line, Manifest, line, read_line};
use crate::report::written;

/// The open journal of an experiment. Nobody else can hold it at the same time.
pub(super) struct Journal<M> {
    path: PathBuf,
    file: File,
    of: PhantomData<M>,
}

impl<M: Manifest> Journal<M> {
    /// What the experiment in a folder is.
    pub(super) fn manifest(dir: &Path) -> Result<M, Failure> {
        let (what, about) = (M::WHAT, M::ABOUT);
        let path = dir.join(about);
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                unusable(dir, format_args!("there is no {what} in it (no {about})"))
            }
            _ => unusable(&path, error),
        })?;
        serde_json::from_str(&text)
            .map_err(|error| unusable(&path, format_args!("this is no {what}: {error}")))
    }

    /// Opens the journal of this experiment, and begins it where there is none.
    /// Refuses a folder with another one in it.
    pub(super) fn open(dir: &Path, manifest: &M) -> Result<Self, Failure> {
        fs::create_dir_all(dir).map_err(|error| unusable(dir, error))?;
        let (about, path) = (dir.join(M::ABOUT), dir.join(M::LINES));
        let what = M::WHAT;
        match about.exists() {
            false => write_whole(&about, written(manifest))?,
            true => {
                let there = Self::manifest(dir)?;
                if let Some(other) = there.differs_from(manifest) {
                    return Err(unusable(
                        dir,
                        format_args!(
                            "another {what} is in it already, with another {other}: give --out a \
                             new folder, or the same command as then to go on with it"
                        ),
                    ));
                }
            }
        }
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(|error| unusable(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Journal {
                path,
                file,
                of: PhantomData,
            }),
            Err(TryLockError::WouldBlock) => Err(unusable(
                dir,
                format_args!("another {what} is writing to it just now"),
            )),
            Err(TryLockError::Error(error)) => Err(unusable(&path, error)),
        }
    }

    /// The records that are whole. What a kill cut short at the end is cut off;
    /// what is damaged elsewhere is left out, so that it is done again.
    pub(super) fn read(&mut self) -> Result<Vec<M::Record>, Failure> {
        let wrong = |error| unusable(&self.path, error);
        self.file.seek(SeekFrom::Start(0)).map_err(wrong)?;
        let mut records = Vec::new();
        let mut whole = 0;
        let mut reader = BufReader::new(&self.file);
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(wrong)? as u64;
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            whole += read;
            let said = String::from_utf8_lossy(&text);
            if let Line::Whole(record) = read_line(said.trim_end_matches('\n')) {
                records.push(record);
            }
        }
        self.file.set_len(whole).map_err(wrong)?;
        Ok(records)
    }

    /// Adds a piece of work that is done. What could not be written whole is taken back.
    pub(super) fn append(&mut self, record: &M::Record) -> Result<(), Failure> {
        let before = self.file.metadata().map(|about| about.len());
        let written = self.file.write_all(line(record).as_bytes());
        written.map_err(|error| {
            if let Ok(length) = before {
                let _ = self.file.set_len(length);
            }
            unusable(
                &self.path,
                format_args!("cannot write: {error}; what was written before is whole, and the same command goes on from there"),
            )
        })
    }
}

/// What can go wrong with the folder of an experiment.
fn unusable(path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::Usage(format!("{}: {why}", path.display()))
}
