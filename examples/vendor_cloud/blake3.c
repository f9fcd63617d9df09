/* BLAKE3, by its specification: what assets are named by, and what a device asks to be proved. A vendor takes the official
 * library, which is many times as fast. */
#include "cloud.h"

#include <string.h>

enum { BLOCK = 64, CHUNK = 1024 };
enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

static const uint32_t IV[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint32_t turned(uint32_t word, int by) {
    return word >> by | word << (32 - by);
}

static void mix(uint32_t state[16], int a, int b, int c, int d, uint32_t x, uint32_t y) {
    state[a] += state[b] + x;
    state[d] = turned(state[d] ^ state[a], 16);
    state[c] += state[d];
    state[b] = turned(state[b] ^ state[c], 12);
    state[a] += state[b] + y;
    state[d] = turned(state[d] ^ state[a], 8);
    state[c] += state[d];
    state[b] = turned(state[b] ^ state[c], 7);
}

static void permute(uint32_t message[16]) {
    static const int from[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
    uint32_t before[16];
    memcpy(before, message, sizeof before);
    for (int i = 0; i < 16; i++) {
        message[i] = before[from[i]];
    }
}

/* Takes a block into the value of a chunk or of two children. */
static void compress(uint32_t value[8], const uint32_t block[16], uint64_t counter, uint32_t length, uint32_t flags) {
    uint32_t message[16], state[16] = {value[0], value[1], value[2], value[3], value[4], value[5], value[6], value[7],
                                       IV[0], IV[1], IV[2], IV[3],
                                       (uint32_t)counter, (uint32_t)(counter >> 32), length, flags};
    memcpy(message, block, sizeof message);
    for (int round = 0; round < 7; round++) {
        for (int i = 0; i < 4; i++) { /* the columns */
            mix(state, i, 4 + i, 8 + i, 12 + i, message[2 * i], message[2 * i + 1]);
        }
        for (int i = 0; i < 4; i++) { /* the diagonals */
            mix(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, message[8 + 2 * i], message[9 + 2 * i]);
        }
        permute(message);
    }
    for (int i = 0; i < 8; i++) {
        value[i] = state[i] ^ state[8 + i];
    }
}

static void read_block(const uint8_t *bytes, size_t length, uint32_t block[16]) {
    memset(block, 0, BLOCK);
    for (size_t i = 0; i < length; i++) {
        block[i / 4] |= (uint32_t)bytes[i] << 8 * (i % 4);
    }
}

/* At most CHUNK bytes, which may be none. */
static void hash_chunk(const uint8_t *bytes, size_t length, uint64_t number, uint32_t root, uint32_t value[8]) {
    uint32_t block[16], flags = CHUNK_START;
    memcpy(value, IV, sizeof IV);
    for (; length > BLOCK; bytes += BLOCK, length -= BLOCK, flags = 0) {
        read_block(bytes, BLOCK, block);
        compress(value, block, number, BLOCK, flags);
    }
    read_block(bytes, length, block);
    compress(value, block, number, (uint32_t)length, flags | CHUNK_END | root);
}

/* The bytes of the left child: as many chunks as the greatest power of two that leaves something to the right. */
static size_t left_part(size_t length) {
    size_t left = CHUNK;
    while (left < length - left) {
        left *= 2;
    }
    return left;
}

static void hash_tree(const uint8_t *bytes, size_t length, uint64_t first, uint32_t root, uint32_t value[8]) {
    uint32_t children[16];
    if (length <= CHUNK) {
        hash_chunk(bytes, length, first, root, value);
        return;
    }
    size_t left = left_part(length);
    hash_tree(bytes, left, first, 0, children);
    hash_tree(bytes + left, length - left, first + left / CHUNK, 0, children + 8);
    memcpy(value, IV, sizeof IV);
    compress(value, children, 0, BLOCK, PARENT | root);
}

void blake3(const uint8_t *bytes, size_t length, uint8_t digest[BLAKE3_BYTES]) {
    uint32_t value[8];
    hash_tree(bytes, length, 0, ROOT, value);
    for (int i = 0; i < BLAKE3_BYTES; i++) {
        digest[i] = (uint8_t)(value[i / 4] >> 8 * (i % 4));
    }
}
