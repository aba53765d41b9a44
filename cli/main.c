/* whit: the table of its commands, and the way to one of them. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "cli/shared/message.h"

#define FORMATS                                                             \
    "The extension of the output selects its format:\n"                     \
    "  .tar              docker archive, for docker load and podman load\n" \
    "  .oci, .oci.tar    OCI image layout, as a directory or a file\n"      \
    "  .combined.tar     both in one file\n"                                \
    "  .bundle           runc bundle: config.json and rootfs/\n"            \
    "  .rootfs.tar       root file system, for docker import\n"             \
    "Append .gz, .zst or .xz to a .tar to compress it.\n"

static const struct cli_command commands[] = {
    {.name = "build",
     .group = "Image commands",
     .operands = "SOURCE [KEY=VALUE]...",
     .summary = "build an image from a template, NASM source or a static ELF",
     .examples =
         "  whit build hello message='Hello runc!\\r\\n' -t hello-runc:nasm -o hello.tar.gz\n"
         "  whit build hello --format=elf -o hello\n"
         "  whit build ./server --expose 8080/tcp -t server -o server.oci\n",
     .help = "SOURCE is one of:\n"
             "  TEMPLATE          a name from `whit list`; its parameters follow as KEY=VALUE\n"
             "                    (`whit describe TEMPLATE`)\n"
             "  FILE.asm          NASM source (.nasm, .s, .S), or an object (.o)\n"
             "  FILE              a program, usually a static ELF; - for stdin\n"
             "\n" FORMATS,
     .run = command_build},
    {.name = "pack",
     .operands = "PROGRAM",
     .summary = "pack a program and other files into an image",
     .examples =
         "  whit pack ./server --expose 8080/tcp -t server -o server.tar\n"
         "  whit pack ./client --add /etc/ssl/certs/ca-certificates.crt -o client.oci.tar\n",
     .help =
         "PROGRAM is usually a static ELF; - for stdin. It is checked first, as by `whit check`.\n"
         "\n" FORMATS,
     .run = command_pack},
    {.name = "convert",
     .operands = "IN OUT",
     .summary = "convert an image to another format",
     .examples = "  docker save app | whit convert - app.oci.tar\n"
                 "  whit convert app.oci.tar app.bundle\n"
                 "  docker export box | whit convert - box.tar --cmd /bin/sh -t box\n",
     .help =
         "IN is a docker archive, an OCI image layout, a root file system in a tar archive or a\n"
         "runc bundle; - for stdin. Config, layers and digests of an image stay the same.\n"
         "\n" FORMATS,
     .run = command_convert},
    {.name = "inspect",
     .operands = "IMAGE",
     .summary = "show an image's config, files, digests and use of bytes",
     .examples = "  whit inspect hello.tar.gz\n"
                 "  docker save app | whit inspect --format=json -\n",
     .help = "IMAGE is a docker archive or an OCI image layout, compressed or not, or a directory\n"
             "of skopeo and podman (dir:); - for stdin.\n"
             "Every digest is verified: a mismatch exits with 1.\n",
     .run = command_inspect},
    {.name = "run",
     .operands = "IMAGE|PROGRAM [-- ARG...]",
     .summary = "run an image or a static ELF in a container",
     .examples = "  whit run hello.tar.gz\n"
                 "  whit run ./server -- serve 8080\n",
     .help =
         "Runs it with runc, or with bubblewrap if runc fails. ARGs replace the default command\n"
         "of an image, as with docker run, and follow the name of a program.\n"
         "The root file system is read-only, and there is no network.\n"
         "\n"
         "Exit status: that of the program; 125 if it could not be run, 127 if the image does not\n"
         "contain the program.\n",
     .run = command_run},
    {.name = "check",
     .group = "Program commands",
     .operands = "PATH...",
     .summary = "check whether a program runs in an empty image (FROM scratch)",
     .examples = "  elfcheck ./server\n"
                 "  elfcheck --format=sarif bin/ >elfcheck.sarif\n"
                 "  docker save app | elfcheck -\n"
                 "  elfcheck --explain interpreter\n",
     .help =
         "Reports for each program whether Linux starts it in an image that contains nothing\n"
         "else, what it will miss there (libraries, CA certificates, /tmp, ...), and whether the\n"
         "ELF file is well-formed and hardened.\n"
         "\n"
         "PATH is one of:\n"
         "  a file            an ELF file or a script; - for stdin\n"
         "  a directory       all ELF files below it\n"
         "  an image          docker archive, OCI image layout or directory of skopeo (dir:): the\n"
         "                    program that it starts, then all ELF files, each checked against "
         "the\n"
         "                    files of the image\n"
         "\n"
         "Exit status: 0 if nothing was found, 1 if something was (see --fail-level), 2 for a\n"
         "usage error or a file that cannot be read. `elfcheck` is short for `whit check`.\n",
     .run = command_check,
     .alias = "elfcheck"},
    {.name = "list",
     .operands = "",
     .summary = "list templates, include files or container engines",
     .examples = "  whit list\n"
                 "  whit list --includes\n"
                 "  whit list --engines\n",
     .help = "",
     .run = command_list},
    {.name = "describe",
     .operands = "TEMPLATE|INCLUDE",
     .summary = "show a template's parameters and contract, or an include file's macros",
     .examples = "  whit describe hello\n"
                 "  whit describe syscall.inc\n",
     .help = "TEMPLATE is a name from `whit list`, INCLUDE an include file for NASM sources.\n",
     .run = command_describe},
    {.name = "gen",
     .operands = "TEMPLATE [KEY=VALUE]...",
     .summary = "generate NASM source from a template",
     .examples = "  whit gen hello message='Hi\\n' -o hi.asm\n",
     .help = "The source is complete: read it, change it, and assemble it with `whit link`.\n",
     .run = command_gen},
    {.name = "link",
     .operands = "FILE...",
     .summary = "assemble and link NASM sources and objects to a minimal static ELF",
     .examples = "  whit link hi.asm -o hi\n"
                 "  whit link start.asm hello.o -L lib -l string --layout=golf -o hello\n"
                 "  whit gen hello | whit link - --layout=golf -o hello\n",
     .help =
         "FILE is NASM source (- for stdin), an object of any assembler or compiler, or an "
         "archive.\n"
         "The standard layout is linked by ld, without a section header table; the other layouts\n"
         "put code into the ELF headers.\n",
     .run = command_link},
    {0},
};

#define COMMAND_COUNT (COUNT(commands) - 1)

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int print_help(void)
{
    struct buffer text BUFFER_CLEANUP = {0};
    buffer_append_text(
        &text,
        "whit builds minimal container images, and checks the programs that go into them.\n"
        "\n"
        "An image holds one static program, yours or one that whit assembles from a template,\n"
        "and loads into docker, podman, containerd and runc unchanged.\n"
        "\n"
        "Usage: whit COMMAND [OPTION]... [ARGUMENT]...\n"
        "\n"
        "Examples:\n"
        "  whit build hello message='Hi\\n' -t hi -o hi.tar.gz && whit run hi.tar.gz\n"
        "  whit pack ./server --expose 8080/tcp -t server -o - | docker load\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].group)
            buffer_printf(&text, "\n%s:\n", commands[i].group);
        buffer_printf(&text, "  %-10s%s\n", commands[i].name, commands[i].summary);
    }
    buffer_append_text(&text, "\n"
                              "Options:\n"
                              "  -h, --help     print this help\n"
                              "      --version  print the version\n"
                              "\n"
                              "Run `whit COMMAND --help` for the options of a command.\n");
    return cli_print(&text);
}

/* What people type who come from docker, podman, ko or git. */
static const struct {
    const char *theirs, *ours;
} foreign_commands[] = {
    {"ls", "list"},        {"templates", "list"}, {"show", "describe"},   {"info", "describe"},
    {"generate", "gen"},   {"new", "gen"},        {"assemble", "link"},   {"compile", "link"},
    {"create", "build"},   {"make", "build"},     {"add", "pack"},        {"start", "run"},
    {"exec", "run"},       {"verify", "check"},   {"lint", "check"},      {"elfcheck", "check"},
    {"import", "convert"}, {"export", "convert"}, {"history", "inspect"},
};

static int reject_command(const char *name)
{
    const char *names[COMMAND_COUNT], *meant = NULL;
    struct error error;
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    for (size_t i = 0; i < COUNT(foreign_commands); i++)
        if (strcmp(foreign_commands[i].theirs, name) == 0)
            meant = foreign_commands[i].ours;
    if (*name == '-')
        error_set(&error, "the command comes before its options: whit COMMAND %s", name);
    else if (meant)
        error_set(&error, "unknown command '%s': did you mean '%s'?", name, meant);
    else
        text_unknown("command", name, names, COMMAND_COUNT, NULL, &error);
    cli_fail(&error);
    fprintf(stderr, "whit: see `whit --help`\n");
    return CLI_USAGE;
}

/* The command that goes by this program's name, or NULL. */
static const struct cli_command *find_alias(void)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (commands[i].alias && strcmp(program_invocation_short_name, commands[i].alias) == 0)
            return &commands[i];
    return NULL;
}

static int run_command(const struct cli_command *command, int argc, char **argv)
{
    struct cli_context context = {.command = command, .commands = commands};
    return command->run(&context, argc, argv);
}

static int dispatch(int argc, char **argv)
{
    const struct cli_command *alias = find_alias();
    if (alias)
        return run_command(alias, argc, argv);
    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name) {
        print_help();
        return CLI_USAGE;
    }
    if (strcmp(name, "--version") == 0) {
        puts("whit " WHIT_VERSION);
        return CLI_OK;
    }
    bool asks_help =
        strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
    if (asks_help && argc == 2)
        return print_help();
    if (asks_help)
        name = argv[2];
    const struct cli_command *command = find_command(name);
    if (!command)
        return reject_command(name);
    return asks_help ? run_command(command, 2, (char *[]){argv[2], "--help", NULL})
                     : run_command(command, argc - 1, argv + 1);
}

/*
 * A file opened while standard input or output is closed would take its number, and be taken for
 * it. Something that cannot be used that way takes it instead, so that using it remains an error.
 */
static void hold_standard_descriptors(void)
{
    static const int unusable[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", unusable[fd]);
}

int main(int argc, char **argv)
{
    if (argc < 1)
        return CLI_USAGE;
    hold_standard_descriptors();
    interrupt_install();
    int code = dispatch(argc, argv);
    int interrupted = interrupt_signal();
    if (interrupted && code != CLI_OK) {
        /* Die of the signal itself, so that a shell's loop around whit ends too. */
        signal(interrupted, SIG_DFL);
        raise(interrupted);
    }
    return code;
}
