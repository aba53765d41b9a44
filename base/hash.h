/* SHA-256 by OpenSSL's EVP: the digest that OCI images are addressed by (image-spec,
 * descriptor.md). */
#pragma once

#include <stdint.h>

#include "base/buffer.h"

#define SHA256_HEX_SIZE 64

/* 64 lower-case hexadecimal digits and a NUL. */
struct digest {
    char hex[SHA256_HEX_SIZE + 1];
};

/* Passes bytes on to `next` (may be NULL: only hash), counting and hashing them. */
struct hash_sink {
    struct sink sink;
    struct sink *next;
    uint64_t size;
    void *context; /* EVP_MD_CTX */
};

int hash_sink_init(struct hash_sink *hash, struct sink *next, struct error *error);
/* Writes the digest of what passed; the sink is only good for hash_sink_free after that. */
int hash_sink_finish(struct hash_sink *hash, struct digest *digest, struct error *error);
void hash_sink_free(struct hash_sink *hash);
#define HASH_SINK_CLEANUP __attribute__((cleanup(hash_sink_free)))

/* The digest of bytes in memory. */
int hash_bytes(const void *data, size_t size, struct digest *digest, struct error *error);
