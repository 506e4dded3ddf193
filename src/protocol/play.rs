//! Play scripts: text files of inputs and the effects that came back, in the
//! manner of etcd raft's `testdata`. A machine's part is read like a play: who
//! said what, and what it did then, in crash order.
//!
//! A script is a list of scenes with an empty line between them. A scene is
//! some lines of what happens, a line `----`, and what the machine did:
//!
//! ```text
//! # The first step is done.
//! hear points worked c0.0#1.0 step 1 done
//! ----
//! send shop: work c0.0#1.0 step 2 ann/pikachu
//! ```
//!
//! A line that begins with `...` has been played elsewhere: what the machine did
//! then is not written down again.
//!
//! | line | what happens |
//! | --- | --- |
//! | `stage NAME` | the business: see [`stage`](mod@stage); `points-mall` unless said |
//! | `without SAFEGUARD` | from the next `start` on |
//! | `presume WHAT` | `nothing`, `abort` or `commit`: from the next `start` on |
//! | `read-only votes` | from the next `start` on |
//! | `prepare serially` | from the next `start` on |
//! | `steps in parallel` | from the next `start` on |
//! | `locks at prepare` | from the next `start` on |
//! | `one phase` | from the next `start` on |
//! | `cooperative termination` | from the next `start` on |
//! | `start ROLE` | a first process at `manager` or a service; nothing to recover |
//! | `restart` | it died; a new process, with nothing read yet |
//! | `recover [FACT; FACT]` | it reads what its database still knows |
//! | `reconnected [FACT; FACT]` | the database died under it and is back |
//! | `request KEY PARAMS` | a client asks |
//! | `hear NODE MESSAGE` | a message arrives |
//! | `answer CALL OUTCOME` | the database answers a call that is out |
//! | `timer KEY` | an armed timer runs out |
//! | `stale timer KEY` | it ran out while its disarming was on the way |
//! | `wait DURATION` | time passes, and the timers that are due run out |
//! | `pending` | what is armed and what is out |
//!
//! Facts: `prepared TX`, `log TX PARAMS committed` (or `collecting`,
//! `aborted`, `handed-over`),
//! `log TX PARAMS forward STEP`,
//! `log TX PARAMS undo STEP from STEP REASON`, each of the last two also after
//! `parked`, `outcome KEY OUTCOME`, `unsent`.
//!
//! `UPDATE_PLAY=1 cargo test play` writes what came back into the files, to be
//! reviewed by eye.

pub(super) mod stage;
mod words;
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

pub(crate) use words::Words;
pub(crate) use writing::{Names, decided};

use super::StepOrder;
use super::message::{ClientMsg, NoPeer};
use super::two_phase_commit::{LockTime, PrepareOrder, Variant};
use super::{
    Cx, Durable, Effect, Input, Key, Machine, Message, Out, Protocol, Role, Safeguards, Setting,
    Wire,
};
use crate::vocab::{NodeId, SimTime, TxId};

/// How a protocol's own messages stand in scripts: `KIND TX ...`.
pub(crate) trait Scripted: Message {
    /// The message in a line.
    fn write(&self, names: Names<'_>) -> String;

    /// The message of this kind and transaction; the rest is in `words`.
    fn read(kind: &str, tx: TxId, words: &mut Words<'_>) -> Self;
}

impl Scripted for NoPeer {
    fn write(&self, _names: Names<'_>) -> String {
        match *self {}
    }

    fn read(kind: &str, _tx: TxId, _words: &mut Words<'_>) -> Self {
        panic!("`{kind}`: the machines of this protocol do not speak to each other")
    }
}

/// Plays every script of a directory under `tests/play`.
///
/// # Panics
///
/// When a script has another output than the one that it holds.
pub(crate) fn play<P: Protocol>(directory: &str)
where
    <P::Machine as Machine>::Msg: Scripted,
{
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/play")
        .join(directory);
    let mut files: Vec<_> = fs::read_dir(&directory)
        .unwrap_or_else(|e| panic!("{}: {e}", directory.display()))
        .map(|entry| entry.expect("a directory can be listed").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}: no scripts", directory.display());
    let mut wrong = Vec::new();
    for file in &files {
        let script = fs::read_to_string(file).expect("a script is text");
        let played = Player::<P>::new().play(&script);
        if played == script {
            continue;
        }
        if std::env::var_os("UPDATE_PLAY").is_some() {
            fs::write(file, played).expect("a script can be written");
        } else {
            wrong.push(difference(file, &script, &played));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where two texts part.
fn difference(file: &Path, script: &str, played: &str) -> String {
    let line = script
        .lines()
        .zip(played.lines())
        .position(|(a, b)| a != b)
        .unwrap_or_else(|| script.lines().count().min(played.lines().count()));
    let from = |text: &str| -> String {
        let lines: Vec<&str> = text.lines().skip(line).take(6).collect();
        lines.join("\n    ")
    };
    format!(
        "{}:{}: the script says\n    {}\nbut the machine did\n    {}",
        file.display(),
        line + 1,
        from(script),
        from(played)
    )
}

type Msg<P> = <<P as Protocol>::Machine as Machine>::Msg;

/// Plays one script.
struct Player<P: Protocol> {
    setting: Arc<Setting>,
    role: Role,
    machine: Option<P::Machine>,
    now: SimTime,
    epoch: u32,
    timers: BTreeMap<Key, SimTime>,
    /// Calls that are not answered yet, oldest first.
    calls: Vec<Key>,
}

impl<P: Protocol> Player<P>
where
    Msg<P>: Scripted,
{
    fn new() -> Self {
        Player {
            setting: Arc::new(stage::setting("points-mall", P::KIND, Safeguards::all())),
            role: Role::Manager,
            machine: None,
            now: SimTime::ZERO,
            epoch: 0,
            timers: BTreeMap::new(),
            calls: Vec::new(),
        }
    }

    /// The script as it should read.
    fn play(mut self, script: &str) -> String {
        let scenes: Vec<String> = script
            .trim_end()
            .split("\n\n")
            .map(|scene| self.scene(scene))
            .collect();
        scenes.join("\n\n") + "\n"
    }

    fn scene(&mut self, scene: &str) -> String {
        let mut text = String::new();
        let mut output = Vec::new();
        let mut acted = false;
        for line in scene.lines().take_while(|line| *line != "----") {
            text.push_str(line);
            text.push('\n');
            if let Some(known) = line.strip_prefix("...") {
                self.line(known);
            } else if !line.starts_with('#') && !line.trim().is_empty() {
                acted = true;
                output.extend(self.line(line));
            }
        }
        if acted {
            if output.is_empty() {
                output.push("(nothing)".to_owned());
            }
            text.push_str("----\n");
            text.push_str(&output.join("\n"));
        }
        text.trim_end().to_owned()
    }

    /// One line of what happens; what the machine did.
    fn line(&mut self, line: &str) -> Vec<String> {
        let setting = Arc::clone(&self.setting);
        let mut words = Words::new(line, &setting);
        match words.next() {
            "stage" => {
                let safeguards = setting.safeguards;
                self.setting = Arc::new(stage::setting(words.rest(), P::KIND, safeguards));
                Vec::new()
            }
            "presume" => {
                self.choose(|variant| variant.presumption = words.presumption());
                Vec::new()
            }
            "read-only" => {
                words.expect("votes");
                self.choose(|variant| variant.read_only_votes = true);
                Vec::new()
            }
            "one" => {
                words.expect("phase");
                self.choose(|variant| variant.one_phase = true);
                Vec::new()
            }
            "cooperative" => {
                words.expect("termination");
                self.choose(|variant| variant.cooperative_termination = true);
                Vec::new()
            }
            "prepare" => {
                words.expect("serially");
                self.choose(|variant| variant.prepare = PrepareOrder::Serial);
                Vec::new()
            }
            "locks" => {
                words.expect("at");
                words.expect("prepare");
                self.choose(|variant| variant.locks = LockTime::AtPrepare);
                Vec::new()
            }
            "steps" => {
                words.expect("in");
                words.expect("parallel");
                self.change(|setting| setting.step_order = StepOrder::Parallel);
                Vec::new()
            }
            "without" => {
                let missing = words.safeguard();
                self.change(|setting| setting.safeguards = setting.safeguards.without(missing));
                Vec::new()
            }
            "start" => {
                self.role = words.role();
                self.start();
                self.recover(Durable::default())
            }
            "restart" => {
                self.start();
                Vec::new()
            }
            "recover" => self.recover(words.durable()),
            "reconnected" => self.reconnected(words.durable()),
            "request" => {
                let (key, params) = (words.key(), words.params());
                let retry = 0;
                let request = ClientMsg::Request { key, params, retry };
                self.hear(setting.nodes.clients(), Wire::Client(request))
            }
            "cancel" => {
                let (key, params) = (words.key(), words.params());
                let cancel = ClientMsg::Cancel { key, params };
                self.hear(setting.nodes.clients(), Wire::Client(cancel))
            }
            "hear" => {
                let from = words.node();
                let body = words.message();
                self.hear(from, body)
            }
            "answer" => {
                let call = words.timer_or_call();
                let Some(at) = self.calls.iter().position(|c| *c == call) else {
                    return vec![format!("!! no such call is out: {}", writing::key(call))];
                };
                self.calls.remove(at);
                let result = words.outcome();
                self.step(Input::Executed { call, result })
            }
            "timer" => {
                let key = words.timer_or_call();
                match self.timers.remove(&key) {
                    Some(due) => self.run_out(key, due),
                    None => vec![format!("!! no such timer is armed: {}", writing::key(key))],
                }
            }
            "stale" => {
                words.expect("timer");
                let key = words.timer_or_call();
                self.step(Input::Timer(key))
            }
            "wait" => self.wait(words.duration()),
            "pending" => self.pending(),
            other => panic!("`{other}` is nothing that can happen: {line}"),
        }
    }

    fn choose(&mut self, choice: impl FnOnce(&mut Variant)) {
        self.change(|setting| choice(&mut setting.two_phase));
    }

    fn change(&mut self, change: impl FnOnce(&mut Setting)) {
        change(Arc::make_mut(&mut self.setting));
    }

    fn start(&mut self) {
        self.epoch += 1;
        self.timers.clear();
        self.calls.clear();
        self.machine = P::build(&self.setting, self.role);
        assert!(self.machine.is_some(), "nobody plays {:?}", self.role);
    }

    fn recover(&mut self, durable: Durable) -> Vec<String> {
        self.act(|machine, cx, out| machine.recover(cx, durable, out))
    }

    fn reconnected(&mut self, durable: Durable) -> Vec<String> {
        self.act(|machine, cx, out| machine.reconnected(cx, durable, out))
    }

    fn hear(&mut self, from: NodeId, body: Wire<Msg<P>>) -> Vec<String> {
        self.step(Input::Message { from, body })
    }

    fn step(&mut self, input: Input<Msg<P>>) -> Vec<String> {
        self.act(|machine, cx, out| machine.step(cx, input, out))
    }

    fn run_out(&mut self, key: Key, due: SimTime) -> Vec<String> {
        self.now = self.now.max(due);
        self.step(Input::Timer(key))
    }

    fn wait(&mut self, how_long: crate::vocab::SimDuration) -> Vec<String> {
        let until = self.now + how_long;
        let mut did = Vec::new();
        while let Some((due, key)) = self.timers.iter().map(|(k, at)| (*at, *k)).min()
            && due <= until
        {
            self.timers.remove(&key);
            did.push(format!("at {due}: timer {}", writing::key(key)));
            did.extend(self.run_out(key, due));
        }
        self.now = until;
        did
    }

    fn pending(&self) -> Vec<String> {
        let calls = self.calls.iter();
        let timers = self.timers.iter();
        calls
            .map(|call| format!("call {}", writing::key(*call)))
            .chain(timers.map(|(key, at)| format!("timer {} at {at}", writing::key(*key))))
            .collect()
    }

    fn act(&mut self, input: impl FnOnce(&mut P::Machine, Cx, &mut Out<Msg<P>>)) -> Vec<String> {
        let cx = Cx {
            now: self.now,
            epoch: self.epoch,
        };
        let mut out = Out::default();
        let machine = self.machine.as_mut().expect("a script begins with `start`");
        input(machine, cx, &mut out);
        for effect in &out.effects {
            self.keep_track(effect);
        }
        let names = Names(&self.setting);
        out.effects.iter().map(|e| names.effect(e)).collect()
    }

    fn keep_track(&mut self, effect: &Effect<Msg<P>>) {
        match effect {
            Effect::Arm { key, after } => {
                self.timers.insert(*key, self.now + *after);
            }
            Effect::Disarm(key) => {
                self.timers.remove(key);
            }
            Effect::Poll { key, every } => {
                self.timers.insert(*key, self.now + *every);
            }
            Effect::Execute { call, .. }
            | Effect::Finish { call, .. }
            | Effect::Unsent { call, .. } => self.calls.push(*call),
            Effect::Send { .. } | Effect::Observe(_) => {}
        }
    }
}
