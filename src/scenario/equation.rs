//! The grammar of promises: `taken(points) - given_back(points) = 50 *
//! granted(characters) + in_flight(points)`.
//!
//! Two sums with one `=` between. A term is a measure of a resource, perhaps
//! with a whole number in front (`50 * granted(characters)`), or `0`.

use std::ops::Range;

use winnow::ascii::{digit1, multispace0};
use winnow::combinator::{alt, cut_err, delimited, eof, opt, preceded, repeat, terminated};
use winnow::error::{ContextError, ErrMode, StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::stream::LocatingSlice;
use winnow::token::take_while;

type Text<'t> = LocatingSlice<&'t str>;
type Parsed<T> = Result<T, ErrMode<ContextError>>;

/// A piece of the text and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) span: Range<usize>,
}

/// A term as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RawTerm<'t> {
    pub(super) negative: bool,
    /// The number in front; `None` if there is none.
    pub(super) factor: Option<Word<'t>>,
    /// The measure and its resource; `None` for a bare number.
    pub(super) measure: Option<(Word<'t>, Word<'t>)>,
}

/// Both sides of an equation as they are written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RawEquation<'t> {
    pub(super) left: Vec<RawTerm<'t>>,
    pub(super) right: Vec<RawTerm<'t>>,
}

/// Where an equation cannot be read any further, and what would be accepted
/// there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NotAnEquation {
    pub(super) at: usize,
    pub(super) expected: String,
}

/// Reads an equation.
pub(super) fn read(text: &str) -> Result<RawEquation<'_>, NotAnEquation> {
    equation
        .parse(LocatingSlice::new(text))
        .map_err(|error| NotAnEquation {
            at: error.offset(),
            expected: expected(error.inner()),
        })
}

/// What the parser would have accepted.
fn expected(error: &ContextError) -> String {
    let innermost = error.context().find_map(|context| match context {
        StrContext::Expected(value) => Some(value.to_string()),
        _ => None,
    });
    innermost.unwrap_or_else(|| "another term, or the end".to_owned())
}

fn wants(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

fn equation<'t>(text: &mut Text<'t>) -> Parsed<RawEquation<'t>> {
    (
        preceded(multispace0, side),
        cut_err(symbol('=').context(wants("`+`, `-` or the one `=`"))),
        side,
        cut_err(eof.context(wants("`+`, `-` or the end"))),
    )
        .map(|(left, _, right, _): (_, char, _, _)| RawEquation { left, right })
        .parse_next(text)
}

/// A sum: its first term may have a sign, the others must.
fn side<'t>(text: &mut Text<'t>) -> Parsed<Vec<RawTerm<'t>>> {
    let (negative, first) = (opt(sign), term).parse_next(text)?;
    let rest: Vec<(bool, RawTerm<'t>)> = repeat(0.., (sign, term)).parse_next(text)?;
    let signed = |(negative, term)| RawTerm { negative, ..term };
    let first = signed((negative.unwrap_or(false), first));
    Ok(std::iter::once(first)
        .chain(rest.into_iter().map(signed))
        .collect())
}

/// `50 * granted(characters)`, `granted(characters)` or `0`.
fn term<'t>(text: &mut Text<'t>) -> Parsed<RawTerm<'t>> {
    cut_err(
        alt((
            (number, opt(preceded(symbol('*'), cut_err(measure))))
                .map(|(factor, measure)| (Some(factor), measure)),
            measure.map(|measure| (None, Some(measure))),
        ))
        .context(wants("a number, or a measure like `taken(points)`")),
    )
    .map(|(factor, measure)| RawTerm {
        negative: false,
        factor,
        measure,
    })
    .parse_next(text)
}

fn measure<'t>(text: &mut Text<'t>) -> Parsed<(Word<'t>, Word<'t>)> {
    (
        word.context(wants("a measure like `taken(points)`")),
        cut_err(delimited(
            symbol('(').context(wants("`(` and the name of a resource")),
            word.context(wants("the name of a resource")),
            symbol(')').context(wants("`)`")),
        )),
    )
        .parse_next(text)
}

/// Whether it is a minus.
fn sign(text: &mut Text<'_>) -> Parsed<bool> {
    alt((symbol('+').value(false), symbol('-').value(true))).parse_next(text)
}

fn symbol<'t>(symbol: char) -> impl Parser<Text<'t>, char, ErrMode<ContextError>> {
    terminated(symbol, multispace0)
}

fn number<'t>(text: &mut Text<'t>) -> Parsed<Word<'t>> {
    terminated(
        digit1.with_span().map(|(text, span)| Word { text, span }),
        multispace0,
    )
    .parse_next(text)
}

fn word<'t>(text: &mut Text<'t>) -> Parsed<Word<'t>> {
    let name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    terminated(
        (take_while(1, char::is_alphabetic), take_while(0.., name))
            .take()
            .with_span()
            .map(|(text, span)| Word { text, span }),
        multispace0,
    )
    .parse_next(text)
}
