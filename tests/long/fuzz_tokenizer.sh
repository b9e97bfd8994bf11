#!/bin/sh
# Fuzz the tokenizer and the key table: tests/long/fuzz_tokenizer.sh [seconds, 600 by default]
#
# Needs clang with its compiler-rt, for libFuzzer and the sanitizers: on Debian the packages clang
# and libclang-rt-14-dev (or the number of the clang that is installed). Ends with an error, and
# leaves the input that caused it beside the corpus, at the first difference from the reference.
# What it found out is kept in the folder FUZZ_FOLDER, by default build/fuzz, for the next time.
set -eu
seconds=${1:-600}
cd "$(dirname "$0")/../.."
folder=${FUZZ_FOLDER:-build/fuzz}
mkdir -p "$folder/corpus"
clang -std=c11 -g -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -Wall -Wextra -Werror -I fastw2v/_kernels tests/long/fuzz_tokenizer.c -o "$folder/fuzz_tokenizer"
fuzz() { # seconds, longest input
    "$folder/fuzz_tokenizer" -max_total_time="$1" -max_len="$2" -timeout=20 -print_final_stats=1 \
        -artifact_prefix="$folder/" "$folder/corpus"
}
printf '\1\2\200\342a\303\251 \342\202\254\360\237\230\200\r\n\nsixteen_bytes_xx longer_than_sixteen \0' \
    >"$folder/corpus/utf8"
fuzz $((seconds * 3 / 4)) 256
# Then slower: more words than a new table has room for.
{ printf '\200\0\100\2'; seq 100 640; } >"$folder/corpus/many_words"
fuzz $((seconds / 4)) 2200
