"""Which kernels there are, and how one is chosen: by itself, by the model, by the environment."""

from itertools import compress

import numpy as np
import pytest

import fastw2v
from fastw2v import dispatch, trainer
from fastw2v._kernels import updates

NAMES = ("avx512", "avx2", "neon", "generic", "blas")
VARIABLE = "FASTW2V_KERNEL"
WALKS = [["a", "b", "c", "d"], ["b", "a", "d"], ["e", "a"]] * 20
SMALL = {"vector_size": 6, "workers": 1, "epochs": 2, "sample": 0}
HERE = fastw2v.kernels().available


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def old_processor(monkeypatch):
    """One with AVX2 but not AVX-512, whose installation has all kernels but those of ARM."""
    found = [("avx512", False), ("avx2", True), ("generic", True), ("blas", True)]
    monkeypatch.setattr(dispatch, "compiled", lambda: found)


@pytest.fixture
def nothing_compiled(monkeypatch):
    """As on Windows."""
    monkeypatch.setattr(dispatch, "compiled", lambda: [("blas", True)])


def test_the_kernels_of_this_machine():
    found = fastw2v.kernels()
    assert isinstance(found, fastw2v.Kernels)
    names, supported = zip(*updates.compiled(), strict=True)
    assert found.available == tuple(compress(names, supported))
    assert sorted(found.available + found.unsupported) == sorted(names)
    assert set(names) <= set(NAMES)
    assert [name for name in NAMES if name in found.available] == list(found.available)
    assert found.available[-1] == "blas"
    assert found.chosen == found.available[0] == dispatch.choose("auto")


def test_an_old_processor(old_processor):
    assert fastw2v.kernels() == fastw2v.Kernels(
        available=("avx2", "generic", "blas"), unsupported=("avx512",), chosen="avx2"
    )
    assert dispatch.choose("auto") == "avx2"
    assert dispatch.choose("generic") == "generic"


def test_blas_alone(nothing_compiled):
    assert fastw2v.kernels() == fastw2v.Kernels(("blas",), (), "blas")
    assert fastw2v.Model(kernel="blas").kernel == "blas"
    with pytest.raises(ValueError, match="'generic', which was not compiled into this installatio"):
        fastw2v.Model(kernel="generic")


@pytest.mark.parametrize("name", HERE)
def test_the_environment_chooses(name, monkeypatch):
    monkeypatch.setenv(VARIABLE, name)
    assert fastw2v.kernels().chosen == name
    assert fastw2v.kernels().available == HERE
    assert dispatch.choose("auto") == name
    for other in HERE:  # what is asked for by name is not affected
        assert dispatch.choose(other) == other


@pytest.mark.parametrize("value", ["", "auto"])
def test_the_environment_may_leave_the_choice(value, monkeypatch):
    monkeypatch.setenv(VARIABLE, value)
    assert fastw2v.kernels().chosen == HERE[0]


REFUSALS = {
    "avx512": "asks for 'avx512', which this processor has no instructions for",
    "neon": "asks for 'neon', which was not compiled into this installation",
    "sse": "asks for 'sse', which is none of 'auto', 'avx512', 'avx2', 'neon', 'generic', 'blas'",
    "AVX2": "asks for 'AVX2', which is none of 'auto', 'avx512', 'avx2', 'neon', 'generic', 'blas'",
    " avx2": "asks for ' avx2', which is none of 'auto'",
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.usefixtures("old_processor")
def test_what_cannot_run_is_refused_with_the_reason(name, monkeypatch):
    available = "; here there are 'auto', 'avx2', 'generic', 'blas'"
    for refused in (lambda: fastw2v.Model(WALKS, kernel=name), lambda: dispatch.choose(name)):
        with pytest.raises(ValueError, match=r"^kernel asks for") as raised:
            refused()
        assert REFUSALS[name] in str(raised.value)
        assert str(raised.value).endswith(available)
    monkeypatch.setenv(VARIABLE, name)
    for refused in (fastw2v.kernels, fastw2v.Model, lambda: dispatch.choose("auto")):
        with pytest.raises(ValueError, match=f"^the environment variable {VARIABLE} ask") as raised:
            refused()
        assert REFUSALS[name] in str(raised.value)
        assert str(raised.value).endswith(available)
    fastw2v.Model(WALKS, kernel="blas")  # does not ask the environment


def test_all_kernels_that_cannot_run_here_are_refused():
    for name in set(NAMES) - set(HERE):
        with pytest.raises(ValueError, match=f"kernel asks for '{name}', which "):
            fastw2v.Model(kernel=name)


def test_the_empty_name_is_no_kernel():
    with pytest.raises(ValueError, match="kernel asks for '', which is none of 'auto'"):
        fastw2v.Model(kernel="")


@pytest.mark.parametrize("kernel", [None, 1, b"avx2", ["blas"], True])
def test_a_kernel_is_a_name(kernel):
    with pytest.raises(TypeError, match=r"kernel must be a str .*, not "):
        fastw2v.Model(kernel=kernel)


@pytest.mark.parametrize("name", HERE)
def test_a_model_trains_on_the_kernel_it_was_given(name, monkeypatch):
    asked = []
    real = trainer.Kernel

    def spy(*arguments, **options):
        asked.append(options["kernel"])
        return real(*arguments, **options)

    monkeypatch.setattr("fastw2v.trainer.Kernel", spy)
    by_name = fastw2v.Model(WALKS, kernel=name, **SMALL).train(progress=False)
    assert by_name.kernel == name
    monkeypatch.setenv(VARIABLE, name)
    by_environment = fastw2v.Model(WALKS, **SMALL).train(progress=False)
    assert by_environment.kernel == "auto"
    assert asked == [name, name]
    np.testing.assert_array_equal(by_name.input_vectors, by_environment.input_vectors)
    np.testing.assert_array_equal(by_name.output_vectors, by_environment.output_vectors)


def test_auto_is_resolved_when_training_starts(monkeypatch):
    model = fastw2v.Model(WALKS, **SMALL)
    monkeypatch.setenv(VARIABLE, "blas")
    model.train(progress=False)
    blas = fastw2v.Model(WALKS, kernel="blas", **SMALL).train(progress=False)
    np.testing.assert_array_equal(model.input_vectors, blas.input_vectors)
    before = model.input_vectors.copy()
    monkeypatch.setenv(VARIABLE, "sse")
    with pytest.raises(ValueError, match=VARIABLE):
        model.train(progress=False)
    np.testing.assert_array_equal(model.input_vectors, before)
    assert len(model.history) == 2


@pytest.mark.parametrize("name", HERE)
def test_files_do_not_keep_the_kernel(name, tmp_path):
    """They are for other machines, too."""
    model = fastw2v.Model(WALKS, kernel=name, **SMALL).train(progress=False)
    path = tmp_path / "model.safetensors"
    model.save(path)
    assert b"kernel" not in path.read_bytes()
    loaded = fastw2v.Model.load(path)
    assert loaded.kernel == "auto"
    loaded.kernel = name
    loaded.train(WALKS, progress=False)
    model.train(WALKS, progress=False)
    np.testing.assert_array_equal(loaded.input_vectors, model.input_vectors)
    np.testing.assert_array_equal(loaded.output_vectors, model.output_vectors)


@pytest.mark.parametrize("name", HERE)
def test_vectors_of_the_users_own_are_not_written_around(name):
    """Rows that lie in other memory are copied before a kernel writes to what is between them."""
    model = fastw2v.Model(WALKS, kernel=name, **SMALL).train(progress=False)
    for matrix in (
        np.ascontiguousarray(model.input_vectors),
        np.full((5, 16), 9, np.float32)[:, :6],
    ):
        model.input_vectors, before = matrix, matrix.copy()
        around = None if matrix.base is None else matrix.base[:, 6:]
        model.train(progress=False)
        np.testing.assert_array_equal(matrix, before)
        assert not np.array_equal(model.input_vectors, before)
        assert around is None or (around == 9).all()
