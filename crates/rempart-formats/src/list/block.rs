//! What the comments above a value say about it, in the manner of Maltrail's trail files.

use crate::table::reference_of;

/// Most references and labels that are kept; lists with more repeat themselves.
const MOST: usize = 16;

/// The comments that bear on the lines that follow.
///
/// `# Aliases: a, b` names the malware of the whole file. `# Reference: URL` lines stand above the
/// values that they are about; the first comment after a value begins a new block.
#[derive(Debug, Default)]
pub(super) struct Block {
    aliases: Vec<String>,
    references: Vec<(String, String)>,
    in_values: bool,
}

impl Block {
    /// Takes the text of a comment line, without its sign.
    pub(super) fn comment(&mut self, text: &str) {
        if self.in_values {
            self.references.clear();
            self.in_values = false;
        }
        let Some((word, rest)) = text.trim_start_matches(['#', ' ', '\t']).split_once(':') else { return };
        let rest = rest.trim();
        if word.eq_ignore_ascii_case("aliases") || word.eq_ignore_ascii_case("alias") {
            let names = rest.split(',').map(str::trim).filter(|name| !name.is_empty() && name.len() <= 100);
            for name in names {
                if self.aliases.len() < MOST && !self.aliases.iter().any(|known| known == name) {
                    self.aliases.push(name.to_owned());
                }
            }
        } else if (word.eq_ignore_ascii_case("reference") || word.eq_ignore_ascii_case("references"))
            && self.references.len() < MOST
            && let Some(reference) = reference_of(rest)
        {
            self.references.push(reference);
        }
    }

    /// A value follows.
    pub(super) fn value(&mut self) {
        self.in_values = true;
    }

    pub(super) fn labels(&self) -> Vec<String> {
        self.aliases.clone()
    }

    pub(super) fn references(&self) -> Vec<(String, String)> {
        self.references.clone()
    }
}
