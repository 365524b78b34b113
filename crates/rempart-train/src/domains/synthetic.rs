//! Names made up here, in the ways that any machine may: so that a family that nobody has seen yet is not unlike all that
//! was learnt from. None of them is the algorithm of a family that is measured.

use rempart_triage::learn::features::random;

/// Names of each way.
const EACH: u64 = 1_500;

struct Draw {
    seed: u64,
    count: u64,
}

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.count += 1;
        (random(self.seed, self.count) >> 11) as usize % most.max(1)
    }

    fn of(&mut self, signs: &[u8]) -> char {
        char::from(signs.get(self.below(signs.len())).copied().unwrap_or(b'a'))
    }
}

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const MIXED: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const VOWELS: &[u8] = b"aeiou";
const CONSONANTS: &[u8] = b"bcdfghjklmnprstvwz";

/// Lists of names, one for each way; `words` are words of people's names.
pub(super) fn families(words: &[&str], names: &[&str]) -> Vec<(&'static str, Vec<String>)> {
    let list = |seed: u64, make: &dyn Fn(&mut Draw) -> String| -> Vec<String> {
        let mut draw = Draw { seed, count: 0 };
        (0..EACH).map(|_| make(&mut draw)).collect()
    };
    let any = |signs: &'static [u8], least: usize, most: usize| {
        move |draw: &mut Draw| {
            let length = least + draw.below(most - least + 1);
            (0..length).map(|_| draw.of(signs)).collect::<String>()
        }
    };
    let spoken = |draw: &mut Draw| {
        let length = 6 + draw.below(9);
        let first = draw.below(2);
        (0..length)
            .map(|at| if (at + first).is_multiple_of(2) { draw.of(CONSONANTS) } else { draw.of(VOWELS) })
            .collect()
    };
    let word = |draw: &mut Draw| words.get(draw.below(words.len())).copied().unwrap_or("word");
    let joined = |count: usize| {
        move |draw: &mut Draw| {
            let between = ["", "-"][usize::from(draw.below(4) == 0)];
            (0..count).map(|_| word(draw)).collect::<Vec<_>>().join(between)
        }
    };
    // Beginnings and ends of people's names, which belong to different ones.
    let halves = |draw: &mut Draw| {
        let mut part = |from_start: bool| {
            let name = names.get(draw.below(names.len())).copied().unwrap_or("name");
            let middle = (name.len() / 2).max(1);
            let (start, end) = name.split_at_checked(middle).unwrap_or((name, ""));
            if from_start { start } else { end }
        };
        let (first, second, third) = (part(true), part(false), part(false));
        format!("{first}{second}{third}")
    };
    vec![
        ("letters", list(1, &any(LETTERS, 6, 26))),
        ("a few letters", list(8, &any(LETTERS, 5, 9))),
        ("letters and digits", list(2, &any(MIXED, 7, 30))),
        ("hexadecimal", list(3, &any(HEX, 8, 32))),
        ("consonant and vowel", list(4, &spoken)),
        ("two words", list(5, &joined(2))),
        ("three words", list(6, &joined(3))),
        ("halves of names", list(7, &halves)),
    ]
}

/// Lists of names, each made of the few words that one machine may know: 30 to 500 of them, one to three in a name,
/// here and there with a hyphen or a digit. They are for batches, where words come again.
pub(super) fn of_few_words(words: &[String]) -> Vec<Vec<String>> {
    (0..12u64)
        .map(|list| {
            let mut draw = Draw { seed: 50 + list, count: 0 };
            let known = 30 + draw.below(8) * draw.below(68);
            let known: Vec<&str> =
                (0..known).filter_map(|_| words.get(draw.below(words.len())).map(String::as_str)).collect();
            let (least, between, digit) =
                (1 + draw.below(2), ["", "", "-"][draw.below(3)], draw.below(4) == 0);
            let mut names: Vec<String> = (0..300)
                .map(|_| {
                    let count = least + 1 + draw.below(2) - usize::from(digit);
                    let chosen: Vec<&str> =
                        (0..count).filter_map(|_| known.get(draw.below(known.len())).copied()).collect();
                    let mut name = chosen.join(between);
                    if digit {
                        name.push(draw.of(b"0123456789"));
                    }
                    name
                })
                .collect();
            names.sort_unstable();
            names.dedup();
            names
        })
        .collect()
}
