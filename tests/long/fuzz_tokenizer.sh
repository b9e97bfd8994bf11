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
build() { # the headers' folder, what to make
    clang -std=c11 -g -O2 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        -Wall -Wextra -Werror -I "$1" tests/long/fuzz_tokenizer.c -o "$2"
}
fuzz() { # what to run, seconds, longest input
    "$1" -max_total_time="$2" -max_len="$3" -timeout=20 -print_final_stats=1 \
        -artifact_prefix="$folder/" "$folder/corpus"
}
printf '\1\2\200\342a\303\251 \342\202\254\360\237\230\200\r\n\nsixteen_bytes_xx longer_than_sixteen \0' \
    >"$folder/corpus/utf8"
printf '\1\2\200\342\301\277 \340\237\277 \355\237\277 \355\240\200 \360\217\277\277 \364\220\200\200' \
    >"$folder/corpus/not_utf8"
build fastw2v/_kernels "$folder/fuzz_tokenizer"
fuzz "$folder/fuzz_tokenizer" $((seconds / 2)) 256
# Then with a hash that is always 0, so that all keys meet, and only their bytes tell them apart.
mkdir -p "$folder/headers"
cp fastw2v/_kernels/*.h "$folder/headers"
sed 's/0x9FB21C651E98DF25/0/' fastw2v/_kernels/key_table.h >"$folder/headers/key_table.h"
! cmp -s fastw2v/_kernels/key_table.h "$folder/headers/key_table.h"
build "$folder/headers" "$folder/fuzz_collisions"
fuzz "$folder/fuzz_collisions" $((seconds / 4)) 256
# Then slower: more words than a new table has room for.
{ printf '\200\0\100\2'; seq 100 640; } >"$folder/corpus/many_words"
fuzz "$folder/fuzz_tokenizer" $((seconds / 4)) 2200
