#!/bin/sh
# Run the tests of the native code under sanitizers: tests/long/sanitize.sh [pytest's arguments]
# or a script of this folder: tests/long/sanitize.sh tests/long/grow_cycles.py [its arguments]
# and for races between threads: SANITIZER=thread tests/long/sanitize.sh [either]
#
# Builds the package, all kernels included, with GCC's address and undefined behaviour sanitizers, or
# its thread sanitizer, in an environment of its own, and runs the whole test suite there, or what the
# arguments name; what makes no sense under a sanitizer is left out below, with the reason. Ends with
# an error where a test fails: an access or behaviour that is reported ends its process at once, races
# make a process fail at its end. The races that Hogwild training is made of are listed in
# hogwild.supp; SUPPRESSIONS=/dev/null has them reported too, as where training is deterministic, which
# has none. Needs gcc with libasan and libubsan, or libtsan and setarch, Python with its headers, and a
# package registry for pip. Leaks are not looked for: the interpreter itself has some. Builds in the
# folder SANITIZE_FOLDER, by default build/sanitize; BUILT=1 runs what was built there before.
set -eu
cd "$(dirname "$0")/../.."
folder=${SANITIZE_FOLDER:-build/sanitize}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
case ${SANITIZER:=address} in
address) kinds=address,undefined libraries="libasan.so libubsan.so" call=__asan_report run= ;;
thread)
    kinds=thread libraries=libtsan.so call=__tsan_read
    run="setarch $(uname -m) -R" # it wants memory where it expects it, no random addresses
    # What others compiled, it can't see: how NumPy's BLAS's threads wait, mimalloc in pyarrow.
    export OPENBLAS_NUM_THREADS=1 ARROW_DEFAULT_MEMORY_POOL=system
    ;;
*) echo "SANITIZER is address or thread, not $SANITIZER" && exit 1 ;;
esac
flags="-fsanitize=$kinds -fno-sanitize-recover=all -fno-omit-frame-pointer -g"

if [ -z "${BUILT:-}" ]; then
    # From a copy: objects that another build left would be taken as they are, and these by the next.
    rm -rf "$folder/source"
    mkdir "$folder/source"
    cp -R fastw2v pyproject.toml README.md LICENSE "$folder/source"
    sed 's/"-O3"/"-O1"/' setup.py >"$folder/source/setup.py" # builds in half the time
    if cmp -s setup.py "$folder/source/setup.py"; then echo 'setup.py has no "-O3" any more' && exit 1; fi
    python3 -m venv "$folder/venv"
    CC=gcc CFLAGS=$flags LDFLAGS=$flags "$folder/venv/bin/pip" install -q "$folder/source[test]"
fi

for module in "$folder"/venv/lib/python3*/site-packages/fastw2v/[!_]*/*.so \
    "$folder"/venv/lib/python3*/site-packages/fastw2v/_kernels/*.so; do
    nm -D "$module" | grep -q $call || { echo "NOT SANITIZED: $module" && exit 1; }
done
for kernel in "$folder"/source/build/temp.*/fastw2v/_kernels/simd/*.o; do
    nm "$kernel" | grep -q $call || { echo "NOT SANITIZED: $kernel" && exit 1; }
done

# libstdc++ comes along because the sanitizer looks for the exceptions of pyarrow's C++ at the start;
# with Python's own allocator in the way, what lies beyond its objects would not be seen.
preload=
for library in $libraries libstdc++.so.6; do
    preload="$preload $(gcc -print-file-name=$library)"
done
[ $# -gt 0 ] || set -- tests
case $1 in
tests/long/*.py) set -- "$folder/venv/bin/python" "$@" ;;
# Not --capture=fd, which would hide the reports in tests that pass.
*)
    # What measures memory would measure the sanitizer's.
    set -- --ignore="$PWD/tests/test_memory_use.py" "$@"
    # Importing polars crashes where libtsan is loaded, whatever is done with it.
    [ $SANITIZER = address ] || set -- -k "not polars" --ignore="$PWD/tests/test_sklearn.py" \
        --ignore="$PWD/tests/formats/test_columns.py" "$@"
    set -- "$folder/venv/bin/pytest" -q -p no:cacheprovider --capture=sys "$@"
    ;;
esac
export PYTHONMALLOC=malloc TSAN_OPTIONS="suppressions=${SUPPRESSIONS:-$PWD/tests/long/hogwild.supp}"
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
exec $run env LD_PRELOAD="$preload" "$@"
