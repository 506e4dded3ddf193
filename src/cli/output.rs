//! Standard output and standard error. Reports carry their colours; here they
//! are let through or stripped, as `--color`, `NO_COLOR`, `CLICOLOR` and the
//! terminal say.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::sync::OnceLock;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

use crate::report::Page;

const ERROR: Style = AnsiColor::Red.on_default().bold();

/// Standard output, locked and buffered.
pub(super) struct Screen(BufWriter<AutoStream<StdoutLock<'static>>>);

impl Screen {
    pub(super) fn new() -> Self {
        let raw = io::stdout().lock();
        Screen(BufWriter::with_capacity(
            1 << 16,
            AutoStream::new(raw, anstream::ColorChoice::global()),
        ))
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What `--width` says.
static WIDTH: OnceLock<u16> = OnceLock::new();

/// Lays out text for so many columns, if it is said how many.
pub(super) fn lay_out_for(columns: Option<u16>) {
    if let Some(columns) = columns {
        WIDTH.get_or_init(|| columns);
    }
}

/// The page that standard output has room for: as wide as was asked for, else as wide
/// as the terminal, and always the same where there is none.
pub(super) fn page() -> Page {
    if let Some(columns) = WIDTH.get() {
        return Page::of(usize::from(*columns));
    }
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return Page::NARROW;
    }
    let columns = terminal_size::terminal_size_of(stdout);
    columns.map_or(Page::NARROW, |(width, _)| Page::of(usize::from(width.0)))
}

/// Says what is wrong, on standard error.
pub(super) fn complain(what: &str) {
    say(&format!("{ERROR}error{ERROR:#}: {what}"));
}

/// Says something on standard error. Nobody is left to be told if that fails.
pub(super) fn say(what: &str) {
    let mut err = AutoStream::new(io::stderr().lock(), anstream::ColorChoice::global());
    let _ = writeln!(err, "{}", what.trim_end());
}
