
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "elfcheck/checks.h"
#include "elfcheck/elfcheck.h"
#include "elfcheck/needs/evidence.h"

#define BINFMT "Linux fs/binfmt_elf.c, "

#define RELINK "link it again, or restore it from a good copy"
#define STATIC_REMEDY                                                                        \
    "link it statically (gcc -static, CGO_ENABLED=0 go build, Rust's *-linux-musl target), " \
    "or put what it needs into the image"

/* Up to glibc 2.33. Later ones name the functions for users and services all in one table. */
#define OLD_NAME_SERVICE "libnss_%s.so.%d.%d"

/* What glibc takes the random part of a temporary file's name from. */
#define TEMPORARY_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* In the order in which Linux would meet them, then what only tools and people mind. */
static const struct elfcheck_rule rules[] = {
    {
        .id = "EC140",
        .name = "program",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOENT,
        .summary = "The program that an image starts is in it.",
        .remedy = "put the program there, or name another by Entrypoint or Cmd (whit pack "
                  "--entrypoint, --cmd)",
        .source = "OCI image-spec, config.md, Entrypoint and Cmd; Linux fs/exec.c, do_open_execat",
        .explanation =
            "The config of an image names the program that a container starts: the first word "
            "of Entrypoint, or of Cmd where there is no Entrypoint. A word with a slash is a "
            "path in the image; any other is looked for along the PATH of the image's "
            "environment. Where no such file is there, the engine says \"no such file or "
            "directory\" or \"executable file not found in $PATH\" and exits with 127. Often "
            "the path was that of the machine that built the image, or a stage of the build "
            "was not copied. whit inspect IMAGE shows the entry point and all files.",
        .any_file = true,
        .check = check_program,
    },
    {
        .id = "EC117",
        .name = "executable-mode",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_EACCES,
        .summary = "The file may be executed: its mode has an x bit.",
        .remedy = "chmod +x the file",
        .source = "Linux fs/exec.c, do_open_execat; fs/namei.c, generic_permission",
        .explanation =
            "Linux executes only files whose mode lets someone do so: an x for the owner, "
            "the group or others. Not even root may execute a file that has none. The "
            "engine or shell says \"permission denied\" and exits with 126. Copies by tools "
            "that do not keep modes, and downloads, often end like this. Run chmod +x "
            "PROGRAM before it is packed, or COPY --chmod=755 in a Dockerfile.",
        .any_file = true,
        .check = check_executable_mode,
    },
    {
        .id = "EC101",
        .name = "elf-magic",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The file begins with 7f 45 4c 46, as every ELF file does.",
        .remedy = "pack a compiled program; a script needs its interpreter in the image",
        .source = BINFMT "load_elf_binary; Linux fs/binfmt_script.c; gABI, ELF Identification",
        .explanation =
            "Linux tells the kinds of files that it can start by their first bytes. An ELF "
            "program begins with 7f 45 4c 46; a script with #! and the path of its "
            "interpreter, which an empty image does not have. Anything else ends in \"exec "
            "format error\", and a script without its interpreter in \"no such file or "
            "directory\", which means the interpreter and not the script. Pack the compiled "
            "program and not its archive, object file or wrapper script; `file PROGRAM` "
            "tells what it is.",
        .any_file = true,
        .check = check_magic,
    },
    {
        .id = "EC102",
        .name = "file-type",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The type is EXEC, or DYN for a position-independent program.",
        .remedy = "link it into a program: ld, or the compiler without -c",
        .source = BINFMT "load_elf_binary; gABI, ELF Header, e_type",
        .explanation =
            "The type of an ELF file tells whether it is linked: REL is an object file, "
            "CORE a memory dump, and only EXEC and DYN can be started. Linux refuses the "
            "others with \"exec format error\". An object file becomes a program with the "
            "linker: cc main.o -static -o main.",
        .any_file = true,
        .check = check_type,
    },
    {
        .id = "EC103",
        .name = "machine",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The machine is x86-64, or i386 by emulation.",
        .remedy = "build it for x86-64 (gcc -m64, GOARCH=amd64)",
        .source = BINFMT "elf_check_arch; x86-64 psABI, ELF Header",
        .explanation =
            "A program holds instructions for one kind of processor, which its header "
            "names. Linux on x86-64 refuses programs for another machine with \"exec format "
            "error\", unless an emulator such as qemu-user is registered for them. This is "
            "the usual sign of an image that was built on a computer of another kind, such "
            "as an ARM laptop. Build for the machine where it is to run: GOARCH=amd64 go "
            "build, rustc --target x86_64-unknown-linux-musl, docker build --platform "
            "linux/amd64.",
        .any_file = true,
        .check = check_machine,
    },
    {
        .id = "EC125",
        .name = "emulated-machine",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program is 64-bit: no kernel option decides whether it starts.",
        .remedy = "build it for x86-64 (gcc -m64, GOARCH=amd64)",
        .source = "Linux fs/compat_binfmt_elf.c; arch/x86/include/asm/elf.h, "
                  "compat_elf_check_arch",
        .explanation =
            "Linux on x86-64 starts 32-bit programs for i386 where it was built with "
            "CONFIG_IA32_EMULATION and not told ia32_emulation=0. Most distributions have "
            "it; some cloud kernels, hardened ones and gVisor do not, and there the start "
            "ends in \"exec format error\". Everything else about such a program is judged as "
            "the 32-bit loader would. Build it for x86-64 unless it has to be 32-bit.",
        .check = check_emulated_machine,
    },
    {
        .id = "EC104",
        .name = "header-entry-size",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "A program header has 56 bytes, or 32 in a program for i386.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_phdrs; gABI, ELF Header, e_phentsize",
        .explanation =
            "The ELF header says how large an entry of the program header table is, and "
            "Linux takes only the one size that it knows: 56 bytes in 64-bit programs, 32 "
            "in 32-bit ones. Any other value ends in \"exec format error\". Programs for the "
            "x32 ABI (gcc -mx32) show up here, too: they are x86-64 by machine and 32-bit "
            "by shape, and only kernels built with CONFIG_X86_X32_ABI start them. A damaged "
            "file has to be linked again.",
        .check = check_header_entry_size,
    },
    {
        .id = "EC105",
        .name = "header-count",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "There is a program header, and all take at most 65,536 bytes: 1,170, or 2,048 "
                   "for i386.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_phdrs",
        .explanation =
            "Program headers tell Linux what to load. Without any there is nothing to "
            "start, and more than 65,536 bytes of them are refused. Both end in \"exec "
            "format error\". No linker writes so many: the count in the header is damaged, "
            "or the file is not meant to be started.",
        .check = check_header_count,
    },
    {
        .id = "EC106",
        .name = "header-page",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program headers fit into one page: 73 of them, or 128 for i386.",
        .remedy = "merge segments, or run it on a recent kernel only",
        .source = BINFMT "load_elf_phdrs, before Linux 6.17",
        .explanation =
            "Before version 6.17 Linux read no more than one page of program headers, and "
            "ended in \"exec format error\" where there were more. The program starts on "
            "newer kernels only. Name the kernel that it has to run on (--kernel=6.12) to "
            "make this an error where it is one.",
        .check = check_header_page,
    },
    {
        .id = "EC118",
        .name = "kernel-headers",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The named kernel reads so many program headers.",
        .remedy = "merge segments, or run it on Linux 6.17 or newer",
        .source = BINFMT "load_elf_phdrs, before Linux 6.17",
        .explanation =
            "Before version 6.17 Linux read no more than one page of program headers: 73 of "
            "a 64-bit program, 128 of a 32-bit one. A kernel was named for which the file "
            "was to be judged, and it is older than that: it says \"exec format error\". "
            "Without a named kernel the rule header-page warns of the same.",
        .check = check_kernel_headers,
    },
    {
        .id = "EC107",
        .name = "header-table",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "All program headers are in the file.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_phdrs; gABI, ELF Header, e_phoff",
        .explanation =
            "The ELF header says where the program headers are. Linux reads them there, and "
            "where the file ends before they do it says \"exec format error\". The file was "
            "cut, as by a download that broke off, or its header is damaged. Compare its "
            "size or checksum with the original.",
        .check = check_header_table,
    },
    {
        .id = "EC119",
        .name = "interpreter-path",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOEXEC,
        .summary = "The path of the interpreter (PT_INTERP) is a path: 2 to 4,096 bytes with a NUL "
                   "at the end.",
        .remedy = RELINK ", or set the path with patchelf --set-interpreter",
        .source = BINFMT "load_elf_binary; gABI, Program Interpreter",
        .explanation =
            "A dynamic program names the loader that is to start it. Linux reads that path "
            "from the file and looks for nothing beyond it where the path is malformed: a "
            "wrong size or a missing NUL ends in \"exec format error\", a place outside of "
            "the file in \"input/output error\" or \"invalid argument\", an empty path or that "
            "of a directory in \"permission denied\". Whether there is such a loader is a "
            "question for the rule interpreter. Link the program again; patchelf --print-"
            "interpreter PROGRAM shows the path.",
        .check = check_interpreter_path,
    },
    {
        .id = "EC127",
        .name = "shared-library",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The file is a program, not a shared library.",
        .remedy = "pack the program that uses the library; build a program without -shared",
        .source = "gABI, ELF Header, e_entry: 0 where there is no entry point",
        .explanation =
            "Shared libraries and position-independent programs have the same type in ELF. "
            "A library has no entry point, and Linux starts it at its first byte, which is "
            "not code: SIGSEGV, exit code 139, without a word. Build a program without "
            "-shared, and pack libraries beside the program that loads them.",
        .check = check_shared_library,
    },
    {
        .id = "EC128",
        .name = "loader-missing",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "A program that needs shared libraries names the interpreter that loads them.",
        .remedy = "link it with -static or -static-pie alone, without -Wl,--no-dynamic-linker",
        .source = "gABI, Dynamic Linking; musl ldso/dlstart.c",
        .explanation =
            "The file lists shared libraries (DT_NEEDED), and no dynamic loader (PT_INTERP) "
            "that would load them. Linux starts it directly, its calls into the libraries "
            "lead nowhere, and it dies of SIGSEGV, exit code 139, without a word. This "
            "comes of linking libraries dynamically with --no-dynamic-linker, as musl-gcc "
            "-static-pie with it does. Link it statically: gcc -static, or musl-gcc "
            "-static.",
        .check = check_loader_missing,
    },
    {
        .id = "EC201",
        .name = "interpreter",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_ENOENT,
        .summary = "The dynamic loader that the program names (PT_INTERP) is there; an empty image "
                   "has none.",
        .remedy = STATIC_REMEDY,
        .source = BINFMT "load_elf_binary; gABI, Program Interpreter",
        .explanation =
            "A program that is linked dynamically names another program, the dynamic loader, "
            "which Linux starts in its place and which then loads the shared libraries. FROM "
            "scratch has neither loader nor libraries. execve(2) then fails with \"no such "
            "file or directory\", which means the loader and not the program; that is why the "
            "message puzzles. Link the program statically, or put the loader and all "
            "libraries into the image. Where whit knows the files of the image, it asks "
            "whether the loader is there, executable and made for the same machine. readelf "
            "-l PROGRAM shows the name of the loader, and whit check --root=DIRECTORY PROGRAM "
            "judges a program among the files of a directory.",
        .check = check_interpreter,
    },
    {
        .id = "EC202",
        .name = "shared-libraries",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_LOADER,
        .summary = "All shared libraries that it needs (DT_NEEDED), and those that they need, are "
                   "where its loader looks.",
        .remedy = STATIC_REMEDY,
        .source = "gABI, Dynamic Section, DT_NEEDED; glibc elf/dl-load.c; musl ldso/dynlink.c",
        .explanation =
            "The dynamic loader looks for each library along DT_RPATH and DT_RUNPATH, in "
            "LD_LIBRARY_PATH, in the cache that ldconfig writes (/etc/ld.so.cache) and in its "
            "default directories, which whit reads from the loader itself. A library that is "
            "not found, or that is no library for this machine, ends the program before its "
            "first line: \"error while loading shared libraries\", exit code 127. ldd "
            "PROGRAM, where the program works, lists what it loads. Put those files into the "
            "image at the same places, as in whit pack --add=/lib/x86_64-linux-gnu/libz.so.1 "
            "PROGRAM, or link the program statically.",
        .check = check_libraries,
    },
    {
        .id = "EC240",
        .name = "library-versions",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_LOADER,
        .summary = "The libraries that are there define the versions that others need of them.",
        .remedy = "take the libraries from the system that built the program, or build it on one "
                  "that is no newer than the image's",
        .source = "LSB, Symbol Versioning; glibc elf/dl-version.c, match_symbol",
        .explanation =
            "A program that was linked with glibc 2.36 may need symbols of the version "
            "GLIBC_2.34, which the libc.so.6 of an older system does not define. The loader "
            "then stops with \"version `GLIBC_2.34' not found\" and exit code 1, although "
            "every library is there. readelf -V PROGRAM shows the versions that it needs. "
            "Build the program on the oldest system on which it is to run, take all libraries "
            "and the loader from one system, or link it statically. musl's loader knows no "
            "versions.",
        .check = check_library_versions,
    },
    {
        .id = "EC241",
        .name = "library-needs",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .outcome = ELFCHECK_LOADER,
        .summary = "The libraries that a shared library of an image or a directory tree needs are "
                   "there.",
        .remedy = "put them there, or leave out the library where no program loads it",
        .source = "gABI, Dynamic Section, DT_NEEDED; glibc elf/dl-load.c; musl ldso/dynlink.c",
        .explanation =
            "Programs load some shared libraries by name while they run: plug-ins, modules of "
            "interpreters, what dlopen(3) is given. No program's own list of libraries tells "
            "what those need in turn. So each shared library in an image, or in the directory "
            "that --root names, is asked whether what it needs directly is where the loader "
            "looks. It is a warning, since the program that loads the library may have loaded "
            "what it needs before, from a directory of its own. Put the missing library into "
            "the image, or leave out the one that needs it where no program uses it.",
        .libraries_only = true,
        .check = check_library_needs,
    },
    {
        .id = "EC108",
        .name = "loadable",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "At least one segment is loaded (PT_LOAD), and takes up memory.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_binary, total_mapping_size",
        .explanation =
            "Linux maps the segments of type PT_LOAD. It does not mind a program without "
            "one, and starts it: the first instruction is nowhere, and the program ends "
            "with SIGSEGV, exit code 139, without a word. A position-independent program "
            "whose segments take up no memory is killed before that. Files that hold only "
            "debugging information (objcopy --only-keep-debug) look like this.",
        .check = check_loads,
    },
    {
        .id = "EC109",
        .name = "segment-offset",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "A segment's offset and address agree modulo 4096, and its end is an offset.",
        .remedy = RELINK,
        .source = BINFMT "elf_map; Linux mm/mmap.c, do_mmap, file_mmap_ok; gABI, Program Loading",
        .explanation =
            "Linux maps whole pages of the file, so that a segment has to begin at the same "
            "place within a page in the file and in memory. Where it does not, the mapping "
            "fails when the old program is gone already: the process is killed by SIGSEGV, "
            "exit code 139, and nothing is printed. Linkers keep the rule; look for a tool "
            "that has moved contents within the file.",
        .check = check_segment_offset,
    },
    {
        .id = "EC110",
        .name = "segment-size",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "A segment has no more bytes in the file than in memory.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_binary; gABI, Program Header, PT_LOAD",
        .explanation =
            "The bytes of a segment come from the file, and zeros follow up to its size in "
            "memory. A segment that is larger in the file than in memory makes no sense, "
            "and Linux kills the process with SIGSEGV, exit code 139, without a word. The "
            "program header is damaged: link the program again.",
        .check = check_segment_size,
    },
    {
        .id = "EC111",
        .name = "segment-address",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "A segment ends below the end of user space: 0x7ffffffff000, or 0xffffe000 for "
                   "i386.",
        .remedy = "link it to a lower address (ld -Ttext-segment, or its default)",
        .source = BINFMT "load_elf_binary; Linux arch/x86/include/asm, TASK_SIZE",
        .explanation =
            "Programs live in the lower part of the address space, and the kernel in the "
            "upper one. Linux kills a process whose segments would reach beyond its part: "
            "SIGSEGV, exit code 139, without a word. Processors with five-level page tables "
            "have more room, on which no program should rely. Kernels and firmware are "
            "linked to such addresses, and cannot be started as programs.",
        .check = check_segment_address,
    },
    {
        .id = "EC120",
        .name = "address-span",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "User space has room for a position-independent program from its lowest to its "
                   "highest address.",
        .remedy = RELINK,
        .source = BINFMT "load_elf_binary, total_mapping_size; Linux arch/x86/mm/mmap.c, mmap_base",
        .explanation =
            "Linux looks for one free range of addresses for all segments of a position-"
            "independent program, from the first to the end of the highest. Where user "
            "space has none of that size the process is killed by SIGSEGV, exit code 139, "
            "without a word. One of the addresses is damaged, or the linker script asks for "
            "segments too far apart.",
        .check = check_address_span,
    },
    {
        .id = "EC133",
        .name = "kernel-order",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "The named kernel makes room for all segments: the last in the table is the "
                   "highest.",
        .remedy = "sort the program headers by address, or use Linux 5.18 or newer",
        .source = BINFMT "total_mapping_size, before Linux 5.18",
        .explanation =
            "Before version 5.18 Linux took the size of a position-independent program from two "
            "of its segments alone, the first and the last in the table, in the belief that they "
            "are in ascending order. Where the last one ends below the first, or past too much, "
            "the process is killed by SIGSEGV, exit code 139, without a word; where it ends "
            "within the first, that loses what it has from there on. Newer kernels look at all "
            "segments. A kernel was named for which the file was to be judged, and it is older "
            "than that. No linker writes such a table: something edited the file.",
        .check = check_kernel_order,
    },
    {
        .id = "EC112",
        .name = "segment-zeros",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "Where a writable segment goes on with zeros, the file has the page to begin "
                   "in.",
        .remedy = RELINK,
        .source = BINFMT "elf_load, padzero: \"Only report padzero() errors when PROT_WRITE\"",
        .explanation =
            "Variables that begin as zeros take no space in the file: Linux clears the rest "
            "of the last page that came from the file, and adds empty pages. Where the file "
            "is too short to have that page Linux cannot clear it, and kills the process "
            "with SIGSEGV, exit code 139, without a word. The file was cut in its middle: "
            "compare its size or checksum with the original.",
        .check = check_segment_zeros,
    },
    {
        .id = "EC121",
        .name = "kernel-zeros",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_KILLED,
        .summary = "The named kernel can clear the page in which zeros begin.",
        .remedy = "make that segment writable, give its zeros a page of their own, or use Linux "
                  "6.1 or newer",
        .source = BINFMT "load_elf_binary, set_brk and padzero, before Linux 6.1",
        .explanation =
            "Before version 6.1 (in its present stable releases) Linux handled the zeros of "
            "all segments as one range after the last byte from the file, and insisted on "
            "clearing the rest of the page in which it begins. Where that page is not "
            "writable, or not in the file, it kills the process with SIGSEGV, exit code "
            "139, without a word; newer kernels start it. A kernel was named for which the "
            "file was to be judged, and it is older than that. Golfed programs whose code "
            "segment is larger in memory than in the file run into this.",
        .check = check_kernel_zeros,
    },
    {
        .id = "EC122",
        .name = "older-kernels",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_INFO,
        .summary = "Linux 5.10 starts it, too.",
        .remedy = "harmless on Linux 6.1 and newer; name the kernel (--kernel=5.10) where it "
                  "matters",
        .source = BINFMT "load_elf_binary, set_brk and padzero, before Linux 6.1; "
                         "total_mapping_size, before 5.18",
        .explanation =
            "The program starts on present kernels, but Linux 5.10 and its like would kill "
            "it with SIGSEGV: they clear the page in which the zeros of a program begin, "
            "and here cannot; or they make room for a position-independent program only up to "
            "the end of its last segment, which here is not the highest. Nothing has to be done "
            "where only newer kernels matter. With a named kernel (--kernel=5.10) the rules "
            "kernel-zeros and kernel-order decide it.",
        .check = check_older_kernels,
    },
    {
        .id = "EC123",
        .name = "stack-area",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "No segment lies where Linux places the stack at random.",
        .remedy = "link it to a lower address (ld -Ttext-segment, or its default)",
        .source = "Linux fs/exec.c, setup_arg_pages; arch/x86/include/asm/elf.h, STACK_RND_MASK; "
                  "arch/x86/mm/mmap.c",
        .explanation =
            "Linux places the stack at a random address in the last 16 GiB of user space (8 "
            "MiB for i386), before it maps the segments. A segment that reaches there "
            "starts by chance only, and is killed by SIGSEGV at other times. So does a "
            "position-independent program that takes nearly all addresses. Link it to a "
            "lower address.",
        .check = check_stack_area,
    },
    {
        .id = "EC126",
        .name = "foreign-system",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The program is made for Linux.",
        .remedy = "build it for Linux",
        .source = "ELF notes of FreeBSD, NetBSD, OpenBSD, DragonFly, GNU (NT_GNU_ABI_TAG); Go, "
                  "debug/buildinfo",
        .explanation =
            "Other systems number their system calls differently, and Linux does not look "
            "at the mark (EI_OSABI) that tells such programs apart: it starts them, and "
            "they die at their first steps, mostly of SIGSEGV (139) and without a word. The "
            "note that their linkers add to the file, or the build information in a Go "
            "program, says for which system it was made. Build it for Linux: GOOS=linux go "
            "build.",
        .check = check_foreign_system,
    },
    {
        .id = "EC113",
        .name = "entry-executable",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The entry point is in an executable segment.",
        .remedy = "link it as a program with an entry point (_start, or ld -e SYMBOL)",
        .source = "x86-64: the processor faults at the first instruction (SIGSEGV)",
        .explanation =
            "Linux jumps to the entry point that the ELF header names, and does not look "
            "where that is. If no executable segment is there the processor faults at once: "
            "SIGSEGV, exit code 139, without a word. The linker warns \"cannot find entry "
            "symbol _start\" when it writes such a file. Give the program a _start, or name "
            "another with ld -e SYMBOL; readelf -hl PROGRAM shows both sides.",
        .check = check_entry_executable,
    },
    {
        .id = "EC114",
        .name = "entry-code",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The file holds an instruction at the entry point.",
        .remedy = RELINK,
        .source = "Linux mm/filemap.c, filemap_fault (SIGBUS); 00 00 writes to address 0 "
                  "(SIGSEGV)",
        .explanation =
            "At the entry point there are zeros, or nothing at all since the file ends "
            "before. Zeros are an instruction that writes to address 0, so that the program "
            "dies of SIGSEGV (139) or SIGBUS (135) at its first step, without a word. The "
            "file was cut, or filled up with zeros by an incomplete copy. Compare its "
            "checksum with the original.",
        .check = check_entry_code,
    },
    {
        .id = "EC115",
        .name = "low-address",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "All segments lie at 0x10000 or above.",
        .remedy = "link it to a higher address (ld -Ttext-segment, or its default)",
        .source = "Linux security/commoncap.c, cap_mmap_addr: vm.mmap_min_addr",
        .explanation =
            "Only processes with CAP_SYS_RAWIO may map addresses below vm.mmap_min_addr, "
            "which is 65,536 in most distributions. Containers do not have that capability. "
            "For all others the start ends with SIGSEGV, exit code 139, without a word. "
            "Link the program to its default address, or with ld -Ttext-segment=0x400000.",
        .check = check_low_address,
    },
    {
        .id = "EC116",
        .name = "memory",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The writable memory that it asks for at start is less than 1 GiB.",
        .remedy = "allocate at run time what the program needs then",
        .source = "Linux mm/util.c, __vm_enough_memory",
        .explanation =
            "Linux sets memory aside for all writable segments and all zeros before the "
            "program starts. Where there is less memory and swap than that, or a limit "
            "(ulimit -v, vm.overcommit_memory=2), the process is killed by SIGSEGV, exit "
            "code 139, without a word. Large static arrays are the usual reason: allocate "
            "them at run time.",
        .check = check_memory,
    },
    {
        .id = "EC134",
        .name = "addresses",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_INFO,
        .summary = "It takes less than 1 GiB of addresses beyond the memory that it asks for.",
        .remedy =
            "harmless without a limit; raise it (ulimit -v), or take --layout=compact of whit",
        .source = "Linux mm/mmap.c, may_expand_vm: RLIMIT_AS",
        .explanation =
            "Segments that are not writable take addresses, but no memory, for bytes that the "
            "file need not even have: every machine has enough of them. A limit on addresses "
            "(ulimit -v, RLIMIT_AS) counts them all the same. Where it is lower, the process is "
            "killed by SIGSEGV, exit code 139, without a word. Engines set no such limit unless "
            "they are told to; limits of memory (docker run --memory) do not count addresses. "
            "Programs of compilers and linkers are far below; golfed ones, whose sizes lie over "
            "other fields of the headers, take gigabytes or terabytes.",
        .check = check_addresses,
    },
    {
        .id = "EC124",
        .name = "hidden-bytes",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "No segment hides bytes of an earlier one behind different ones.",
        .remedy = RELINK,
        .source = BINFMT "elf_map with MAP_FIXED: the later segment wins, page by page",
        .explanation =
            "Linux maps segments in the order of the program headers, whole pages at a "
            "time, and a later one replaces what an earlier one has put there. Here the "
            "program finds other bytes at such an address than the linker has put there for "
            "it: sooner or later it runs or reads the wrong ones, and crashes (SIGSEGV 139, "
            "SIGILL 132) without a word. An overlap that shows the same bytes is harmless; "
            "the rule segment-overlap tells of it. Link the program again, each segment on "
            "pages of its own.",
        .check = check_hidden_bytes,
    },
    {
        .id = "EC129",
        .name = "headers-mapped",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "The program headers are in memory, where glibc or a dynamic loader needs them.",
        .remedy = RELINK,
        .source = BINFMT "create_elf_tables, AT_PHDR; glibc csu/libc-tls.c, elf/rtld.c",
        .explanation =
            "Linux tells the program where its program headers are in memory (AT_PHDR). "
            "glibc and dynamic loaders read them there before anything else, for thread-"
            "local data and for what is read-only after relocation. Where no segment holds "
            "them that address leads nowhere, and the program dies of SIGSEGV, exit code "
            "139, before main and without a word. Programs that never look, as those in "
            "assembly, need none of it. Link it again so that the first segment begins "
            "with the ELF header, as linkers do by default.",
        .check = check_headers_mapped,
    },
    {
        .id = "EC132",
        .name = "headers-reachable",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "The program headers are in memory, where musl would look for them.",
        .remedy = RELINK,
        .source = BINFMT "create_elf_tables, AT_PHDR; musl src/env/__init_tls.c",
        .explanation =
            "Linux tells the program where its program headers are in memory (AT_PHDR). musl's "
            "start-up reads them there in every program, which dies of SIGSEGV, exit code 139, "
            "before main and without a word where no segment holds them. "
            "Programs of musl have no mark that tells them from those of smaller libraries, or of "
            "none, that never look and start all the same: hence a warning. "
            "Link it again so that the first segment begins with the ELF header, as linkers do by "
            "default.",
        .check = check_headers_reachable,
    },
    {
        .id = "EC130",
        .name = "relro-mapped",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "What is to become read-only after relocation (PT_GNU_RELRO) is in a segment.",
        .remedy = RELINK,
        .source = "glibc elf/dl-reloc.c, _dl_protect_relro; musl ldso/dynlink.c, reloc_all",
        .explanation =
            "Before main glibc, and any dynamic loader, makes the range of PT_GNU_RELRO "
            "read-only. Where part of it is not in memory that call fails, and libc gives "
            "up: SIGSEGV (139) in a static program, \"cannot apply additional memory "
            "protection after relocation\" from a loader. The program header is damaged: "
            "link the program again, or without RELRO (-Wl,-z,norelro).",
        .check = check_relro_mapped,
    },
    {
        .id = "EC131",
        .name = "static-pie",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_ERROR,
        .outcome = ELFCHECK_CRASHES,
        .summary = "A static position-independent program of glibc has no library path and no "
                   "relocations in its code.",
        .remedy = "link it without -rpath and --enable-new-dtags, or take the path out: patchelf "
                  "--remove-rpath",
        .source = "glibc elf/dl-reloc-static-pie.c, _dl_relocate_static_pie; elf/get-dynamic-"
                  "info.h",
        .explanation =
            "A static position-independent program relocates itself before main. glibc does "
            "that with code that insists on the absence of DT_RPATH, DT_RUNPATH and "
            "DT_TEXTREL, at a time when it cannot print yet: the program dies of SIGSEGV, "
            "exit code 139, without a word. Build systems add a library path by -Wl,-rpath, "
            "and old assembly or -fno-pie code brings relocations. Link without them, or "
            "with -static -no-pie; readelf -d PROGRAM shows them. musl does not mind.",
        .check = check_static_pie,
    },
    {
        .id = "EC190",
        .name = "qemu-user",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "qemu-user starts it, as Linux does.",
        .remedy = "link it with ld's defaults or with whit link, if it is to run on other machines",
        .source = "qemu 7.2 linux-user/elfload.c, load_elf_image; compared with qemu-x86_64-static",
        .explanation =
            "Docker runs images of another machine through qemu-user, say an x86-64 image on an "
            "ARM laptop. Its loader is stricter than that of Linux: it wants the class, data and "
            "version bytes and e_ehsize to be as the gABI says, and it crashes where a segment "
            "without write permission goes on with zeros within a page. Programs of compilers and "
            "linkers are always fine; tiny ones, whose headers overlap, may not be. There the "
            "container ends with \"Invalid ELF image for this architecture\" and exit code 255. "
            "Try it: qemu-x86_64-static ./program. The finding never decides whether Linux starts "
            "the program.",
        .check = check_qemu_user,
    },
    {
        .id = "EC191",
        .name = "gvisor",
        .group = ELFCHECK_LOAD,
        .severity = ELFCHECK_WARNING,
        .summary = "gVisor starts it, as Linux does.",
        .remedy = "link it with ld's defaults or with whit link, if it is to run in gVisor",
        .source = "gVisor pkg/sentry/loader/elf.go of August 2026, read, not run",
        .explanation =
            "gVisor (docker run --runtime=runsc) is a kernel of its own for containers that are "
            "not trusted, and several clouds use it. Its loader wants the class, data and version "
            "bytes to be as the gABI says, at most 73 program headers, and segments in ascending "
            "order that do not overlap; it takes no 32-bit programs. Programs of compilers and "
            "linkers are always fine; tiny ones, whose headers overlap, may not be. There the "
            "container does not start, with \"exec format error\". The finding never decides "
            "whether Linux starts the program.",
        .check = check_gvisor,
    },
    {
        .id = "EC210",
        .name = "packed",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "The program is as its linker made it, so that it can be seen what it needs.",
        .remedy = "check the program before it is packed, or unpack it: upx -d FILE",
        .source = "UPX, struct l_info",
        .explanation =
            "A packer such as UPX compresses a program and puts a small one in front that unpacks "
            "it in memory. What can be seen is the small one, which is static and needs nothing: "
            "whether the real one wants a dynamic loader, shared libraries, certificates or a "
            "shell shows only when it runs. An image is compressed anyway, so that packing saves "
            "little there, and costs time at each start. Check the file from before, for example "
            "with: upx -d -o unpacked program; elfcheck unpacked.",
        .check = check_packed,
    },
    {
        .id = "EC211",
        .name = "ca-certificates",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that verifies TLS certificates finds a set of roots.",
        .remedy = "add them: whit pack --add=/etc/ssl/certs/ca-certificates.crt",
        .source = "Go crypto/x509, root_linux.go; OpenSSL crypto/x509/x509_def.c",
        .explanation =
            "To trust a server, a TLS client needs the certificates of those who vouch for it, "
            "and reads them from a file or directory of the system. An empty image has none: "
            "each HTTPS request then fails with \"certificate signed by unknown authority\" or "
            "\"unable to get local issuer certificate\". That it looks for them is seen in the "
            "names of Go's functions or in the paths that OpenSSL and others were built with. Add "
            "the host's: whit pack --add=/etc/ssl/certs/ca-certificates.crt, to the path that the "
            "program looks at if that is another. A program that carries its own roots, or only "
            "serves, needs none.",
        .check = check_signs,
        .lack = "CA certificates",
        .places =
            (const char *const[]){"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
                                  "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cert.pem",
                                  "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/cacert.pem",
                                  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
                                  "/etc/ssl/certs", "/usr/lib/ssl/cert.pem", "/usr/lib/ssl/certs",
                                  "/usr/local/ssl/cert.pem", "/usr/local/ssl/certs", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_GO, .text = "crypto/x509.loadSystemRoots",
                 .without = "golang.org/x/crypto/x509roots/fallback.init.0"},
                {SIGN_GO, .text = "crypto/x509.initSystemRoots",
                 .without = "golang.org/x/crypto/x509roots/fallback.init.0"},
                {SIGN_GO, .text = "crypto/x509.systemRootsPool",
                 .without = "golang.org/x/crypto/x509roots/fallback.init.0"},
                {SIGN_STRING, .text = "/cert.pem", .never = RUNTIME_GO},
                {SIGN_STRING, .text = "OPENSSLDIR: ", .never = RUNTIME_GO},
                {SIGN_STRING, .text = "/etc/ssl/certs", .never = RUNTIME_GO},
                {SIGN_STRING, .text = "/tls-ca-bundle.pem", .never = RUNTIME_GO},
                {SIGN_STRING, .text = "/certs/ca-bundle.crt", .never = RUNTIME_GO},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC212",
        .name = "time-zones",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that tells local time finds the time zones.",
        .remedy = "add them: whit pack --add=/usr/share/zoneinfo (or the zones that are used)",
        .source = "Go time/zoneinfo_unix.go; glibc time/tzfile.c; musl src/time/__tz.c",
        .explanation =
            "What time it is in Tokyo is written in /usr/share/zoneinfo, which an empty image has "
            "not. Go's time.LoadLocation then returns \"unknown time zone\"; C's localtime says "
            "nothing and takes UTC, so that times are silently wrong. A program that only wants "
            "UTC is not troubled. That it asks is seen in Go's function names, in calls of "
            "glibc's localtime, or in the paths that the C library was built with. Add the zones: "
            "whit pack --add=/usr/share/zoneinfo, or one of them, or, in Go, import time/tzdata.",
        .check = check_signs,
        .lack = "time zones",
        .places = (const char *const[]){"/usr/share/zoneinfo", "/etc/localtime",
                                        "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ",
                                        "/etc/zoneinfo", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_GO, .text = "time.LoadLocation",
                 .without = "time/tzdata.loadFromEmbeddedTZData"},
                {SIGN_STRING, .text = "/usr/share/zoneinfo/tzdata.zi"},
                {SIGN_CALL, SIGN_USUAL, .text = "__tzfile_compute", .only = RUNTIME_GLIBC,
                 .never = RUNTIME_ADA},
                {SIGN_STRING, SIGN_USUAL, .text = "/usr/share/zoneinfo", .only = RUNTIME_RUST},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "localtime", .never = RUNTIME_GLIBC | RUNTIME_GO},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "localtime_r",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {SIGN_CALL, SIGN_USUAL, .text = "/usr/share/zoneinfo/",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {SIGN_STRING, SIGN_FAINT, .text = "/zoneinfo", .never = RUNTIME_GO},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC213",
        .name = "users",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that asks for users finds /etc/passwd.",
        .remedy = "add a small one: printf 'root:x:0:0::/:\\n' >passwd; "
                  "whit pack --add=passwd:/etc/passwd",
        .source = "glibc nss/nss_files; musl src/passwd; Go os/user",
        .explanation =
            "The names, numbers and home directories of users stand in /etc/passwd, which an empty "
            "image has not. getpwnam and getpwuid then find nobody, and Go's os/user returns an "
            "error: the program cannot drop privileges to a user by name, or find its home. That "
            "it asks is seen in Go's function names and in "
            "texts that come with these functions when the C library is linked in. A file with "
            "the one line that is asked for is enough: whit pack --add=passwd:/etc/passwd.",
        .check = check_signs,
        .lack = "/etc/passwd",
        .places = (const char *const[]){"/etc/passwd", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_GO, SIGN_USUAL, .text = "os/user.lookupUser"},
                {SIGN_GO, SIGN_USUAL, .text = "os/user.lookupUserId"},
                {SIGN_GO, SIGN_USUAL, .text = "os/user.current"},
                /* glob and getlogin, which few want users for, bring the second text. */
                /* Rust asks for the home directory that way where HOME is not set, which is rare.
                 */
                {SIGN_TEXT, SIGN_USUAL, .text = "__nss_passwd_lookup2", .only = RUNTIME_GLIBC,
                 .never = RUNTIME_RUST, .without = "/proc/self/loginuid"},
                {SIGN_TEXT, SIGN_USUAL, .text = "getpwnam_r", .only = RUNTIME_GLIBC,
                 .with = OLD_NAME_SERVICE, .without = "/proc/self/loginuid"},
                {SIGN_TEXT, SIGN_USUAL, .text = "getpwuid_r", .only = RUNTIME_GLIBC,
                 .with = OLD_NAME_SERVICE, .without = "/proc/self/loginuid"},
                {SIGN_TEXT, SIGN_USUAL, .text = "getpwent_r", .only = RUNTIME_GLIBC,
                 .with = OLD_NAME_SERVICE, .without = "/proc/self/loginuid"},
                {SIGN_TEXT, SIGN_USUAL, .text = "/etc/passwd",
                 .never = RUNTIME_GLIBC | RUNTIME_GO | RUNTIME_RUST},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "getpwnam", .never = RUNTIME_GLIBC | RUNTIME_GO},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "getpwuid", .never = RUNTIME_GLIBC | RUNTIME_GO},
                {SIGN_TEXT, SIGN_FAINT, .text = "__nss_passwd_lookup2"},
                {SIGN_TEXT, SIGN_FAINT, .text = "/etc/passwd", .only = RUNTIME_RUST},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC226",
        .name = "groups",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that asks for groups finds /etc/group.",
        .remedy = "add a small one: printf 'root:x:0:\\n' >group; "
                  "whit pack --add=group:/etc/group",
        .source = "glibc nss/nss_files; musl src/passwd; Go os/user",
        .explanation =
            "The names, numbers and members of groups stand in /etc/group, which an empty image "
            "has not. getgrnam and getgrgid then find no group, initgroups finds no members, and "
            "Go's user.LookupGroup returns an error. That the program asks is seen in Go's "
            "function names and in texts that come with these functions when the C library is "
            "linked in. A file with the one line that is asked for is enough: whit pack "
            "--add=group:/etc/group.",
        .check = check_signs,
        .lack = "/etc/group",
        .places = (const char *const[]){"/etc/group", NULL},
        .signs = (const struct sign[]){{SIGN_GO, SIGN_USUAL, .text = "os/user.lookupGroup"},
                                       {SIGN_GO, SIGN_USUAL, .text = "os/user.lookupGroupId"},
                                       {SIGN_TEXT, SIGN_USUAL, .text = "__nss_group_lookup2",
                                        .only = RUNTIME_GLIBC, .never = RUNTIME_RUST | RUNTIME_GO},
                                       {SIGN_TEXT, SIGN_USUAL, .text = "/etc/group",
                                        .never = RUNTIME_GLIBC | RUNTIME_GO | RUNTIME_RUST},
                                       {.kind = SIGN_END}},
    },
    {
        .id = "EC214",
        .name = "services",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that asks for ports by name finds /etc/services.",
        .remedy = "add it: whit pack --add=/etc/services, or say the port as a number",
        .source = "glibc nss/nss_files; musl src/network/getservbyname_r.c; Go net/port_unix.go",
        .explanation =
            "That http is port 80 stands in /etc/services, which an empty image has not: "
            "getservbyname finds nothing, and getaddrinfo with such a name says \"Servname not "
            "supported\". Programs that take ports as numbers, which is most of them, never ask. "
            "Go knows the names of the most common ones itself. Add the file: "
            "whit pack --add=/etc/services.",
        .check = check_signs,
        .lack = "/etc/services",
        .places = (const char *const[]){"/etc/services", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_SYMBOL, SIGN_USUAL, .text = "getservbyname", .never = RUNTIME_GO},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "getservbyport", .never = RUNTIME_GO},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "getservent", .never = RUNTIME_GO},
                /* getaddrinfo asks for them, too, but rarely has to; the other texts tell of it. */
                {SIGN_TEXT, SIGN_USUAL, .text = "__nss_services_lookup2", .only = RUNTIME_GLIBC,
                 .without = "/etc/gai.conf"},
                {SIGN_TEXT, SIGN_USUAL, .text = "getservbyname_r", .only = RUNTIME_GLIBC,
                 .with = OLD_NAME_SERVICE, .without = "/etc/gai.conf"},
                {SIGN_TEXT, SIGN_USUAL, .text = "/etc/services",
                 .never = RUNTIME_GLIBC | RUNTIME_GO, .without = "/etc/hosts"},
                {SIGN_TEXT, SIGN_FAINT, .text = "__nss_services_lookup2"},
                {SIGN_TEXT, SIGN_FAINT, .text = "/etc/services",
                 .never = RUNTIME_GLIBC | RUNTIME_GO},
                {SIGN_GO, SIGN_FAINT, .text = "net.readServices"},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC215",
        .name = "name-service",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that resolves host names has the code for it within.",
        .remedy = "build it with glibc 2.34 or newer, or with musl",
        .source = "glibc nss/nsswitch.c up to 2.33; NEWS for 2.34",
        .explanation =
            "Up to glibc 2.33 a static program loads shared libraries to look up users and hosts: "
            "libnss_files and libnss_dns of exactly the version that it was linked with. In an "
            "empty image there are none, and names do not resolve, whatever /etc/resolv.conf "
            "says: \"Temporary failure in name resolution\". From 2.34 on this code is in the "
            "program itself. Build it with a newer glibc, or with musl, which never did that.",
        .check = check_signs,
        .lack = "name service libraries",
        .signs = (const struct sign[]){{SIGN_TEXT, .text = "dns [!UNAVAIL=return] files",
                                        .only = RUNTIME_GLIBC},
                                       {.kind = SIGN_END}},
    },
    {
        .id = "EC216",
        .name = "resolver",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that resolves host names finds /etc/resolv.conf and /etc/hosts.",
        .remedy = "docker, podman and Kubernetes supply them; elsewhere add them: "
                  "whit pack --add=/etc/resolv.conf --add=/etc/hosts",
        .source =
            "glibc resolv/res_init.c; musl src/network/resolvconf.c; Go net/dnsconfig_unix.go",
        .explanation =
            "Which server resolves names stands in /etc/resolv.conf, and some names, such as "
            "localhost, in /etc/hosts. Container engines put both into every container, so that "
            "this is no trouble there. Under a bare runtime, chroot or bubblewrap they are "
            "missing, and localhost is unknown. Add them then: "
            "whit pack --add=/etc/resolv.conf --add=/etc/hosts.",
        .check = check_signs,
        .lack = "/etc/resolv.conf",
        .places = (const char *const[]){"/etc/resolv.conf", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_GO, .text = "net.dnsReadConfig"},
                {SIGN_TEXT, .text = "__nss_hosts_lookup2", .only = RUNTIME_GLIBC},
                {SIGN_TEXT, .text = "/etc/resolv.conf", .never = RUNTIME_GLIBC | RUNTIME_GO},
                {SIGN_SYMBOL, .text = "getaddrinfo", .never = RUNTIME_GLIBC | RUNTIME_GO},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC217",
        .name = "temporary-directory",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that makes temporary files finds /tmp.",
        .remedy = "make it: whit pack --mkdir=/tmp:1777, or mount a tmpfs there "
                  "(docker run --tmpfs /tmp)",
        .source = "Go os/tempfile.go; glibc sysdeps/posix/tempname.c; musl src/temp",
        .explanation =
            "Temporary files go into /tmp unless TMPDIR names another directory, and an empty "
            "image has no directory at all: mkstemp, tmpfile and Go's os.CreateTemp fail with "
            "\"no such file or directory\". That the program makes such files is seen in Go's "
            "function names, in symbols, or in a text that comes with glibc's functions. Give it "
            "the directory, in which all may write and only the owner may delete: "
            "whit pack --mkdir=/tmp:1777.",
        .check = check_signs,
        .lack = "/tmp",
        .places = (const char *const[]){"/tmp", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_GO, SIGN_USUAL, .text = "os.TempDir"},
                {SIGN_TEXT, SIGN_USUAL, .text = TEMPORARY_LETTERS, .only = RUNTIME_GLIBC,
                 .never = RUNTIME_ADA},
                {SIGN_SUFFIX, SIGN_USUAL, .text = "XXXXXX",
                 .never = RUNTIME_GLIBC | RUNTIME_GO | RUNTIME_RUST},
                {SIGN_STRING, SIGN_USUAL, .text = "/tmp/tmpfile_XXX"},
                {SIGN_STRING, SIGN_USUAL, .text = "/tmp/tmpnam_XXX"},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "mkstemp", .never = RUNTIME_GO | RUNTIME_ADA},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "mkostemp", .never = RUNTIME_GO | RUNTIME_ADA},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "mkdtemp", .never = RUNTIME_GO | RUNTIME_ADA},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "tmpfile", .never = RUNTIME_GO | RUNTIME_ADA},
                {SIGN_TEXT, SIGN_FAINT, .text = TEMPORARY_LETTERS},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC218",
        .name = "shell",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that runs commands through the shell finds /bin/sh.",
        .remedy = "add a static shell: whit pack --add=/bin/busybox:/bin/sh",
        .source = "POSIX system(), popen(), wordexp(); glibc sysdeps/posix/system.c",
        .explanation =
            "The functions system, popen and wordexp of C hand a command to /bin/sh, which an "
            "empty image has not: system then returns 127 as if the command was not found, and "
            "popen fails. That they are linked in is seen in texts that come with them: the path "
            "itself, and in glibc others of the same object files. Add a static shell, and the "
            "programs that the commands name: whit pack --add=/bin/busybox:/bin/sh. Better, have "
            "the program do the work itself.",
        .check = check_signs,
        .lack = "a shell",
        .places = (const char *const[]){"/bin/sh", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_TEXT, SIGN_USUAL, .text = "exit 0", .only = RUNTIME_GLIBC,
                 .never = RUNTIME_OCAML, .with = "/bin/sh"},
                {SIGN_TEXT, SIGN_USUAL, .text = "wordexp.c", .only = RUNTIME_GLIBC,
                 .with = "/bin/sh"},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "popen", .never = RUNTIME_GO | RUNTIME_OCAML},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "system", .never = RUNTIME_GO | RUNTIME_OCAML},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "wordexp", .never = RUNTIME_GO},
                /* execvp and posix_spawn of glibc hold it, too, but name the shell by its path. */
                {SIGN_NAMED, SIGN_USUAL, .text = "/bin/sh", .only = RUNTIME_GLIBC,
                 .never = RUNTIME_OCAML},
                {SIGN_TEXT, SIGN_USUAL, .text = "/bin/sh",
                 .never = RUNTIME_GLIBC | RUNTIME_GO | RUNTIME_OCAML},
                {SIGN_TEXT, SIGN_FAINT, .text = "/bin/sh", .never = RUNTIME_GO},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC219",
        .name = "programs",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that starts other programs finds them.",
        .remedy = "add those that it starts: whit pack --add=FILE, static ones",
        .source = "POSIX exec; Go os/exec; Rust std::process",
        .explanation =
            "The program can start others, by name or by path, and an empty image has none: that "
            "fails with \"executable file not found in $PATH\" or \"No such file or directory\". "
            "Which ones cannot be told from the file; its documentation or a run under strace -f "
            "-e execve shows it. Add them, static ones: whit pack --add=/bin/busybox:/bin/ls. A "
            "program that only starts what its arguments name, as an init does, is not troubled.",
        .check = check_signs,
        .lack = "other programs",
        .places = (const char *const[]){"/bin", "/usr/bin", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_GO, SIGN_USUAL, .text = "os/exec.Command"},
                {SIGN_GO, SIGN_USUAL, .text = "os/exec.(*Cmd).Start"},
                {SIGN_STRING, SIGN_USUAL, .text = "sys/process/unix/", .only = RUNTIME_RUST},
                {SIGN_STRING, SIGN_USUAL, .text = "sys/unix/process/process_",
                 .only = RUNTIME_RUST},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "execlp", .never = RUNTIME_GO},
                /* musl's wordexp calls it, for the shell. */
                {SIGN_SYMBOL, SIGN_USUAL, .text = "execl", .never = RUNTIME_GO,
                 .without = "eval \"printf %s\\\\\\\\0 x $1 $2\""},
                {SIGN_SYMBOL, SIGN_USUAL, .text = "execle", .never = RUNTIME_GO},
                {SIGN_TEXT, SIGN_FAINT, .text = "/bin:/usr/bin", .never = RUNTIME_GO},
                {SIGN_TEXT, SIGN_FAINT, .text = "/usr/local/bin:/bin:/usr/bin",
                 .never = RUNTIME_GO},
                {SIGN_SYMBOL, SIGN_FAINT, .text = "execvp", .never = RUNTIME_GO},
                {SIGN_SYMBOL, SIGN_FAINT, .text = "posix_spawnp", .never = RUNTIME_GO},
                {SIGN_GO, SIGN_FAINT, .text = "os.StartProcess"},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC220",
        .name = "terminfo",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that draws on a terminal finds its description.",
        .remedy = "add the terminals' descriptions: whit pack --add=/lib/terminfo",
        .source = "ncurses, terminfo(5)",
        .explanation =
            "How to move the cursor and to colour text on a terminal stands in the terminfo "
            "database, a file for each kind, of which an empty image has none. ncurses then says "
            "\"Error opening terminal: xterm.\" or cannot tell what the terminal can do. Add the "
            "descriptions that Debian keeps for early use: whit pack --add=/lib/terminfo, and "
            "set TERM when the container runs.",
        .check = check_signs,
        .lack = "terminfo",
        .places = (const char *const[]){"/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo",
                                        "/usr/lib/terminfo", NULL},
        .signs =
            (const struct sign[]){
                {SIGN_STRING, SIGN_USUAL, .text = "/share/terminfo", .never = RUNTIME_GO},
                {SIGN_STRING, SIGN_USUAL, .text = "/lib/terminfo", .never = RUNTIME_GO},
                {.kind = SIGN_END}},
    },
    {
        .id = "EC221",
        .name = "mime-types",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_WARNING,
        .summary = "A program that asks for the types of files finds a table of them.",
        .remedy = "add one: whit pack --add=/etc/mime.types",
        .source = "Go mime/type_unix.go",
        .explanation =
            "Which type a file's name stands for, such as video/mp4 for .mp4, is looked up in "
            "tables of the system. Go knows a dozen types itself and reads the others from "
            "/etc/mime.types or /usr/share/mime/globs2, of which an empty image has neither: a "
            "file server then sends such files as application/octet-stream or guesses. Add the "
            "table: whit pack --add=/etc/mime.types.",
        .check = check_signs,
        .lack = "MIME types",
        .places =
            (const char *const[]){"/etc/mime.types", "/usr/share/mime/globs2",
                                  "/usr/local/share/mime/globs2", "/etc/apache2/mime.types",
                                  "/etc/apache/mime.types", "/etc/httpd/conf/mime.types", NULL},
        .signs = (const struct sign[]){{SIGN_GO, SIGN_USUAL, .text = "mime.TypeByExtension"},
                                       {SIGN_GO, SIGN_USUAL, .text = "mime.ExtensionsByType"},
                                       {SIGN_TEXT, SIGN_USUAL, .text = "/etc/mime.types",
                                        .never = RUNTIME_GO},
                                       {SIGN_GO, SIGN_FAINT, .text = "mime.initMimeUnix"},
                                       {.kind = SIGN_END}},
    },
    {
        .id = "EC222",
        .name = "syslog",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that writes to the system's log finds /dev/log.",
        .remedy = "have it log to standard error, or mount the host's: "
                  "docker run -v /dev/log:/dev/log",
        .source = "glibc misc/syslog.c; musl src/misc/syslog.c; Go log/syslog",
        .explanation =
            "syslog sends messages to a socket, /dev/log, where a daemon takes them. In a "
            "container there is none, and the messages are lost without a word. Containers log "
            "to standard output and error: tell the program so, or mount the host's socket: "
            "docker run -v /dev/log:/dev/log.",
        .check = check_signs,
        .lack = "/dev/log",
        .places = (const char *const[]){"/dev/log", NULL},
        .signs = (const struct sign[]){{SIGN_STRING, SIGN_USUAL, .text = "/dev/log",
                                        .never = RUNTIME_GO},
                                       {SIGN_GO, .text = "log/syslog.New"},
                                       {SIGN_GO, .text = "log/syslog.Dial"},
                                       {.kind = SIGN_END}},
    },
    {
        .id = "EC223",
        .name = "gconv",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that converts between character sets finds glibc's modules for it.",
        .remedy = "build it with musl or GNU libiconv, which convert by themselves",
        .source = "glibc iconv/gconv_conf.c",
        .explanation =
            "glibc itself converts between UTF-8, UCS-2, UCS-4 and ASCII; for all other character "
            "sets, even UTF-16 and ISO-8859-1, iconv loads modules from its gconv directory, and "
            "those need the C library as a shared one. Without them iconv_open fails with "
            "\"Invalid argument\". Every static glibc program has this code, and few use it. "
            "Build those with musl or GNU libiconv.",
        .check = check_signs,
        .lack = "gconv modules",
        .places = (const char *const[]){"/usr/lib/x86_64-linux-gnu/gconv", "/usr/lib64/gconv",
                                        "/usr/lib/gconv", NULL},
        .signs = (const struct sign[]){{SIGN_TEXT, .text = "gconv-modules", .only = RUNTIME_GLIBC},
                                       {.kind = SIGN_END}},
    },
    {
        .id = "EC224",
        .name = "locales",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that speaks the user's language finds the locales' data.",
        .remedy = "run it with LC_ALL=C, or add one: whit pack --add=/usr/lib/locale/C.utf8",
        .source = "glibc locale/findlocale.c",
        .explanation =
            "setlocale of glibc reads what a language and character set need from "
            "/usr/lib/locale; in an empty image only \"C\" and \"POSIX\" are there. Most "
            "programs go on with those; one that insists fails, as C++ does with \"locale::facet::"
            "_S_create_c_locale name not valid\". Every static glibc program has this code. Set "
            "LC_ALL=C, or add what it asks for: whit pack --add=/usr/lib/locale/C.utf8.",
        .check = check_signs,
        .lack = "locales",
        .places = (const char *const[]){"/usr/lib/locale", "/usr/share/locale", NULL},
        .signs =
            (const struct sign[]){{SIGN_TEXT, .text = "/usr/lib/locale", .only = RUNTIME_GLIBC},
                                  {SIGN_TEXT, .text = "LOCPATH", .only = RUNTIME_GLIBC},
                                  {.kind = SIGN_END}},
    },
    {
        .id = "EC225",
        .name = "dlopen",
        .group = ELFCHECK_SCRATCH,
        .severity = ELFCHECK_INFO,
        .summary = "A program that loads shared libraries while it runs finds them.",
        .remedy = "link in what it would load, or build it as a dynamic program and add its "
                  "libraries",
        .source = "glibc elf/dl-open.c; musl src/ldso/dlopen.c",
        .explanation =
            "dlopen loads plugins and drivers. In a static glibc program it works only with "
            "libraries of exactly the same glibc, which must be in the image with all that they "
            "need; in a static musl program it never does: \"Dynamic loading not supported\". "
            "Every static glibc program has this code, and few use it.",
        .check = check_signs,
        .lack = "libraries to load",
        .signs = (const struct sign[]){{SIGN_TEXT, .text = "Dynamic loading not supported"},
                                       {SIGN_TEXT, .text = "invalid mode for dlopen()",
                                        .only = RUNTIME_GLIBC},
                                       {.kind = SIGN_END}},
    },
    {
        .id = "EC301",
        .name = "identification",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The identification says class, byte order and version that fit the machine.",
        .remedy = "harmless on Linux; write 02 01 01 00, or 01 01 01 00 for i386, at offset 4 for "
                  "debuggers and emulators",
        .source = "gABI, ELF Identification; x86-64 psABI, ELF Header",
        .explanation =
            "Bytes 4 to 7 of the file tell how to read the rest: the class (32 or 64 bits), the "
            "byte order, the version of the format and the operating system's ABI. For x86-64 on "
            "Linux they are 02 01 01 and 00 or 03. Linux itself never looks at them, so the "
            "program runs. Debuggers, binutils, libelf, qemu-user and gVisor look at the first "
            "three, and refuse or misread the file. By the fourth, tools name another system or "
            "none, and read the program all the same; glibc's dynamic loader refuses a library "
            "for it. See them with: readelf -h PROGRAM.",
        .any_file = true,
        .check = check_identification,
    },
    {
        .id = "EC302",
        .name = "header-fields",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_INFO,
        .summary = "e_version is 1, and e_ehsize the size of the header.",
        .remedy = "harmless on Linux; some tools refuse the file",
        .source = "gABI, ELF Header",
        .explanation =
            "The header repeats the version of the format and tells its own size, 64 bytes in a "
            "64-bit file and 52 in a 32-bit one. Linux reads neither, so the program runs. Some "
            "tools, eu-elflint among them, refuse other values. Programs that were made as small "
            "as possible keep code or text in these bytes.",
        .any_file = true,
        .check = check_header_fields,
    },
    {
        .id = "EC303",
        .name = "libelf",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "libelf reads the file, and reads what Linux does.",
        .remedy = "harmless on Linux; debuggers and binary tools may refuse or misread the file",
        .source = "libelf 0.188",
        .explanation = "Many tools (eu-readelf, perf, rpm, bpftool) read ELF files through libelf. "
                       "It believes the identification bytes, takes program headers of any size "
                       "for whole ones, and clips tables that are cut short; Linux does otherwise. "
                       "Where the two disagree such a tool speaks of another program than the one "
                       "that runs. The file may still start.",
        .any_file = true,
        .check = check_libelf,
    },
    {
        .id = "EC304",
        .name = "section-table",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The section header table is whole, or there is none.",
        .remedy =
            "harmless on Linux, but a sign of a file cut short; whit link leaves the table out",
        .source = "gABI, ELF Header, e_shoff, e_shentsize, e_shnum, e_shstrndx",
        .explanation =
            "Section headers are for linkers, debuggers and strip; Linux does not read them to "
            "start a program. Since the table mostly stands at the end of the file, a damaged one "
            "is the usual sign of a download or copy that was cut short. Compare the file's size "
            "or hash with the original. To run, a program needs no section headers: llvm-strip "
            "--strip-sections PROGRAM removes them.",
        .any_file = true,
        .check = check_section_table,
    },
    {
        .id = "EC305",
        .name = "segment-in-file",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "All bytes that a segment takes from the file are in it.",
        .remedy = RELINK,
        .source = "gABI, Program Header, p_filesz; Linux maps what there is",
        .explanation =
            "A program header says from where in the file its bytes come and how many there are. "
            "Linux maps a segment without asking whether the file is that long; what lies past its "
            "last page is a SIGBUS when the program touches it, maybe hours later. Other loaders "
            "and all tools refuse the file. It was cut short or damaged: copy it again.",
        .any_file = true,
        .check = check_segment_in_file,
    },
    {
        .id = "EC306",
        .name = "segment-alignment",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "p_align is 0 or a power of 2, and offset and address agree modulo it.",
        .remedy = "harmless on Linux; other loaders refuse it",
        .source = "gABI, Program Header, p_align",
        .explanation =
            "p_align is the alignment that a segment needs in memory, 0 or 1 for none. For what is "
            "loaded, offset and address have to agree modulo it, so that pages of the file can be "
            "mapped as they are. Linux only insists on pages of 4,096 bytes and takes what is no "
            "power of 2 for no wish at all. The dynamic loader says \"ELF load command alignment "
            "not page-aligned\", and other systems' loaders refuse such files. See the values "
            "with: readelf -lW PROGRAM.",
        .any_file = true,
        .check = check_segment_alignment,
    },
    {
        .id = "EC307",
        .name = "segment-order",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "PT_LOAD segments stand in ascending order of address.",
        .remedy = "harmless on Linux; other loaders refuse it",
        .source = "gABI, Program Header, PT_LOAD",
        .explanation = "The gABI wants PT_LOAD entries sorted by p_vaddr, since a loader reserves "
                       "the memory from the first to the last of them. Linux takes them in any "
                       "order for a program at fixed addresses, and since version 5.18 for a "
                       "position-independent one. The dynamic loader computes a "
                       "wrong size for a library of which the last entry is not the highest. No "
                       "linker writes such a table: something edited the file.",
        .any_file = true,
        .check = check_segment_order,
    },
    {
        .id = "EC308",
        .name = "segment-overlap",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "No segment hides bytes of an earlier one.",
        .remedy = RELINK,
        .source = BINFMT "elf_map with MAP_FIXED: the later segment wins",
        .explanation =
            "Two segments claim the same addresses. Linux maps them one after another, so that the "
            "later one is what the program sees. Where both show the same bytes of the file there, "
            "the program notices nothing and runs; tools that look an address up may take the "
            "other "
            "segment, and some loaders (gVisor's, for one) refuse the file. Where the bytes "
            "differ, "
            "the rule hidden-bytes tells of it as an error. Linkers never do this: link the "
            "program "
            "again, or restore it from a good copy.",
        .any_file = true,
        .check = check_segment_overlap,
    },
    /* The first of these finds out what others make use of. */
    {
        .id = "EC413",
        .name = "system-calls",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "The system calls that a small static program makes are known.",
        .remedy = "whit check --seccomp writes a profile that allows just these, where the list is "
                  "complete",
        .source = "x86-64: syscall, int 0x80; Linux arch/x86/entry/syscalls/syscall_64.tbl",
        .explanation =
            "The program's instructions are followed from its entry point, both ways at each "
            "branch, with all that its registers may hold, and every system call that is met is "
            "listed. The list is called complete only where it is certain: when each jump's target "
            "and each call's number is known, and no call can bring in other code. Then no run "
            "under Linux makes another call, unless somebody outside changes the process, such as "
            "a debugger. Else the first place is named where that ends, and the list is what was "
            "found. It is done for static x86-64 programs of up to 128 KiB of code; a C library is "
            "usually too much for it, since it calls through tables. A complete list makes a "
            "seccomp profile: whit check --seccomp=profile.json hello, then docker run "
            "--security-opt seccomp=profile.json.",
        .check = check_system_calls,
    },
    {
        .id = "EC414",
        .name = "interrupt-call",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "64-bit code makes system calls by syscall, not by int 0x80.",
        .remedy = "make the call by syscall, with the numbers and registers of x86-64",
        .source = "Linux arch/x86/entry/entry_64_compat.S: CONFIG_IA32_EMULATION; gVisor has none",
        .explanation =
            "int 0x80 is how i386 programs call Linux, with i386's numbers and 32-bit arguments. A "
            "64-bit program may do so too, but only where the kernel was built with IA32 emulation "
            "and did not turn it off (ia32_emulation=0). Elsewhere, and under gVisor, the "
            "instruction ends the program with SIGSEGV: exit code 139, without a word. Seccomp "
            "profiles refuse it as well unless they list the i386 architecture. It is found by "
            "following the program's control flow, so bytes that only look like it are not "
            "reported. Use the syscall instruction: number in rax, arguments in rdi, rsi, rdx, "
            "r10, r8, r9; in whit's assembly that is SYSCALL write.",
        .check = check_int80,
    },
    {
        .id = "EC309",
        .name = "segment-table",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The program header table of a foreign program is whole.",
        .remedy = RELINK,
        .source = "gABI, ELF Header, e_phoff, e_phentsize, e_phnum",
        .explanation =
            "This is for files of machines that Linux on x86-64 does not run; what it would run "
            "has rules of its own in the group load. The program headers tell a loader what to put "
            "where. Where they are not in the file or have another size than the class asks for, "
            "no loader on any machine can start it. The file was cut short or is damaged.",
        .any_file = true,
        .check = check_segment_table,
    },
    {
        .id = "EC310",
        .name = "segment-single",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Of segment types that make sense once there is one entry.",
        .remedy = RELINK,
        .source = "gABI, Program Header, PT_INTERP, PT_PHDR; Linux fs/binfmt_elf.c",
        .explanation = "A program has one interpreter, one dynamic section, one template for "
                       "thread-local storage, one PT_PHDR and one PT_GNU_STACK. Where there are "
                       "two, Linux takes the first PT_INTERP but the last PT_GNU_STACK, and the "
                       "dynamic loader and tools may take another one: they then speak of "
                       "different programs. No linker writes that: something edited the file.",
        .any_file = true,
        .check = check_segment_single,
    },
    {
        .id = "EC311",
        .name = "segment-first",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_INFO,
        .summary = "PT_PHDR and PT_INTERP stand before all PT_LOAD entries.",
        .remedy = "harmless on Linux; patchelf writes such tables",
        .source = "gABI, Program Header, PT_INTERP, PT_PHDR",
        .explanation =
            "The gABI wants PT_PHDR and PT_INTERP, where there are any, before every PT_LOAD. The "
            "dynamic loader computes from PT_PHDR how far a program was moved, and needs that for "
            "the entries after it. Linux itself looks for PT_INTERP anywhere, and glibc starts the "
            "program nevertheless. No linker writes another order, but patchelf does where it "
            "makes room for a longer path.",
        .any_file = true,
        .check = check_segment_first,
    },
    {
        .id = "EC312",
        .name = "header-segment",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "PT_PHDR tells where the program headers are, in the file and in memory.",
        .remedy = RELINK,
        .source = "gABI, Program Header, PT_PHDR",
        .explanation = "PT_PHDR says at what address a program finds its own program headers. The "
                       "dynamic loader and static position-independent programs subtract it from "
                       "where the headers really are to learn how far they were moved. Where it is "
                       "wrong, every address that they compute is wrong, and the program dies of "
                       "SIGSEGV before main. Tools that add program headers, such as patchelf or "
                       "packers, have to move it too. See it with: readelf -lW PROGRAM.",
        .any_file = true,
        .check = check_header_segment,
    },
    {
        .id = "EC313",
        .name = "segment-within",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "PT_DYNAMIC, PT_TLS, PT_GNU_RELRO and the like lie inside a PT_LOAD segment.",
        .remedy = RELINK,
        .source = "gABI, Program Header; glibc elf/dl-load.c",
        .explanation =
            "Only PT_LOAD entries bring bytes into memory; the others name a part of those: the "
            "dynamic section, thread-local storage, what becomes read-only, notes, unwind tables. "
            "Where the part is in no PT_LOAD segment, or that one takes other bytes of the file to "
            "this address, the C library reads or protects memory that is not there. That is a "
            "SIGSEGV or \"cannot apply additional memory protection after relocation\" at start, "
            "or an exception that cannot be caught. The file is damaged or was edited.",
        .any_file = true,
        .check = check_segment_within,
    },
    {
        .id = "EC314",
        .name = "segment-extent",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "A segment is no larger in the file than in memory, and ends at an address.",
        .remedy = RELINK,
        .source = "gABI, Program Header, p_filesz, p_memsz",
        .explanation =
            "p_filesz is how many bytes a segment has in the file, p_memsz how many in memory; the "
            "rest is zeros, so the second is never smaller. An end past the last address of a "
            "32-bit or 64-bit machine is no address at all. PT_LOAD of programs for x86-64 Linux "
            "is judged by segment-size and segment-address; this is for the other types and other "
            "machines. The file is damaged.",
        .any_file = true,
        .check = check_segment_extent,
    },
    {
        .id = "EC315",
        .name = "foreign-interpreter",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The interpreter's path of a foreign program ends in a NUL byte.",
        .remedy = RELINK,
        .source = "gABI, Program Header, PT_INTERP",
        .explanation = "This is for files of machines that Linux on x86-64 does not run; of others "
                       "interpreter-path tells it. PT_INTERP holds the path of the dynamic "
                       "loader and has to end in a NUL byte, which Linux insists on for every "
                       "machine. Without it the program does not start: exec format error.",
        .any_file = true,
        .check = check_foreign_interpreter,
    },
    {
        .id = "EC316",
        .name = "section-zero",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_INFO,
        .summary = "Section header 0 is empty but for numbers too large for the header.",
        .remedy = "harmless; write zeros there",
        .source = "gABI, Sections, SHN_UNDEF",
        .explanation =
            "Number 0 means \"no section\", so the first entry of the table describes none and "
            "holds zeros. Only where a file has more sections or program headers than the header "
            "can count do its sh_size, sh_link and sh_info hold those numbers. Other values "
            "disturb nothing that is known, but no tool writes them.",
        .any_file = true,
        .check = check_section_zero,
    },
    {
        .id = "EC317",
        .name = "section-in-file",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The bytes of every section are in the file.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_offset, sh_size",
        .explanation =
            "Every section but those without bytes (NOBITS, as .bss is) says where in the file its "
            "bytes are. Linux does not read sections to start a program, but linkers, debuggers, "
            "strip and profilers do, and refuse the file. It was cut short, or its section headers "
            "are damaged. Compare its size or hash with the original.",
        .any_file = true,
        .check = check_section_in_file,
    },
    {
        .id = "EC318",
        .name = "section-name",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Every section's name is in the section name table.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_name",
        .explanation =
            "sh_name is the place of a section's name in the table that e_shstrndx points to. A "
            "name past its end is no name: tools print \"<corrupt>\" or refuse the file. The "
            "section headers or e_shstrndx are damaged. A program starts nevertheless.",
        .any_file = true,
        .check = check_section_name,
    },
    {
        .id = "EC319",
        .name = "section-link",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Sections are linked to existing ones of the kind that they need.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_link and sh_info Interpretation",
        .explanation =
            "A symbol table names the section with its strings, relocations name the symbols, a "
            "version table its symbols, all by number in sh_link and sh_info. Where the number is "
            "no section or one of another kind, linkers and debuggers refuse the file or read "
            "nonsense. A tool that removed or moved sections did not renumber them. See the "
            "numbers with: readelf -SW PROGRAM.",
        .any_file = true,
        .check = check_section_link,
    },
    {
        .id = "EC320",
        .name = "section-entry-size",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Tables have entries of the size that the class asks for, and whole ones.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_entsize",
        .explanation = "Symbol tables, relocations, the dynamic section and version tables are "
                       "made of entries of one size: a symbol of a 64-bit file has 24 bytes. A "
                       "tool divides the section's size by sh_entsize, which is why a wrong one "
                       "makes it read nonsense, and a 0 has made tools crash. The section headers "
                       "are damaged, or belong to another class than the header says.",
        .any_file = true,
        .check = check_section_entry_size,
    },
    {
        .id = "EC321",
        .name = "section-alignment",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "sh_addralign is 0 or a power of 2.",
        .remedy = RELINK,
        .source = "gABI, Sections, sh_addralign",
        .explanation =
            "A section's alignment is 0 or 1 for none, or a power of 2. A linker that is given an "
            "object file with another one refuses it, or lays data out wrongly. Linux does not "
            "look at it. No tool writes such a value: the section headers are damaged.",
        .any_file = true,
        .check = check_section_alignment,
    },
    {
        .id = "EC322",
        .name = "section-address",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary =
            "Each section that is loaded is in a PT_LOAD segment, at its address and offset.",
        .remedy = RELINK,
        .source = "gABI, Sections, SHF_ALLOC; Program Loading",
        .explanation =
            "Sections with the flag SHF_ALLOC and PT_LOAD segments describe the same memory twice: "
            "the sections for tools, the segments for the loader. Where they disagree a debugger "
            "shows other code than the one that runs. Since linkers write both from one layout, "
            "this also shows a program header that was damaged or changed later, as a missing or "
            "moved PT_LOAD. Compare the two with: readelf -lSW PROGRAM.",
        .any_file = true,
        .check = check_section_address,
    },
    {
        .id = "EC323",
        .name = "string-table",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "String tables begin and end with a NUL byte.",
        .remedy = RELINK,
        .source = "gABI, String Table",
        .explanation = "Names are offsets into a string table, and a name ends at the next NUL "
                       "byte. The first byte is NUL since offset 0 means \"no name\", the last "
                       "since otherwise the last name has no end and a careless tool reads on. "
                       "libelf does not hand out strings of a table without that end. The section "
                       "headers point to something else, or the bytes are damaged.",
        .any_file = true,
        .check = check_string_table,
    },
    {
        .id = "EC324",
        .name = "note",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Notes are whole, and their names end in a NUL byte.",
        .remedy = RELINK,
        .source = "gABI, Note Section",
        .explanation =
            "A note has a header of 12 bytes, a name and a description, each padded to 4 bytes (8 "
            "in a segment with that alignment). Build IDs, the oldest usable kernel and processor "
            "features such as IBT and shadow stacks are notes. A size that goes past the end hides "
            "all notes behind it: debuggers then do not find the debug file, and the dynamic "
            "loader takes the features for absent. See them with: readelf -n PROGRAM.",
        .any_file = true,
        .check = check_notes,
    },
    {
        .id = "EC325",
        .name = "note-properties",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The properties in NT_GNU_PROPERTY_TYPE_0 notes are whole and sorted.",
        .remedy = RELINK,
        .source = "Linux Extensions to gABI, Program Property; include/uapi/linux/elf.h",
        .explanation =
            "The note .note.gnu.property lists what the code is ready for, as a type, a size and "
            "padded data each, in ascending order of type. Linux on AArch64 refuses a program with "
            "a malformed list, and linkers drop all properties of an object file with one "
            "(\"corrupt GNU_PROPERTY_TYPE\"), which turns IBT and shadow stacks off for the whole "
            "program. See them with: readelf -n PROGRAM.",
        .any_file = true,
        .check = check_note_properties,
    },
    {
        .id = "EC326",
        .name = "dynamic-section",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The dynamic section is whole entries up to DT_NULL, where both headers say.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section",
        .explanation =
            "PT_DYNAMIC points to a list of tags and values that ends with DT_NULL. The dynamic "
            "loader, and the start code of static position-independent programs, walk it without "
            "looking at its size, so that without the end they run into whatever follows. Tools "
            "find it by the section header of type DYNAMIC, which has to tell the same place and "
            "size. See it with: readelf -d PROGRAM.",
        .any_file = true,
        .check = check_dynamic_section,
    },
    {
        .id = "EC327",
        .name = "dynamic-entries",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Dynamic tags stand there once, with those that belong to them, of right sizes.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section",
        .explanation = "An address such as DT_RELA is of no use without the size of what is there "
                       "(DT_RELASZ) and of one entry (DT_RELAENT), and these have one right value "
                       "for a class. The dynamic loader takes many of them for granted, some by an "
                       "assertion that ends the program. Of a tag that stands there twice it takes "
                       "the last. The dynamic section is damaged or was edited by hand.",
        .any_file = true,
        .check = check_dynamic_entries,
    },
    {
        .id = "EC328",
        .name = "dynamic-address",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Addresses in the dynamic section are in a segment and have bytes in the file.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section; Program Loading",
        .explanation = "The dynamic section tells by address where symbols, strings, hash tables, "
                       "relocations and initializers are. The dynamic loader follows these "
                       "addresses at once: one that no PT_LOAD segment brings into memory is a "
                       "SIGSEGV before main. The dynamic section or the program headers are "
                       "damaged, or the file was cut short. Compare: readelf -dlW PROGRAM.",
        .any_file = true,
        .check = check_dynamic_address,
    },
    {
        .id = "EC329",
        .name = "dynamic-strings",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Names in the dynamic section are in its string table, which ends with NUL.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section, DT_STRTAB, DT_STRSZ, DT_NEEDED",
        .explanation =
            "DT_NEEDED, DT_SONAME, DT_RPATH and DT_RUNPATH are offsets into the table at "
            "DT_STRTAB, which has DT_STRSZ bytes. The dynamic loader does not compare them with "
            "the size: it takes whatever stands there for the name of a library, and says that it "
            "cannot open it. Tools print the name as corrupt. The dynamic section is damaged, or a "
            "tool that changes names went wrong.",
        .any_file = true,
        .check = check_dynamic_strings,
    },
    {
        .id = "EC330",
        .name = "dynamic-agrees",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Section headers and the dynamic section point to the same tables.",
        .remedy = RELINK,
        .source = "gABI, Dynamic Section; Sections",
        .explanation =
            "The dynamic loader finds symbols, hash tables and versions by the addresses in the "
            "dynamic section; nm, objdump and debuggers find them by section headers. Where the "
            "two disagree, people see other symbols than those that are bound. Linkers write both "
            "from one layout, so that the file was damaged or changed afterwards, maybe to "
            "mislead. Compare: readelf -dSW PROGRAM.",
        .any_file = true,
        .check = check_dynamic_agrees,
    },
    {
        .id = "EC331",
        .name = "version-count",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "Every dynamic symbol has one entry in the version table.",
        .remedy = RELINK,
        .source = "LSB Core, Symbol Versioning, Symbol Version Table",
        .explanation =
            "The section .gnu.version holds two bytes for each symbol of .dynsym, in the same "
            "order. With fewer, the last symbols have whatever version follows in memory, and the "
            "dynamic loader binds them wrongly or says that a version was not found. A tool that "
            "added or removed dynamic symbols forgot the table.",
        .any_file = true,
        .check = check_version_count,
    },
    {
        .id = "EC332",
        .name = "version-needs",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The list of needed versions is whole, and its hashes are those of the names.",
        .remedy = RELINK,
        .source = "LSB Core, Symbol Versioning, Version Requirements; glibc elf/dl-version.c",
        .explanation =
            "For each library the file lists the versions that it needs of it (GLIBC_2.34), as a "
            "name and a hash, linked by offsets. The dynamic loader compares the hash first: with "
            "a wrong one it says that a version was not found although it is there. An offset that "
            "leads out of the list is a SIGSEGV at start. See the list with: readelf -V PROGRAM.",
        .any_file = true,
        .check = check_version_needs,
    },
    {
        .id = "EC333",
        .name = "version-definitions",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The list of defined versions is whole, and its hashes are those of the names.",
        .remedy = RELINK,
        .source = "LSB Core, Symbol Versioning, Version Definitions; glibc elf/dl-version.c",
        .explanation =
            "A library lists the versions that it defines, as a name and a hash, linked by "
            "offsets. The dynamic loader compares the hash first: with a wrong one every program "
            "that needs the version is told that it was not found. An offset that leads out of the "
            "list is a SIGSEGV at start. See the list with: readelf -V LIBRARY.",
        .any_file = true,
        .check = check_version_definitions,
    },
    {
        .id = "EC334",
        .name = "truncated",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_WARNING,
        .summary = "The file holds all that its headers describe.",
        .remedy = "copy or download it again, and compare the sizes",
        .source = "gABI, Program Header, Sections",
        .explanation =
            "The headers tell where the last segment, section or table ends. A file that ends "
            "before was cut short by an interrupted download, a full disk or a copy that failed, "
            "or a header is damaged. If only section headers or debug information are missing the "
            "program runs as before; otherwise it dies of SIGBUS or SIGSEGV when it touches what "
            "is missing. Compare its size or hash with the original.",
        .any_file = true,
        .check = check_truncated,
    },
    {
        .id = "EC335",
        .name = "appended-bytes",
        .group = ELFCHECK_FORM,
        .severity = ELFCHECK_INFO,
        .summary = "Nothing follows the last part that the headers describe.",
        .remedy = "nothing, if it belongs there; strip PROGRAM removes it",
        .source = "gABI, Object Files, Introduction",
        .explanation =
            "Linux ignores what follows the last segment and section. Self-extracting archives, "
            "AppImages, programs with an interpreter and its script in one file, and signed kernel "
            "modules keep their data there on purpose. Fewer than 4,096 zeros are padding and not "
            "told. Otherwise what follows only makes an image larger, and is a place where things "
            "can be hidden. strip and objcopy do not copy it: a program that needs it breaks then.",
        .any_file = true,
        .check = check_appended,
    },
    {
        .id = "EC401",
        .name = "write-execute",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "No segment is writable and executable at once.",
        .remedy = "link without ld -N/--omagic, so that code and data get segments of their own",
        .source = "W^X; refused by SELinux's execmem and similar policies",
        .explanation =
            "A segment with the flags R+W+X holds code that the program may overwrite. Whoever "
            "finds a way to write past a buffer can then place instructions of their own and run "
            "them, with no further trick. It also keeps the program from starting under policies "
            "that forbid such memory. It comes from ld -N (--omagic), from a linker script with "
            "one segment for everything, or from objcopy and patching tools. Link it with separate "
            "segments, which is every linker's default: ld hello.o -o hello. See the flags with "
            "readelf -lW hello.",
        .check = check_write_execute,
    },
    {
        .id = "EC402",
        .name = "executable-stack",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "The program does not ask for an executable stack.",
        .remedy = "link with -z noexecstack; in assembly add: section .note.GNU-stack noalloc "
                  "noexec nowrite progbits",
        .source = "Linux fs/binfmt_elf.c, PT_GNU_STACK; arch/x86/include/asm/elf.h",
        .explanation =
            "The header PT_GNU_STACK has the flag X, so Linux makes the stack executable. Then "
            "what an attacker writes into a buffer on the stack can be run as code. One object "
            "file without a .note.GNU-stack section is enough to make the linker ask for it, often "
            "a hand-written assembly file; nested functions of GNU C whose address is taken need "
            "it for real. The program runs all the same. Add the section to the assembly file, or "
            "link with gcc -z noexecstack after making sure that nothing needs it. See it with "
            "readelf -lW hello, line GNU_STACK.",
        .check = check_executable_stack,
    },
    {
        .id = "EC403",
        .name = "stack-header",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "A program says by PT_GNU_STACK that its stack is not executable, where that is "
                   "not the default.",
        .remedy = "link with -z noexecstack, or run it on Linux 5.8 or newer as a 64-bit program",
        .source = "Linux arch/x86/include/asm/elf.h, elf_read_implies_exec",
        .explanation =
            "A program without the header PT_GNU_STACK gets what was usual before there was one. "
            "For 64-bit programs that is a stack which cannot be executed, from Linux 5.8 on; so "
            "nothing is said of them. Older kernels made all readable memory of such a program "
            "executable (READ_IMPLIES_EXEC), and every kernel still does so for 32-bit programs. "
            "Whit's own programs have no such header: it costs 56 bytes and changes nothing on a "
            "current kernel. Where the program has to run on an older one, link it with ld -z "
            "noexecstack. Judge for a kernel with whit check --kernel=5.4 hello.",
        .check = check_stack_header,
    },
    {
        .id = "EC404",
        .name = "position-independent",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "The program can be loaded at any address (PIE).",
        .remedy = "build it with -fPIE and link it with -static-pie, or -pie where it is dynamic",
        .source =
            "Linux fs/binfmt_elf.c, load_elf_binary: ET_DYN; Documentation, randomize_va_space",
        .explanation =
            "A program of type EXEC has its code at the same addresses in each run, so that an "
            "attacker who can divert a jump knows where to. A position-independent one (type DYN) "
            "is placed at random. It is no fault of its own: it makes another fault harder to use. "
            "Go, Rust for musl, and gcc -static make programs of fixed addresses by default. gcc "
            "-static-pie, and go build -buildmode=pie with an external linker, make them movable. "
            "Nothing is said of a small program whose control flow is known whole, as those of "
            "whit's templates: in it there is no jump to divert.",
        .check = check_position,
    },
    {
        .id = "EC405",
        .name = "relro",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "A dynamic program's relocated data becomes read-only (PT_GNU_RELRO).",
        .remedy = "link with -z relro -z now",
        .source = "Linux ABI, PT_GNU_RELRO; glibc elf/dl-reloc.c, _dl_protect_relro",
        .explanation =
            "The dynamic loader writes the addresses of functions into tables of the program, and "
            "makes the tables read-only afterwards where the header PT_GNU_RELRO asks for that. "
            "Without it they stay writable for the whole run, and who can write to one place in "
            "memory can replace a function's address. Linkers add the header by default; -z "
            "norelro or an old linker leaves it out. Link with gcc -Wl,-z,relro,-z,now. It is "
            "asked of dynamic programs only: what a static one relocates is over before main, or "
            "there is nothing.",
        .check = check_relro,
    },
    {
        .id = "EC406",
        .name = "bind-now",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "All functions are looked up at start, so that RELRO covers their addresses.",
        .remedy = "link with -z now",
        .source = "gABI, Dynamic Section, DF_BIND_NOW, DT_BIND_NOW; DF_1_NOW",
        .explanation =
            "By default the dynamic loader looks a function up when it is called for the first "
            "time, so the table of those addresses (.got.plt) has to stay writable: RELRO is "
            "partial. With -z now all is looked up at start and the table becomes read-only as "
            "well. The start takes a little longer. Some distributions build so by default, others "
            "do not. Link with gcc -Wl,-z,now; see it with readelf -dW hello, line FLAGS.",
        .check = check_bind_now,
    },
    {
        .id = "EC407",
        .name = "text-relocation",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "Code is not changed while it is loaded (no DT_TEXTREL).",
        .remedy =
            "compile everything with -fPIC or -fPIE; in assembly use default rel and wrt ..plt",
        .source = "gABI, Dynamic Section, DT_TEXTREL, DF_TEXTREL",
        .explanation =
            "Some of the code holds absolute addresses, which the dynamic loader has to correct at "
            "each start. For that it makes the code writable, and under policies that forbid "
            "memory which was written to and is then executed, such as SELinux's, the program does "
            "not start. Its pages are no longer shared between processes either. It comes from "
            "objects that were not compiled as position-independent. Compile them with -fPIE or "
            "-fPIC; ld -z text turns it into an error at link time and names the object.",
        .check = check_text_relocation,
    },
    {
        .id = "EC408",
        .name = "library-path",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary =
            "Libraries are looked for in absolute directories that only the system writes to.",
        .remedy = "link without -rpath, or with an absolute directory or $ORIGIN; patchelf "
                  "--set-rpath mends a program",
        .source = "gABI, Dynamic Section, DT_RPATH, DT_RUNPATH, Shared Object Dependencies",
        .explanation =
            "The program names directories in which the dynamic loader looks for its libraries "
            "before the system's. One of them is relative or empty, which means the directory in "
            "which the program is started, or is open to everybody, such as /tmp. Whoever can put "
            "a file there can have it run with the rights of the one who starts the program. It "
            "comes from gcc -Wl,-rpath with a build directory, or from an empty part in "
            "LD_RUN_PATH. Link without it, or use $ORIGIN, the program's own directory: gcc "
            "-Wl,-rpath,'$ORIGIN/../lib'. See it with readelf -dW hello, line RUNPATH.",
        .check = check_library_path,
    },
    {
        .id = "EC409",
        .name = "set-user-id",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_WARNING,
        .summary = "The file is neither set-user-ID nor set-group-ID.",
        .remedy = "chmod u-s,g-s on the file; give a container the user it needs instead (whit "
                  "pack --user)",
        .source = "Linux fs/exec.c, bprm_fill_uid; chmod(2)",
        .explanation = "The file's mode has the bit S_ISUID or S_ISGID, so that whoever starts it "
                       "gets the rights of its owner or group. Every mistake in such a program is "
                       "a way to those rights. In an image it is seldom meant: one process runs "
                       "there, with the user that the image names. Engines can forbid it (docker "
                       "run --security-opt no-new-privileges), and whit's own bundles do, so that "
                       "the bit has no effect. Take it away with chmod u-s,g-s hello.",
        .check = check_set_user_id,
    },
    {
        .id = "EC410",
        .name = "stack-protector",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "Functions guard their stack with a canary.",
        .remedy = "compile with -fstack-protector-strong",
        .source = "GCC, -fstack-protector-strong; glibc debug/stack_chk_fail.c",
        .explanation =
            "Compilers can put a secret value behind a function's local buffers and look at it "
            "before the function returns; who wrote past a buffer is found out, and the program "
            "ends. A dynamic program that has such a function needs the name __stack_chk_fail from "
            "its C library: without the name there is none. In a static program that cannot be "
            "told, for the C library's own copy of the name is in it whatever the program does; "
            "then it is said to be unknown. Programs of Go, and small programs whose control flow "
            "is known whole, have no use for it. Compile with gcc -fstack-protector-strong.",
        .check = check_stack_protector,
    },
    {
        .id = "EC411",
        .name = "fortify",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "Functions that fill buffers are called in their checked form.",
        .remedy = "compile with -O2 -D_FORTIFY_SOURCE=2",
        .source = "glibc, _FORTIFY_SOURCE: debug/*_chk.c",
        .explanation = "With _FORTIFY_SOURCE the compiler calls __memcpy_chk instead of memcpy "
                       "wherever it knows how large the buffer is, and the program ends before it "
                       "writes past it. A dynamic program that needs such functions, and none of "
                       "the checked ones, was not compiled so, or the compiler never knew a size. "
                       "musl has no checked forms. Compile with gcc -O2 -D_FORTIFY_SOURCE=2. "
                       "Nothing is said of static programs, in which the names tell nothing.",
        .check = check_fortify,
    },
    {
        .id = "EC412",
        .name = "shadow-stack",
        .group = ELFCHECK_HARDENED,
        .severity = ELFCHECK_INFO,
        .summary = "The program is marked as ready for shadow stacks (SHSTK).",
        .remedy = "compile and link everything with -fcf-protection; ld -z shstk marks it by hand",
        .source = "x86-64 psABI, Program Property, GNU_PROPERTY_X86_FEATURE_1_AND; Linux "
                  "arch/x86/kernel/shstk.c",
        .explanation = "Recent processors can keep a second copy of all return addresses and "
                       "compare it at each return. Linux lets a program use it from 6.6 on, and C "
                       "libraries turn it on where every part of the program carries the mark. One "
                       "object file without it takes the mark from the whole. It is no fault of "
                       "its own, and without such a processor it changes nothing. Compile with gcc "
                       "-fcf-protection; see it with readelf -nW hello, line x86 feature. The "
                       "older mark of the same note, IBT, has no effect on Linux programs.",
        .check = check_shadow_stack,
    },
};

size_t elfcheck_rule_count(void)
{
    return COUNT(rules);
}

const struct elfcheck_rule *elfcheck_rule(size_t index)
{
    return &rules[index];
}

bool elfcheck_find_rule(const char *name, size_t *index)
{
    for (*index = 0; *index < COUNT(rules); ++*index)
        if (strcmp(rules[*index].name, name) == 0 || strcasecmp(rules[*index].id, name) == 0)
            return true;
    return false;
}
