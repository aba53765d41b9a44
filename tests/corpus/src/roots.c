/* Counts the certificates that OpenSSL trusts by default. */
#include <openssl/ssl.h>
#include <stdio.h>

int main(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context || SSL_CTX_set_default_verify_paths(context) != 1)
        return 2;
    int count = sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context)));
    if (count < 1)
        return fputs("no trusted certificates\n", stderr), 1;
    puts("ok");
    return 0;
}
