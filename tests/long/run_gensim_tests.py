"""Run gensim's own tests of word2vec and of keyed vectors against ``fastw2v.compat``.

They are read from where gensim is installed (4.4; ``pip install gensim testfixtures POT``), with
its modules' names in the place of which ours have been put. Prints what passed, what failed, and
what was expected to fail, or may by chance, with the reason; the exit status is 1 if anything else
failed, or if one that was expected to fail passed.

    python tests/long/run_gensim_tests.py [-k SUBSTRING] [-v]
"""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
import unittest
import warnings

MODULES = ("gensim.test.test_word2vec", "gensim.test.test_keyedvectors")

PICKLED = "reads a file that gensim pickled; fastw2v never unpickles"
EXPECTED = {
    "TestWord2VecModel.test_load_old_model": PICKLED,
    "TestWord2VecModel.test_load_old_model_separates": PICKLED,
    "TestWord2VecModel.test_load_old_models_1_x": PICKLED,
    "TestWord2VecModel.test_load_old_models_2_x": PICKLED,
    "TestWord2VecModel.test_load_old_models_3_x": PICKLED,
    "TestWord2VecModel.test_persistence_backwards_compatible": PICKLED,
    "Gensim320Test.test": PICKLED,
    "TestWord2VecModel.test_vocab": (
        "asks for Huffman codes, which are native code's own; what else it asks for is tested by "
        "tests/compat/test_building.py"
    ),
}

CHANCE = {
    "TestWord2VecModel.test_parallel": (
        "wants one of the six nearest words after training on 300 documents; with other seeds it "
        "failed in 1 of 20 runs with gensim, in 5 of 40 with fastw2v"
    ),
}


class Results(unittest.TestResult):
    """Every test's outcome by its name."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: dict[str, tuple[str, str]] = {}

    def addSuccess(self, test: unittest.TestCase) -> None:
        """Note a test that passed."""
        self.outcomes[name_of(test)] = ("passed", "")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """Note a test that was skipped."""
        self.outcomes[name_of(test)] = ("skipped", reason)

    def addFailure(self, test: unittest.TestCase, err: object) -> None:
        """Note a test that failed."""
        self.outcomes[name_of(test)] = ("failed", "".join(traceback.format_exception(*err)))

    addError = addFailure


def name_of(test: unittest.TestCase) -> str:
    """Return a test's name, without its module."""
    return ".".join(test.id().split(".")[-2:])


def main() -> int:
    """Run the tests and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-k", default="", help="only tests with this in their names")
    parser.add_argument("-v", action="store_true", help="print tracebacks")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    from fastw2v.compat import patch_gensim

    patch_gensim()
    suite = unittest.TestSuite()
    for module in MODULES:
        found = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(module))
        suite.addTests(t for cls in found for t in cls if options.k in name_of(t))
    results = Results()
    suite.run(results)
    unexpected = 0
    for name, (outcome, why) in sorted(results.outcomes.items()):
        reason = EXPECTED.get(name)
        is_expected = (reason is not None) == (outcome == "failed") or outcome == "skipped"
        if name in CHANCE:
            reason, is_expected = f"by chance: {CHANCE[name]}", True
        unexpected += not is_expected
        mark = "" if is_expected else "  UNEXPECTED"
        print(f"{outcome:8}{name}{mark}{f': {reason}' if reason else ''}")
        if outcome == "failed" and (options.v or not reason):
            print("    " + (why if options.v else why.strip().splitlines()[-1]))
    counts = [outcome for outcome, _ in results.outcomes.values()]
    print({kind: counts.count(kind) for kind in sorted(set(counts))}, f"of {len(counts)}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
