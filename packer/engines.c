/* The table of engines: what each loads and requires, and fitting an output to them. Where the
 * evidence of a row is a test, that tries every cell, also the refusals. */
#include "packer/packer.h"

#include <stdlib.h>
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
#define DOCKER_29       [DOCKER] = ANY_WAY, [ROOTFS] = ANY_WAY, [LAYER] = ANY_WAY
#define DOCKER_STORE    [DOCKER] = ANY_WAY, [OCI_TAR] = ANY_WAY, [ROOTFS] = ANY_WAY, [LAYER] = FAST
#define CONTAINERD_1    [DOCKER] = PLAIN, [OCI_TAR] = PLAIN, [LAYER] = FAST
#define CONTAINERD_2    [DOCKER] = FAST, [OCI_TAR] = FAST, [LAYER] = FAST
/* podman, skopeo and buildah are of one library; in its older versions, what decompresses gzip
 * could not begin again. */
#define LIBRARY     [OCI_TAR] = ANY_WAY, [OCI] = PLAIN, [LAYER] = ANY_WAY
#define LIBRARY_OLD [DOCKER] = ANY_WAY & ~GZIP, LIBRARY
#define LIBRARY_NEW [DOCKER] = ANY_WAY, LIBRARY

/* What ctr, containerd's own command, does not do without. */
#define CONTAINERD_NEEDS (PACKER_NEEDS_ARCHITECTURE | PACKER_NEEDS_NAME | PACKER_NEEDS_TAG)

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
    {"docker-28.5", {DOCKER_23}, 0, "tests/engines/docker.bats"},
    {"docker-28.5-containerd", {DOCKER_STORE}, PACKER_NEEDS_NAME, "tests/engines/docker.bats"},
    {"docker-29.0", {DOCKER_29}, 0, "its source, daemon/internal/image/tarexport"},
    {"docker-29.0-containerd",
     {DOCKER_STORE},
     PACKER_NEEDS_NAME,
     "its source, daemon/containerd/image_exporter.go"},
    {"podman-4.3", {LIBRARY_OLD, [ROOTFS] = ANY_WAY}, 0, "tests/engines/podman.bats"},
    {"podman-5.4", {LIBRARY_NEW, [ROOTFS] = GZIPPED}, 0, "tests/engines/podman.bats"},
    {"podman-5.8", {LIBRARY_NEW, [ROOTFS] = ANY_WAY}, 0, "tests/engines/podman.bats"},
    {"containerd-1.6", {CONTAINERD_1}, CONTAINERD_NEEDS, "tests/engines/containerd.bats"},
    {"containerd-1.7", {CONTAINERD_1}, CONTAINERD_NEEDS, "tests/engines/containerd.bats"},
    {"containerd-2.1", {CONTAINERD_2}, CONTAINERD_NEEDS, "tests/engines/containerd.bats"},
    {"nerdctl-2.3",
     {CONTAINERD_2},
     PACKER_NEEDS_ARCHITECTURE | PACKER_NEEDS_NAME,
     "its source, pkg/imgutil/load"},
    {"kind-0.24", {CONTAINERD_1}, PACKER_NEEDS_NAME, "tests/engines/kind.bats"},
    {"kind-0.29", {CONTAINERD_2}, PACKER_NEEDS_NAME, "tests/engines/kind.bats"},
    {"skopeo-1.9", {LIBRARY_OLD}, 0, "tests/engines/skopeo.bats"},
    {"skopeo-1.18", {LIBRARY_NEW}, 0, "tests/engines/skopeo.bats"},
    {"skopeo-1.22", {LIBRARY_NEW}, 0, "tests/engines/skopeo.bats"},
    {"buildah-1.28", {LIBRARY_OLD}, 0, "tests/engines/buildah.bats"},
    {"buildah-1.39", {LIBRARY_NEW}, 0, "tests/engines/buildah.bats"},
    {"buildah-1.43", {LIBRARY_NEW}, 0, "tests/engines/buildah.bats"},
    {"umoci-0.4",
     {[OCI] = PLAIN, [LAYER] = GZIPPED},
     PACKER_NEEDS_OS | PACKER_NEEDS_TAG,
     "tests/engines/umoci.bats"},
    {"umoci-0.6",
     {[OCI] = PLAIN, [LAYER] = GZIPPED | ZSTD},
     PACKER_NEEDS_OS | PACKER_NEEDS_TAG,
     "tests/engines/umoci.bats"},
    {"runc-1.1", {[BUNDLE] = PLAIN}, PACKER_NEEDS_PROC, "tests/engines/runc.bats"},
    {"runc-1.3",
     {[BUNDLE] = PLAIN},
     PACKER_NEEDS_PROC | PACKER_NEEDS_DEV,
     "tests/engines/runc.bats"},
    {"crun-1.8", {[BUNDLE] = PLAIN}, PACKER_NEEDS_VERSION, "tests/engines/crun.bats"},
    {"crun-1.21", {[BUNDLE] = PLAIN}, PACKER_NEEDS_VERSION, "tests/engines/crun.bats"},
    {"crun-1.28", {[BUNDLE] = PLAIN}, PACKER_NEEDS_VERSION, "tests/engines/crun.bats"},
    {"runsc-20240729.0", {[BUNDLE] = PLAIN}, 0, "tests/engines/runsc.bats"},
    {"youki-0.7",
     {[BUNDLE] = PLAIN},
     YOUKI_NEEDS,
     "its source, crates/libcontainer, and oci-spec-rs"},
};
#define ENGINES (COUNT(engines))

#define ANY "any"

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

/* ---- names of engines ------------------------------------------------------------------------ */

/* "docker-28.5-containerd" in parts. */
struct engine_name {
    const char *kind, *version, *variant; /* the others of none are empty */
    size_t kind_size, version_size;
};

static struct engine_name part_name(const char *text)
{
    struct engine_name name = {.kind = text, .kind_size = strcspn(text, "-")};
    name.version = text + name.kind_size + (text[name.kind_size] != '\0');
    name.version_size = strspn(name.version, "0123456789.");
    name.variant = name.version + name.version_size;
    return name;
}

/* By the numbers that both have: below 0, 0 or above. */
static int compare_versions(const char *one, const char *other)
{
    for (;;) {
        char *end, *other_end;
        unsigned long number = strtoul(one, &end, 10),
                      other_number = strtoul(other, &other_end, 10);
        if (number != other_number)
            return number < other_number ? -1 : 1;
        if (*end != '.' || *other_end != '.')
            return 0;
        one = end + 1;
        other = other_end + 1;
    }
}

/* "docker" is every docker, "podman-4" every podman 4. */
static bool is_named(const struct engine *engine, const char *name)
{
    size_t length = strlen(name);
    return strncmp(engine->name, name, length) == 0 &&
           strchr("-.", engine->name[length]); /* or its end */
}

/* Whether the engine is of the kind and variant that are asked for, and not of a later version. */
static bool is_as_old(const struct engine_name *engine, const struct engine_name *asked)
{
    return engine->kind_size == asked->kind_size &&
           strncmp(engine->kind, asked->kind, asked->kind_size) == 0 &&
           (!*asked->variant || strcmp(engine->variant, asked->variant) == 0) &&
           compare_versions(engine->version, asked->version) <= 0;
}

/* Whether that is one of the version's own releases: 5.4.2 of 5.4. */
static bool is_release_of(const struct engine_name *engine, const struct engine_name *asked)
{
    return strncmp(engine->version, asked->version, engine->version_size) == 0 &&
           asked->version[engine->version_size] == '.';
}

static void append_name(struct buffer *list, const char *name)
{
    buffer_printf(list, "%s%s", list->size ? ", " : "", name);
}

/* Chooses the newest of those that are as old as what is asked for, which has no row of its own. */
static int choose_nearest(const char *name, bool chosen[static ENGINES], struct strings *notes,
                          struct error *error)
{
    const struct engine_name asked = part_name(name);
    struct buffer list BUFFER_CLEANUP = {0};
    struct engine_name nearest = {.version = ""};
    if (!asked.version_size || (*asked.variant && *asked.variant != '-'))
        return 0;
    for (size_t i = 0; i < ENGINES; i++) {
        const struct engine_name engine = part_name(engines[i].name);
        if (is_as_old(&engine, &asked) &&
            (!*nearest.version || compare_versions(engine.version, nearest.version) > 0))
            nearest = engine;
    }
    for (size_t i = 0; *nearest.version && i < ENGINES; i++) {
        const struct engine_name engine = part_name(engines[i].name);
        chosen[i] =
            is_as_old(&engine, &asked) && compare_versions(engine.version, nearest.version) == 0;
        if (chosen[i])
            append_name(&list, engines[i].name);
    }
    if (!list.size || is_release_of(&nearest, &asked))
        return buffer_check(&list, error);
    char *text TEXT_CLEANUP = NULL;
    return buffer_check(&list, error) < 0 ||
                   text_format(&text, error, "%s: judged as %s", name, buffer_text(&list)) < 0
               ? -1
               : strings_append(notes, text, error);
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

static bool is_any_chosen(const bool chosen[static ENGINES])
{
    for (size_t i = 0; i < ENGINES; i++)
        if (chosen[i])
            return true;
    return false;
}

/* Chooses the one of just that name, else all that it begins, else the nearest older ones. */
static int choose_engines(const char *name, bool chosen[static ENGINES], struct strings *notes,
                          struct error *error)
{
    for (size_t i = 0; i < ENGINES; i++)
        chosen[i] = strcmp(name, ANY) == 0 || strcmp(name, engines[i].name) == 0;
    if (!is_any_chosen(chosen))
        for (size_t i = 0; i < ENGINES; i++)
            chosen[i] = is_named(&engines[i], name);
    if (!is_any_chosen(chosen) && choose_nearest(name, chosen, notes, error) < 0)
        return -1;
    return is_any_chosen(chosen) ? 0 : refuse_engine(name, error);
}

/* ---- fitting a target ------------------------------------------------------------------------ */

/* What is left out of "any". */
struct left_out {
    struct buffer compressed; /* engines that would load it plain */
    struct buffer nameless;   /* engines that would find it by a name */
};

static void left_out_free(struct left_out *left_out)
{
    buffer_free(&left_out->compressed);
    buffer_free(&left_out->nameless);
}
#define LEFT_OUT_CLEANUP __attribute__((cleanup(left_out_free)))

/* Fits the target to one engine; `left_out`: it is one of any, or else named, which fails where it
 * cannot use the target. */
static int fit_engine(struct packer_target *target, const struct engine *engine, bool has_tag,
                      struct left_out *left_out, struct error *error)
{
    unsigned ways = ways_of(engine, target);
    struct buffer reason BUFFER_CLEANUP = {0};
    append_reason(engine, target, &reason);
    bool is_nameless = !reason.size && (engine->needs & PACKER_NEEDS_TAG) && !has_tag;
    if (is_nameless)
        buffer_append_text(&reason, "it finds no image without a name: -t NAME:TAG gives one");
    if (reason.size && !left_out)
        return error_set(error, "--for=%s: %s (%s)", engine->name, buffer_text(&reason),
                         engine->evidence);
    if (reason.size && ways)
        append_name(is_nameless ? &left_out->nameless : &left_out->compressed, engine->name);
    if (reason.size && !is_nameless)
        return 0;
    /* By its digest it may still be found, with `ctr images import --digests`. */
    target->two_members |= target->compression && !(ways & GZIP);
    target->needs |= engine->needs;
    return 0;
}

/* Notes what some engines cannot; without any, nothing. */
static int note_names(struct strings *notes, const struct buffer *names, const char *what,
                      struct error *error)
{
    char *text TEXT_CLEANUP = NULL;
    if (!names->size && !names->failed)
        return 0;
    return buffer_check(names, error) < 0 ||
                   text_format(&text, error, "%s %s", buffer_text(names), what) < 0
               ? -1
               : strings_append(notes, text, error);
}

static int note_left_out(const struct packer_target *target, const struct left_out *left_out,
                         struct strings *notes, struct error *error)
{
    char *compressed TEXT_CLEANUP = NULL;
    return text_format(&compressed, error, "cannot load it compressed: for those write %s",
                       packer_suffix(target)) < 0 ||
                   note_names(notes, &left_out->compressed, compressed, error) < 0 ||
                   note_names(notes, &left_out->nameless,
                              "find no image without a name: -t NAME:TAG gives one", error) < 0
               ? -1
               : 0;
}

static int fit_engines(struct packer_target *target, const char *name, bool has_tag,
                       struct strings *notes, struct error *error)
{
    bool is_any = strcmp(name, ANY) == 0, chosen[ENGINES] = {false};
    struct left_out left_out LEFT_OUT_CLEANUP = {0};
    if (choose_engines(name, chosen, notes, error) < 0)
        return -1;
    for (size_t i = 0; i < ENGINES; i++)
        if (chosen[i] &&
            fit_engine(target, &engines[i], has_tag, is_any ? &left_out : NULL, error) < 0)
            return -1;
    return note_left_out(target, &left_out, notes, error);
}

int packer_fit_engines(struct packer_target *target, const char *const *names, bool has_tag,
                       struct strings *notes, struct error *error)
{
    static const char *const any[] = {ANY, NULL};
    target->two_members = false;
    target->needs = 0;
    for (const char *const *name = names && *names ? names : any; *name; name++)
        if (fit_engines(target, *name, has_tag, notes, error) < 0)
            return -1;
    return 0;
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
    {PACKER_NEEDS_TAG, "tag"},
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
