//! A figure of a sweep as a chart: against the parameter that varies, a line a
//! protocol.

use super::Swept;
use super::cells::{scale, title};
use crate::lab::sweep::Cell;
use crate::measure::Column;
use crate::report::chart::{Curve, Curves, Mean, number, quantity};
use crate::report::heading::first_sentence;
use crate::scenario::Axis;

/// The figures that the busiest row bounds: it cannot be locked for more than all of
/// the time (the utilisation law: Denning & Buzen 1978, *The operational analysis of
/// queueing network models*).
const BOUNDED: [&str; 2] = ["throughput", "goodput"];

/// How many requests a second could be committed if the busiest row were locked all
/// of the time.
fn bound(cell: &Cell) -> Option<f64> {
    let demand = cell.figure("lock_demand")?.mean;
    (demand > 0.0).then(|| 1e6 / demand)
}

/// What there is to draw of a figure, and the command that draws it.
///
/// # Errors
/// When not exactly one parameter varies: a chart has one axis for it.
pub fn curves(of: &Swept<'_>, figure: &Column, made_by: String) -> Result<Curves, String> {
    let varying: Vec<&Axis> = of
        .sweep
        .axes
        .iter()
        .filter(|a| a.values.len() > 1)
        .collect();
    let [axis] = varying[..] else {
        return Err(format!(
            "a chart is drawn over one parameter, and {} vary: sweep one, and set the others",
            varying.len()
        ));
    };
    let cells = of.grid.cells(of.sweep);
    let bounded = BOUNDED.contains(&figure.name);
    let curve = |name: &str| {
        let points = 0..of.sweep.points.len() as u32;
        let here: Vec<Option<&Cell>> = points
            .map(|point| {
                let mut cells = cells.iter();
                cells.find(|c| c.point == point && c.protocol.name() == name)
            })
            .collect();
        let bound = |cell: &&Cell| bounded.then(|| bound(cell)).flatten();
        Curve {
            name: name.to_owned(),
            means: here.iter().map(|cell| mean((*cell)?, figure)).collect(),
            bounds: here
                .iter()
                .map(|cell| cell.as_ref().and_then(bound))
                .collect(),
        }
    };
    let curves: Vec<Curve> = of.sweep.protocols.iter().map(|p| curve(p.name())).collect();
    let scenario = of.sweep.subject.scenario();
    let about: Vec<&str> = first_sentence(&scenario.about).split_whitespace().collect();
    let seeds = of.manifest.seeds.count();
    Ok(Curves {
        says: headline(axis, figure, &curves),
        about: format!(
            "{}: {} Means of {seeds} seeds, with 95 % intervals.",
            scenario.name,
            about.join(" ")
        ),
        across: axis.path.clone(),
        values: axis.values.iter().map(|value| bare(value)).collect(),
        up: title(figure),
        curves,
        bound: bounded.then(|| "1 / time for which a commit locks the busiest row".to_owned()),
        made_by,
    })
}

fn mean(cell: &Cell, figure: &Column) -> Option<Mean> {
    let estimate = cell.figure(figure.name)?;
    let scale = scale(figure);
    Some(Mean {
        mean: estimate.mean * scale,
        interval: estimate
            .low
            .zip(estimate.high)
            .map(|(low, high)| (low * scale, high * scale)),
    })
}

/// A value as people write it: without the quotation marks of the file.
fn bare(value: &str) -> String {
    value.trim_matches('"').to_owned()
}

/// How far apart the protocols are at the end of the axis; between words, what the
/// choice is worth to whom it is worth most.
fn headline(axis: &Axis, figure: &Column, curves: &[Curve]) -> String {
    if axis
        .values
        .iter()
        .any(|value| quantity(&bare(value)).is_none())
        && let Some(choice) = choice(axis, figure, curves)
    {
        return choice;
    }
    let last = axis
        .values
        .last()
        .map_or(String::new(), |value| bare(value));
    let ends = curves.iter().filter_map(|curve| {
        let mean = (*curve.means.last()?)?.mean;
        Some((mean, curve.name.as_str()))
    });
    let mut ends: Vec<(f64, &str)> = ends.collect();
    ends.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (Some((most, first)), Some((least, other))) = (ends.first(), ends.last()) else {
        return format!("{} over {}", title(figure), axis.path);
    };
    let at = format!("{} = {last}", axis.short_name());
    match *least > 0.0 && most / least >= 1.05 {
        true => format!(
            "At {at} {first} has {:.1} times the {} of {other}",
            most / least,
            figure.name
        ),
        false => format!("{} over {}, up to {at}", title(figure), axis.path),
    }
}

/// The two values that are furthest apart under one protocol.
fn choice(axis: &Axis, figure: &Column, curves: &[Curve]) -> Option<String> {
    let spread = curves.iter().filter_map(|curve| {
        let means = curve.means.iter().zip(&axis.values);
        let mut means: Vec<(f64, &String)> = means
            .filter_map(|(mean, value)| Some((mean.as_ref()?.mean, value)))
            .collect();
        means.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (least, most) = (*means.first()?, *means.last()?);
        let apart = (least.0 > 0.0).then(|| most.0 / least.0)?;
        Some((apart, curve, least, most))
    });
    let (apart, curve, least, most) = spread.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (apart >= 1.05).then(|| {
        let title = title(figure);
        let unit = match title.rsplit_once(", ") {
            Some((_, unit @ ("ms" | "%"))) => format!(" {unit}"),
            _ => String::new(),
        };
        format!(
            "{}: {} is {}{unit} with {} = {}, {}{unit} with {}",
            curve.name,
            figure.name,
            number(least.0),
            axis.short_name(),
            bare(least.1),
            number(most.0),
            bare(most.1),
        )
    })
}
