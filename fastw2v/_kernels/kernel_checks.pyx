"""What kernels rely on and never look at again, checked once by ``Kernel``."""

from libc.math cimport INFINITY

from fastw2v._kernels.step cimport ROW_BYTES, ROW_FLOATS

cdef enum:
    RELEASE_EVERY = 1 << 19  # tokens, or offsets


cdef check_shapes(Py_ssize_t v, inputs, outputs, keep_probability):
    if v == 0 or inputs.shape[1] == 0:
        raise ValueError("the matrices must have at least one row and one column")
    if outputs.shape[0] != v or outputs.shape[1] != inputs.shape[1]:
        raise ValueError("input_vectors and output_vectors must have the same shape")
    if keep_probability.shape[0] != v:
        raise ValueError(f"{v} rows, but {keep_probability.shape[0]} keep probabilities")


cdef check_words(str name, Py_ssize_t v, words):
    if words is None:
        raise TypeError(f"this objective needs a {name}")
    if words != v:
        raise ValueError(f"{v} rows, but {name} over {words} words")


cdef const float* factors(
    str name, const float[::1] values, Py_ssize_t n,
) except? NULL:
    """Return the address of n factors, none of them negative, infinite or NaN; NULL for None."""
    if values is None:
        return NULL
    if values.shape[0] != n:
        raise ValueError(f"{name} must have {n} values, not {values.shape[0]}")
    cdef Py_ssize_t i
    for i in range(n):
        if not 0.0 <= values[i] < INFINITY:
            raise ValueError(f"{name}[{i}] is {values[i]}: it must be at least 0 and finite")
    return &values[0]


cdef int32_t row_stride(
    const float[:, :] inputs, const float[:, :] outputs, bint any_rows,
) except -1:
    """Check how the rows lie, and return how many floats there are from one to the next."""
    cdef Py_ssize_t stride = inputs.strides[0], size = sizeof(float), unit = size * ROW_FLOATS
    if inputs.strides[1] != size or outputs.strides[1] != size:
        raise ValueError("the rows of input_vectors and output_vectors must be contiguous")
    if inputs.shape[0] == 1:  # there is no next row, and what NumPy says of it means nothing
        stride = (inputs.shape[1] * size + unit - 1) // unit * unit
    elif outputs.strides[0] != stride or stride % size or stride < inputs.shape[1] * size:
        raise ValueError(
            f"input_vectors has a row every {stride} bytes and output_vectors every "
            f"{outputs.strides[0]}: it must be the same whole number of floats, no less than a row")
    if not any_rows and (stride % unit or <size_t>&inputs[0, 0] % ROW_BYTES
                         or <size_t>&outputs[0, 0] % ROW_BYTES):
        raise ValueError(
            f"this kernel needs rows that are padded to {ROW_FLOATS} floats and begin at multiples "
            f"of {ROW_BYTES} bytes: make the matrices with fastw2v.matrices")
    return <int32_t>(stride // size)


cdef int64_t check_corpus(
    const int32_t[::1] tokens, const int64_t[::1] offsets, Py_ssize_t v, release,
) except -1:
    """Check what every kernel relies on, and return the length of the longest sentence."""
    cdef int64_t longest = 0, s
    cdef int32_t smallest = 0, largest = 0
    cdef Py_ssize_t i
    if tokens.shape[0] == 0 or offsets.shape[0] < 2:
        raise ValueError("the corpus has no tokens")
    if offsets[0] != 0 or offsets[offsets.shape[0] - 1] != tokens.shape[0]:
        raise ValueError("offsets must begin at 0 and end at the number of tokens")
    for s in range(offsets.shape[0] - 1):
        if offsets[s + 1] < offsets[s]:
            raise ValueError(f"offsets must not fall, as they do after sentence {s}")
        longest = max(longest, offsets[s + 1] - offsets[s])
        if s % RELEASE_EVERY == 0 and release is not None:
            release()
    for i in range(tokens.shape[0]):
        if i % RELEASE_EVERY == 0 and release is not None:
            release()
        smallest = min(smallest, tokens[i])
        largest = max(largest, tokens[i])
    if smallest < 0 or largest >= v:
        raise ValueError(f"tokens run from {smallest} to {largest}, but the matrices have {v} rows")
    return longest


cdef check_range(const Parameters* parameters, int64_t begin, int64_t end, int64_t unit):
    if not 0 <= begin < end <= parameters.n_tokens or begin % unit or (
            end % unit and end != parameters.n_tokens):
        raise ValueError(
            f"tokens {begin} to {end} are no run of blocks of {unit} in a corpus of "
            f"{parameters.n_tokens}")
