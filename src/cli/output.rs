//! How listing commands print: one table type, four formats (product §1).

use std::io::{self, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, TableStyle};
use serde::Serialize;

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header line.
    Csv,
}

/// A row of a listing.
pub trait Row: Serialize {
    /// Column headings, for people and for CSV.
    const COLUMNS: &'static [&'static str];

    /// The cells, in the order of the headings.
    fn cells(&self) -> Vec<String>;
}

/// Writes rows one by one as they come.
///
/// For people the rows are gathered into aligned tables of at most [`TABLE_ROWS`] rows, so that a
/// listing of any length needs little memory.
#[derive(Debug)]
pub struct Listing<W: Write> {
    out: W,
    format: Format,
    columns: &'static [&'static str],
    rows: u64,
    table: Vec<Vec<String>>,
}

/// Rows that are aligned with each other.
const TABLE_ROWS: usize = 500;

impl<W: Write> Listing<W> {
    /// A listing of `R` rows to `out`.
    pub fn new<R: Row>(out: W, format: Format) -> Self {
        Self {
            out,
            format,
            columns: R::COLUMNS,
            rows: 0,
            table: Vec::new(),
        }
    }

    /// Writes one row.
    ///
    /// # Errors
    ///
    /// What the output says.
    pub fn row<R: Row>(&mut self, row: &R) -> io::Result<()> {
        let first = self.rows == 0;
        self.rows += 1;
        match self.format {
            Format::Human => {
                self.table.push(row.cells());
                if self.table.len() >= TABLE_ROWS {
                    self.print_table()?;
                }
            }
            Format::Json => {
                self.out.write_all(if first { b"[\n" } else { b",\n" })?;
                serde_json::to_writer(&mut self.out, row)?;
            }
            Format::Jsonl => {
                serde_json::to_writer(&mut self.out, row)?;
                self.out.write_all(b"\n")?;
            }
            Format::Csv => {
                if first {
                    self.csv_line(self.columns.iter().copied())?;
                }
                self.csv_line(row.cells())?;
            }
        }
        Ok(())
    }

    /// Ends the listing and returns the number of rows.
    ///
    /// # Errors
    ///
    /// What the output says.
    pub fn finish(mut self) -> io::Result<u64> {
        match self.format {
            Format::Human => self.print_table()?,
            Format::Json if self.rows == 0 => self.out.write_all(b"[]\n")?,
            Format::Json => self.out.write_all(b"\n]\n")?,
            Format::Csv if self.rows == 0 => self.csv_line(self.columns.iter().copied())?,
            Format::Jsonl | Format::Csv => {}
        }
        self.out.flush()?;
        Ok(self.rows)
    }

    fn csv_line<I>(&mut self, cells: I) -> io::Result<()>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        let mut writer = csv::Writer::from_writer(&mut self.out);
        writer.write_record(cells)?;
        writer.flush()
    }

    fn print_table(&mut self) -> io::Result<()> {
        if self.table.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table
            .load_style(TableStyle::new())
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(self.columns);
        for cells in self.table.drain(..) {
            table.add_row(cells.iter().map(|cell| printable(cell)));
        }
        for line in table.lines() {
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Text for a terminal: control characters, which file names may hold, are shown and not obeyed.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escaped = character.is_control();
            let (plain, code) = if escaped {
                (None, Some(character.escape_default()))
            } else {
                (Some(character), None)
            };
            plain.into_iter().chain(code.into_iter().flatten())
        })
        .collect()
}

/// A number with thousands separated, for people.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count of things that have a name, for people.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

/// A byte count for people.
#[must_use]
pub fn byte_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Fruit {
        name: &'static str,
        count: u32,
    }

    impl Row for Fruit {
        const COLUMNS: &'static [&'static str] = &["name", "count"];

        fn cells(&self) -> Vec<String> {
            vec![self.name.to_owned(), self.count.to_string()]
        }
    }

    #[test]
    fn every_format_prints_none_one_and_many_rows() {
        let fruit = [
            Fruit {
                name: "fig, \"dried\"",
                count: 1,
            },
            Fruit {
                name: "a\nb",
                count: 20,
            },
        ];
        let check = |format, rows: &[Fruit], expected: &str| {
            let mut out = Vec::new();
            let mut listing = Listing::new::<Fruit>(&mut out, format);
            for row in rows {
                listing.row(row).unwrap();
            }
            assert_eq!(listing.finish().unwrap(), rows.len() as u64);
            assert_eq!(
                String::from_utf8(out).unwrap(),
                expected,
                "{format:?} of {} rows",
                rows.len()
            );
        };
        check(Format::Json, &[], "[]\n");
        check(
            Format::Json,
            &fruit[..1],
            "[\n{\"name\":\"fig, \\\"dried\\\"\",\"count\":1}\n]\n",
        );
        check(
            Format::Jsonl,
            &fruit,
            "{\"name\":\"fig, \\\"dried\\\"\",\"count\":1}\n{\"name\":\"a\\nb\",\"count\":20}\n",
        );
        check(Format::Csv, &[], "name,count\n");
        check(
            Format::Csv,
            &fruit,
            "name,count\n\"fig, \"\"dried\"\"\",1\n\"a\nb\",20\n",
        );
        check(Format::Human, &[], "");
        check(
            Format::Human,
            &fruit,
            " name          count\n fig, \"dried\"  1\n a\\nb          20\n",
        );
    }

    #[test]
    fn numbers_are_readable() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), expected);
        }
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (31_457_280, "30.0 MiB"),
        ] {
            assert_eq!(byte_size(bytes), expected);
        }
    }
}
