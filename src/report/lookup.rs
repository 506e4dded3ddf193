//! From a name to what it names.

use std::sync::LazyLock;

use super::terms::Term;
use crate::measure::{Column, METRICS};
use crate::scenario::{Breach, Place, keys};

/// What a name names.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// This, and what else is called so.
    One(Term, Vec<Term>),
    /// Any of these.
    Several(Vec<Term>),
    /// Nothing; the name that is most like it, if any is.
    Nothing(Option<&'static str>),
}

impl Term {
    /// What this name names, written with dashes, underscores or spaces. A name by
    /// which a rule can be broken names the rule, the end of a path its key, and a
    /// word that a key accepts that word.
    pub fn find(name: &str) -> Found {
        let wanted = plain(name);
        let whole = whole(&wanted);
        let mut others = parts(&wanted);
        others.retain(|other| Some(*other) != whole);
        // Of a mere name among those that a key accepts nothing is to be said.
        if whole.is_some() || others.iter().any(is_told) {
            others.retain(is_told);
        }
        if let Some(whole) = whole {
            let meaning = whole.facts().meaning;
            others.retain(|other| other.facts().meaning != meaning);
            return Found::One(whole, others);
        }
        match others.as_slice() {
            [] => Found::Nothing(like(&wanted)),
            [one] => Found::One(*one, Vec::new()),
            _ => Found::Several(others),
        }
    }

    /// The one thing that this name names.
    pub fn named(name: &str) -> Option<Term> {
        match Term::find(name) {
            Found::One(term, _) => Some(term),
            _ => None,
        }
    }

    /// Every name by which a thing is found, in one word: paths without what the
    /// scenario has chosen, and dashes for spaces.
    pub fn names() -> &'static [String] {
        static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
            let name = |term: &Term| match term {
                Term::Key(key) => key.places.first().map_or("", Place::short).to_owned(),
                term => term.name().replace(' ', "-"),
            };
            Term::all().iter().map(name).collect()
        });
        &NAMES
    }
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase().replace(['_', ' '], "-")
}

fn is_told(term: &Term) -> bool {
    !matches!(term, Term::Accepted(_, word) if word.meaning.is_empty())
}

/// What is called so, and nothing less: by its name, its label in the table, or its
/// path.
fn whole(wanted: &str) -> Option<Term> {
    if let Some(breach) = Breach::named(wanted) {
        return Some(Term::Rule(breach.rule()));
    }
    let all = Term::all();
    let by_label = |term: &&Term| match term {
        Term::Metric(metric) => metric.label.is_some_and(|label| {
            // As the table writes it: with a unit, and under a row that it is of.
            let label = label.split(',').next().unwrap_or(label);
            plain(label).trim_start_matches("of-them-") == wanted
        }),
        _ => false,
    };
    let by_path = |term: &&Term| match term {
        Term::Key(key) => key.places.iter().any(|place| place.is(wanted)),
        _ => false,
    };
    let named = all.iter().find(|term| plain(term.name()) == wanted);
    let found = named.or_else(|| all.iter().find(by_label));
    found
        .copied()
        .or_else(|| quantile(wanted))
        .or_else(|| all.iter().find(by_path).copied())
}

fn quantile(wanted: &str) -> Option<Term> {
    let column = Column::named(&wanted.replace('-', "_"))?;
    let metric = METRICS
        .iter()
        .find(|metric| metric.name == column.metric())?;
    Some(Term::Quantile(metric, column))
}

/// The keys whose paths end so, and the words that keys accept.
fn parts(wanted: &str) -> Vec<Term> {
    let mut found = Vec::new();
    for key in keys() {
        if key.places.iter().any(|place| place.ends_with(wanted)) {
            found.push(Term::Key(key));
        }
        let mut words = key.words.iter();
        found.extend(
            words
                .find(|word| word.name == wanted)
                .map(|word| Term::Accepted(key, word)),
        );
    }
    found
}

/// The name that is most like this one.
fn like(wanted: &str) -> Option<&'static str> {
    let of_keys = keys().iter().flat_map(|key| {
        let words = key.words.iter().map(|word| word.name.as_str());
        words.chain([key.name()])
    });
    let names = Term::names().iter().map(String::as_str).chain(of_keys);
    names
        .map(|name| (strsim::jaro_winkler(wanted, &plain(name)), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str) -> Vec<String> {
        let title = |term: &Term| match term {
            Term::Accepted(key, word) => format!("{} = {}", key.path(), word.name),
            term => term.name().to_owned(),
        };
        match Term::find(name) {
            Found::One(term, others) => [&[term], &others[..]].concat().iter().map(title).collect(),
            Found::Several(all) => all.iter().map(title).collect(),
            Found::Nothing(like) => like
                .into_iter()
                .map(|like| format!("like {like}"))
                .collect(),
        }
    }

    #[test]
    fn a_name_is_found_however_its_words_are_joined() {
        assert_eq!(found("lock-wait"), ["lock_wait"]);
        assert_eq!(found("Force Decision"), ["force-decision"]);
        assert_eq!(found("In doubt"), ["in doubt"]);
        assert_eq!(found("second-pivot"), ["pivot", "allow = second-pivot"]);
        assert_eq!(found("latency.p95"), ["latency.p95"]);
        assert_eq!(found("longest in doubt"), ["longest_in_doubt"]);
    }

    #[test]
    fn a_key_is_found_by_its_path_by_the_end_of_it_and_by_what_it_accepts() {
        assert_eq!(found("workload.retries"), ["workload.retries"]);
        assert_eq!(found("semantic lock"), ["steps.<name>.semantic-lock"]);
        assert_eq!(found("steps.take-points.check"), ["steps.<name>.check"]);
        assert_eq!(found("steps.do.take"), ["steps.<name>.do.<n>.take"]);
        assert_eq!(
            found("database.lock-policy"),
            ["defaults.database.lock-policy"]
        );
        assert_eq!(
            found("machines.points.database.flush"),
            ["defaults.database.flush"]
        );
        assert_eq!(
            found("wait-die"),
            ["defaults.database.lock-policy = wait-die"]
        );
        let steps = [
            "steps",
            "choreographed-saga.steps",
            "orchestrated-saga.steps",
        ];
        assert_eq!(found("steps"), steps);
        assert_eq!(found("pivot"), ["pivot", "steps.<name>.kind = pivot"]);
        let kinds = [
            "faults.<n>.kind",
            "resources.<name>.kind",
            "steps.<name>.kind",
            "workload.arrivals.kind",
        ];
        assert_eq!(found("kind"), kinds);
        assert_eq!(found("vote"), ["faults.<n>.message = vote"], "a mere name");
        assert_eq!(
            found("partition"),
            ["partition"],
            "its page says more than the key's"
        );
    }

    #[test]
    fn a_slip_of_the_pen_is_answered_with_what_was_meant() {
        assert_eq!(found("force-decison"), ["like force-decision"]);
        assert_eq!(found("workload.retires"), ["like workload.retries"]);
        assert_eq!(found("semantic-lok"), ["like semantic-lock"]);
        assert_eq!(found("wait-dye"), ["like wait-die"]);
        assert_eq!(found("tombstones"), ["like tombstone"]);
        assert_eq!(found("xyzzy"), [""; 0]);
    }

    #[test]
    fn what_is_related_to_a_word_can_be_explained_and_its_scenario_is_there() {
        for word in super::super::glossary::WORDS {
            for name in word.related {
                assert!(Term::named(name).is_some(), "{}: {name}", word.name);
            }
            let root = env!("CARGO_MANIFEST_DIR");
            let there = |file| std::path::Path::new(root).join(file).exists();
            assert!(word.scenario.is_none_or(there), "{}", word.name);
        }
    }
}
