//! What a story is told in: sentences that say of several at once what happened
//! to each of them, and of one what it heard and did thereupon.

use crate::report::words::list;
use crate::vocab::SimTime;

/// A sentence that may be told.
#[derive(Clone)]
pub(super) struct Sentence {
    /// When and where, if it is anywhere; more than once if it is the same.
    pub(super) seen: Vec<(SimTime, Option<String>)>,
    pub(super) weight: Weight,
    /// Whose message it is that arrived.
    pub(super) heard_from: Option<String>,
    /// What happened, or what the message says.
    pub(super) words: String,
    /// What came of the message there.
    pub(super) then: Option<(SimTime, String)>,
    /// Whether the verdict rests on it.
    pub(super) is_evidence: bool,
}

/// What a sentence does for the story, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// A message that did what messages do.
    Travel,
    /// What was done.
    Deed,
    /// A message with another fate, a fault.
    Mishap,
    /// What the verdict rests on beside the turns.
    Evidence,
    /// How a transaction ends is decided or told, or it is asked for again.
    Turn,
    /// How it ends is carried out.
    End,
    /// Somebody died, or did not know.
    Blow,
    /// The beginning and the end.
    Frame,
}

impl Sentence {
    pub(super) fn new(at: SimTime, place: Option<&String>, weight: Weight, words: &str) -> Self {
        Sentence {
            seen: vec![(at, place.cloned())],
            weight,
            heard_from: None,
            words: words.to_owned(),
            then: None,
            is_evidence: false,
        }
    }

    /// When it begins.
    pub(super) fn at(&self) -> SimTime {
        self.seen[0].0
    }

    /// Where, if it is one place.
    fn place(&self) -> Option<&str> {
        match self.seen.as_slice() {
            [(_, place)] => place.as_deref(),
            _ => None,
        }
    }

    /// What is the same each time that it happens, whichever attempt it is.
    fn shape(&self) -> (Vec<Option<String>>, Option<String>, String, Option<String>) {
        let places = self.seen.iter().map(|(_, place)| place.clone());
        let then = self.then.as_ref().map(|(_, words)| without_attempt(words));
        let words = without_attempt(&self.words);
        (places.collect(), self.heard_from.clone(), words, then)
    }

    pub(super) fn text(&self) -> String {
        let at = self.at();
        let together = self.seen.iter().all(|(other, _)| *other == at);
        let alone = self.seen.len() == 1;
        let mut text = match together {
            true => {
                let places = self.seen.iter().filter_map(|(_, place)| place.as_deref());
                format!("At {at} ms, {}", list(places))
            }
            false => {
                let seen = self.seen.iter().map(|(at, place)| {
                    let place = place.as_deref().unwrap_or_default();
                    format!("at {at} ms {place}")
                });
                list(seen).replacen("at", "At", 1)
            }
        };
        match (&self.heard_from, self.place().is_some() || !alone) {
            (Some(from), _) => {
                let verb = if alone { "hears" } else { "hear" };
                text.push_str(&format!(" {verb} from {from}: {}", self.words));
            }
            (None, true) => text.push_str(&format!(": {}", self.words)),
            (None, false) => text.push_str(&self.words),
        }
        match &self.then {
            Some((then, words)) if alone && *then != at => {
                text.push_str(&format!("; at {then} ms: {words}"));
            }
            Some((_, words)) if alone => text.push_str(&format!("; then: {words}")),
            Some((_, words)) => text.push_str(&format!("; then each: {words}")),
            None => {}
        }
        text + "."
    }
}

/// `commit #2.0` and `commit c0.0#2.0` without which attempt it is.
fn without_attempt(words: &str) -> String {
    let whole = words.split(' ').filter_map(|word| {
        let (before, after) = word.split_once('#').unwrap_or((word, ""));
        let number = after.starts_with(|c: char| c.is_ascii_digit());
        match (number, before) {
            (true, "") => None,
            (true, before) => Some(before),
            (false, _) => Some(word),
        }
    });
    whole.collect::<Vec<_>>().join(" ")
}

/// Sentences in order of time, told together where that says the same in fewer.
pub(super) fn joined(told: Vec<Sentence>) -> Vec<Sentence> {
    let told = with_what_came_of_it(told);
    let told = of_one_instant(told);
    let mut told = of_several(told);
    // What is told once more, of another attempt, is no new turn; what is done
    // once more may be the very bug.
    let mut known = Vec::new();
    for sentence in &mut told {
        let shape = sentence.shape();
        if !known.contains(&shape) {
            known.push(shape);
        } else if sentence.weight == Weight::Turn {
            sentence.weight = Weight::Deed;
        }
    }
    told
}

/// Who hears how it ends, and ends it.
fn with_what_came_of_it(told: Vec<Sentence>) -> Vec<Sentence> {
    let mut all: Vec<Sentence> = Vec::with_capacity(told.len());
    for sentence in told {
        let before = all
            .iter_mut()
            .rfind(|before| before.place() == sentence.place());
        match before {
            Some(before)
                if sentence.place().is_some()
                    && before.weight >= Weight::Turn
                    && before.heard_from.is_some()
                    && before.then.is_none()
                    && sentence.weight >= Weight::Evidence
                    && sentence.heard_from.is_none() =>
            {
                before.weight = before.weight.max(sentence.weight);
                before.is_evidence |= sentence.is_evidence;
                before.then = Some((sentence.at(), sentence.words));
            }
            _ => all.push(sentence),
        }
    }
    all
}

/// What matters and happens at one place in one instant.
fn of_one_instant(told: Vec<Sentence>) -> Vec<Sentence> {
    let mut all: Vec<Sentence> = Vec::with_capacity(told.len());
    for sentence in told {
        let plain = |s: &Sentence| s.heard_from.is_none() && s.weight >= Weight::Evidence;
        match all.last_mut() {
            Some(before)
                if sentence.place().is_some()
                    && before.seen == sentence.seen
                    && plain(before)
                    && plain(&sentence) =>
            {
                before.weight = before.weight.max(sentence.weight);
                before.is_evidence |= sentence.is_evidence;
                before.words.push_str(&format!("; {}", sentence.words));
            }
            _ => all.push(sentence),
        }
    }
    all
}

/// What happens to several, if little else happens between.
fn of_several(told: Vec<Sentence>) -> Vec<Sentence> {
    const CLOSE: usize = 6;
    let mut all: Vec<Sentence> = Vec::with_capacity(told.len());
    for sentence in told {
        let said = |s: &Sentence| {
            let then = s.then.as_ref().map(|(_, words)| words.clone());
            (s.heard_from.clone(), s.words.clone(), then)
        };
        let same = |before: &&mut Sentence| {
            let elsewhere = before
                .seen
                .iter()
                .all(|(_, place)| *place != sentence.seen[0].1);
            elsewhere && sentence.place().is_some() && said(before) == said(&sentence)
        };
        match all.iter_mut().rev().take(CLOSE).find(same) {
            Some(before) => {
                before.weight = before.weight.max(sentence.weight);
                before.seen.extend(sentence.seen);
            }
            None => all.push(sentence),
        }
    }
    all
}
