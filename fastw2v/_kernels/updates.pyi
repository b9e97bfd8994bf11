from fastw2v._kernels._types import FloatArray

ROW_BYTES: int
ROW_FLOATS: int

def run_step(
    name: str,
    hidden: FloatArray,
    outputs: FloatArray,
    labels: FloatArray,
    lr: float,
    *,
    hidden_counts: FloatArray,
    output_counts: FloatArray,
    scale: float | None = None,
    share: float | None = None,
) -> float: ...
def compiled() -> list[tuple[str, bool]]: ...
def any_rows(name: str) -> bool: ...
