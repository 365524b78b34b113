//! The mapping file: a small TOML file that says what the columns of a table mean.
//!
//! ```toml
//! delimiter = ";"          # one character; left out: found out
//! header = true            # whether the first row names the columns; left out: found out
//! skip_lines = 2           # lines to leave out before the table
//! comment = "#"            # lines that begin with it are left out
//! date_order = "day-first" # how 2/4/2022 is meant; "month-first" if left out
//!
//! [[observables]]          # at least one
//! column = "Indicator"     # a name, or a number from 1 on
//! type_column = "Type"     # or: kind = "domain", or nothing: what the value plainly is
//!
//! [columns]                # each a column, or a list of columns
//! first_seen = "Date"
//! labels = ["Family", 7]
//!
//! [constants]              # what holds for every row that does not say otherwise
//! category = "c2-server"
//! tlp = "green"
//! ```

use rempart_model::{Category, Country, Kind, Pap, Stance, Tlp};
use serde::Deserialize;

use super::dates::DateOrder;
use super::names::folded;
use super::plan::{Role, Want};

/// Why a mapping file cannot be used. The message names the key.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    /// It is not TOML, a key is unknown, or a value has the wrong type.
    #[error("the mapping file is not right: {0}")]
    Toml(Box<str>),
    /// A value is none of those that are possible.
    #[error("the mapping file's key `{key}`: {reason}")]
    Value {
        /// The key, with its table.
        key: &'static str,
        /// A lowercase fragment.
        reason: Box<str>,
    },
}

/// What the columns of a table mean, as the operator says.
#[derive(Debug, Clone)]
pub struct Mapping {
    file: MappingFile,
    constants: Constants,
    observables: Vec<(Column, Want)>,
    delimiter: Option<u8>,
    comment: Option<u8>,
}

/// What holds for every row.
#[derive(Debug, Clone, Default)]
pub(super) struct Constants {
    pub(super) category: Option<Category>,
    pub(super) confidence: Option<u8>,
    pub(super) tlp: Option<Tlp>,
    pub(super) pap: Option<Pap>,
    pub(super) labels: Vec<String>,
    pub(super) description: String,
    pub(super) reference: Option<String>,
    pub(super) stance: Option<Stance>,
    pub(super) target_country: Option<Country>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingFile {
    delimiter: Option<String>,
    header: Option<bool>,
    #[serde(default)]
    skip_lines: u32,
    comment: Option<String>,
    #[serde(default)]
    date_order: DateOrder,
    observables: Vec<ObservableColumn>,
    #[serde(default)]
    columns: Columns,
    #[serde(default)]
    constants: ConstantsFile,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObservableColumn {
    column: Column,
    kind: Option<String>,
    type_column: Option<Column>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Columns {
    first_seen: ColumnList,
    last_seen: ColumnList,
    valid_until: ColumnList,
    confidence: ColumnList,
    tlp: ColumnList,
    pap: ColumnList,
    category: ColumnList,
    labels: ColumnList,
    description: ColumnList,
    reference: ColumnList,
    target_country: ColumnList,
    id: ColumnList,
    port: ColumnList,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConstantsFile {
    category: Option<String>,
    confidence: Option<u8>,
    tlp: Option<String>,
    pap: Option<String>,
    labels: Vec<String>,
    description: Option<String>,
    reference: Option<String>,
    stance: Option<String>,
    target_country: Option<String>,
}

/// A column, by its name or its number from 1 on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a column: its name, or its number from 1 on")]
enum Column {
    Number(u32),
    Name(String),
}

impl Column {
    fn is(&self, index: usize, name: &str) -> bool {
        match self {
            Column::Number(number) => usize::try_from(*number).is_ok_and(|number| number == index + 1),
            Column::Name(wanted) => wanted == name || (!name.is_empty() && folded(wanted) == folded(name)),
        }
    }
}

/// No column, one, or several.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(untagged, expecting = "a column (its name, or its number from 1 on), or a list of columns")]
enum ColumnList {
    #[default]
    None,
    One(Column),
    Many(Vec<Column>),
}

impl ColumnList {
    fn has(&self, index: usize, name: &str) -> bool {
        match self {
            ColumnList::None => false,
            ColumnList::One(column) => column.is(index, name),
            ColumnList::Many(columns) => columns.iter().any(|column| column.is(index, name)),
        }
    }
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// Where it is not TOML, has an unknown key, or a value that is not possible; the error names the key.
    pub fn from_toml(text: &str) -> Result<Self, MappingError> {
        let file: MappingFile =
            toml::from_str(text).map_err(|error| MappingError::Toml(error.to_string().trim_end().into()))?;
        if file.observables.is_empty() {
            return Err(wrong("observables", "name at least one column"));
        }
        let mut observables = Vec::new();
        let mut types: Option<&Column> = None;
        for entry in &file.observables {
            if entry.column == Column::Number(0) || entry.type_column == Some(Column::Number(0)) {
                return Err(wrong("observables.column", "columns are numbered from 1 on"));
            }
            let want = match (&entry.kind, &entry.type_column) {
                (Some(_), Some(_)) => {
                    return Err(wrong("observables.kind", "give either `kind` or `type_column`, not both"));
                }
                (Some(kind), None) => want(kind),
                (None, None) => Want::Guess,
                (None, Some(column)) if types.is_none_or(|known| known == column) => {
                    types = Some(column);
                    Want::Typed
                }
                (None, Some(_)) => {
                    return Err(wrong("observables.type_column", "only one column of types is possible"));
                }
            };
            observables.push((entry.column.clone(), want));
        }
        let delimiter = one_byte("delimiter", file.delimiter.as_deref())?;
        if delimiter.is_some_and(|byte| matches!(byte, b'"' | b'\r' | b'\n')) {
            return Err(wrong("delimiter", "a quotation mark or a line end cannot separate columns"));
        }
        let comment = one_byte("comment", file.comment.as_deref())?;
        let constants = constants(&file.constants)?;
        Ok(Self { file, constants, observables, delimiter, comment })
    }

    pub(super) fn constants(&self) -> &Constants {
        &self.constants
    }

    pub(super) fn delimiter(&self) -> Option<u8> {
        self.delimiter
    }

    pub(super) fn comment(&self) -> Option<u8> {
        self.comment
    }

    pub(super) fn header(&self) -> Option<bool> {
        self.file.header
    }

    pub(super) fn skip_lines(&self) -> u32 {
        self.file.skip_lines
    }

    pub(super) fn date_order(&self) -> DateOrder {
        self.file.date_order
    }

    /// What a column is for; one that is not named is context.
    pub(super) fn role(&self, index: usize, name: &str) -> Role {
        if let Some((_, want)) = self.observables.iter().find(|(column, _)| column.is(index, name)) {
            return Role::Value(want.clone());
        }
        let typed = self.file.observables.iter().filter_map(|entry| entry.type_column.as_ref());
        if typed.into_iter().any(|column| column.is(index, name)) {
            return Role::Type;
        }
        let columns = &self.file.columns;
        [
            (&columns.first_seen, Role::FirstSeen),
            (&columns.last_seen, Role::LastSeen),
            (&columns.valid_until, Role::ValidUntil),
            (&columns.confidence, Role::Confidence),
            (&columns.tlp, Role::Tlp),
            (&columns.pap, Role::Pap),
            (&columns.category, Role::Category),
            (&columns.labels, Role::Label),
            (&columns.description, Role::Description),
            (&columns.reference, Role::Reference),
            (&columns.target_country, Role::TargetCountry),
            (&columns.id, Role::Id),
            (&columns.port, Role::Port),
        ]
        .into_iter()
        .find(|(columns, _)| columns.has(index, name))
        .map_or(Role::Context, |(_, role)| role)
    }
}

fn wrong(key: &'static str, reason: impl Into<Box<str>>) -> MappingError {
    MappingError::Value { key, reason: reason.into() }
}

fn one_byte(key: &'static str, text: Option<&str>) -> Result<Option<u8>, MappingError> {
    match text.map(str::as_bytes) {
        None => Ok(None),
        Some([byte]) if byte.is_ascii() => Ok(Some(*byte)),
        Some(_) => Err(wrong(key, "give one ASCII character (a tab is \"\\t\")")),
    }
}

fn want(kind: &str) -> Want {
    match kind {
        "guess" => Want::Guess,
        "hash" => Want::Hash,
        "host" => Want::Host,
        "ip" => Want::Kind(Kind::Ipv4),
        other => Want::Kind(Kind::from_name(other)),
    }
}

fn constants(file: &ConstantsFile) -> Result<Constants, MappingError> {
    fn of<T>(
        key: &'static str,
        text: Option<&String>,
        what: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, MappingError> {
        text.map(|text| read(text).ok_or_else(|| wrong(key, format!("{text:?} is not {what}")))).transpose()
    }
    if file.confidence.is_some_and(|confidence| confidence > 100) {
        return Err(wrong("constants.confidence", "a confidence is between 0 and 100"));
    }
    let stance = |text: &str| match text {
        "malicious" => Some(Stance::Malicious),
        "observed" => Some(Stance::Observed),
        "benign" => Some(Stance::Benign),
        _ => None,
    };
    Ok(Constants {
        category: of(
            "constants.category",
            file.category.as_ref(),
            "an RSIT type such as c2-server",
            Category::from_name,
        )?,
        confidence: file.confidence,
        tlp: of("constants.tlp", file.tlp.as_ref(), "a TLP label", Tlp::from_name)?,
        pap: of("constants.pap", file.pap.as_ref(), "a PAP label", Pap::from_name)?,
        labels: file.labels.clone(),
        description: file.description.clone().unwrap_or_default(),
        reference: file.reference.clone(),
        stance: of("constants.stance", file.stance.as_ref(), "malicious, observed or benign", stance)?,
        target_country: of(
            "constants.target_country",
            file.target_country.as_ref(),
            "a two-letter country code",
            Country::new,
        )?,
    })
}
