//! The lessons: each shows what it says, on its own seed and on others, and
//! every command in its header does what it promises.

use std::fs;
use std::sync::Arc;

use indoubt::lab::Trial;
use indoubt::protocol::{ProtocolKind, Safeguard, Safeguards};
use indoubt::report::{Comparison, Invocation, Judgement, Page, text};
use indoubt::scenario::{self, Expectation, Scenario};
use indoubt::vocab::Seed;

use crate::support::{broke, on_all_cores, path, protocols, run, shorten, surprises, surprises_of};

const LESSONS: &str = "scenarios/lessons";

/// What a reader is told to type to see a lesson break.
const BREAK: &str = "# Break it:";

/// What a reader is told to type to see a broken lesson mended.
const HEAL: &str = "# Heal it:";

/// On how many seeds beside its own a lesson must keep its promises.
const MORE_SEEDS: u64 = 500;

/// With how many transactions at the most: what a lesson expects of two hundred it
/// expects of these.
const FEWER: u32 = 60;

struct Lesson {
    /// Its path in the repository, as commands name it.
    file: String,
    text: String,
    scenario: Arc<Scenario>,
}

/// All of them, in the order in which they are read.
fn lessons() -> Vec<Lesson> {
    let entries = fs::read_dir(path(LESSONS)).expect("the lessons are there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a readable entry").file_name())
        .map(|name| name.into_string().expect("a name in UTF-8"))
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    names.into_iter().map(|name| lesson(&name)).collect()
}

fn lesson(name: &str) -> Lesson {
    let file = format!("{LESSONS}/{name}");
    let text = fs::read_to_string(path(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let scenario = scenario::load(path(&file)).unwrap_or_else(|errors| panic!("{errors}"));
    Lesson {
        file,
        text,
        scenario: Arc::new(scenario),
    }
}

impl Lesson {
    /// The safeguards that each `# Break it:` line takes away.
    fn breaks(&self) -> Vec<Vec<Safeguard>> {
        let lines = self.text.lines().filter(|line| line.starts_with(BREAK));
        lines.map(|line| self.taken_away(line)).collect()
    }

    /// The lesson as each `# Heal it:` line sets it.
    fn heals(&self) -> Vec<Lesson> {
        let lines = self.text.lines().filter(|line| line.starts_with(HEAL));
        lines
            .map(|line| {
                let sets = line.split("--set ").skip(1);
                let sets: Vec<String> = sets.map(|set| set.trim().to_owned()).collect();
                assert!(!sets.is_empty(), "{}: {line} mends nothing", self.file);
                let healed = scenario::load_with(path(&self.file), &sets);
                Lesson {
                    file: self.file.clone(),
                    text: self.text.clone(),
                    scenario: Arc::new(healed.unwrap_or_else(|errors| panic!("{errors}"))),
                }
            })
            .collect()
    }

    /// The lesson with a smaller workload, for many seeds.
    fn shortened(mut self) -> Lesson {
        if self.scenario.workload.transactions > FEWER {
            let mut fewer = (*self.scenario).clone();
            shorten(&mut fewer, FEWER);
            self.scenario = Arc::new(fewer);
        }
        self
    }

    fn taken_away(&self, line: &str) -> Vec<Safeguard> {
        let names = line.split("--without ").skip(1).map(str::trim);
        let named: Vec<Safeguard> = names
            .map(|name| {
                Safeguard::named(name)
                    .unwrap_or_else(|| panic!("{}: no safeguard is called `{name}`", self.file))
            })
            .collect();
        assert!(!named.is_empty(), "{}: {line} breaks nothing", self.file);
        named
    }

    /// Every protocol's run, on the pinned seed.
    fn trials(&self, without: &[Safeguard]) -> Vec<Trial> {
        let rules = Safeguards::all().less(without);
        protocols(&self.scenario)
            .into_iter()
            .map(|protocol| run(&self.scenario, protocol, self.scenario.seed, rules))
            .collect()
    }

    /// What `indoubt run` would make of it.
    fn reported<T>(&self, without: &[Safeguard], report: impl Fn(&Comparison<'_>) -> T) -> T {
        let invocation = Invocation {
            file: self.file.clone(),
            seed: self.scenario.seed,
            without: without.to_vec(),
            transactions: None,
            sets: vec![],
            swarm: false,
        };
        report(&Comparison {
            scenario: &self.scenario,
            invocation: &invocation,
            trials: &self.trials(without),
            unable: &[],
        })
    }

    fn judgement(&self, without: &[Safeguard]) -> Judgement {
        self.reported(without, |comparison| comparison.judgement())
    }

    /// The screen, without colours, as one line.
    fn screen(&self, without: &[Safeguard]) -> String {
        let screen = self.reported(without, |of| text::screen(of, Page::NARROW));
        one_line(&anstream::adapter::strip_str(&screen).to_string())
    }

    /// The comment that the file opens with, less its commands, as one line.
    fn header(&self) -> String {
        let comment = self.text.lines().map_while(|line| line.strip_prefix('#'));
        let words: Vec<&str> = comment.filter(|line| !line.contains("cargo run")).collect();
        one_line(&words.join(" "))
    }

    fn breaks_as_it_stands(&self) -> bool {
        ProtocolKind::ALL.into_iter().any(|protocol| {
            self.scenario
                .promises()
                .into_iter()
                .any(|promise| self.scenario.expects(protocol, promise) == Expectation::Breaks)
        })
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_lesson_goes_as_it_says_on_its_own_seed() {
    let lessons = lessons();
    let wrong = on_all_cores(lessons.len() as u64, |n| {
        let lesson = &lessons[n as usize];
        match lesson.judgement(&[]) {
            Judgement::AsExpected => vec![],
            other => vec![format!("{}: {other:?}", lesson.file)],
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_lesson_keeps_on_other_seeds_what_it_expects_to_hold() {
    let lessons: Vec<Lesson> = lessons().into_iter().map(Lesson::shortened).collect();
    let wrong = on_all_cores(lessons.len() as u64 * MORE_SEEDS, |n| {
        let lesson = &lessons[(n / MORE_SEEDS) as usize];
        let seed = Seed(1_000 + n % MORE_SEEDS);
        protocols(&lesson.scenario)
            .into_iter()
            .flat_map(|protocol| surprises_of(&lesson.scenario, protocol, seed))
            .map(|surprise| format!("{}: {surprise}", lesson.file))
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_that_is_said_to_break_a_lesson_does() {
    let mut wrong = Vec::new();
    let mut commands = 0;
    for lesson in lessons() {
        for without in lesson.breaks() {
            commands += 1;
            if lesson.judgement(&without) != Judgement::NotAsExpected {
                wrong.push(format!("{} without {without:?} holds", lesson.file));
            }
        }
    }
    assert!(
        commands > 0,
        "no lesson has a line that begins with {BREAK}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What breaks as the lesson stands holds then, somewhere at least, and nothing else
/// breaks for it.
#[test]
fn every_command_that_is_said_to_heal_a_lesson_does() {
    let mut commands = 0;
    for lesson in lessons() {
        for healed in lesson.heals() {
            commands += 1;
            let trials = healed.trials(&[]);
            let surprises: Vec<String> = trials
                .iter()
                .flat_map(|trial| surprises(&healed.scenario, trial))
                .collect();
            assert!(surprises.is_empty(), "{}: {surprises:?}", lesson.file);
            let mended = trials.iter().any(|trial| {
                let mut broken = trial.verdicts.iter();
                broken.any(|(promise, _, expected)| {
                    *expected == Expectation::Breaks && !broke(trial, *promise)
                })
            });
            assert!(mended, "{}: nothing is mended", lesson.file);
        }
    }
    assert!(commands > 0, "no lesson has a line that begins with {HEAL}");
}

/// Of several words: a single one may be somebody's answer, like "yes".
#[test]
fn what_a_header_quotes_is_printed_by_one_of_its_commands() {
    for lesson in lessons() {
        let header = lesson.header();
        let quoted = header.split('"').skip(1).step_by(2);
        let phrases: Vec<&str> = quoted.filter(|phrase| phrase.contains(' ')).collect();
        let shown = [vec![]].into_iter().chain(lesson.breaks());
        let mut screens: Vec<String> = shown.map(|without| lesson.screen(&without)).collect();
        screens.extend(lesson.heals().iter().map(|healed| healed.screen(&[])));
        for phrase in phrases {
            assert!(
                screens.iter().any(|screen| screen.contains(phrase)),
                "{}: nobody prints {phrase:?}",
                lesson.file
            );
        }
    }
}

#[test]
fn every_fault_of_a_lesson_strikes_somebody() {
    for lesson in lessons() {
        let trials = lesson.trials(&[]);
        for fault in 0..lesson.scenario.faults.len() as u32 {
            let struck = trials.iter().any(|trial| {
                !trial.not_applicable.contains(&fault) && !trial.never_struck.contains(&fault)
            });
            assert!(struck, "{}: fault {fault} comes to nobody", lesson.file);
        }
    }
}

/// Proof that the bench can see, without anything taken away.
#[test]
fn some_lessons_break_as_they_stand() {
    let breaking = lessons().iter().filter(|l| l.breaks_as_it_stands()).count();
    assert!(breaking >= 4, "only {breaking}");
}

#[test]
fn every_command_names_its_own_lesson_and_the_readme_lists_all_in_order() {
    let readme = fs::read_to_string(path(&format!("{LESSONS}/README.md"))).expect("a README");
    let mut place = 0;
    for Lesson { file, text, .. } in lessons() {
        let commands = text.lines().filter(|line| line.contains("cargo run"));
        for command in commands {
            assert!(
                command.contains(&format!("-- run {file}")),
                "{file} names another lesson: {command}"
            );
        }
        let found = readme[place..].find(&file);
        place += found.unwrap_or_else(|| panic!("{file} is missing, or out of order"));
    }
}
