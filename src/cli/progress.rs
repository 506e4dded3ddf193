//! How far a command is, on a terminal; where there is none, nothing is drawn.

use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::exit::Failure;

/// A bar, or for what has no known end a line; on standard error, which draws it
/// on a terminal alone.
///
/// # Panics
/// When the template is wrong.
pub(super) fn bar(length: Option<u64>, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr_with_hz(8));
    let style = ProgressStyle::with_template(template).expect("the template is right");
    let style = style
        .with_key("rate", |state: &ProgressState, to: &mut dyn Write| {
            let _ = write!(to, "{:.0}/s", state.per_sec());
        })
        .with_key("left", |state: &ProgressState, to: &mut dyn Write| {
            // Nobody knows before something is done.
            let _ = match state.pos() {
                0 => to.write_str("just begun"),
                _ => write!(to, "{:#} left", HumanDuration(state.eta())),
            };
        });
    bar.set_style(style.progress_chars("=> "));
    // What is slow must still be seen to live.
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// The template of what is counted: how far it is, what it says, how long it
/// still takes.
pub(super) fn counting(says: &str) -> String {
    format!("{{bar:30}} {{pos}}/{{len}}{says}, {{left}}")
}

/// From now on Ctrl-C is a wish to stop; said twice, an order. The answer says
/// whether it was wished.
pub(super) fn interrupted() -> Result<impl Fn() -> bool, Failure> {
    static WISHED: AtomicBool = AtomicBool::new(false);
    // A process has one handler, whoever asks for it first.
    static HEARD: OnceLock<Result<(), String>> = OnceLock::new();
    let heard = HEARD.get_or_init(|| {
        let set = ctrlc::set_handler(|| {
            if WISHED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        set.map_err(|error| format!("Ctrl-C cannot be heard: {error}"))
    });
    match heard {
        Ok(()) => Ok(|| WISHED.load(Ordering::Relaxed)),
        Err(why) => Err(Failure::Usage(why.clone())),
    }
}
