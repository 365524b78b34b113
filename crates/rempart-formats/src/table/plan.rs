//! Which column means what: by the mapping file, else by the columns' names, else by their values.

use rempart_model::{Kind, Observable};

use super::dates::{self, DateOrder};
use super::mapping::Mapping;
use super::names::{self, Meaning};
use super::row::Row;

/// How the value of a column is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Want {
    /// As one kind.
    Kind(Kind),
    /// As what it plainly is.
    Guess,
    /// As a hash, by its length.
    Hash,
    /// As a name or an address.
    Host,
    /// As what the row's type column says, else as what it plainly is.
    Typed,
}

/// What a column is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing else: goes into the description with its name.
    Context,
    /// What the record is about.
    Value(Want),
    /// Seen together with the value; it is the value where the row has no other.
    Nearby(Want),
    Type,
    FirstSeen,
    Added,
    LastSeen,
    ValidUntil,
    Confidence,
    Tlp,
    Pap,
    Category,
    Label,
    Description,
    Reference,
    TargetCountry,
    Id,
    Port,
}

/// The roles of all columns, by their number.
#[derive(Debug)]
pub(super) struct Plan {
    roles: Vec<Role>,
    /// Whether new columns (keys of later JSON objects) get a role by their name.
    by_name: bool,
    /// Among the columns so far, is there one of URLs, one of other values?
    has_url: bool,
    has_value: bool,
    pub(super) order: DateOrder,
}

/// Share of a column's values that must be observables for it to be read as such, in percent.
const ENOUGH: usize = 80;

impl Plan {
    /// A plan after a mapping file: columns that it does not name are context.
    pub(super) fn mapped(mapping: &Mapping, columns: &[String]) -> Self {
        let mut plan = Self {
            roles: Vec::new(),
            by_name: false,
            has_url: false,
            has_value: true,
            order: mapping.date_order(),
        };
        for (index, name) in columns.iter().enumerate() {
            plan.roles.push(mapping.role(index, name));
        }
        plan
    }

    /// A plan from the names and the first rows.
    pub(super) fn guessed(columns: &[String], sample: &[Row]) -> Self {
        let meanings: Vec<Option<Meaning>> = columns.iter().map(|name| meaning(name)).collect();
        let has = |wanted: &dyn Fn(&Meaning) -> bool| meanings.iter().flatten().any(wanted);
        let mut plan = Self {
            roles: Vec::with_capacity(columns.len()),
            by_name: true,
            has_url: has(&|meaning| *meaning == Meaning::Of(Kind::Url)),
            has_value: has(&is_value),
            order: DateOrder::default(),
        };
        let typed = has(&|meaning| *meaning == Meaning::Value);
        for meaning in &meanings {
            plan.roles.push(match meaning {
                // Without a column of values of any kind, the type is that of the threat.
                Some(Meaning::Type) if !typed => Role::Category,
                Some(meaning) => plan.role(meaning),
                None => Role::Context,
            });
        }
        if !plan.roles.iter().any(|role| matches!(role, Role::Value(_) | Role::Nearby(_))) {
            plan.by_values(&meanings, sample);
        }
        plan
    }

    /// The role that a known meaning has beside the others.
    fn role(&self, meaning: &Meaning) -> Role {
        let beside = |nearby: bool, want: Want| if nearby { Role::Nearby(want) } else { Role::Value(want) };
        match meaning {
            Meaning::Value => Role::Value(Want::Typed),
            Meaning::Of(Kind::Cve) => beside(self.has_value, Want::Kind(Kind::Cve)),
            // Beside a URL, its host and the address that answered are not what is meant.
            Meaning::Of(kind @ (Kind::Ipv4 | Kind::Domain)) => beside(self.has_url, Want::Kind(kind.clone())),
            Meaning::Of(kind) => Role::Value(Want::Kind(kind.clone())),
            Meaning::Hash => Role::Value(Want::Hash),
            Meaning::Host => beside(self.has_url, Want::Host),
            Meaning::HostNearby | Meaning::OtherEnd => beside(self.has_value, Want::Host),
            Meaning::Asn if self.has_value => Role::Context,
            Meaning::Asn => Role::Nearby(Want::Kind(Kind::Asn)),
            Meaning::FileName if self.has_value => Role::Context,
            Meaning::FileName => Role::Nearby(Want::Kind(Kind::Other("file-name".into()))),
            Meaning::Type => Role::Type,
            Meaning::FirstSeen => Role::FirstSeen,
            Meaning::Added => Role::Added,
            Meaning::LastSeen => Role::LastSeen,
            Meaning::ValidUntil => Role::ValidUntil,
            Meaning::Confidence => Role::Confidence,
            Meaning::Tlp => Role::Tlp,
            Meaning::Pap => Role::Pap,
            Meaning::Category => Role::Category,
            Meaning::Label => Role::Label,
            Meaning::Description => Role::Description,
            Meaning::Reference => Role::Reference,
            Meaning::TargetCountry => Role::TargetCountry,
            Meaning::Id => Role::Id,
            Meaning::Port => Role::Port,
        }
    }

    /// Finds the values by what stands in the columns that no name explains. The leftmost column of
    /// observables is what the rows are about (with all other columns of hashes, if it is one of
    /// hashes); a column of URLs to its right holds references.
    fn by_values(&mut self, meanings: &[Option<Meaning>], sample: &[Row]) {
        let mut main: Option<bool> = None;
        let mut dated = self.roles.iter().any(|role| matches!(role, Role::FirstSeen | Role::Added));
        for (index, role) in self.roles.iter_mut().enumerate() {
            if meanings.get(index).is_some_and(Option::is_some) {
                continue;
            }
            let values = || {
                let cells = sample.iter().flat_map(|row| &row.cells);
                cells.filter(|(column, value)| *column == index && !is_blank(value)).map(|(_, value)| value)
            };
            let total = values().count();
            let enough = |count: usize| total > 0 && count * 100 >= total * ENOUGH;
            let observables: Vec<Observable> = values().filter_map(|v| Observable::guess(v).ok()).collect();
            if enough(observables.len()) {
                let of = |kinds: &[Kind]| observables.iter().all(|o| kinds.contains(o.kind()));
                let hashes = of(&[Kind::Md5, Kind::Sha1, Kind::Sha256, Kind::Sha512]);
                *role = match main {
                    None => Role::Value(Want::Guess),
                    Some(true) if hashes => Role::Value(Want::Guess),
                    Some(_) if of(&[Kind::Url]) => Role::Reference,
                    Some(_) => Role::Nearby(Want::Guess),
                };
                main = main.or(Some(hashes));
            } else if !dated {
                let is_date = |v: &&String| v.len() >= 8 && dates::parse(v, self.order).is_some();
                if enough(values().filter(is_date).count()) {
                    dated = true;
                    *role = Role::Added;
                }
            }
        }
    }

    /// The role of a column.
    pub(super) fn of(&self, column: usize) -> &Role {
        self.roles.get(column).unwrap_or(&Role::Context)
    }

    /// Takes in a column that came after the plan was made.
    pub(super) fn add(&mut self, name: &str) {
        let role = match meaning(name) {
            Some(meaning) if self.by_name && meaning != Meaning::Type => self.role(&meaning),
            _ => Role::Context,
        };
        self.roles.push(role);
    }
}

/// Whether a row can be about it.
fn is_value(meaning: &Meaning) -> bool {
    match meaning {
        Meaning::Of(kind) => *kind != Kind::Cve,
        Meaning::Value | Meaning::Hash | Meaning::Host => true,
        _ => false,
    }
}

/// The meaning of a name; of a nested one (`a.b.ip`) that of its last part if the whole has none.
fn meaning(name: &str) -> Option<Meaning> {
    names::meaning(name).or_else(|| {
        let (_, last) = name.rsplit_once('.')?;
        names::meaning(last).filter(|meaning| {
            is_value(meaning) || matches!(meaning, Meaning::HostNearby | Meaning::Label | Meaning::Added)
        })
    })
}

/// Whether a cell says that there is nothing.
pub(super) fn is_blank(value: &str) -> bool {
    let value = value.trim();
    value.is_empty()
        || matches!(value, "-" | "--" | "?" | "." | "\\N" | "(empty)")
        || ["n/a", "na", "null", "none", "nan", "nil", "undefined", "not available"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether the first record names the columns: most of its cells are known names, or some are (or
/// stand above observables) and none is itself a value.
pub(super) fn is_header_of(first: &Row, rest: &[&Row]) -> bool {
    let cells =
        || first.cells.iter().map(|(_, value)| value.as_str()).filter(|value| !value.trim().is_empty());
    let total = cells().count();
    let known = cells().filter(|cell| names::meaning(cell).is_some()).count();
    if total == 0 || known * 2 >= total.max(1) && known > 0 && !cells().any(is_plain_value) {
        return total > 0;
    }
    let is_data = |cell: &str| {
        names::meaning(cell).is_none()
            && (Observable::guess(cell).is_ok()
                || dates::parse(cell, DateOrder::MonthFirst).is_some()
                || cell.trim().parse::<f64>().is_ok()
                || cell.len() > 60)
    };
    if cells().any(is_data) {
        return false;
    }
    known > 0 || {
        let values = rest.iter().flat_map(|row| &row.cells);
        values.take(1000).filter(|(_, value)| Observable::guess(value).is_ok()).count() * 2
            >= rest.len().max(1)
    }
}

/// An address or a hash is never the name of a column.
fn is_plain_value(cell: &str) -> bool {
    Observable::guess(cell).is_ok_and(|value| !matches!(value.kind(), Kind::Domain | Kind::Asn))
}
