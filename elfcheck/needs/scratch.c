/* Has it all it needs in an empty image? */
#include "elfcheck/needs/evidence.h"

#include <string.h>
#include <unistd.h>

#include "elfcheck/read/finding.h"
#include "elfcheck/needs/needs.h"

/* The settings' severity of the rule whose check runs. */
static enum elfcheck_severity severity_now(const struct elfcheck_inspection *inspection)
{
    const enum elfcheck_severity *severities = inspection->settings->severities;
    return severities ? severities[inspection->rule_index] : inspection->rule->severity;
}

/* Whether the image has what the rule asks for. */
static bool is_in_root(const struct elfcheck_inspection *inspection)
{
    const struct elfcheck_root *root = inspection->settings->root;
    const char *const *paths = inspection->rule->paths;
    for (; root && paths && *paths; paths++) {
        int fd = root->open(root->context, *paths);
        if (fd >= 0) {
            close(fd);
            return true;
        }
    }
    return false;
}

/* How an indicator is spoken of. */
static const char *const evidence_words[] = {
    [INDICATOR_STRING] = "it holds the text",
    [INDICATOR_SUFFIX] = "it holds a text that ends in",
    [INDICATOR_TEXT] = "it holds the text",
    [INDICATOR_GO] = "it has the function",
    [INDICATOR_SYMBOL] = "it has the symbol",
    [INDICATOR_CALL] = "it calls localtime, and holds the text",
    [INDICATOR_NAMED] = "it starts, and holds the text",
};

/* Gathers the evidence, once, which tells more of what made the file, too. */
static bool learn_from_evidence(struct elfcheck_inspection *inspection)
{
    if (inspection->evidence)
        return !inspection->failed;
    if (gather_evidence(inspection))
        describe_producer(inspection);
    return !inspection->failed;
}

static void check_indicators(struct elfcheck_inspection *inspection)
{
    /* Gathering evidence reads the whole file: only for what somebody wants to know. */
    if (severity_now(inspection) == ELFCHECK_OFF || !learn_from_evidence(inspection))
        return;
    uint64_t offset;
    const struct indicator *indicator = strongest_indicator(inspection, &offset);
    if (!indicator || is_in_root(inspection))
        return;
    bool is_weak = evidence_is_weak(inspection, indicator);
    report_finding(inspection, offset, "%s %s: %s \"%s\"", is_weak ? "may look for" : "looks for",
                   inspection->rule->lack, evidence_words[indicator->kind], indicator->text);
    /* What does not start misses nothing yet. */
    if (is_weak || !starts_so_far(inspection))
        weaken_finding(inspection);
}

/* ---- the rules ------------------------------------------------------------------------------- */

/* Up to glibc 2.33. Later ones name the functions for users and services all in one table. */
#define OLD_NAME_SERVICE "libnss_%s.so.%d.%d"

/* What glibc takes the random part of a temporary file's name from. */
#define TEMPORARY_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const struct elfcheck_rule need_rows[] = {
    {
        .id = "EC211",
        .name = "ca-certificates",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that verifies TLS certificates finds root certificates.",
        .remedy = "add them: whit pack --add=/etc/ssl/certs/ca-certificates.crt",
        .source = "Go crypto/x509, root_linux.go; OpenSSL crypto/x509/x509_def.c",
        .check = check_indicators,
        .lack = "CA certificates",
        .paths =
            (const char *const[]){"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
                                  "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cert.pem",
                                  "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/cacert.pem",
                                  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                  "/etc/ssl/certs", "/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs",
                                  "/usr/local/ssl/cert.pem", "/usr/local/ssl/certs", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_GO, .text = "crypto/x509.loadSystemRoots", .never = RUNTIME_ROOTS,
                 .without = "golang.org/x/crypto/x509roots/fallback.init.0"},
                {INDICATOR_GO, .text = "crypto/x509.initSystemRoots", .never = RUNTIME_ROOTS,
                 .without = "golang.org/x/crypto/x509roots/fallback.init.0"},
                {INDICATOR_GO, .text = "crypto/x509.systemRootsPool", .never = RUNTIME_ROOTS,
                 .without = "golang.org/x/crypto/x509roots/fallback.init.0"},
                {INDICATOR_STRING, .text = "/cert.pem", .never = RUNTIME_GO | RUNTIME_ROOTS},
                {INDICATOR_STRING, .text = "OPENSSLDIR: ", .never = RUNTIME_GO | RUNTIME_ROOTS},
                {INDICATOR_STRING, .text = "/etc/ssl/certs", .never = RUNTIME_GO | RUNTIME_ROOTS},
                {INDICATOR_STRING, .text = "/tls-ca-bundle.pem",
                 .never = RUNTIME_GO | RUNTIME_ROOTS},
                {INDICATOR_STRING, .text = "/certs/ca-bundle.crt",
                 .never = RUNTIME_GO | RUNTIME_ROOTS},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC212",
        .name = "time-zones",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that uses local time finds the time zones.",
        .remedy = "add them: whit pack --add=/usr/share/zoneinfo (or only the zones that are used)",
        .source = "Go time/zoneinfo_unix.go; glibc time/tzfile.c; musl src/time/__tz.c",
        .check = check_indicators,
        .lack = "time zones",
        .paths = (const char *const[]){"/usr/share/zoneinfo", "/etc/localtime",
                                       "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ",
                                       "/etc/zoneinfo", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_GO, .text = "time.LoadLocation",
                 .without = "time/tzdata.loadFromEmbeddedTZData"},
                {INDICATOR_STRING, .text = "/usr/share/zoneinfo/tzdata.zi"},
                {INDICATOR_CALL, INDICATOR_USUAL, .text = "__tzfile_compute", .only = RUNTIME_GLIBC,
                 .never = RUNTIME_ADA},
                {INDICATOR_STRING, INDICATOR_USUAL, .text = "/usr/share/zoneinfo",
                 .only = RUNTIME_RUST},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "localtime",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "localtime_r",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {INDICATOR_CALL, INDICATOR_USUAL, .text = "/usr/share/zoneinfo/",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {INDICATOR_STRING, INDICATOR_FAINT, .text = "/zoneinfo", .never = RUNTIME_GO},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC213",
        .name = "users",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that looks up users finds /etc/passwd.",
        .remedy = "add a small one: printf 'root:x:0:0::/:\\n' >passwd; whit pack "
                  "--add=passwd:/etc/passwd",
        .source = "glibc nss/nss_files; musl src/passwd; Go os/user",
        .check = check_indicators,
        .lack = "/etc/passwd",
        .paths = (const char *const[]){"/etc/passwd", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_GO, INDICATOR_USUAL, .text = "os/user.lookupUser"},
                {INDICATOR_GO, INDICATOR_USUAL, .text = "os/user.lookupUserId"},
                {INDICATOR_GO, INDICATOR_USUAL, .text = "os/user.current"},
                /* glob and getlogin, which few want users for, bring the second text. */
                /* Rust asks for the home directory that way where HOME is not set, which is rare.
                 */
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "__nss_passwd_lookup2",
                 .only = RUNTIME_GLIBC, .never = RUNTIME_RUST, .without = "/proc/self/loginuid"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "getpwnam_r", .only = RUNTIME_GLIBC,
                 .with = OLD_NAME_SERVICE, .without = "/proc/self/loginuid"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "getpwuid_r", .only = RUNTIME_GLIBC,
                 .with = OLD_NAME_SERVICE, .without = "/proc/self/loginuid"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "getpwent_r", .only = RUNTIME_GLIBC,
                 .with = OLD_NAME_SERVICE, .without = "/proc/self/loginuid"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "/etc/passwd",
                 .never = RUNTIME_GLIBC | RUNTIME_GO | RUNTIME_RUST},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "getpwnam",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "getpwuid",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {INDICATOR_TEXT, INDICATOR_FAINT, .text = "__nss_passwd_lookup2"},
                {INDICATOR_TEXT, INDICATOR_FAINT, .text = "/etc/passwd", .only = RUNTIME_RUST},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC226",
        .name = "groups",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that looks up groups finds /etc/group.",
        .remedy = "add a small one: printf 'root:x:0:\\n' >group; whit pack --add=group:/etc/group",
        .source = "glibc nss/nss_files; musl src/passwd; Go os/user",
        .check = check_indicators,
        .lack = "/etc/group",
        .paths = (const char *const[]){"/etc/group", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_GO, INDICATOR_USUAL, .text = "os/user.lookupGroup"},
                {INDICATOR_GO, INDICATOR_USUAL, .text = "os/user.lookupGroupId"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "__nss_group_lookup2",
                 .only = RUNTIME_GLIBC, .never = RUNTIME_RUST | RUNTIME_GO},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "/etc/group",
                 .never = RUNTIME_GLIBC | RUNTIME_GO | RUNTIME_RUST},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC214",
        .name = "services",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that looks up ports by name finds /etc/services.",
        .remedy = "add it: whit pack --add=/etc/services, or pass the port as a number",
        .source = "glibc nss/nss_files; musl src/network/getservbyname_r.c; Go net/port_unix.go",
        .check = check_indicators,
        .lack = "/etc/services",
        .paths = (const char *const[]){"/etc/services", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "getservbyname", .never = RUNTIME_GO},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "getservbyport", .never = RUNTIME_GO},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "getservent", .never = RUNTIME_GO},
                /* getaddrinfo asks for them, too, but rarely has to; the other texts tell of it. */
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "__nss_services_lookup2",
                 .only = RUNTIME_GLIBC, .without = "/etc/gai.conf"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "getservbyname_r", .only = RUNTIME_GLIBC,
                 .with = OLD_NAME_SERVICE, .without = "/etc/gai.conf"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "/etc/services",
                 .never = RUNTIME_GLIBC | RUNTIME_GO, .without = "/etc/hosts"},
                {INDICATOR_TEXT, INDICATOR_FAINT, .text = "__nss_services_lookup2"},
                {INDICATOR_TEXT, INDICATOR_FAINT, .text = "/etc/services",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {INDICATOR_GO, INDICATOR_FAINT, .text = "net.readServices"},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC215",
        .name = "name-service",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that resolves host names contains the code for it.",
        .remedy = "build it with glibc 2.34 or newer, or with musl",
        .source = "glibc nss/nsswitch.c up to 2.33; NEWS for 2.34",
        .check = check_indicators,
        .lack = "name service libraries",
        .indicators =
            (const struct indicator[]){
                {INDICATOR_TEXT, .text = "dns [!UNAVAIL=return] files", .only = RUNTIME_GLIBC},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC216",
        .name = "resolver",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that resolves host names finds /etc/resolv.conf and /etc/hosts.",
        .remedy = "Docker, podman and Kubernetes supply them; elsewhere add them: whit pack "
                  "--add=/etc/resolv.conf --add=/etc/hosts",
        .source =
            "glibc resolv/res_init.c; musl src/network/resolvconf.c; Go net/dnsconfig_unix.go",
        .check = check_indicators,
        .lack = "/etc/resolv.conf",
        .paths = (const char *const[]){"/etc/resolv.conf", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_GO, .text = "net.dnsReadConfig"},
                {INDICATOR_TEXT, .text = "__nss_hosts_lookup2", .only = RUNTIME_GLIBC},
                {INDICATOR_TEXT, .text = "/etc/resolv.conf", .never = RUNTIME_GLIBC | RUNTIME_GO},
                {INDICATOR_SYMBOL, .text = "getaddrinfo", .never = RUNTIME_GLIBC | RUNTIME_GO},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC217",
        .name = "temporary-directory",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that creates temporary files finds /tmp.",
        .remedy = "create it: whit pack --mkdir=/tmp:1777, or mount a tmpfs there (docker run "
                  "--tmpfs /tmp)",
        .source = "Go os/tempfile.go; glibc sysdeps/posix/tempname.c; musl src/temp",
        .check = check_indicators,
        .lack = "/tmp",
        .paths = (const char *const[]){"/tmp", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_GO, INDICATOR_USUAL, .text = "os.TempDir"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = TEMPORARY_LETTERS, .only = RUNTIME_GLIBC,
                 .never = RUNTIME_ADA},
                {INDICATOR_SUFFIX, INDICATOR_USUAL, .text = "XXXXXX",
                 .never = RUNTIME_GLIBC | RUNTIME_GO | RUNTIME_RUST},
                {INDICATOR_STRING, INDICATOR_USUAL, .text = "/tmp/tmpfile_XXX"},
                {INDICATOR_STRING, INDICATOR_USUAL, .text = "/tmp/tmpnam_XXX"},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "mkstemp",
                 .never = RUNTIME_GO | RUNTIME_ADA},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "mkostemp",
                 .never = RUNTIME_GO | RUNTIME_ADA},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "mkdtemp",
                 .never = RUNTIME_GO | RUNTIME_ADA},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "tmpfile",
                 .never = RUNTIME_GO | RUNTIME_ADA},
                {INDICATOR_TEXT, INDICATOR_FAINT, .text = TEMPORARY_LETTERS},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC218",
        .name = "shell",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that runs shell commands finds /bin/sh.",
        .remedy = "add a static shell: whit pack --add=/bin/busybox:/bin/sh",
        .source = "POSIX system(), popen(), wordexp(); glibc sysdeps/posix/system.c",
        .check = check_indicators,
        .lack = "a shell",
        .paths = (const char *const[]){"/bin/sh", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "exit 0", .only = RUNTIME_GLIBC,
                 .never = RUNTIME_OCAML, .with = "/bin/sh"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "wordexp.c", .only = RUNTIME_GLIBC,
                 .with = "/bin/sh"},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "popen",
                 .never = RUNTIME_GO | RUNTIME_OCAML},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "system",
                 .never = RUNTIME_GO | RUNTIME_OCAML},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "wordexp", .never = RUNTIME_GO},
                /* execvp and posix_spawn of glibc hold it, too, but name the shell by its path. */
                {INDICATOR_NAMED, INDICATOR_USUAL, .text = "/bin/sh", .only = RUNTIME_GLIBC,
                 .never = RUNTIME_OCAML},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "/bin/sh",
                 .never = RUNTIME_GLIBC | RUNTIME_GO | RUNTIME_OCAML},
                {INDICATOR_TEXT, INDICATOR_FAINT, .text = "/bin/sh", .never = RUNTIME_GO},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC219",
        .name = "programs",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that starts other programs finds them.",
        .remedy = "add those that it starts: whit pack --add=FILE, static ones",
        .source = "POSIX exec; Go os/exec; Rust std::process",
        .check = check_indicators,
        .lack = "other programs",
        .paths = (const char *const[]){"/bin", "/usr/bin", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_GO, INDICATOR_USUAL, .text = "os/exec.Command"},
                {INDICATOR_GO, INDICATOR_USUAL, .text = "os/exec.(*Cmd).Start"},
                {INDICATOR_STRING, INDICATOR_USUAL, .text = "sys/process/unix/",
                 .only = RUNTIME_RUST},
                {INDICATOR_STRING, INDICATOR_USUAL, .text = "sys/unix/process/process_",
                 .only = RUNTIME_RUST},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "execlp", .never = RUNTIME_GO},
                /* musl's wordexp calls it, for the shell. */
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "execl", .never = RUNTIME_GO,
                 .without = "eval \"printf %s\\\\\\\\0 x $1 $2\""},
                {INDICATOR_SYMBOL, INDICATOR_USUAL, .text = "execle", .never = RUNTIME_GO},
                {INDICATOR_TEXT, INDICATOR_FAINT, .text = "/bin:/usr/bin", .never = RUNTIME_GO},
                {INDICATOR_TEXT, INDICATOR_FAINT, .text = "/usr/local/bin:/bin:/usr/bin",
                 .never = RUNTIME_GO},
                {INDICATOR_SYMBOL, INDICATOR_FAINT, .text = "execvp", .never = RUNTIME_GO},
                {INDICATOR_SYMBOL, INDICATOR_FAINT, .text = "posix_spawnp", .never = RUNTIME_GO},
                {INDICATOR_GO, INDICATOR_FAINT, .text = "os.StartProcess"},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC220",
        .name = "terminfo",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that controls a terminal finds the terminal's description.",
        .remedy = "add the descriptions: whit pack --add=/lib/terminfo",
        .source = "ncurses, terminfo(5)",
        .check = check_indicators,
        .lack = "terminfo",
        .paths = (const char *const[]){"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo",
                                       "/usr/lib/terminfo", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_STRING, INDICATOR_USUAL, .text = "/share/terminfo", .never = RUNTIME_GO},
                {INDICATOR_STRING, INDICATOR_USUAL, .text = "/lib/terminfo", .never = RUNTIME_GO},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC221",
        .name = "mime-types",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that looks up media types of files finds a table of them.",
        .remedy = "add one: whit pack --add=/etc/mime.types",
        .source = "Go mime/type_unix.go",
        .check = check_indicators,
        .lack = "MIME types",
        .paths =
            (const char *const[]){"/etc/mime.types", "/usr/share/mime/globs2",
                                  "/usr/local/share/mime/globs2", "/etc/apache2/mime.types",
                                  "/etc/apache/mime.types", "/etc/httpd/conf/mime.types", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_GO, INDICATOR_USUAL, .text = "mime.TypeByExtension"},
                {INDICATOR_GO, INDICATOR_USUAL, .text = "mime.ExtensionsByType"},
                {INDICATOR_TEXT, INDICATOR_USUAL, .text = "/etc/mime.types", .never = RUNTIME_GO},
                {INDICATOR_GO, INDICATOR_FAINT, .text = "mime.initMimeUnix"},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC222",
        .name = "syslog",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that writes to the system log finds /dev/log.",
        .remedy = "log to standard error instead, or mount the host's socket: docker run -v "
                  "/dev/log:/dev/log",
        .source = "glibc misc/syslog.c; musl src/misc/syslog.c; Go log/syslog",
        .check = check_indicators,
        .lack = "/dev/log",
        .paths = (const char *const[]){"/dev/log", NULL},
        .indicators = (const struct indicator[]){{INDICATOR_STRING, INDICATOR_USUAL,
                                                  .text = "/dev/log", .never = RUNTIME_GO},
                                                 {INDICATOR_GO, .text = "log/syslog.New"},
                                                 {INDICATOR_GO, .text = "log/syslog.Dial"},
                                                 {.kind = INDICATOR_END}},
    },
    {
        .id = "EC223",
        .name = "gconv",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that converts between character sets finds glibc's modules for it.",
        .remedy = "build it with musl or GNU libiconv, which need no modules",
        .source = "glibc iconv/gconv_conf.c",
        .check = check_indicators,
        .lack = "gconv modules",
        .paths = (const char *const[]){"/usr/lib/x86_64-linux-gnu/gconv", "/usr/lib64/gconv",
                                       "/usr/lib/gconv", NULL},
        .indicators = (const struct indicator[]){{INDICATOR_TEXT, .text = "gconv-modules",
                                                  .only = RUNTIME_GLIBC},
                                                 {.kind = INDICATOR_END}},
    },
    {
        .id = "EC224",
        .name = "locales",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that uses the user's locale finds its data.",
        .remedy = "run it with LC_ALL=C, or add a locale: whit pack --add=/usr/lib/locale/C.utf8",
        .source = "glibc locale/findlocale.c",
        .check = check_indicators,
        .lack = "locales",
        .paths = (const char *const[]){"/usr/lib/locale", "/usr/share/locale", NULL},
        .indicators =
            (const struct indicator[]){
                {INDICATOR_TEXT, .text = "/usr/lib/locale", .only = RUNTIME_GLIBC},
                {INDICATOR_TEXT, .text = "LOCPATH", .only = RUNTIME_GLIBC},
                {.kind = INDICATOR_END}},
    },
    {
        .id = "EC225",
        .name = "dlopen",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that loads shared libraries at run time finds them.",
        .remedy =
            "link in what it would load, or build it as a dynamic program and add its libraries",
        .source = "glibc elf/dl-open.c; musl src/ldso/dlopen.c",
        .check = check_indicators,
        .lack = "libraries to load",
        .indicators =
            (const struct indicator[]){
                {INDICATOR_TEXT, .text = "Dynamic loading not supported"},
                {INDICATOR_TEXT, .text = "invalid mode for dlopen()", .only = RUNTIME_GLIBC},
                {.kind = INDICATOR_END}},
    },
};

const struct rule_table need_rules = {need_rows, COUNT(need_rows)};
