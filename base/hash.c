#include "base/hash.h"

#include <stdio.h>

#include <openssl/evp.h>

static int hash_and_pass(struct sink *sink, const void *data, size_t size, struct error *error)
{
    struct hash_sink *hash = (struct hash_sink *)sink;
    if (EVP_DigestUpdate(hash->context, data, size) != 1)
        return error_set(error, "OpenSSL: cannot update SHA-256");
    hash->size += size;
    return hash->next ? sink_write(hash->next, data, size, error) : 0;
}

int hash_sink_init(struct hash_sink *hash, struct sink *next, struct error *error)
{
    *hash = (struct hash_sink){.sink.write = hash_and_pass, .next = next};
    hash->context = EVP_MD_CTX_new();
    if (!hash->context || EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) != 1) {
        hash_sink_free(hash);
        return error_set(error, "OpenSSL: cannot start SHA-256");
    }
    return 0;
}

int hash_sink_finish(struct hash_sink *hash, struct digest *digest, struct error *error)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(hash->context, bytes, &size) != 1 || size * 2 != SHA256_HEX_SIZE)
        return error_set(error, "OpenSSL: cannot finish SHA-256");
    static const char digits[] = "0123456789abcdef";
    for (unsigned int i = 0; i < size; i++) {
        digest->hex[2 * i] = digits[bytes[i] >> 4];
        digest->hex[2 * i + 1] = digits[bytes[i] & 0xf];
    }
    digest->hex[SHA256_HEX_SIZE] = '\0';
    return 0;
}

void hash_sink_free(struct hash_sink *hash)
{
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
}

int hash_bytes(const void *data, size_t size, struct digest *digest, struct error *error)
{
    struct hash_sink hash HASH_SINK_CLEANUP = {0};
    if (hash_sink_init(&hash, NULL, error) < 0 || sink_write(&hash.sink, data, size, error) < 0)
        return -1;
    return hash_sink_finish(&hash, digest, error);
}
