//! How many checks passed, failed and were skipped, and reading that out of what test runners print.

use std::ops::AddAssign;

/// The outcome of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Checks that held.
    pub passed: u64,
    /// Checks that did not.
    pub failed: u64,
    /// Checks that could not be made here, each with a line saying why.
    pub skipped: u64,
}

impl Counts {
    /// One check.
    pub fn one(passed: bool) -> Self {
        Self { passed: passed.into(), failed: (!passed).into(), skipped: 0 }
    }

    /// One check that could not be made.
    pub fn one_skipped() -> Self {
        Self { skipped: 1, ..Self::default() }
    }

    /// An error where a check failed.
    pub fn into_result(self) -> anyhow::Result<()> {
        anyhow::ensure!(self.failed == 0, "{} of {} checks failed", self.failed, self.passed + self.failed);
        Ok(())
    }

    /// Reads the summary line of `cargo nextest run`.
    pub fn of_nextest(output: &str) -> Option<Self> {
        let line = output.lines().rev().find(|line| line.trim_start().starts_with("Summary ["))?;
        let tests = line.split_once("run:")?.1;
        Some(Self {
            passed: number_before(tests, "passed"),
            failed: number_before(tests, "failed") + number_before(tests, "timed out"),
            skipped: number_before(tests, "skipped"),
        })
    }

    /// Sums the result lines of `cargo test`.
    pub fn of_cargo_test(output: &str) -> Option<Self> {
        let mut sum = None;
        for line in output.lines().filter(|line| line.trim_start().starts_with("test result:")) {
            *sum.get_or_insert_with(Self::default) += Self {
                passed: number_before(line, "passed"),
                failed: number_before(line, "failed"),
                skipped: number_before(line, "ignored"),
            };
        }
        sum
    }

    /// Reads the last line of `pytest`.
    pub fn of_pytest(output: &str) -> Option<Self> {
        let line = output.lines().rev().find(|line| {
            line.contains(" in ") && ["passed", "failed", "skipped", "error"].iter().any(|w| line.contains(w))
        })?;
        Some(Self {
            passed: number_before(line, "passed"),
            failed: number_before(line, "failed") + number_before(line, "error"),
            skipped: number_before(line, "skipped"),
        })
    }

    /// Counts `tests` as skipped that ran but said that they had nothing to test.
    pub fn move_to_skipped(&mut self, tests: u64) {
        let moved = tests.min(self.passed);
        self.passed -= moved;
        self.skipped += moved;
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Whether a line of a test's output says that the test had nothing to test.
pub fn says_skipped(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("skipped:") || line.starts_with("skipping:")
}

/// How many test cases of a JUnit report said that they had nothing to test.
pub fn skipped_in_junit(report: &str) -> u64 {
    let cases = report.split("<testcase ").skip(1);
    cases.filter(|case| case.split(['\n', '>']).any(says_skipped)).count() as u64
}

fn number_before(text: &str, word: &str) -> u64 {
    let Some((before, _)) = text.split_once(word) else { return 0 };
    let digits = before.trim_end().rsplit(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u64, failed: u64, skipped: u64) -> Option<Counts> {
        Some(Counts { passed, failed, skipped })
    }

    #[test]
    fn reads_what_runners_print() {
        let table = [
            (
                Counts::of_nextest(
                    "  Summary [   1.2s] 12 tests run: 11 passed (1 slow), 1 failed, 3 skipped\n",
                ),
                counts(11, 1, 3),
            ),
            (
                Counts::of_nextest("Summary [0.1s] 4 tests run: 2 passed, 1 failed, 1 timed out, 0 skipped"),
                counts(2, 2, 0),
            ),
            (Counts::of_nextest("error: could not compile"), None),
            (
                Counts::of_cargo_test(
                    "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured\n\
                     test result: FAILED. 1 passed; 2 failed; 0 ignored",
                ),
                counts(4, 2, 1),
            ),
            (Counts::of_cargo_test("error"), None),
            (Counts::of_pytest("==== 2 failed, 7 passed, 1 skipped in 3.20s ====\n"), counts(7, 2, 1)),
            (Counts::of_pytest("7 passed, 1 error in 3.20s"), counts(7, 1, 0)),
            (Counts::of_pytest("no tests ran in 0.01s"), None),
        ];
        for (read, expected) in table {
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn tells_a_skipped_test_from_a_test_about_skipping() {
        for line in ["skipped: REMPART_TEST_DATA is not set", "  skipping: no nginx"] {
            assert!(says_skipped(line), "{line}");
        }
        for line in ["3 rows were skipped: too long", "skipped 4 rows", "b.json: skipped: a manifest"] {
            assert!(!says_skipped(line), "{line}");
        }
    }

    #[test]
    fn counts_skipped_cases_of_a_report() {
        let report = "<testsuite><testcase name=\"a\"><system-out>skipped: no data\n</system-out></testcase>\
                      <testcase name=\"b\"/><testcase name=\"c\">\n<system-err>fine</system-err></testcase>";
        assert_eq!(skipped_in_junit(report), 1);
    }
}
