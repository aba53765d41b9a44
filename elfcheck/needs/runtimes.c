/* What shows in a file which languages and C libraries it was linked with. */
#include "elfcheck/needs/evidence.h"

const struct sign runtime_signs[] = {
    {SIGN_STRING, .text = "\xff Go buildinf:", .only = RUNTIME_GO},
    {SIGN_TEXT, .text = "runtime.mallocgc", .only = RUNTIME_GO},
    {SIGN_STRING, .text = "library/std/src/", .only = RUNTIME_RUST},
    {SIGN_STRING, .text = "/rustc/", .only = RUNTIME_RUST},
    {SIGN_TEXT, .text = "GLIBC_TUNABLES", .only = RUNTIME_GLIBC},
    {SIGN_TEXT, .text = "glibc-ld.so.cache1.1", .only = RUNTIME_GLIBC},
    {SIGN_TEXT, .text = "FATAL: kernel too old\n", .only = RUNTIME_GLIBC},
    {SIGN_TEXT, .text = "-0X+0X 0X-0x+0x 0x", .only = RUNTIME_MUSL},
    {SIGN_TEXT, .text = "No error information", .only = RUNTIME_MUSL},
    {SIGN_TEXT, .text = "St9exception", .only = RUNTIME_CXX},
    {SIGN_TEXT, .text = "St9type_info", .only = RUNTIME_CXX},
    {SIGN_STRING, .text = "GNAT Version: ", .only = RUNTIME_ADA},
    {SIGN_TEXT, .text = "OCAMLRUNPARAM", .only = RUNTIME_OCAML},
    {SIGN_STRING, .text = "] for x86_64 - Linux", .only = RUNTIME_PASCAL},
    {SIGN_STRING, .text = "SIGSEGV: Illegal storage access. (Attempt to read from nil?)",
     .only = RUNTIME_NIM},
    {SIGN_TEXT, .text = "core.exception.AssertError", .only = RUNTIME_D},
    {.kind = SIGN_END},
};
