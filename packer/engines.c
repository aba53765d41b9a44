/* What each engine loads. Those of Debian 12 are tried by the tests; the others were measured once.
 */
#include "packer/packer_internal.h"

#include <string.h>

/* An archive that is compressed as a whole. */
enum whole_gzip {
    WHOLE_NOT, /* it decompresses no archive */
    WHOLE_TWO, /* only where the first member holds just the first 8 bytes (docs/engines.md) */
    WHOLE_ANY,
};

#define TAKES_DOCKER  0x1u /* docker archives */
#define TAKES_OCI_TAR 0x2u
#define TAKES_OCI     0x4u /* OCI layouts in a directory */

#define TAKES_ALL (TAKES_DOCKER | TAKES_OCI_TAR | TAKES_OCI)

static const struct engine {
    const char *name;
    unsigned takes;
    enum whole_gzip gzip;
    bool needs_architecture; /* in the config */
    const char *evidence;
} engines[] = {
    {"docker-20.10", TAKES_DOCKER, WHOLE_ANY, false, "tests/engines/docker.bats"},
    {"docker-26", TAKES_DOCKER, WHOLE_ANY, false, "no test here"},
    {"docker-28", TAKES_DOCKER, WHOLE_ANY, false, "no test here"},
    {"podman-4", TAKES_ALL, WHOLE_TWO, false, "tests/engines/podman.bats"},
    {"podman-5", TAKES_ALL, WHOLE_ANY, false, "no test here"},
    {"containerd-1", TAKES_DOCKER | TAKES_OCI_TAR, WHOLE_NOT, true,
     "tests/engines/containerd.bats"},
    {"containerd-2", TAKES_DOCKER | TAKES_OCI_TAR, WHOLE_ANY, false, "no test here"},
    {"skopeo-1.9", TAKES_ALL, WHOLE_TWO, false, "tests/engines/skopeo.bats"},
    {"skopeo-1.18", TAKES_ALL, WHOLE_ANY, false, "no test here"},
    {"umoci-0.4", TAKES_OCI, WHOLE_NOT, false, "tests/engines/umoci.bats"},
};
#define ENGINES (sizeof engines / sizeof *engines)

#define ANY "any"

/* "docker" is every docker; "any" is named on purpose of all that take such an archive. */
static bool is_named(const struct engine *engine, const char *name)
{
    size_t length = strlen(name);
    return strncmp(engine->name, name, length) == 0 &&
           (engine->name[length] == 0 || engine->name[length] == '-');
}

static unsigned kind_of(const struct packer_target *target)
{
    if (strcmp(packer_format_name(target), "docker") == 0)
        return TAKES_DOCKER;
    if (strcmp(packer_format_name(target), "oci") == 0)
        return target->directory ? TAKES_OCI : TAKES_OCI_TAR;
    if (strcmp(packer_format_name(target), "combined") == 0)
        return TAKES_DOCKER | TAKES_OCI_TAR;
    return 0;
}

static const char *reason_against(const struct engine *engine, const struct packer_target *target)
{
    if (!(engine->takes & kind_of(target)))
        return "it does not load this format";
    if (target->compression && engine->gzip == WHOLE_NOT)
        return "it decompresses no archive: write .tar";
    return NULL;
}

static int unknown(const char *name, struct error *error)
{
    struct buffer names BUFFER_CLEANUP = {0};
    for (size_t i = 0; i < ENGINES; i++)
        buffer_printf(&names, ", %s", engines[i].name);
    return error_set(error,
                     "--for: '%s' is no engine that is known: write " ANY
                     ", docker, podman, containerd, skopeo, umoci%s",
                     name, buffer_text(&names));
}

static int require(struct packer_target *target, const char *name, struct buffer *left_out,
                   struct error *error)
{
    bool is_any = strcmp(name, ANY) == 0, is_known = is_any;
    for (size_t i = 0; i < ENGINES; i++) {
        const struct engine *engine = &engines[i];
        if (!is_any && !is_named(engine, name))
            continue;
        is_known = true;
        const char *reason = reason_against(engine, target);
        if (reason && !is_any)
            return error_set(error, "--for=%s: %s (%s)", engine->name, reason, engine->evidence);
        if (reason && engine->takes & kind_of(target))
            buffer_printf(left_out, "%s%s", left_out->size ? ", " : "", engine->name);
        if (reason)
            continue;
        target->two_members |= target->compression && engine->gzip == WHOLE_TWO;
        target->needs_architecture |= engine->needs_architecture;
    }
    return is_known ? 0 : unknown(name, error);
}

int packer_require(struct packer_target *target, const char *const *names, struct buffer *left_out,
                   struct error *error)
{
    static const char *const any[] = {ANY, NULL};
    bool is_asked = names && *names;
    if (kind_of(target) == 0)
        return is_asked ? error_set(error, "--for: engines load images, and a %s is none",
                                    packer_format_name(target))
                        : 0;
    target->two_members = target->needs_architecture = false;
    for (const char *const *name = is_asked ? names : any; *name; name++)
        if (require(target, *name, left_out, error) < 0)
            return -1;
    return buffer_check(left_out, error);
}
