/* What shows in a file which languages and C libraries it was linked with. */
#include "elfcheck/needs/evidence.h"

/* Mozilla's bundle has these roots: in DER, as webpki-roots has their names, too, and in PEM. */
#define COMMON_NAME(length, name) "\x55\x04\x03\x13" length name

const struct indicator runtime_indicators[] = {
    {INDICATOR_STRING, .text = "\xff Go buildinf:", .only = RUNTIME_GO},
    {INDICATOR_TEXT, .text = "runtime.mallocgc", .only = RUNTIME_GO},
    {INDICATOR_STRING, .text = "library/std/src/", .only = RUNTIME_RUST},
    {INDICATOR_STRING, .text = "/rustc/", .only = RUNTIME_RUST},
    {INDICATOR_TEXT, .text = "GLIBC_TUNABLES", .only = RUNTIME_GLIBC},
    {INDICATOR_TEXT, .text = "glibc-ld.so.cache1.1", .only = RUNTIME_GLIBC},
    {INDICATOR_TEXT, .text = "FATAL: kernel too old\n", .only = RUNTIME_GLIBC},
    {INDICATOR_TEXT, .text = "-0X+0X 0X-0x+0x 0x", .only = RUNTIME_MUSL},
    {INDICATOR_TEXT, .text = "No error information", .only = RUNTIME_MUSL},
    {INDICATOR_TEXT, .text = "St9exception", .only = RUNTIME_CXX},
    {INDICATOR_TEXT, .text = "St9type_info", .only = RUNTIME_CXX},
    {INDICATOR_TEXT, .text = "libstdc++.so.6", .only = RUNTIME_CXX},
    {INDICATOR_TEXT, .text = "libc++.so.1", .only = RUNTIME_CXX},
    {INDICATOR_STRING, .text = "GNAT Version: ", .only = RUNTIME_ADA},
    {INDICATOR_TEXT, .text = "OCAMLRUNPARAM", .only = RUNTIME_OCAML},
    {INDICATOR_STRING, .text = "] for x86_64 - Linux", .only = RUNTIME_PASCAL},
    {INDICATOR_STRING, .text = "SIGSEGV: Illegal storage access. (Attempt to read from nil?)",
     .only = RUNTIME_NIM},
    {INDICATOR_TEXT, .text = "core.exception.AssertError", .only = RUNTIME_D},
    {INDICATOR_STRING, .text = COMMON_NAME("\x0c", "ISRG Root X1"), .only = RUNTIME_ROOTS},
    {INDICATOR_STRING, .text = COMMON_NAME("\x17", "DigiCert Global Root G2"),
     .only = RUNTIME_ROOTS},
    {INDICATOR_STRING, .text = "MIIFazCCA1OgAwIBAgIRAIIQz7DSQONZRGPgu2OCiwAwDQYJKoZIhvcNAQELBQAw",
     .only = RUNTIME_ROOTS},
    {INDICATOR_STRING, .text = "MIIDjjCCAnagAwIBAgIQAzrx5qcRqaC7KGSxHQn65TANBgkqhkiG9w0BAQsFADBh",
     .only = RUNTIME_ROOTS},
    {.kind = INDICATOR_END},
};
