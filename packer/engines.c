/* The table of engines: what each loads and requires, and fitting an output to them. Where the
 * evidence of a row is a test, that tries every cell, also the refusals. */
#include "packer/packer.h"

#include <string.h>

#include "base/array.h"
#include "base/strings.h"
#include "base/text.h"
#include "packer/compress/compress.h"

/* What is written, by its ending or else the name of its format; and the layers in it. */
enum form { DOCKER, OCI_TAR, OCI, ROOTFS, BUNDLE, DOCKER_V1, LAYER, FORMS };
static const char *const endings[FORMS] = {".tar",    ".oci.tar",  ".oci", ".rootfs.tar",
                                           ".bundle", "docker-v1", "layer"};

/* How that may be compressed: a set. */
#define PLAIN    0x01u
#define GZIP_TWO 0x02u /* in members of which the first holds just 8 bytes (docs/engines.md) */
#define GZIP     0x04u
#define ZSTD     0x08u
#define XZ       0x10u

#define GZIPPED (PLAIN | GZIP_TWO | GZIP)
#define FAST    (GZIPPED | ZSTD)
#define ANY_WAY (FAST | XZ)

/* What of that an archive is. */
static const unsigned ways_compressed[PACKER_COMPRESSIONS] = {
    [PACKER_PLAIN] = PLAIN,
    [PACKER_GZIP] = GZIP_TWO | GZIP,
    [PACKER_ZSTD] = ZSTD,
    [PACKER_XZ] = XZ,
};

/* docker decompresses xz by the program of that name, where it is installed. */
#define DOCKER_AS(ways) [DOCKER] = ways, [ROOTFS] = ways, [DOCKER_V1] = ways, [LAYER] = ways
#define DOCKER_20       DOCKER_AS(GZIPPED | XZ)
#define DOCKER_23       DOCKER_AS(ANY_WAY)
#define DOCKER_STORE    [DOCKER] = ANY_WAY, [OCI_TAR] = ANY_WAY, [ROOTFS] = ANY_WAY, [LAYER] = FAST
/* kind imports for all platforms: that containerd 2 decompresses then is not known. */
#define CONTAINERD_1 [DOCKER] = PLAIN, [OCI_TAR] = PLAIN, [LAYER] = FAST
#define CONTAINERD_2 [DOCKER] = FAST, [OCI_TAR] = FAST, [LAYER] = FAST
/* podman, skopeo and buildah are of one library; in its older versions, what decompresses gzip
 * could not begin again. */
#define LIBRARY     [OCI_TAR] = ANY_WAY, [OCI] = PLAIN, [LAYER] = ANY_WAY
#define LIBRARY_OLD [DOCKER] = ANY_WAY & ~GZIP, LIBRARY
#define LIBRARY_NEW [DOCKER] = ANY_WAY, LIBRARY

#define ARCHITECTURE_AND_NAME (PACKER_NEEDS_ARCHITECTURE | PACKER_NEEDS_NAME)

/* Its links in /dev may not exist, and its process has a user (oci-spec-rs). */
#define YOUKI_NEEDS \
    (PACKER_NEEDS_PROC | PACKER_NEEDS_DEV | PACKER_NEEDS_VERSION | PACKER_NEEDS_USER)

static const struct engine {
    const char *name;
    unsigned loads[FORMS];
    unsigned needs; /* PACKER_NEEDS_* */
    const char *evidence;
} engines[] = {
    {"docker-20.10", {DOCKER_20}, 0, "tests/engines/docker.bats"},
    {"docker-26.1", {DOCKER_23}, 0, "tests/engines/docker.bats"},
    {"docker-26.1-containerd", {DOCKER_STORE}, PACKER_NEEDS_NAME, "tests/engines/docker.bats"},
    {"docker-28.5", {DOCKER_23}, 0, "measured once"},
    {"docker-28.5-containerd", {DOCKER_STORE}, PACKER_NEEDS_NAME, "measured once"},
    {"podman-4.3", {LIBRARY_OLD, [ROOTFS] = ANY_WAY}, 0, "tests/engines/podman.bats"},
    {"podman-5.4", {LIBRARY_NEW, [ROOTFS] = GZIPPED}, 0, "tests/engines/podman.bats"},
    {"podman-5.8", {LIBRARY_NEW, [ROOTFS] = GZIPPED}, 0, "measured once"},
    {"containerd-1.6", {CONTAINERD_1}, ARCHITECTURE_AND_NAME, "tests/engines/containerd.bats"},
    {"containerd-1.7", {CONTAINERD_1}, ARCHITECTURE_AND_NAME, "tests/engines/containerd.bats"},
    {"containerd-2.1", {CONTAINERD_2}, PACKER_NEEDS_NAME, "measured once"},
    {"kind-0.24",
     {CONTAINERD_1},
     ARCHITECTURE_AND_NAME,
     "containerd 1.7.18, say its release notes"},
    {"kind-0.29", {CONTAINERD_1}, ARCHITECTURE_AND_NAME, "containerd 2.1.1, say its release notes"},
    {"skopeo-1.9", {LIBRARY_OLD}, 0, "tests/engines/skopeo.bats"},
    {"skopeo-1.18", {LIBRARY_NEW}, 0, "tests/engines/skopeo.bats"},
    {"skopeo-1.22", {LIBRARY_NEW}, 0, "measured once"},
    {"buildah-1.28", {LIBRARY_OLD}, 0, "tests/engines/buildah.bats"},
    {"buildah-1.39", {LIBRARY_NEW}, 0, "tests/engines/buildah.bats"},
    {"umoci-0.4", {[OCI] = PLAIN, [LAYER] = GZIPPED}, PACKER_NEEDS_OS, "tests/engines/umoci.bats"},
    {"runc-1.1", {[BUNDLE] = PLAIN}, PACKER_NEEDS_PROC, "tests/engines/runc.bats"},
    {"runc-1.3",
     {[BUNDLE] = PLAIN},
     PACKER_NEEDS_PROC | PACKER_NEEDS_DEV,
     "tests/engines/runc.bats"},
    {"crun-1.8", {[BUNDLE] = PLAIN}, PACKER_NEEDS_VERSION, "tests/engines/crun.bats"},
    {"crun-1.21", {[BUNDLE] = PLAIN}, PACKER_NEEDS_VERSION, "tests/engines/crun.bats"},
    {"crun-1.28", {[BUNDLE] = PLAIN}, PACKER_NEEDS_VERSION, "tests/engines/crun.bats"},
    {"youki-0.7", {[BUNDLE] = PLAIN}, YOUKI_NEEDS, "measured once"},
};
#define ENGINES (COUNT(engines))

#define ANY "any"

/* "docker" is every docker, "podman-4" every podman 4; "any" are all that load such a form. */
static bool is_named(const struct engine *engine, const char *name)
{
    size_t length = strlen(name);
    return strncmp(engine->name, name, length) == 0 &&
           strchr("-.", engine->name[length]); /* or its end */
}

static const char *form_name(const struct packer_target *target)
{
    const char *format = packer_format_name(target);
    return strcmp(format, endings[DOCKER_V1]) == 0 ? format : packer_suffix(target);
}

/* How the engine loads such a target; 0: not at all. */
static unsigned ways_of(const struct engine *engine, const struct packer_target *target)
{
    for (size_t i = 0; i < LAYER; i++)
        if (strcmp(endings[i], form_name(target)) == 0)
            return engine->loads[i];
    if (strcmp(packer_format_name(target), "combined") != 0)
        return 0;
    /* As either of both. */
    unsigned docker = engine->loads[DOCKER], oci = engine->loads[OCI_TAR];
    return docker && oci ? docker & oci : docker | oci;
}

/* Appends why the engine does not load the target; nothing where it does. */
static void append_reason(const struct engine *engine, const struct packer_target *target,
                          struct buffer *out)
{
    unsigned ways = ways_of(engine, target);
    if (!ways) {
        buffer_printf(out, "it does not load %s: use ", form_name(target));
        const char *before = "";
        for (size_t i = 0; i < DOCKER_V1; i++)
            if (engine->loads[i]) {
                buffer_printf(out, "%s%s", before, endings[i]);
                before = " or ";
            }
    } else if (!(ways & ways_compressed[target->compression])) {
        buffer_printf(out, "it does not decompress %s: use %s%s",
                      compressors[target->compression].name, packer_suffix(target),
                      ways & GZIP_TWO ? compressors[PACKER_GZIP].ending : "");
    }
}

/* The one of just that name, before all that it may begin. */
static const struct engine *find_exactly(const char *name)
{
    for (size_t i = 0; i < ENGINES; i++)
        if (strcmp(engines[i].name, name) == 0)
            return &engines[i];
    return NULL;
}

/* A guess may be of "podman" and of "podman-5.4" alike. */
static int refuse_engine(const char *name, struct error *error)
{
    struct strings choices STRINGS_CLEANUP = {0};
    if (strings_append(&choices, ANY, error) < 0)
        return -1;
    for (size_t i = 0; i < ENGINES; i++) {
        const char *full = engines[i].name;
        char *kind TEXT_CLEANUP = NULL;
        if (text_format(&kind, error, "%.*s", (int)strcspn(full, "-"), full) < 0 ||
            strings_append(&choices, kind, error) < 0 || strings_append(&choices, full, error) < 0)
            return -1;
    }
    text_unknown("engine", name, strings_list(&choices), choices.count,
                 "`whit list --engines` lists all", error);
    return error_prefix(error, "--for");
}

/* Fits the target to one engine; `is_any`: or names it among those that are left out. */
static int fit_engine(struct packer_target *target, const struct engine *engine, bool is_any,
                      struct buffer *left_out, struct error *error)
{
    unsigned ways = ways_of(engine, target);
    struct buffer reason BUFFER_CLEANUP = {0};
    append_reason(engine, target, &reason);
    if (reason.size && !is_any)
        return error_set(error, "--for=%s: %s (%s)", engine->name, buffer_text(&reason),
                         engine->evidence);
    if (reason.size && ways)
        buffer_printf(left_out, "%s%s", left_out->size ? ", " : "", engine->name);
    if (reason.size)
        return 0;
    target->two_members |= target->compression && !(ways & GZIP);
    target->needs |= engine->needs;
    return 0;
}

static int fit_engines(struct packer_target *target, const char *name, struct buffer *left_out,
                       struct error *error)
{
    const struct engine *only = find_exactly(name);
    bool is_any = strcmp(name, ANY) == 0, is_known = is_any;
    for (size_t i = 0; i < ENGINES; i++) {
        const struct engine *engine = &engines[i];
        if (only ? engine != only : !is_any && !is_named(engine, name))
            continue;
        is_known = true;
        if (fit_engine(target, engine, is_any, left_out, error) < 0)
            return -1;
    }
    return is_known ? 0 : refuse_engine(name, error);
}

int packer_fit_engines(struct packer_target *target, const char *const *names,
                       struct buffer *left_out, struct error *error)
{
    static const char *const any[] = {ANY, NULL};
    target->two_members = false;
    target->needs = 0;
    for (const char *const *name = names && *names ? names : any; *name; name++)
        if (fit_engines(target, *name, left_out, error) < 0)
            return -1;
    return buffer_check(left_out, error);
}

/* ---- the table as text ----------------------------------------------------------------------- */

static void append_ways(struct buffer *out, unsigned loads)
{
    struct buffer ways BUFFER_CLEANUP = {0};
    buffer_append_text(&ways, loads ? "yes" : "-");
    for (size_t i = PACKER_PLAIN + 1; i < PACKER_COMPRESSIONS; i++)
        if (loads & ways_compressed[i])
            buffer_printf(&ways, ",%s%s", loads & GZIP || i != PACKER_GZIP ? "" : "2",
                          compressors[i].ending + 1);
    buffer_printf(out, " %-14s", buffer_text(&ways));
}

static const struct {
    unsigned need;
    const char *name;
} need_names[] = {
    {PACKER_NEEDS_ARCHITECTURE, "architecture"},
    {PACKER_NEEDS_OS, "os"},
    {PACKER_NEEDS_PROC, "/proc"},
    {PACKER_NEEDS_DEV, "/dev"},
    {PACKER_NEEDS_VERSION, "ociVersion"},
    {PACKER_NEEDS_USER, "user"},
    {PACKER_NEEDS_NAME, "name"},
};

void packer_list_engines(bool names_alone, struct buffer *out)
{
    if (!names_alone) {
        buffer_printf(out, "%-22s", "engine");
        for (size_t i = 0; i < FORMS; i++)
            buffer_printf(out, " %-14s", endings[i]);
        buffer_append_text(out, " needs             evidence\n");
    }
    for (size_t i = 0; i < ENGINES; i++) {
        const struct engine *engine = &engines[i];
        if (names_alone) {
            buffer_printf(out, "%s\n", engine->name);
            continue;
        }
        buffer_printf(out, "%-22s", engine->name);
        for (size_t j = 0; j < FORMS; j++)
            append_ways(out, engine->loads[j]);
        struct buffer needs BUFFER_CLEANUP = {0};
        for (size_t j = 0; j < COUNT(need_names); j++)
            if (engine->needs & need_names[j].need)
                buffer_printf(&needs, "%s%s", needs.size ? "," : "", need_names[j].name);
        buffer_printf(out, " %-17s %s\n", needs.size ? buffer_text(&needs) : "-", engine->evidence);
    }
}
