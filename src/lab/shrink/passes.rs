//! What is tried, level by level: requests, faults, what the file says beside
//! them, then durations and values. Again, until nothing becomes smaller.

use toml::{Table, Value};

use super::Progress;
use super::case::Case;
use super::ddmin::ddmin;
use crate::scenario::duration_text;
use crate::vocab::SimDuration;

/// Sections that a run can do without, key by key.
const OPTIONAL: [&str; 8] = [
    "network", "broker", "provider", "policies", "workload", "defaults", "machines", "domains",
];
/// Lists that a run can do without, entry by entry.
const LISTS: [&str; 3] = ["readers", "operator", "promises"];
/// Round durations, from which the shortest that still does it is taken.
const ROUND: [&str; 12] = [
    "0ms", "1ms", "2ms", "5ms", "10ms", "20ms", "50ms", "100ms", "200ms", "500ms", "1s", "2s",
];

/// All of them.
pub(super) fn all(case: &mut Case, observe: &mut dyn FnMut(Progress)) {
    let mut before = String::new();
    loop {
        fewer_requests(case, observe);
        if case.requests() > 1 {
            poorer_counters(case, observe);
            fewer_requests(case, observe);
        }
        case.drop_idle_faults();
        fewer_entries(case, "faults", observe);
        for list in LISTS {
            fewer_entries(case, list, observe);
        }
        fewer_keys(case, observe);
        case.pin();
        from_the_beginning(case);
        simpler_faults(case, observe);
        simpler_requests(case, observe);
        simpler_domains(case, observe);
        let now = toml::to_string(case.document()).unwrap_or_default();
        if now == before || case.exhausted() {
            return;
        }
        before = now;
    }
}

fn tell(case: &Case, observe: &mut dyn FnMut(Progress)) {
    observe(Progress {
        faults: case.faults(),
        requests: case.requests(),
        runs: case.runs,
    });
}

/// First the accused alone, then whatever else is needed.
fn fewer_requests(case: &mut Case, observe: &mut dyn FnMut(Progress)) {
    if !case.document().contains_key("requests") {
        return;
    }
    if let Some(accused) = case.violation().request {
        let name = accused.to_string();
        let requests = case.list("requests");
        let alone = requests.iter().enumerate().filter(|(n, request)| {
            let id = request.get("id").and_then(Value::as_str);
            let unsaid = format!("c{n}.0");
            id.unwrap_or(&unsaid) == name
        });
        let alone: Vec<Value> = alone.map(|(_, request)| request.clone()).collect();
        if alone.len() == 1 && requests.len() > 1 {
            // What struck when many had come there strikes sooner now.
            let _ = with_list(case, "requests", alone.clone())
                || (1..=3).any(|nth| alone_at(case, &alone, nth));
        }
    }
    fewer_entries(case, "requests", observe);
}

/// One request, and every fault at the n-th time that its moment comes.
fn alone_at(case: &mut Case, alone: &[Value], nth: i64) -> bool {
    let mut document = case.document().clone();
    document.insert("requests".to_owned(), Value::Array(alone.to_vec()));
    let faults = document.get_mut("faults").and_then(Value::as_array_mut);
    let faults = faults.into_iter().flatten().filter_map(Value::as_table_mut);
    for fault in faults.filter(|fault| fault.contains_key("on")) {
        fault.insert("nth".to_owned(), Value::Integer(nth));
    }
    case.accept(document)
}

/// Counters that begin with less: what needed many requests to run out needs few.
fn poorer_counters(case: &mut Case, observe: &mut dyn FnMut(Progress)) {
    let Some(Value::Table(resources)) = case.document().get("resources").cloned() else {
        return;
    };
    for (name, resource) in &resources {
        let said = resource.get("initial").and_then(Value::as_integer);
        for initial in [0, 1, 10, 50, 100, 500] {
            if said.is_none_or(|said| said <= initial) {
                break;
            }
            let mut document = case.document().clone();
            let resource = document
                .get_mut("resources")
                .and_then(|resources| resources.get_mut(name))
                .and_then(Value::as_table_mut);
            let Some(resource) = resource else { break };
            resource.insert("initial".to_owned(), Value::Integer(initial));
            if case.accept(document) {
                break;
            }
        }
        tell(case, observe);
    }
}

fn with_list(case: &mut Case, key: &str, entries: Vec<Value>) -> bool {
    let mut document = case.document().clone();
    match entries.is_empty() {
        true => document.remove(key),
        false => document.insert(key.to_owned(), Value::Array(entries)),
    };
    case.accept(document)
}

fn fewer_entries(case: &mut Case, key: &str, observe: &mut dyn FnMut(Progress)) {
    let entries = case.list(key);
    if entries.is_empty() {
        return;
    }
    ddmin(&entries, |tried| {
        let kept = !(key == "requests" && tried.is_empty()) && with_list(case, key, tried.to_vec());
        tell(case, observe);
        kept
    });
}

/// What has a default is left out where the default does as well.
fn fewer_keys(case: &mut Case, observe: &mut dyn FnMut(Progress)) {
    for section in OPTIONAL {
        let Some(value) = case.document().get(section) else {
            continue;
        };
        let mut paths = vec![vec![section.to_owned()]];
        deeper(value, &[section.to_owned()], &mut paths);
        // Whole sections before their parts.
        paths.sort_by_key(Vec::len);
        for path in paths {
            let mut document = case.document().clone();
            if remove(&mut document, &path) {
                case.accept(document);
                tell(case, observe);
            }
        }
    }
    for key in ["settle", "allow", "about"] {
        let mut document = case.document().clone();
        if document.remove(key).is_some() {
            case.accept(document);
        }
    }
}

fn deeper(value: &Value, at: &[String], paths: &mut Vec<Vec<String>>) {
    let Value::Table(table) = value else { return };
    for (key, inside) in table {
        let mut path = at.to_vec();
        path.push(key.clone());
        deeper(inside, &path, paths);
        paths.push(path);
    }
}

fn remove(document: &mut Table, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    let mut table = document;
    for key in parents {
        match table.get_mut(key) {
            Some(Value::Table(inside)) => table = inside,
            _ => return false,
        }
    }
    table.remove(last).is_some()
}

/// Rounder and shorter; without a rate, a place or a count that is not needed.
fn simpler_faults(case: &mut Case, observe: &mut dyn FnMut(Progress)) {
    for n in 0..case.faults() {
        for key in ["most", "rate", "ways", "after", "node", "nth"] {
            change(case, "faults", n, |fault| fault.remove(key).is_some());
        }
        for key in ["lasts", "extra", "after", "at"] {
            rounder(case, "faults", n, key);
        }
        for nth in 1..=3 {
            change(case, "faults", n, |fault| {
                let said = fault.get("nth").and_then(Value::as_integer);
                said.is_some_and(|said| said > nth)
                    && fault
                        .insert("nth".to_owned(), Value::Integer(nth))
                        .is_some()
            });
        }
        tell(case, observe);
    }
}

/// The first request comes at once, and everything that has a time so much
/// earlier.
fn from_the_beginning(case: &mut Case) {
    let at = |entry: &Value| entry.get("at").and_then(Value::as_str).and_then(micros);
    let requests = case.list("requests");
    let Some(first) = requests
        .iter()
        .filter_map(at)
        .min()
        .filter(|&first| first > 0)
    else {
        return;
    };
    let mut document = case.document().clone();
    for list in ["requests", "faults", "operator"] {
        let Some(Value::Array(entries)) = document.get_mut(list) else {
            continue;
        };
        for entry in entries.iter_mut().filter_map(Value::as_table_mut) {
            let said = entry.get("at").and_then(Value::as_str).and_then(micros);
            if let Some(said) = said {
                let earlier = SimDuration::from_micros(said.saturating_sub(first));
                entry.insert("at".to_owned(), duration_text(earlier).into());
            }
        }
    }
    case.accept(document);
}

/// At round times, with round values, of clients that need no name.
fn simpler_requests(case: &mut Case, observe: &mut dyn FnMut(Progress)) {
    for n in 0..case.list("requests").len() {
        change(case, "requests", n, |request| {
            request.remove("id").is_some()
        });
        rounder(case, "requests", n, "at");
        let about = case.list("requests")[n].get("about").cloned();
        if let Some(Value::Table(values)) = about {
            for domain in values.keys() {
                change(case, "requests", n, |request| {
                    let about = request.get_mut("about").and_then(Value::as_table_mut);
                    about.is_some_and(|about| {
                        let before = about.insert(domain.clone(), Value::Integer(0));
                        before != Some(Value::Integer(0))
                    })
                });
            }
        }
        tell(case, observe);
    }
    let mut document = case.document().clone();
    document.insert("seed".to_owned(), Value::Integer(1));
    case.accept(document);
}

/// Domains that are as large as they must be.
fn simpler_domains(case: &mut Case, observe: &mut dyn FnMut(Progress)) {
    let names: Vec<String> = case
        .scenario()
        .business
        .domains
        .iter()
        .map(|domain| domain.name.clone())
        .collect();
    for name in names {
        for size in [1, 2, 3, 5, 10] {
            let mut document = case.document().clone();
            let domain = document
                .get_mut("domains")
                .and_then(|domains| domains.get_mut(&name))
                .and_then(Value::as_table_mut);
            let Some(domain) = domain else { continue };
            let said = domain.get("size").and_then(Value::as_integer);
            if said.is_none_or(|said| said <= size) {
                continue;
            }
            domain.insert("size".to_owned(), Value::Integer(size));
            if let Some(Value::Array(names)) = domain.get_mut("names") {
                names.truncate(size as usize);
            }
            if case.accept(document) {
                break;
            }
        }
        tell(case, observe);
    }
}

/// Changes one entry of a list, if that still does it.
fn change(case: &mut Case, list: &str, n: usize, change: impl FnOnce(&mut Table) -> bool) -> bool {
    let mut document = case.document().clone();
    let entry = document
        .get_mut(list)
        .and_then(|list| list.get_mut(n))
        .and_then(Value::as_table_mut);
    match entry.is_some_and(change) {
        true => case.accept(document),
        false => false,
    }
}

/// A duration becomes the shortest round one that still does it; or else whole
/// milliseconds.
fn rounder(case: &mut Case, list: &str, n: usize, key: &str) {
    let said = case.list(list)[n]
        .get(key)
        .and_then(Value::as_str)
        .and_then(micros);
    let Some(said) = said else { return };
    let millis = format!("{}ms", said / 1_000);
    let shorter = ROUND.iter().copied().chain([millis.as_str()]);
    for round in shorter {
        if micros(round).is_none_or(|round| round >= said) {
            continue;
        }
        let set = |entry: &mut Table| entry.insert(key.to_owned(), round.into()).is_some();
        if change(case, list, n, set) {
            return;
        }
    }
}

fn micros(text: &str) -> Option<u64> {
    text.parse::<SimDuration>().ok().map(SimDuration::as_micros)
}
