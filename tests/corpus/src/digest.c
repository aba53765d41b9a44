/* Uses OpenSSL, and none of its certificates. */
#include <openssl/evp.h>
#include <stdio.h>

int main(void)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size;
    if (EVP_Digest("ok", 2, digest, &size, EVP_sha256(), NULL) != 1)
        return 1;
    printf("ok %02x\n", digest[0]);
    return 0;
}
