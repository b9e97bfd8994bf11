#!/bin/sh
# Run the tests of the native code under sanitizers: tests/long/sanitize.sh [pytest's arguments]
# or a script of this folder: tests/long/sanitize.sh tests/long/grow_cycles.py [its arguments]
#
# Builds the package, all kernels included, with GCC's address and undefined behaviour sanitizers, in
# an environment of its own, and runs there the tests of what is native code (kernels, reading,
# phrases, training, searches, vectors as text), or what the arguments name. Ends with an error at
# the first report. Needs gcc with libasan and libubsan, Python with its headers, and a package
# registry for pip. Leaks are not looked for: the interpreter itself has some. Builds in the folder
# SANITIZE_FOLDER, by default build/sanitize.
set -eu
cd "$(dirname "$0")/../.."
folder=${SANITIZE_FOLDER:-build/sanitize}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
flags="-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g"

# From a copy: objects that another build left would be taken as they are, and these by the next.
rm -rf "$folder/source"
mkdir "$folder/source"
cp -R fastw2v pyproject.toml README.md LICENSE "$folder/source"
sed 's/"-O3"/"-O1"/' setup.py >"$folder/source/setup.py" # builds in half the time
if cmp -s setup.py "$folder/source/setup.py"; then echo 'setup.py has no "-O3" any more' && exit 1; fi
python3 -m venv "$folder/venv"
CC=gcc CFLAGS=$flags LDFLAGS=$flags "$folder/venv/bin/pip" install -q "$folder/source[test]"

for module in "$folder"/venv/lib/python3*/site-packages/fastw2v/[!_]*/*.so \
    "$folder"/venv/lib/python3*/site-packages/fastw2v/_kernels/*.so; do
    nm -D "$module" | grep -q __asan_report || { echo "NOT SANITIZED: $module" && exit 1; }
done
for kernel in "$folder"/source/build/temp.*/fastw2v/_kernels/simd/*.o; do
    nm "$kernel" | grep -q __asan_report || { echo "NOT SANITIZED: $kernel" && exit 1; }
done

# libstdc++ comes along because the sanitizer looks for the exceptions of pyarrow's C++ at the start;
# with Python's own allocator in the way, what lies beyond its objects would not be seen.
preload=
for library in libasan.so libubsan.so libstdc++.so.6; do
    preload="$preload $(gcc -print-file-name=$library)"
done
[ $# -gt 0 ] || set -- tests/kernels tests/corpus tests/test_phrases.py tests/test_training.py \
    tests/test_model.py tests/test_quantized.py tests/test_neighbors.py \
    tests/formats/test_text_and_word2vec.py tests/formats/test_table.py
case $1 in
tests/long/*.py) set -- "$folder/venv/bin/python" "$@" ;;
*) set -- "$folder/venv/bin/pytest" -q -x -p no:cacheprovider "$@" ;;
esac
LD_PRELOAD=$preload PYTHONMALLOC=malloc \
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 "$@"
