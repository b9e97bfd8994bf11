"""How fast each input vector learns: what a caller of ``Model.train`` may give, for the kernels.

One mechanism serves two wishes: to freeze rows (a rate of 0), and to slow down or hurry on others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v.checks import factors
from fastw2v.vocabulary import Vocabulary


def check_rates(input_rates: Any) -> None:
    """Refuse what can't be rates whatever the vocabulary, before anything is read.

    Raises
    ------
    TypeError, ValueError
        If they are no numbers, or if one of them is negative, infinite or NaN.
    """
    if isinstance(input_rates, Mapping):
        for key, rate in input_rates.items():
            factors(f"input_rates[{key!r}]", [rate])
    elif input_rates is not None:
        factors("input_rates", input_rates)


def rates_of_rows(input_rates: Any, vocabulary: Vocabulary) -> NDArray[np.float32] | None:
    """Return the rate of each row; None where all are 1.

    Parameters
    ----------
    input_rates
        A mapping from keys to rates, 1 for all others; a 1-D array with one for each key of the
        vocabulary, in its order; or None.
    vocabulary
        What the rows are.

    Raises
    ------
    KeyError
        For a key that is not in the vocabulary.
    TypeError, ValueError
        As from ``check_rates``, and for another number of rates than there are keys.
    """
    if input_rates is None:
        return None
    if isinstance(input_rates, Mapping):
        rates = np.ones(len(vocabulary), np.float32)
        for key, rate in input_rates.items():
            if key not in vocabulary:
                raise KeyError(f"the key {key!r} of input_rates is not in the vocabulary")
            rates[vocabulary.key_to_index[key]] = rate
    else:
        rates = factors("input_rates", input_rates)
        if len(rates) != len(vocabulary):
            raise ValueError(
                f"input_rates has {len(rates):,} values, but the vocabulary has "
                f"{len(vocabulary):,} keys: give one for each, in the order of vocabulary.keys, or "
                "a mapping from keys to rates"
            )
    return None if bool((rates == 1).all()) else rates
