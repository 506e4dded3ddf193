//! What has been shown by it, and what has not.

use super::Exhaustion;
use crate::lab::exhaust::{Count, Depth, Durations, Pruned, Side};
use crate::report::page::{Page, section};
use crate::report::words::list;

pub(super) fn claim(of: &Exhaustion<'_>, page: Page) -> String {
    let how_many = match of.depth {
        Depth::Single => "one fault, alone",
        Depth::Pairs => {
            "one fault, alone, and then of a second, at every later point of the run as it is \
             after the first"
        }
    };
    let whose = match of.outcome.seeds.len() {
        1 => "of this seed",
        _ => "of these seeds",
    };
    let reach = match of.outcome.stopped {
        true => "It was stopped before its end; it would have been, at every point of a run:",
        false => "At every point of a run:",
    };
    let mut sentences = vec![
        format!(
            "{reach} every kind of {how_many}. A fault of a machine strikes where \
             something happens at it, a fault of a message the one that is sent there."
        ),
        format!(
            "The claim is about the latencies and wishes {whose}, about faults that end, and about \
             these durations: a machine is away (until it is up again) or stands still, and a \
             message is late, between any two time-outs, and over the longest."
        ),
    ];
    sentences.extend(of.outcome.sides.iter().map(durations));
    let left_out = left_out(of);
    let mut text = section("What this says") + &page.bullets(&sentences);
    if !left_out.is_empty() {
        text += &section("Left out, for it is certain to show what something tried shows");
        text += &page.entries(&left_out);
    }
    text
}

/// The reasons that there were to leave something out.
fn left_out(of: &Exhaustion<'_>) -> Vec<(String, String)> {
    let sides = &of.outcome.sides;
    let all = sides
        .iter()
        .flat_map(|side| side.singles.values().chain(side.pairs.values()));
    let all = Count::sum(all);
    let reasons = Pruned::ALL.into_iter().zip(all.pruned);
    let mut entries: Vec<(String, String)> = reasons
        .filter(|(_, count)| *count > 0)
        .map(|(why, _)| (why.name().to_owned(), why.meaning().to_owned()))
        .collect();
    if sides.iter().any(|side| side.same_history > 0) {
        let same = "the run is the same, bit for bit, as one with another first fault or without \
                    one, once that fault is over: second faults were tried there";
        entries.push(("same history".to_owned(), same.to_owned()));
    }
    entries
}

fn durations(side: &Side) -> String {
    let protocol = side.protocol;
    let under = list(side.durations.time_outs().iter().map(ToString::to_string));
    match longest(&side.durations) {
        Some(longest) => format!("{protocol}: just under {under}, and just over {longest}."),
        None => format!("{protocol}: it has no time-out."),
    }
}

fn longest(durations: &Durations) -> Option<String> {
    durations.time_outs().last().map(ToString::to_string)
}
