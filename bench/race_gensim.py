r"""Race fastw2v against gensim, from a text file to saved vectors, each as its user would run it.

Every run is a process that imports the library, reads a plain text file, makes the vocabulary,
trains, saves the vectors and ends; its wall time is this script's, from starting it to its end. The
contenders take turns, A B A B ..., round r with seed ``--seed`` + r for all, on ``--workers``
threads. gensim trains its default skip-gram: ``Word2Vec(corpus_file=path, sg=1)`` or, with
``--gensim-mode list``, on a list of lists read from the file, and ``wv.save``. fastw2v trains
``Model(path, ...)`` with the settings given here, those not given being its defaults, and, where
some are given, also ``Model(path)`` with its defaults alone; ``Model.save`` saves both matrices.
Before the first round the text is decompressed and read, and all libraries are imported, so that
all lies in the system's file cache.

Of the wall time, "vocabulary" is all between import and training (gensim's counting, and reading
of the list; fastw2v's counting and encoding), "rest" the interpreter's start and end and this
script's own imports. Saved vectors are judged when the process has ended, as ``compare_gensim.py``
does. The last lines say for each score whether fastw2v's median is at least gensim's lowest run,
thus within what gensim's own runs differ by, if the rounds are enough to show that. Needs gensim
(``pip install ".[bench]"``)::

    python bench/race_gensim.py --generated --rounds 1
    python bench/race_gensim.py --corpus wiki17m.txt.xz --eval-dir eval --workers 2 --rounds 5 \
        --alpha 0.05 --sample 1e-4 --epochs 3 --json race.json
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

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

GENSIM = {"file": ["gensim-file"], "list": ["gensim-list"], "both": ["gensim-file", "gensim-list"]}
OWN, DEFAULTS = "fastw2v", "fastw2v-defaults"
PARTS = ("import", "vocabulary", "training", "saving")
SETTINGS: dict[str, type] = {  # of fastw2v, which checks them
    **dict.fromkeys(("architecture", "objective", "negative_sharing", "cbow_gradient"), str),
    **dict.fromkeys(("vector_size", "window", "min_count", "negative", "epochs"), int),
    **dict.fromkeys(("ns_exponent", "sample", "alpha", "min_alpha"), float),
    "kernel": str,
}


# One run, in its own process ---------------------------------------------------------------------


def train_gensim(text: str, output: str, options: Run, as_list: bool) -> list[float]:
    """Train gensim's default skip-gram and save its vectors; return the time after each part."""
    from gensim.models import Word2Vec

    times = [time.perf_counter()]
    source: Run = {"corpus_file": text}
    if as_list:
        source = {"corpus_iterable": read_sentences(Path(text))}
    model = Word2Vec(sg=1, **options)
    model.build_vocab(**source)
    times.append(time.perf_counter())
    model.train(
        **source,
        total_examples=model.corpus_count,
        total_words=model.corpus_total_words,
        epochs=model.epochs,
    )
    times.append(time.perf_counter())
    model.wv.save(output)
    return [*times, time.perf_counter()]


def train_fastw2v(text: str, output: str, options: Run) -> list[float]:
    """Train fastw2v's Model and save it; return the time after each part."""
    import fastw2v

    imported = time.perf_counter()
    model = fastw2v.Model(text, **options).train(progress=False)
    trained = time.perf_counter()
    model.save(output)
    saved = time.perf_counter()
    return [imported, trained - sum(epoch.seconds for epoch in model.history), trained, saved]


def run_here(contender: str, job: Run) -> None:
    """Do what `start_run` asks of a new process, and print the seconds of each part."""
    times = [time.perf_counter()]
    if contender in (OWN, DEFAULTS):
        times += train_fastw2v(**job)
    else:
        times += train_gensim(**job, as_list=contender == "gensim-list")
    seconds = [stop - start for start, stop in pairwise(times)]
    print(json.dumps(dict(zip(PARTS, seconds, strict=True))))


# All runs, each started from here ----------------------------------------------------------------


def parse_arguments() -> argparse.Namespace:
    """Read the command line; `args.options` is what is passed to fastw2v."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=about, allow_abbrev=False)
    add_file_options(parser)
    add = parser.add_argument
    for name, number in {"rounds": 3, "workers": cores()}.items():
        add(f"--{name}", type=positive_integer, default=number, help=f"default: {number}")
    add("--seed", type=int, default=1, help="of the first round; default: 1")
    add("--gensim-mode", choices=GENSIM, default="file", help="default: file")
    group = parser.add_argument_group("settings of fastw2v (not given: its defaults)")
    for name, kind in SETTINGS.items():
        group.add_argument(f"--{name.replace('_', '-')}", type=kind)
    group.add_argument("--shuffle", action=argparse.BooleanOptionalAction)
    args = parser.parse_args()
    check_files(parser, args)
    require("gensim", 'pip install ".[bench]"')
    require("fastw2v", "pip install .")
    values = {name: getattr(args, name) for name in (*SETTINGS, "shuffle")}
    args.options = {name: value for name, value in values.items() if value is not None}
    return args


def start_run(args: argparse.Namespace, contender: str, text: Path, number: int) -> Run:
    """Run one contender in a process of its own, and judge what it saved."""
    options = {"workers": args.workers, "seed": args.seed + number}
    options |= args.options if contender == OWN else {}
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "vectors")
        job = {"text": str(text), "output": output, "options": options}
        command = [sys.executable, __file__, "--run", contender, json.dumps(job)]
        started = time.perf_counter()
        child = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        wall = time.perf_counter() - started
        if child.returncode != 0:
            sys.exit(f"{contender} failed with exit status {child.returncode}, see above")
        parts = json.loads(child.stdout.splitlines()[-1])
        parts["rest"] = wall - sum(parts.values())
        run: Run = {"contender": contender, "round": number, "options": options}
        run |= {"wall": wall, "parts": parts}
        run["quality"] = judge(contender, output, args.eval_dir) if args.eval_dir else {}
    return run


def judge(contender: str, path: str, tests: Path) -> dict[str, float | None]:
    """Judge saved vectors."""
    is_own = contender in (OWN, DEFAULTS)
    library = importlib.import_module("fastw2v" if is_own else "gensim.models")
    wv = library.KeyedVectors.load(path)
    return evaluate(wv.index_to_key, wv.vectors, tests)


def contenders(args: argparse.Namespace) -> list[str]:
    """List who runs: gensim, fastw2v as it is asked for, and by its defaults."""
    return [*GENSIM[args.gensim_mode], OWN, *[DEFAULTS] * bool(args.options)]


def all_rounds(args: argparse.Namespace, text: Path, report: Run) -> None:
    """Run the contenders in turn; `report` grows, and is written, with every run."""
    for number in range(args.rounds):
        for contender in contenders(args):
            run = start_run(args, contender, text, number)
            report["runs"].append(run)
            print(f"round {number + 1}: {contender}: {run['wall']:.1f} s", file=sys.stderr)
            if args.json:
                args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


# The report --------------------------------------------------------------------------------------


def print_runs(runs_of: dict[str, list[Run]]) -> None:
    """Print a row of seconds and one of scores for each contender, and the ratios."""
    parts = (*PARTS, "rest")
    rows = [["seconds", "wall", *parts]]
    for name, runs in runs_of.items():
        seconds = [[run["wall"] for run in runs]]
        seconds += [[run["parts"][part] for run in runs] for part in parts]
        rows.append([name, *(spread(values, ".2f") for values in seconds)])
    print_table(rows)
    rows = [["ratio of wall times", "paired by round"]]
    for rival, name in pairings(runs_of):
        pairs = zip(runs_of[rival], runs_of[name], strict=True)
        ratios = [theirs["wall"] / own["wall"] for theirs, own in pairs]
        rows.append([f"{rival} / {name}", spread(ratios, ".2f")])
    print_table(rows)
    if tests := list(runs_of[OWN][0]["quality"]):
        rows = [["quality", *tests]]
        for name, runs in runs_of.items():
            scores = [[run["quality"][test] for run in runs] for test in tests]
            rows.append([name, *(spread(values, ".1f") for values in scores)])
        print_table(rows)


def pairings(runs_of: dict[str, list[Run]]) -> list[tuple[str, str]]:
    """Pair each of gensim's modes with each of fastw2v's runs."""
    own = [name for name in runs_of if name in (OWN, DEFAULTS)]
    return [(rival, name) for name in own for rival in runs_of if rival not in own]


def print_verdicts(runs_of: dict[str, list[Run]]) -> None:
    """Print whether fastw2v's median is at least gensim's lowest run, for each score."""
    for rival, name in pairings(runs_of):
        for test in runs_of[name][0]["quality"]:
            own = [run["quality"][test] for run in runs_of[name]]
            theirs = [run["quality"][test] for run in runs_of[rival]]
            if None in own + theirs:
                print(f"{test}: not judged, too few of its words are known")
                continue
            median, lowest = statistics.median(own), min(theirs)
            verdict = "REACHED" if median >= lowest else "NOT REACHED"
            print(f"{test}: {verdict}: {name}'s median {median:.2f}, {rival}'s low {lowest:.2f}")


def main() -> None:
    """Run the race and print its report."""
    args = parse_arguments()
    importlib.import_module("gensim.models")  # for the file cache
    import fastw2v

    try:
        model = fastw2v.Model(workers=args.workers, seed=args.seed, **args.options)
    except (TypeError, ValueError) as error:  # now, not after gensim's first run
        sys.exit(str(error))
    machine = describe_machine()
    print_machine(machine)
    settings = {name: getattr(args, name) for name in ("workers", "rounds", "seed", "gensim_mode")}
    settings["corpus"] = args.corpus.name if args.corpus else "generated"
    settings["kernel"] = model.kernel if model.kernel != "auto" else fastw2v.kernels().chosen
    settings["fastw2v"] = dataclasses.asdict(model.parameters)
    report: Run = {"machine": machine, "settings": settings, "given": args.options, "runs": []}
    with tempfile.TemporaryDirectory() as folder:
        text = prepare_text(args, Path(folder))
        report["raw_words"] = count_words(text)
        print(f"{settings['corpus']}: {report['raw_words']:,} raw words, threads: {args.workers}")
        given = ", ".join(f"{name} {value}" for name, value in args.options.items()) or "defaults"
        print(f"gensim: default skip-gram; fastw2v ({settings['kernel']}): {given}", flush=True)
        all_rounds(args, text, report)
    print("Median (smallest..largest) over the rounds.\n")
    runs = report["runs"]
    runs_of = {name: [run for run in runs if run["contender"] == name] for name in contenders(args)}
    print_runs(runs_of)
    print_verdicts(runs_of)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run_here(sys.argv[2], json.loads(sys.argv[3]))
    else:
        main()
