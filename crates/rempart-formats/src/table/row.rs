//! One row of a table, and the table that rows are collected in until it is clear what their
//! columns mean.

use std::collections::HashMap;
use std::ops::ControlFlow;

use rempart_model::{Position, Rejection};

use super::mapping::Mapping;
use super::plan::{self, Plan};
use super::record;
use crate::{Context, Sink};

/// Rows that are looked at before the columns' meaning is decided.
const SAMPLE: usize = 200;
/// Bytes of such rows.
const SAMPLE_BYTES: usize = 4 << 20;
/// Most columns; the keys of a hostile stream of objects could otherwise be without number.
pub(super) const MOST_COLUMNS: usize = 4096;

/// One record: the cells that are not empty, each with the number of its column.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) at: Position,
    pub(super) cells: Vec<(usize, String)>,
    /// How many cells there were, empty ones included; 0 where that means nothing.
    pub(super) width: usize,
}

impl Row {
    /// The beginning of the row for the operator.
    pub(super) fn excerpt(&self) -> Box<str> {
        let mut text = String::new();
        for (_, value) in &self.cells {
            if text.len() > 480 {
                break;
            }
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.extend(value.chars().take(120));
        }
        text.chars().take(120).collect::<String>().into()
    }
}

/// How the columns get their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Header {
    /// They have them (keys of objects, a `#fields` line).
    Named,
    /// The first row has them.
    FirstRow,
    /// There are none.
    None,
    /// To be found out. What the last comment above the rows would name them, if it does.
    Unknown(Vec<String>),
}

/// A row or a rejection that waits for the plan; their order is kept.
enum Held {
    Row(Row),
    Rejected(Position, Rejection),
}

/// Where rows go.
pub(super) struct Table<'t> {
    context: &'t Context<'t>,
    sink: &'t mut dyn Sink,
    mapping: Option<&'t Mapping>,
    header: Header,
    columns: Vec<String>,
    numbers: HashMap<String, usize>,
    plan: Option<Plan>,
    held: Vec<Held>,
    held_bytes: usize,
}

impl<'t> Table<'t> {
    pub(super) fn new(
        context: &'t Context<'t>,
        mapping: Option<&'t Mapping>,
        header: Header,
        columns: Vec<String>,
        sink: &'t mut dyn Sink,
    ) -> Self {
        let numbers = columns.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        Self { context, sink, mapping, header, columns, numbers, plan: None, held: Vec::new(), held_bytes: 0 }
    }

    /// The number of the column of that name; `None`: there are too many.
    pub(super) fn column(&mut self, name: &str) -> Option<usize> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        if self.columns.len() >= MOST_COLUMNS {
            return None;
        }
        let number = self.columns.len();
        self.columns.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        match (&mut self.plan, self.mapping) {
            // A mapping knows its columns by name whenever they turn up.
            (Some(plan), Some(mapping)) => *plan = Plan::mapped(mapping, &self.columns),
            (Some(plan), None) => plan.add(name),
            (None, _) => {}
        }
        Some(number)
    }

    pub(super) fn row(&mut self, row: Row) -> ControlFlow<()> {
        if row.cells.is_empty() && row.width > 0 {
            // Nothing but delimiters is a blank line.
            return ControlFlow::Continue(());
        }
        if self.plan.is_some() {
            return self.emit(row);
        }
        self.held_bytes += row.cells.iter().map(|(_, value)| value.len() + 32).sum::<usize>();
        self.held.push(Held::Row(row));
        self.settle_if_full()
    }

    pub(super) fn rejected(&mut self, at: Position, why: Rejection) -> ControlFlow<()> {
        if self.plan.is_some() {
            return self.sink.rejected(at, why);
        }
        self.held.push(Held::Rejected(at, why));
        self.settle_if_full()
    }

    fn settle_if_full(&mut self) -> ControlFlow<()> {
        if self.held.len() >= SAMPLE || self.held_bytes >= SAMPLE_BYTES {
            self.settle()
        } else {
            ControlFlow::Continue(())
        }
    }

    /// No more rows come.
    pub(super) fn finish(&mut self) -> ControlFlow<()> {
        if self.plan.is_none() { self.settle() } else { ControlFlow::Continue(()) }
    }

    /// Decides what the columns mean and hands on what waited.
    fn settle(&mut self) -> ControlFlow<()> {
        let mut held = std::mem::take(&mut self.held);
        self.held_bytes = 0;
        self.name_columns(&mut held);
        let mut rows = Vec::new();
        let mut others = Vec::new();
        for (at, held) in held.into_iter().enumerate() {
            match held {
                Held::Row(row) => rows.push(row),
                Held::Rejected(position, why) => others.push((at, position, why)),
            }
        }
        self.plan = Some(match self.mapping {
            Some(mapping) => Plan::mapped(mapping, &self.columns),
            None => Plan::guessed(&self.columns, &rows),
        });
        let mut others = others.into_iter().peekable();
        let mut at = 0;
        for row in rows {
            while let Some((_, position, why)) = others.next_if(|(order, _, _)| *order == at) {
                self.sink.rejected(position, why)?;
                at += 1;
            }
            self.emit(row)?;
            at += 1;
        }
        for (_, position, why) in others {
            self.sink.rejected(position, why)?;
        }
        ControlFlow::Continue(())
    }

    /// Gives the columns names, from the first row where that is a heading.
    fn name_columns(&mut self, held: &mut Vec<Held>) {
        if self.header == Header::Named {
            return;
        }
        let rows: Vec<&Row> = held
            .iter()
            .filter_map(|held| match held {
                Held::Row(row) => Some(row),
                Held::Rejected(..) => None,
            })
            .collect();
        let width = rows.iter().map(|row| row.width).max().unwrap_or(0).min(MOST_COLUMNS);
        let heading = match (&self.header, rows.first()) {
            (Header::FirstRow, _) => true,
            (Header::Unknown(_), Some(first)) => plan::is_header_of(first, rows.get(1..).unwrap_or_default()),
            _ => false,
        };
        let mut names = vec![String::new(); width];
        if heading {
            let first = held.iter().position(|held| matches!(held, Held::Row(_)));
            if let Some(at) = first
                && let Held::Row(first) = held.remove(at)
            {
                for (column, name) in first.cells {
                    if let Some(slot) = names.get_mut(column) {
                        *slot = name.trim().to_owned();
                    }
                }
            }
        } else if let Header::Unknown(comment) = &self.header
            && comment.len() == width
            && comment.iter().any(|name| super::names::meaning(name).is_some())
        {
            names.clone_from(comment);
        }
        self.columns = names;
    }

    fn emit(&mut self, row: Row) -> ControlFlow<()> {
        let Some(plan) = &self.plan else { return ControlFlow::Continue(()) };
        match record::decode(&row, plan, &self.columns, self.mapping) {
            Ok((draft, key)) => {
                let draft = crate::Draft { key: &key, ..draft };
                self.sink.decoded(row.at, draft.build(self.context))
            }
            Err(_) if self.repeats_heading(&row) => ControlFlow::Continue(()),
            Err(reason) => self.sink.rejected(row.at, Rejection { reason, excerpt: row.excerpt() }),
        }
    }

    /// Whether a row names the columns again, as where tables were put together.
    fn repeats_heading(&self, row: &Row) -> bool {
        row.width > 0 && row.cells.iter().all(|(column, value)| self.columns.get(*column) == Some(value))
    }
}
