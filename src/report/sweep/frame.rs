//! A sweep as a data frame, for DuckDB, Polars, pandas and spreadsheets: as CSV and
//! as Parquet.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::{Swept, plain};

/// A table whose columns have a type.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    columns: Vec<Column>,
    rows: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    name: String,
    values: Values,
}

/// What stands in a column, from the first row to the last.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    Text(Vec<String>),
    Counts(Vec<u64>),
    /// Nothing where a number would mean nothing.
    Numbers(Vec<Option<f64>>),
}

impl Frame {
    /// A row a run: the axes, protocol and seed, what broke, and every figure that is
    /// shown.
    pub fn runs(of: &Swept<'_>) -> Self {
        let runs: Vec<_> = of
            .grid
            .records()
            .flat_map(|record| record.runs.iter().map(move |run| (record, run)))
            .collect();
        let mut frame = Frame::new(runs.len());
        frame.axes(of, runs.iter().map(|(record, _)| record.point));
        frame.text("protocol", runs.iter().map(|(_, run)| run.protocol.clone()));
        frame.counts("seed", runs.iter().map(|(record, _)| record.seed));
        frame.text("digest", runs.iter().map(|(_, run)| run.digest.clone()));
        frame.counts("events", runs.iter().map(|(_, run)| run.events));
        let broken = runs.iter().map(|(_, run)| {
            let broken = run.found.iter().map(|found| found.promise.as_str());
            broken.collect::<Vec<_>>().join("; ")
        });
        frame.text("broken", broken);
        let inconclusive = runs.iter().map(|(_, run)| run.inconclusive.join("; "));
        frame.text("inconclusive", inconclusive);
        for column in of.figures {
            let figures = runs.iter().map(|(_, run)| run.figure(column.name));
            frame.numbers(column.name, figures);
        }
        frame
    }

    /// A row a cell and figure: the axes, protocol, figure and its unit, over how many
    /// seeds, mean and 95 % confidence interval.
    pub fn cells(of: &Swept<'_>) -> Self {
        let cells = of.grid.cells(of.sweep);
        let rows: Vec<_> = cells
            .iter()
            .flat_map(|cell| of.figures.iter().map(move |column| (cell, *column)))
            .map(|(cell, column)| (cell, column, cell.figure(column.name)))
            .collect();
        let mut frame = Frame::new(rows.len());
        frame.axes(of, rows.iter().map(|(cell, ..)| cell.point));
        let protocols = rows
            .iter()
            .map(|(cell, ..)| cell.protocol.name().to_owned());
        frame.text("protocol", protocols);
        frame.text("figure", rows.iter().map(|(_, c, _)| c.name.to_owned()));
        let units = rows.iter().map(|(_, c, _)| c.unit.in_files().to_owned());
        frame.text("unit", units);
        let seeds = rows.iter().map(|(.., e)| e.map_or(0, |e| e.seeds));
        frame.counts("seeds", seeds);
        frame.numbers("mean", rows.iter().map(|(.., e)| e.map(|e| e.mean)));
        frame.numbers("low", rows.iter().map(|(.., e)| e.and_then(|e| e.low)));
        frame.numbers("high", rows.iter().map(|(.., e)| e.and_then(|e| e.high)));
        let broken = rows.iter().map(|(cell, ..)| {
            let broken = cell.broken.iter().map(|b| b.promise.as_str());
            broken.collect::<Vec<_>>().join("; ")
        });
        frame.text("broken", broken);
        frame
    }

    fn new(rows: usize) -> Self {
        let columns = Vec::new();
        Frame { columns, rows }
    }

    /// A column a parameter: numbers if all its values are.
    fn axes(&mut self, of: &Swept<'_>, points: impl Iterator<Item = u32>) {
        let rows: Vec<Vec<String>> = points.map(|point| of.values(point)).collect();
        for (n, axis) in of.sweep.axes.iter().enumerate() {
            let texts = rows.iter().map(|row| row[n].clone());
            let numbers: Option<Vec<f64>> = texts.clone().map(|t| t.parse().ok()).collect();
            match numbers {
                Some(numbers) => self.numbers(&plain(&axis.path), numbers.into_iter().map(Some)),
                None => self.text(&plain(&axis.path), texts),
            }
        }
    }

    fn text(&mut self, name: &str, values: impl Iterator<Item = String>) {
        self.column(name, Values::Text(values.collect()));
    }

    fn counts(&mut self, name: &str, values: impl Iterator<Item = u64>) {
        self.column(name, Values::Counts(values.collect()));
    }

    fn numbers(&mut self, name: &str, values: impl Iterator<Item = Option<f64>>) {
        self.column(name, Values::Numbers(values.collect()));
    }

    fn column(&mut self, name: &str, values: Values) {
        let name = name.to_owned();
        self.columns.push(Column { name, values });
    }

    /// As CSV, with a header; empty where there is nothing. A number is the shortest
    /// text that reads back as the same.
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = self.columns.iter().map(|column| column.name.clone());
        let rows = (0..self.rows).map(|n| {
            let fields = self.columns.iter().map(|column| match &column.values {
                Values::Text(texts) => texts[n].clone(),
                Values::Counts(counts) => counts[n].to_string(),
                Values::Numbers(numbers) => numbers[n].map_or(String::new(), |n| n.to_string()),
            });
            fields.collect()
        });
        for row in std::iter::once(header.collect::<Vec<_>>()).chain(rows) {
            writer
                .write_record(row)
                .expect("all rows are as long as their header, and memory can be written");
        }
        let bytes = writer.into_inner().expect("memory can be written");
        String::from_utf8(bytes).expect("text was written")
    }

    /// As a Parquet file of one row group, not compressed. The same frame gives the
    /// same bytes.
    pub fn parquet(&self) -> Vec<u8> {
        self.written().expect("memory can be written")
    }

    fn written(&self) -> Result<Vec<u8>, ParquetError> {
        let fields = self.columns.iter().map(|column| column.field());
        let schema = Type::group_type_builder("sweep")
            .with_fields(fields.collect::<Result<_, _>>()?)
            .build()?;
        let properties = Arc::default();
        let mut file = SerializedFileWriter::new(Vec::new(), Arc::new(schema), properties)?;
        let mut group = file.next_row_group()?;
        for column in &self.columns {
            let mut writer = group.next_column()?.expect("a column of the schema");
            match &column.values {
                Values::Text(texts) => {
                    let bytes = texts.iter().map(|text| ByteArray::from(text.as_str()));
                    let bytes: Vec<_> = bytes.collect();
                    let typed = writer.typed::<ByteArrayType>();
                    typed.write_batch(&bytes, None, None)?;
                }
                Values::Counts(counts) => {
                    // The bits of an unsigned number, as its logical type says.
                    let bits: Vec<i64> = counts.iter().map(|&count| count as i64).collect();
                    let typed = writer.typed::<Int64Type>();
                    typed.write_batch(&bits, None, None)?;
                }
                Values::Numbers(numbers) => {
                    let there: Vec<f64> = numbers.iter().copied().flatten().collect();
                    let is_there: Vec<i16> = numbers.iter().map(|n| n.is_some().into()).collect();
                    let typed = writer.typed::<DoubleType>();
                    typed.write_batch(&there, Some(&is_there), None)?;
                }
            }
            writer.close()?;
        }
        group.close()?;
        file.into_inner()
    }
}

impl Column {
    fn field(&self) -> Result<Arc<Type>, ParquetError> {
        let (physical, logical, repetition) = match self.values {
            Values::Text(_) => (
                Physical::BYTE_ARRAY,
                Some(LogicalType::String),
                Repetition::REQUIRED,
            ),
            Values::Counts(_) => {
                let unsigned = LogicalType::integer(64, false);
                (Physical::INT64, Some(unsigned), Repetition::REQUIRED)
            }
            Values::Numbers(_) => (Physical::DOUBLE, None, Repetition::OPTIONAL),
        };
        let field = Type::primitive_type_builder(&self.name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()?;
        Ok(Arc::new(field))
    }
}
