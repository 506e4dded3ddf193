//! The table: what became of the transactions, what held, what it cost.

use super::page::Page;
use super::style::{BAD, GOOD, KNOWN, PLAIN, QUIET, paint};
use super::table::{Cell, Table};
use super::{Comparison, Judgement, sweep, words};
use crate::check::Verdict;
use crate::lab::Trial;
use crate::measure::{COLUMNS, Figures, OfTransaction, Quantiles, meaning};
use crate::scenario::Expectation;
use crate::vocab::SimDuration;

/// The group of the promises.
pub(super) const PROMISES: &str = "Promises";
/// Where there is nothing to count.
const NOTHING: &str = "–";

pub(super) fn table(of: &Comparison<'_>, page: Page) -> String {
    rows(of).render(page)
}

/// The table before it is laid out.
pub(super) fn rows(of: &Comparison<'_>) -> Table {
    let names = of.trials.iter().map(|trial| trial.protocol.to_string());
    let mut table = Table::new(names);
    transactions(&mut table, of);
    promises(&mut table, of);
    cost(&mut table, of.trials);
    contention(&mut table, of.trials);
    visibility(&mut table, of.trials);
    table
}

/// Every figure that is measured, by its name in files.
pub(super) fn every(of: &Comparison<'_>, page: Page) -> String {
    let names = of.trials.iter().map(|trial| trial.protocol.to_string());
    let mut table = Table::new(names);
    table.group("Every figure, as `list metrics` explains them");
    for column in COLUMNS {
        let cells = of
            .trials
            .iter()
            .map(|trial| match column.value(&trial.figures) {
                Some(value) => Cell::plain(sweep::one(column, value)),
                None => Cell::styled(NOTHING, QUIET),
            });
        table.row(&sweep::title(column), cells.collect::<Vec<_>>());
    }
    table.render(page)
}

/// What each protocol comes to, a line each.
pub(super) fn verdicts(of: &Comparison<'_>, page: Page) -> String {
    let names = of.trials.iter().map(|trial| trial.protocol.name());
    let unable = of.unable.iter().map(|unable| unable.protocol.name());
    let width = names.chain(unable).map(str::len).max().unwrap_or(0);
    let hang = " ".repeat(width + 2);
    let line = |name: &str, style, words: &str| {
        let lead = format!("{name:width$}  ");
        let text = page.paragraph(words, &lead, &hang);
        let lines = text.lines().map(|line| {
            let (lead, words) = line.split_at(hang.len());
            format!("{lead}{}\n", paint(style, words))
        });
        lines.collect::<String>()
    };
    let trials = of.trials.iter().map(|trial| {
        let (style, words) = verdict_of(of, trial);
        line(trial.protocol.name(), style, &words)
    });
    let unable = of.unable.iter().map(|unable| {
        let words = format!("cannot run here: {}", unable.why);
        line(unable.protocol.name(), PLAIN, &words)
    });
    trials.chain(unable).collect()
}

fn verdict_of(of: &Comparison<'_>, trial: &Trial) -> (anstyle::Style, String) {
    let named = |which: &dyn Fn(&Verdict, Expectation) -> bool| {
        let verdicts = trial.verdicts.iter();
        let names = verdicts
            .filter(|(_, verdict, expectation)| which(verdict, *expectation))
            .map(|(promise, ..)| of.scenario.promise_name(*promise));
        names.collect::<Vec<_>>().join("; ")
    };
    let judged = |wanted: Judgement| named(&|v, e| of.judge(v, e) == wanted);
    let wrong = judged(Judgement::NotAsExpected);
    let open = judged(Judgement::Inconclusive);
    let broken =
        named(&|v, e| matches!(v, Verdict::Violated(_)) && of.judge(v, e) == Judgement::AsExpected);
    if !wrong.is_empty() {
        return (BAD, format!("✗ not as expected: {wrong}"));
    }
    if !open.is_empty() {
        return (KNOWN, format!("? inconclusive: {open}"));
    }
    if !broken.is_empty() {
        return (
            KNOWN,
            format!("~ as expected; broken, as the scenario says: {broken}"),
        );
    }
    (GOOD, "as expected".to_owned())
}

/// What the signs beside the verdicts mean, of those that are used.
pub(super) fn signs(of: &Comparison<'_>) -> String {
    let cells: Vec<Cell> = of
        .trials
        .iter()
        .flat_map(|trial| trial.verdicts.iter())
        .map(|(_, verdict, expectation)| verdict_cell(of, verdict, *expectation))
        .collect();
    let meanings = [
        ('✗', "not as the scenario expects; explained below"),
        ('~', "broken, as the scenario says; explained below"),
        ('?', "the run does not say"),
        ('–', "nothing to judge or to count"),
    ];
    meanings
        .into_iter()
        .filter(|(sign, _)| cells.iter().any(|cell| cell.text.starts_with(*sign)))
        .map(|(sign, meaning)| format!("  {sign} {meaning}\n"))
        .collect()
}

fn transactions(table: &mut Table, of: &Comparison<'_>) {
    let trials = of.trials;
    table.group("Transactions");
    counts(table, trials, "started", |f| f.started);
    counts(table, trials, "committed", |f| f.committed);
    of_each(table, of, |one| one.committed);
    counts(table, trials, "refused", |f| f.refused);
    counts(table, trials, "  of them compensated", |f| f.compensated);
    of_each(table, of, |one| one.refused);
    alarms(table, trials, "undecided", |f| f.undecided);
    alarms(table, trials, "unknown to the client", |f| f.unknown);
}

/// In a mix, how many there are of each transaction.
fn of_each(table: &mut Table, of: &Comparison<'_>, count: fn(&OfTransaction) -> u64) {
    for (n, transaction) in of.scenario.business.transactions.iter().enumerate() {
        let label = format!("  {}", transaction.name);
        counts(table, of.trials, &label, |f| f.mix.get(n).map_or(0, count));
    }
}

fn promises(table: &mut Table, of: &Comparison<'_>) {
    table.group(PROMISES);
    for promise in of.scenario.promises() {
        let cells = of
            .trials
            .iter()
            .map(|trial| match of.verdict(trial, promise) {
                Some((verdict, expectation)) => verdict_cell(of, verdict, expectation),
                None => Cell::styled(NOTHING, QUIET),
            });
        table.row(of.scenario.promise_name(promise), cells.collect::<Vec<_>>());
    }
}

fn verdict_cell(of: &Comparison<'_>, verdict: &Verdict, expectation: Expectation) -> Cell {
    let word = match verdict {
        Verdict::Holds => "holds",
        Verdict::Violated(_) => "violated",
        Verdict::Inconclusive { .. } => "inconclusive",
        Verdict::NotApplicable { .. } => NOTHING,
    };
    match (of.judge(verdict, expectation), verdict) {
        (Judgement::NotAsExpected, _) => Cell::styled(format!("✗ {word}"), BAD),
        (_, Verdict::Inconclusive { .. }) => Cell::styled(format!("? {word}"), KNOWN),
        (_, Verdict::Violated(_)) => Cell::styled(format!("~ {word}"), KNOWN),
        (_, Verdict::NotApplicable { .. }) => Cell::styled(word, QUIET),
        (_, Verdict::Holds) => Cell::styled(word, GOOD),
    }
}

fn cost(table: &mut Table, trials: &[Trial]) {
    table.group("Cost");
    figures(table, trials, "committed per second", |f| {
        known(meaning::throughput(f), |rate| format!("{rate:.1}"))
    });
    spread(table, trials, "latency, ms", &ALL, |f| f.latency);
    spread(table, trials, "first answer, ms", &[P50, P99], |f| {
        f.accepted
    });
    table.group("Cost of a committed transaction");
    ratios(table, trials, "messages", |f| f.messages);
    ratios(table, trials, "local transactions", |f| {
        f.local_transactions
    });
    ratios(table, trials, "forced writes", |f| f.forced_writes);
}

fn contention(table: &mut Table, trials: &[Trial]) {
    table.group("Contention");
    counts(table, trials, "blocked or turned away", |f| f.blocked);
    spread(table, trials, "lock wait, ms", &ALL, |f| f.lock_wait);
    spread(table, trials, "lock hold, ms", &ALL, |f| f.lock_hold);
    if trials.iter().any(|trial| trial.figures.mark_hold.count > 0) {
        spread(table, trials, "mark hold, ms", &ALL, |f| f.mark_hold);
    }
    figures(table, trials, "longest in doubt, ms", |f| {
        known(meaning::longest_in_doubt(f), millis)
    });
}

fn visibility(table: &mut Table, trials: &[Trial]) {
    table.group("Half-done work that others could see");
    counts(table, trials, "transactions", |f| f.inconsistent);
    figures(table, trials, "longest window, ms", |f| {
        known(meaning::longest_inconsistency(f), millis)
    });
}

fn figures(table: &mut Table, trials: &[Trial], label: &str, cell: impl Fn(&Figures) -> Cell) {
    let cells: Vec<Cell> = trials.iter().map(|trial| cell(&trial.figures)).collect();
    table.row(label, cells);
}

fn counts(table: &mut Table, trials: &[Trial], label: &str, count: impl Fn(&Figures) -> u64) {
    figures(table, trials, label, |f| {
        Cell::plain(words::grouped(count(f)))
    });
}

/// A count that should be zero.
fn alarms(table: &mut Table, trials: &[Trial], label: &str, count: impl Fn(&Figures) -> u64) {
    figures(table, trials, label, |f| match count(f) {
        0 => Cell::plain("0"),
        n => Cell::styled(words::grouped(n), KNOWN),
    });
}

fn ratios(table: &mut Table, trials: &[Trial], label: &str, ratio: impl Fn(&Figures) -> f64) {
    figures(table, trials, label, |f| {
        known(meaning::per_commit(f, ratio(f)), |ratio| {
            format!("{ratio:.2}")
        })
    });
}

/// A figure, or a dash where it would mean nothing.
fn known<T>(figure: Option<T>, words: impl Fn(T) -> String) -> Cell {
    match figure {
        None => Cell::styled(NOTHING, QUIET),
        Some(figure) => Cell::plain(words(figure)),
    }
}

type Quantile = (&'static str, fn(&Quantiles) -> SimDuration);
const P50: Quantile = ("p50", |q| q.p50);
const P95: Quantile = ("p95", |q| q.p95);
const P99: Quantile = ("p99", |q| q.p99);
const MAX: Quantile = ("max", |q| q.max);
const ALL: [Quantile; 4] = [P50, P95, P99, MAX];

/// A row a quantile, under one label.
fn spread(
    table: &mut Table,
    trials: &[Trial],
    label: &str,
    quantiles: &[Quantile],
    of: impl Fn(&Figures) -> Quantiles,
) {
    for (n, (name, quantile)) in quantiles.iter().enumerate() {
        let label = if n == 0 { label } else { "" };
        figures(table, trials, &format!("{label:<18}{name}"), |f| {
            let q = of(f);
            known(meaning::quantile(&q, quantile(&q)), millis)
        });
    }
}

/// Milliseconds with two decimals, the same for every cell, so that points
/// stand under points.
fn millis(duration: SimDuration) -> String {
    let hundredths = (duration.as_micros() + 5) / 10;
    let whole = words::grouped(hundredths / 100);
    format!("{whole}.{:02}", hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_rounded_to_hundredths() {
        for (micros, text) in [
            (0, "0.00"),
            (4, "0.00"),
            (5, "0.01"),
            (1_250, "1.25"),
            (1_234_567, "1,234.57"),
        ] {
            assert_eq!(millis(SimDuration::from_micros(micros)), text);
        }
    }
}
