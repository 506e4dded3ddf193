//! Whatever somebody does to a file: it is accepted or refused, never a panic.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::SMALL;
use crate::scenario::document::Document;
use crate::scenario::{Style, expanded, parse, scenario};

const FILES: [&str; 3] = [
    SMALL,
    include_str!("../../../scenarios/points-mall.toml"),
    include_str!("../../../scenarios/order-stock.toml"),
];

/// What is put in the place of something: each has broken some parser.
const SCRAPS: [&str; 26] = [
    "",
    "\"",
    "'",
    "\"\"\"",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "=",
    "0",
    "-1",
    "1e400",
    "nan",
    "inf",
    "9223372036854775807",
    "18446744073709551616",
    "true",
    "\"\\u0000\"",
    "é",
    "\u{1F980}",
    "\n",
    "\r\n",
    "\"18446744073709551615us\"",
    "2024-01-01",
    "{player}/{player}",
];

/// A change of a text: a stretch of it, chosen by two positions, is replaced.
#[derive(Clone, Debug)]
struct Change {
    from: Index,
    length: usize,
    by: String,
}

fn change() -> impl Strategy<Value = Change> {
    let by = prop_oneof![
        4 => select(SCRAPS.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        2 => (0..FILES.len(), any::<Index>(), 1..40usize)
            .prop_map(|(file, at, length)| stretch(FILES[file], at, length).to_owned()),
    ];
    (any::<Index>(), 0..30usize, by).prop_map(|(from, length, by)| Change { from, length, by })
}

/// Part of a text, cut where characters begin.
fn stretch(text: &str, at: Index, length: usize) -> &str {
    let cut = |mut n: usize| {
        n = n.min(text.len());
        while !text.is_char_boundary(n) {
            n -= 1;
        }
        n
    };
    let from = cut(at.index(text.len() + 1));
    &text[from..cut(from + length)]
}

fn changed(text: &str, change: &Change) -> String {
    let out = stretch(text, change.from, change.length);
    let from = out.as_ptr() as usize - text.as_ptr() as usize;
    format!(
        "{}{}{}",
        &text[..from],
        change.by,
        &text[from + out.len()..]
    )
}

/// Words that stand in a file: replaced whole, they get past the grammar and
/// reach the checks.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
        .filter(|w| !w.is_empty())
        .collect()
}

fn must_not_panic(text: &str) {
    if let Err(errors) = parse("mutated.toml", text) {
        assert!(errors.count() > 0);
        assert!(errors.render(Style::Coloured).contains("error"));
        assert!(errors.render(Style::Plain).starts_with("error: "));
    }
}

/// A file over a base with something set: it must not panic, and if it is right,
/// its expansion must be it.
fn must_not_panic_over(base: &str, own: &str, sets: &[String]) {
    let library = |path: &std::path::Path| match path.to_str() {
        Some("base.toml") => Ok(base.to_owned()),
        _ => Err("there is no such file".to_owned()),
    };
    let document = || Document::new("own.toml", own.to_owned(), sets, Some(&library));
    match scenario(document()) {
        Ok(read) => {
            let text = expanded(&document());
            let mut again = parse("own.toml", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
            again.name.clone_from(&read.name);
            assert_eq!(again, read, "{text}");
        }
        Err(errors) => assert!(errors.render(Style::Plain).starts_with("error: ")),
    }
}

/// Settings that reach every kind of place.
const SETS: [&str; 14] = [
    "workload.transactions=50",
    "machines.points.database.flush=5ms",
    "steps.0.compensation.do.0.amount=7",
    "steps.take-points.kind=pivot",
    "steps.take-points.park-after=3",
    "steps.take-points.reserve-then-confirm=true",
    "steps.0.no=error",
    "faults=[{ kind = \"crash\", target = \"points\", at = \"1ms\", lasts = \"1ms\" }]",
    "expect.2pc.isolation=may-break",
    "network.delay={ from = \"1ms\", to = \"2ms\" }",
    "network.bandwidth=10Mbit/s",
    "network.sizes.request=2048",
    "promises.0.equation=taken(points) = 0",
    "seeded-faults=none",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_a_file_makes_the_reader_panic(
        file in select(FILES.to_vec()),
        changes in proptest::collection::vec(change(), 1..6),
    ) {
        let text = changes.iter().fold(file.to_owned(), |text, c| changed(&text, c));
        must_not_panic(&text);
    }

    #[test]
    fn no_exchange_of_words_makes_the_reader_panic(
        file in select(FILES.to_vec()),
        pairs in proptest::collection::vec((any::<Index>(), any::<Index>()), 1..8),
    ) {
        let mut text = file.to_owned();
        for (out, into) in pairs {
            let all = words(&text);
            let out = all[out.index(all.len())].to_owned();
            let into = into.get(&all).to_string();
            text = text.replacen(&out, &into, 1);
        }
        must_not_panic(&text);
    }

    #[test]
    fn no_change_of_a_file_over_a_base_makes_the_reader_panic(
        base in select(FILES.to_vec()),
        own in (0..FILES.len(), any::<Index>(), 0..400usize),
        changes in proptest::collection::vec((any::<bool>(), change()), 0..4),
    ) {
        let (file, at, length) = own;
        let own = format!("base = \"base.toml\"\n{}", stretch(FILES[file], at, length));
        let changed_all = |text: &str, of: bool| {
            let mine = changes.iter().filter(|(which, _)| *which == of);
            mine.fold(text.to_owned(), |text, (_, c)| changed(&text, c))
        };
        must_not_panic_over(&changed_all(base, true), &changed_all(&own, false), &[]);
    }

    #[test]
    fn no_setting_makes_the_reader_panic(
        file in select(FILES.to_vec()),
        sets in proptest::collection::vec((select(SETS.to_vec()), proptest::option::of(change())), 1..4),
    ) {
        let sets: Vec<String> = sets
            .into_iter()
            .map(|(set, change)| change.map_or(set.to_owned(), |c| changed(set, &c)))
            .collect();
        must_not_panic_over("", file, &sets);
    }
}
