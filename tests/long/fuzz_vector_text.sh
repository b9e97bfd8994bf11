#!/bin/sh
# Fuzz the reading and writing of vectors: tests/long/fuzz_vector_text.sh [seconds, 600 by default]
#
# Needs clang with its compiler-rt, for libFuzzer and the sanitizers: on Debian the packages clang
# and libclang-rt-14-dev (or the number of the clang that is installed). Ends with an error, and
# leaves the input that caused it beside the corpus, at the first difference from the references.
# What it found out is kept in the folder FUZZ_FOLDER, by default build/fuzz_vectors, for the next
# time.
set -eu
seconds=${1:-600}
cd "$(dirname "$0")/../.."
folder=${FUZZ_FOLDER:-build/fuzz_vectors}
mkdir -p "$folder/corpus"
clang -std=c11 -g -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -Wall -Wextra -Werror -I fastw2v/_kernels tests/long/fuzz_vector_text.c -lm \
    -o "$folder/fuzz_vector_text"
printf '\1the 0.25 -1e-3\nof 12345678901234567890.5e-30 3.4028236e38\n' >"$folder/corpus/text"
printf '\5at name@example.com 1.5 .5e+2 \r\n. . . 7.038531e-26\t5.\n' >"$folder/corpus/spaces"
printf '\0a 1.00000005960464477539062500001\nb nan\nc inf\n' >"$folder/corpus/midpoint"
printf '\1the \0\0\200\77\315\314\314\75\nof \0\0\200\277\1\0\0\0' >"$folder/corpus/binary"
printf '%s\n' '"e-"' '"e+"' '"nan"' '"inf"' '"0000000000"' '"99999999999999999999"' \
    '"1.1754943508222875e-38"' '"7.0064923216240854e-46"' '"3.4028235677973366e+38"' '"16777217"' \
    >"$folder/words"
"$folder/fuzz_vector_text" -max_total_time="$seconds" -max_len=512 -timeout=20 \
    -print_final_stats=1 -dict="$folder/words" -artifact_prefix="$folder/" "$folder/corpus"
