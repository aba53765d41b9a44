/* whit: the table of its commands, and the way to one of them. */
#include "cli/cli.h"

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

static const struct cli_command commands[] = {
    {"build", "SOURCE [KEY=VALUE]...", "make an image from a template, an .asm file or an ELF",
     "SOURCE is a template's name (`whit list`) with its parameters (`whit describe TEMPLATE`), "
     "an\n"
     "assembly file (.asm) or a static ELF. The output's name tells the format:\n"
     "  .tar              docker archive, for docker load and podman load\n"
     "  .oci, .oci.tar    OCI layout, a directory or one file\n"
     "  .combined.tar     both in one, for all of them\n"
     "  .bundle           runc bundle: config.json and rootfs/\n"
     "  .rootfs.tar       root file system, for docker import\n"
     "and each .tar may be a .tar.gz, .tar.zst or .tar.xz.\n"
     "\n"
     "Examples:\n"
     "  whit build hello message='Hello runc!\\r\\n' -t hello-runc:nasm -o hello.tar.gz\n"
     "  whit build hello --format=elf -o hello\n"
     "  whit build ./server --expose 8080/tcp -t server -o server.oci\n",
     command_build, NULL},
    {"check", "PATH...", "will this binary run in FROM scratch?",
     "Says of each program whether Linux would start it in an empty image, and what it will miss\n"
     "there. PATH is a file, a directory, of which all ELF files are judged, an image, or - for\n"
     "standard input. What is in an image (docker archive, OCI layout) is judged among its files,\n"
     "the program that it starts first.\n"
     "Exit code: 0 when nothing was found at or above the fail level, 1 when something was, 2 "
     "when\n"
     "a file could not be read. `elfcheck` is the same command under a name of its own.\n"
     "\n"
     "Examples:\n"
     "  elfcheck ./server\n"
     "  elfcheck --format=sarif bin/ >elfcheck.sarif\n"
     "  docker save app | elfcheck -\n"
     "  elfcheck --explain interpreter\n",
     command_check, "elfcheck"},
    {"convert", "IN OUT", "write an image in another format",
     "IN is an image (docker archive, OCI layout, whoever wrote it), a root file system in a tar, "
     "or\n"
     "a bundle; - is standard input. OUT's name tells the format, as with `whit build`. Config "
     "and\n"
     "layers stay as they are, and so do all digests, which are verified on the way. A root file\n"
     "system takes what to start from --cmd and the like, a bundle from its config.json.\n"
     "\n"
     "Examples:\n"
     "  docker save app | whit convert - app.oci.tar\n"
     "  whit convert app.oci.tar app.bundle\n"
     "  docker export box | whit convert - box.tar --cmd /bin/sh -t box\n",
     command_convert, NULL},
    {"describe", "TEMPLATE", "one template's parameters, contract and system calls", "",
     command_describe, NULL},
    {"gen", "TEMPLATE [KEY=VALUE]...", "write a template as one NASM source",
     "The source includes all it needs: read it, change it, assemble it with `whit link` or by "
     "hand.\n",
     command_gen, NULL},
    {"inspect", "IMAGE", "what an image holds, and where every byte went",
     "Reads docker archives and OCI layouts, compressed or not, and computes each digest again.\n"
     "Exit code 1 when one differs.\n",
     command_inspect, NULL},
    {"link", "FILE.asm", "assemble and link to the smallest static ELF",
     "Runs nasm, then ld with whit's own linker script, then drops the section header table.\n",
     command_link, NULL},
    {"list", "", "the templates, or the engines that are known", "", command_list, NULL},
    {"pack", "BINARY", "put a binary into an image",
     "The output's name tells the format, as with `whit build`. `whit pack --empty` makes the "
     "image\n"
     "without any file.\n",
     command_pack, NULL},
    {"run", "IMAGE|BINARY [-- ARG...]", "run an image or a binary in a container",
     "Runs it with runc, or with bubblewrap where runc cannot. For an image the ARGs replace its\n"
     "Cmd, as with docker run; for a binary they follow its name. The exit code is the program's;\n"
     "125 when it could not be run, 127 when the image holds no such program.\n",
     command_run, NULL},
};

#define COMMAND_COUNT (COUNT(commands))

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
    buffer_append_text(&text, "whit builds the smallest container images that run.\n\n"
                              "Usage: whit COMMAND [OPTION]... [OPERAND]...\n\nCommands:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        buffer_printf(&text, "  %-10s%s\n", commands[i].name, commands[i].summary);
    buffer_append_text(&text, "\n`whit COMMAND --help` explains a command.\n\nExample:\n"
                              "  whit build hello message='Hi\\n' -t hi -o hi.tar.gz\n"
                              "  whit run hi.tar.gz\n");
    return cli_print(&text);
}

static int reject_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *nearest = text_nearest(name, names, COMMAND_COUNT);
    struct error error;
    if (*name == '-')
        error_set(&error, "a command comes first, then its options: whit COMMAND %s", name);
    else
        error_set(&error, "unknown command '%s'%s%s%s", name, nearest ? ": did you mean '" : "",
                  nearest ? nearest : "", nearest ? "'?" : "");
    cli_fail(&error);
    fprintf(stderr, "whit: `whit --help` lists the commands\n");
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

static int dispatch(int argc, char **argv)
{
    const struct cli_command *alias = find_alias();
    if (alias)
        return alias->run(alias, argc, argv);
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
    return asks_help ? command->run(command, 2, (char *[]){argv[2], "--help", NULL})
                     : command->run(command, argc - 1, argv + 1);
}

/*
 * A file opened while standard input or output is closed would take its number, and be taken for
 * it. Something that cannot be used that way holds the place, so that using it remains an error.
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
