//! Files that are written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::exit::Failure;

/// Writes a file under another name beside its own, and renames it when it is
/// whole: whoever reads it sees all of it or what was there before.
pub(super) fn write_with(
    path: &Path,
    contents: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error: io::Error| cannot_write(path, &error);
    // A device or a pipe is no file that could be replaced.
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(path).map_err(failed)?);
        contents(&mut out)?;
        return out.flush().map_err(failed);
    }
    // Where a link points, the file is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let part = beside(&target).ok_or_else(|| {
        failed(io::Error::new(
            io::ErrorKind::InvalidInput,
            "this is no file's name",
        ))
    })?;
    let written =
        fill(&part, contents, failed).and_then(|()| fs::rename(&part, &target).map_err(failed));
    if written.is_err() {
        // What is half written is of no use to anybody; if it cannot be taken
        // away either, the first error says more.
        let _ = fs::remove_file(&part);
    }
    written
}

fn fill(
    part: &Path,
    contents: impl FnOnce(&mut BufWriter<File>) -> Result<(), Failure>,
    failed: impl Fn(io::Error) -> Failure,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(File::create(part).map_err(&failed)?);
    contents(&mut out)?;
    let file = out
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    // On disk before it has its name: a power loss must not leave an empty file.
    file.sync_all().map_err(failed)
}

/// `bug.md` as `.bug.md.part-4711`: in the same folder, so that it can be renamed;
/// of this process, so that two do not meet.
fn beside(path: &Path) -> Option<PathBuf> {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name()?);
    name.push(format!(".part-{}", std::process::id()));
    Some(path.with_file_name(name))
}

/// That a file cannot be written, and why.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot write {}: {error}", path.display()))
}

/// Writes a text, or a picture, whole or not at all.
pub(super) fn write_whole(path: &Path, contents: impl AsRef<[u8]>) -> Result<(), Failure> {
    write_with(path, |out| {
        out.write_all(contents.as_ref())
            .map_err(|error| cannot_write(path, &error))
    })
}
