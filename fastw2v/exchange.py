"""Keys with a matrix, as other libraries have them: tables of Arrow and pandas, gensim, a notebook.

Nothing of these is imported before it is asked for. What is made are copies.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Keys: TypeAlias = Sequence[Hashable]
Matrix: TypeAlias = NDArray[np.float32]
Counts: TypeAlias = NDArray[np.int64]

SHOWN_KEYS, SHOWN_CHARACTERS = 5, 40  # in a notebook


def arrow_table(keys: Keys, matrix: Matrix, counts: Counts) -> pa.Table:
    """Return a pyarrow table; ``KeyedVectors.to_arrow`` says more."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise ImportError(
            'to_arrow needs pyarrow: pip install "fastw2v[arrow]"', name="pyarrow"
        ) from error
    types = {type(key) for key in keys}
    if len(types) > 1 or type(None) in types:
        names = ", ".join(sorted(kind.__name__ for kind in types))
        raise TypeError(f"the keys do not make one column of an Arrow table: they are {names}")
    try:
        column = pa.array(keys)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise TypeError(f"the keys do not make one column of an Arrow table: {error}") from None
    values = pa.array(np.array(matrix, order="C").reshape(-1))  # a copy: tables don't change
    vectors = pa.FixedSizeListArray.from_arrays(values, matrix.shape[1])
    return pa.table({"key": column, "count": pa.array(counts.copy()), "vector": vectors})


def pandas_table(keys: Keys, matrix: Matrix, counts: Counts) -> pd.DataFrame:
    """Return a pandas table; ``KeyedVectors.to_pandas`` says more."""
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("to_pandas needs pandas: pip install pandas", name="pandas") from error
    # Tuples are keys, no levels of an index.
    index = pd.Index(keys, name="key", tupleize_cols=False)
    names = [f"v{dimension}" for dimension in range(matrix.shape[1])]
    table = pd.DataFrame(matrix, index=index, columns=names, copy=True)
    table.insert(0, "count", counts)
    return table


def gensim_parts(source: Any) -> tuple[list[Hashable], Any, list[int] | None]:
    """Return the keys, vectors and counts, or None for these, of an object of gensim's.

    Raises
    ------
    TypeError
        If it is none.
    """
    keyed = getattr(source, "wv", source)
    missing = [name for name in ("index_to_key", "vectors") if not hasattr(keyed, name)]
    if missing:
        raise TypeError(
            f"{type(source).__name__} is no KeyedVectors of gensim 4, and no model with them "
            f"as wv: it has no {' and no '.join(missing)}"
        )
    keys = list(keyed.index_to_key)
    try:
        counts = [int(keyed.get_vecattr(key, "count")) for key in keys]
    except (AttributeError, KeyError):
        return keys, keyed.vectors, None
    return keys, keyed.vectors, counts


def notebook_html(name: str, keys: Keys, counts: Counts, vector_size: int) -> str:
    """Return a line on the whole and a table of the first keys."""
    shown = zip(keys[:SHOWN_KEYS], counts.tolist(), strict=False)
    rows = "".join(
        f"<tr><td>{escape(_shortened(repr(key)))}</td><td>{count:,}</td></tr>"
        for key, count in shown
    )
    more = "<tr><td>…</td><td></td></tr>" if len(keys) > SHOWN_KEYS else ""
    return (
        f"<p><b>{name}</b>: {len(keys):,} keys, vector_size={vector_size}</p>"
        f"<table><tr><th>key</th><th>count</th></tr>{rows}{more}</table>"
    )


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
