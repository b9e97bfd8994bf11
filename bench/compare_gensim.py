r"""Compare fastw2v with gensim's Word2Vec: speed, memory and quality on one corpus.

Every contender gets the same corpus, settings and number of threads. Each run is a process of its
own, so that its peak memory and its state are its own; the contenders take turns, A B C A B C ...,
and round r uses seed ``--seed`` + r for all. Reported is the median over the rounds with the
smallest and the largest value in brackets; ratios pair the runs of one round, are more than 1 where
fastw2v is faster, and those against "faster gensim" take the better of gensim's modes in each
round. The text is read, and for ``gensim-file`` decompressed, before the clock starts. "Vocabulary"
is gensim's constructor and ``build_vocab``; fastw2v's constructor and ``train()`` less the seconds
of its epochs, thus counting and encoding. "Training" is gensim's ``train`` and the sum of fastw2v's
epochs. Words are raw words, before subsampling and with the rare ones, counted by this script for
all alike (gensim's ``corpus_file`` reads some sentences twice, where the parts of its threads meet,
2 % of 500,000 words with two; that isn't counted). Peak memory is taken when training ends and
includes the text where the contender reads a list of lists. Each library keeps its own order of
sentences: gensim takes the text's, fastw2v shuffles, as it does by default. Quality: Spearman's rho
x 100 of cosine against human scores, and the accuracy in % of 3CosAdd analogies among the 30,000
most frequent words; the questions are lower-cased, so the corpus should be too. Needs gensim (``pip
install ".[bench]"``) and a POSIX system.

Both libraries get the settings of the command line. With ``--defaults`` they get none of it but
threads, seed and ``--epochs``: gensim is left to its own default skip-gram, fastw2v to its own
``Model(sentences)``, and the report says what those are. ``--kernel`` names fastw2v's kernel.

A quick look at whether everything works, the main comparison (once more with ``--architecture
cbow``), hierarchical softmax, defaults against defaults, and the exact softmax, which gensim
doesn't have, on a small vocabulary::

    python bench/compare_gensim.py --generated --epochs 1 --rounds 1
    python bench/compare_gensim.py --corpus wiki17m.txt.xz --eval-dir eval --workers 2 \
        --rounds 3 --json skipgram.json
    python bench/compare_gensim.py --corpus wiki17m.txt.xz --objective hierarchical_softmax
    python bench/compare_gensim.py --corpus wiki17m.txt.xz --eval-dir eval --defaults
    python bench/compare_gensim.py --corpus text.txt --objective softmax --min-count 200

The README has what was measured, each table with its command.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import (
    Run,
    add_file_options,
    check_files,
    cores,
    count_words,
    describe_machine,
    evaluate,
    positive_integer,
    prepare_text,
    print_machine,
    print_table,
    read_sentences,
    require,
    spread,
)

GENSIM = ("gensim-list", "gensim-file")
CONTENDERS = {
    ("skipgram", "negative_sampling"): (*GENSIM, "fastw2v-pair", "fastw2v-window"),
    ("cbow", "negative_sampling"): (*GENSIM, "fastw2v-word2vec", "fastw2v-exact"),
    ("skipgram", "hierarchical_softmax"): (*GENSIM, "fastw2v-hs"),
    ("cbow", "hierarchical_softmax"): (*GENSIM, "fastw2v-word2vec", "fastw2v-exact"),
    ("skipgram", "softmax"): ("fastw2v-softmax",),
    ("cbow", "softmax"): ("fastw2v-word2vec", "fastw2v-exact"),
}
OF_DEFAULTS = (*GENSIM, "fastw2v-default")
CHOICES = {
    "architecture": ["skipgram", "cbow"],
    "objective": ["negative_sampling", "hierarchical_softmax", "softmax"],  # the first: default
}
INTEGERS = {"vector_size": 100, "window": 5, "min_count": 5, "negative": 5}
FLOATS = {"sample": 1e-3, "alpha": 0.025, "min_alpha": 1e-4}
SETTINGS: dict[str, Any] = {name: values[0] for name, values in CHOICES.items()}
SETTINGS |= {"epochs": 5} | INTEGERS | FLOATS


def parse_arguments() -> argparse.Namespace:
    """Read the command line, and settle the contenders; with --defaults, settings stay None."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    add_file_options(parser)
    add = parser.add_argument
    for name, number in {"rounds": 3, "workers": cores()}.items():
        add(f"--{name}", type=positive_integer, default=number, help=f"default: {number}")
    add("--seed", type=int, default=1, help="of the first round; default: 1")
    add("--contenders", nargs="+", metavar="NAME", help="default: all that the settings have")
    add("--defaults", action="store_true", help="run each library with its own settings")
    add("--kernel", default="auto", help="fastw2v's; the exact softmax has its own")
    for name, default in SETTINGS.items():
        kind = type(default) if name in CHOICES or name in FLOATS else positive_integer
        option, choices = f"--{name.replace('_', '-')}", CHOICES.get(name)
        add(option, type=kind, choices=choices, help=f"default: {default}")
    add("--run", help=argparse.SUPPRESS)  # one contender, in this process
    add("--text", type=Path, help=argparse.SUPPRESS)  # the plain text that --run reads
    args = parser.parse_args()
    check_files(parser, args)
    given = [name for name in SETTINGS if getattr(args, name) is not None]
    if not args.defaults:
        vars(args).update({name: SETTINGS[name] for name in SETTINGS.keys() - set(given)})
    elif refused := [name for name in given if name != "epochs"]:
        option = refused[0].replace("_", "-")
        parser.error(f"--defaults leaves --{option} to the libraries: give one of the two")
    known = OF_DEFAULTS if args.defaults else CONTENDERS[args.architecture, args.objective]
    args.contenders = list(dict.fromkeys(args.contenders or known))
    if unknown := [name for name in args.contenders if name not in known]:
        parser.error(f"no contender {unknown[0]!r} here, choose from {', '.join(known)}")
    return args


# One run, in its own process ---------------------------------------------------------------------


def run_contender(args: argparse.Namespace) -> Run:
    """Train the contender `args.run` on the text `args.text` and judge its vectors."""
    train = train_gensim if args.run in GENSIM else train_fastw2v
    run, keys, vectors = train(args, args.run)
    run["contender"], run["vocabulary_size"] = args.run, len(keys)
    run["quality"] = evaluate(keys, vectors, args.eval_dir) if args.eval_dir else {}
    return run


def train_gensim(args: argparse.Namespace, contender: str) -> tuple[Run, Sequence[Any], Any]:
    """Train gensim's Word2Vec on a list of lists or on a file."""
    from gensim.models import Word2Vec

    if contender == "gensim-file":
        source: dict[str, Any] = {"corpus_file": str(args.text)}
    else:
        source = {"corpus_iterable": read_sentences(args.text)}
    options = common_settings(args) | {"sg": int(args.architecture != "cbow")}
    if not args.defaults:
        is_sampled = args.objective == "negative_sampling"
        options |= {"hs": int(not is_sampled), "negative": args.negative if is_sampled else 0}
        options |= {"cbow_mean": 1, "ns_exponent": 0.75}
    start = time.perf_counter()
    model = Word2Vec(**options)
    model.build_vocab(**source)
    counted = time.perf_counter()
    _, raw_words = model.train(
        **source,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=model.epochs,
    )
    run = measured(counted - start, time.perf_counter() - counted, raw_words)
    names = ["sg", "hs", "epochs", *INTEGERS, *FLOATS]
    run["settings"] = {name: getattr(model, name) for name in names}
    return run, model.wv.index_to_key, model.wv.vectors


def train_fastw2v(args: argparse.Namespace, contender: str) -> tuple[Run, Sequence[Any], Any]:
    """Train fastw2v's Model on a list of lists."""
    import fastw2v

    options = common_settings(args) | {"kernel": args.kernel}
    if not args.defaults:
        options |= {"objective": args.objective, "architecture": args.architecture}
        variant = contender.removeprefix("fastw2v-")
        is_sampled = args.objective == "negative_sampling"
        if is_sampled:
            options |= {"negative": args.negative, "ns_exponent": 0.75}
        if args.architecture == "cbow":
            options["cbow_gradient"] = variant
        elif is_sampled:
            options["negative_sharing"] = variant
    sentences = read_sentences(args.text)
    start = time.perf_counter()
    model = fastw2v.Model(sentences, **options)
    model.train(progress=False)
    total = time.perf_counter() - start
    training = sum(epoch.seconds for epoch in model.history)
    run = measured(total - training, training, sum(epoch.tokens for epoch in model.history))
    run["settings"] = dataclasses.asdict(model.parameters)
    run["losses"] = [float(epoch.loss) for epoch in model.history]
    return run, model.wv.index_to_key, model.wv.vectors


def common_settings(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that both libraries give the same names, without those left to them."""
    names = "vector_size window min_count sample alpha min_alpha epochs workers seed"
    values = {name: getattr(args, name) for name in names.split()}
    return {name: value for name, value in values.items() if value is not None}


def measured(vocabulary: float, training: float, raw_words: int) -> Run:
    """Return a run's figures; call it as soon as training ends, for the peak memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "vocabulary_seconds": vocabulary,
        "training_seconds": training,
        "total_seconds": vocabulary + training,
        "library_words": int(raw_words),  # what the library says it read, in all epochs
        "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10),
    }


# All runs, each started from here; this process stays small, for a child's peak memory starts at
# its parent's ------------------------------------------------------------------------------------


def chosen_kernel(kernel: str) -> str:
    """Return the kernel that fastw2v takes; leave with exit status 2 if it refuses."""
    code = "import sys, fastw2v; fastw2v.Model(kernel=sys.argv[1]); print(fastw2v.kernels().chosen)"
    command = [sys.executable, "-I", "-c", code, kernel]  # never from a checkout's folder
    child = subprocess.run(command, capture_output=True, text=True)
    if child.returncode != 0:
        print(child.stderr.splitlines()[-1], file=sys.stderr)
        sys.exit(2)
    return child.stdout.strip() if kernel == "auto" else kernel


def start_run(contender: str, text: Path, seed: int) -> Run:
    """Run one contender in a process of its own and return what it measured."""
    command = [sys.executable, __file__, *sys.argv[1:], "--run", contender]
    command += ["--text", str(text), "--seed", str(seed)]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if child.returncode != 0:
        sys.exit(f"{contender} failed with exit status {child.returncode}, see above")
    run: Run = json.loads(child.stdout.splitlines()[-1])
    return run


def all_rounds(args: argparse.Namespace, text: Path, report: Run) -> list[Run]:
    """Run the contenders in turn; `report` grows, and is written, with every run."""
    raw_words = report["raw_words"] = count_words(text)
    runs: list[Run] = report["runs"]
    for number in range(args.rounds):
        for contender in args.contenders:
            run = start_run(contender, text, args.seed + number)
            planned = raw_words * run["settings"]["epochs"]
            run |= {"round": number, "words_per_second": planned / run["training_seconds"]}
            runs.append(run)
            speed = f"{run['words_per_second']:,.0f} words/s"
            if abs(run["library_words"] - planned) > 0.05 * planned:
                speed += f"; warning: it says it read {run['library_words']:,} of {planned:,} words"
            print(f"round {number + 1}: {contender}: {speed}", file=sys.stderr, flush=True)
            if args.json:
                args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return runs


# The report --------------------------------------------------------------------------------------


def print_runs(runs: Sequence[Run]) -> None:
    """Print a row of absolute figures for each contender."""
    tests = list(runs[0]["quality"])
    rows = [["contender", "words/s", "training s", "vocabulary s", "peak MiB", *tests]]
    for name in dict.fromkeys(run["contender"] for run in runs):
        own = [run for run in runs if run["contender"] == name]
        figures = {"words_per_second": ",.0f", "training_seconds": ".1f"}
        figures |= {"vocabulary_seconds": ".1f", "peak_mib": ",.0f"}
        row = [name, *(spread((run[key] for run in own), form) for key, form in figures.items())]
        rows.append(row + [spread((run["quality"][test] for run in own), ".1f") for test in tests])
    print_table(rows)


def print_ratios(runs: Sequence[Run]) -> None:
    """Print how many times faster than gensim, paired by round."""
    names = list(dict.fromkeys(run["contender"] for run in runs))
    rounds = [
        {run["contender"]: run for run in runs[start : start + len(names)]}
        for start in range(0, len(runs), len(names))
    ]
    rivals = [name for name in names if name in GENSIM]
    groups = {rival: [rival] for rival in rivals}
    if len(rivals) > 1:
        groups["faster gensim"] = rivals
    rows = [["ratio", "training", "vocabulary + training"]]
    for own in (name for name in names if name not in GENSIM):
        for label, group in groups.items():
            row = [f"{own} / {label}"]
            for key in ("training_seconds", "total_seconds"):
                ratios = [min(r[g][key] for g in group) / r[own][key] for r in rounds]
                row.append(spread(ratios, ".2f"))
            rows.append(row)
    if len(rows) > 1:
        print_table(rows)


def print_settings(report: Run) -> None:
    """Print the corpus and the settings; with --defaults, those of each library."""
    settings = report["settings"]
    shown = {name: value for name, value in settings.items() if name not in ("corpus", "generated")}
    print(f"{settings['corpus']}: {report['raw_words']:,} raw words, {listed(shown)}")
    if "defaults" in settings:
        known = {"sg", "hs", "negative_sharing", *SETTINGS}
        for library in ("gensim", "fastw2v"):
            for run in [run for run in report["runs"] if run["contender"].startswith(library)][:1]:
                used = {name: value for name, value in run["settings"].items() if name in known}
                print(f"{library}'s own: {listed(used)}")
    print("Median (smallest..largest) over the rounds.\n")


def listed(settings: Run) -> str:
    """Format settings for one line."""
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def main() -> None:
    """Run the benchmark, or with --run one contender of it."""
    args = parse_arguments()
    if args.run:
        print(json.dumps(run_contender(args)))
        return
    has_fastw2v = any(name not in GENSIM for name in args.contenders)
    if any(name in GENSIM for name in args.contenders):
        require("gensim", 'pip install ".[bench]"')
    if args.eval_dir or has_fastw2v:
        require("fastw2v", "pip install .")
    hidden = {"json", "run", "text", "eval_dir", "corpus", "contenders"}
    if args.objective not in (None, "negative_sampling"):
        hidden.add("negative")
    given = {key: value for key, value in vars(args).items() if key not in hidden}
    settings = {k: v for k, v in given.items() if v is not None and v is not False}
    settings["corpus"] = args.corpus.name if args.corpus else "generated"
    if has_fastw2v and args.objective != "softmax":
        settings["chosen_kernel"] = chosen_kernel(args.kernel)
    machine = describe_machine()
    print_machine(machine)
    report: Run = {"machine": machine, "settings": settings, "runs": []}
    with tempfile.TemporaryDirectory() as folder:
        runs = all_rounds(args, prepare_text(args, Path(folder)), report)
    print_settings(report)
    print_runs(runs)
    print_ratios(runs)


if __name__ == "__main__":
    main()
