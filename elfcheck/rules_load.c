/*
 * Would Linux start it? The checks of load_elf_binary (fs/binfmt_elf.c, Linux 6.18) in its order,
 * and what then happens at the first instruction. Before the program headers are read an error is
 * ENOEXEC; after that the old program is gone, and any error is SIGSEGV.
 */
#include "elfcheck/elfcheck_internal.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

/* TASK_SIZE with four-level page tables (arch/x86/include/asm/page_64_types.h). */
#define USER_SPACE_END 0x7ffffffff000

#define HEADERS_IN_A_PAGE (PAGE_SIZE / sizeof(Elf64_Phdr))

/* vm.mmap_min_addr as distributions set it: only CAP_SYS_RAWIO maps below. */
#define LOWEST_ADDRESS 0x10000

/* More than this is worth a word: a small machine or container does not have it. */
#define MUCH_MEMORY (UINT64_C(1) << 30)

#define LONGEST_SCRIPT_LINE 128

static uint64_t page_start(uint64_t address)
{
    return address & ~(uint64_t)(PAGE_SIZE - 1);
}

static uint64_t page_offset(uint64_t address)
{
    return address & (PAGE_SIZE - 1);
}

/* The end of the last page of a range, or of the last page there is. */
static uint64_t page_end(uint64_t address, uint64_t size)
{
    uint64_t end;
    if (__builtin_add_overflow(address, size, &end) ||
        __builtin_add_overflow(end, PAGE_SIZE - 1, &end))
        end = UINT64_MAX;
    return page_start(end);
}

static void find_script(struct elfcheck_inspection *inspection)
{
    char line[LONGEST_SCRIPT_LINE + 1] = {0};
    size_t size =
        inspection->size < LONGEST_SCRIPT_LINE ? (size_t)inspection->size : LONGEST_SCRIPT_LINE;
    if (!inspection_read(inspection, 0, line, size))
        return;
    const char *start = line + strlen("#!");
    start += strspn(start, " \t");
    struct buffer interpreter BUFFER_CLEANUP = {0};
    text_append_visible(&interpreter, start, strcspn(start, "\n"));
    inspection->failed |= buffer_check(&interpreter, inspection->error) < 0;
    inspection_find(inspection, 0, "script: needs its interpreter, %s", buffer_text(&interpreter));
}

void check_magic(struct elfcheck_inspection *inspection)
{
    static const struct {
        const char *magic;
        const char *kind;
    } kinds[] = {
        {"\x1f\x8b", "gzip file"},
        {"\x28\xb5\x2f\xfd", "zstd file"},
        {"\xfd\x37zXZ", "xz file"},
        {"PK\x03\x04", "zip file"},
        {"!<arch>\n", "static library"},
        {"MZ", "Windows program"},
        {"\xcf\xfa\xed\xfe", "macOS program"},
    };
    const unsigned char *ident = inspection->header.e_ident;
    if (inspection->report->is_elf)
        return;
    if (inspection->size == 0) {
        inspection_find(inspection, 0, "empty file");
        return;
    }
    if (ident[0] == '#' && ident[1] == '!') {
        find_script(inspection);
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (memcmp(ident, kinds[i].magic, strlen(kinds[i].magic)) == 0) {
            inspection_find(inspection, 0, "%s, not an ELF file", kinds[i].kind);
            return;
        }
    }
    inspection_find(inspection, 0, "not an ELF file: begins with %02x %02x %02x %02x", ident[0],
                    ident[1], ident[2], ident[3]);
}

void check_type(struct elfcheck_inspection *inspection)
{
    uint16_t type = inspection->report->type;
    if (!inspection->report->is_elf || type == ET_EXEC || type == ET_DYN)
        return;
    static const char *const kinds[] = {[ET_REL] = "object file, not linked into a program yet",
                                        [ET_CORE] = "core dump, not a program"};
    const char *kind = type < sizeof kinds / sizeof *kinds ? kinds[type] : NULL;
    if (kind)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_type)),
                        "%s", kind);
    else
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_type)),
                        "type %u, which is neither EXEC nor DYN", type);
}

void check_machine(struct elfcheck_inspection *inspection)
{
    uint16_t machine = inspection->report->machine;
    const char *name = machine_name(machine);
    if (!inspection->report->is_elf || machine == EM_X86_64)
        return;
    if (machine == EM_386)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_machine)),
                        "32-bit program for i386, not x86-64: only kernels with IA32 emulation "
                        "start those");
    else if (name)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_machine)),
                        "made for %s, not x86-64", name);
    else
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_machine)),
                        "made for machine number %u, not x86-64", machine);
}

void check_header_entry_size(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    if (header->e_phentsize == inspection->entry_size)
        return;
    bool is_x32 = inspection->loader == LOADER_64 && header->e_ident[EI_CLASS] == ELFCLASS32 &&
                  header->e_phentsize == sizeof(Elf32_Phdr);
    inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_phentsize)),
                    "program headers of %u bytes%s, not %zu", header->e_phentsize,
                    is_x32 ? " (the x32 ABI)" : "", inspection->entry_size);
}

void check_header_count(struct elfcheck_inspection *inspection)
{
    unsigned count = inspection->header.e_phnum;
    if (count == 0)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                        "no program headers");
    if (count * inspection->entry_size > LARGEST_HEADER_TABLE)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                        "%u program headers, %zu bytes: Linux reads at most 65,536", count,
                        count * inspection->entry_size);
}

void check_header_page(struct elfcheck_inspection *inspection)
{
    if (inspection->segment_count > HEADERS_IN_A_PAGE)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_phnum)),
                        "%zu program headers: Linux up to 6.12 takes at most 73",
                        inspection->segment_count);
}

void check_header_table(struct elfcheck_inspection *inspection)
{
    const Elf64_Ehdr *header = &inspection->header;
    size_t size = header->e_phnum * inspection->entry_size;
    if (!inspection_has(inspection, header->e_phoff, size))
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_phoff)),
                        "%zu bytes of program headers at offset %" PRIu64
                        ", but the file has %" PRIu64 " bytes",
                        size, header->e_phoff, inspection->size);
}

void check_loads(struct elfcheck_inspection *inspection)
{
    if (inspection->segments && !inspection_load(inspection, NULL))
        inspection_find(inspection, inspection->header.e_phoff, "no segment to load (PT_LOAD)");
}

void check_segment_offset(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));) {
        uint64_t end;
        if (load->p_filesz == 0)
            continue; /* nothing is mapped from the file */
        if (page_offset(load->p_offset) != page_offset(load->p_vaddr))
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_offset),
                               "offset 0x%" PRIx64 " and address 0x%" PRIx64 " differ modulo 4096",
                               load->p_offset, load->p_vaddr);
        else if (__builtin_add_overflow(load->p_offset, load->p_filesz, &end) || end > INT64_MAX)
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_offset),
                               "no file reaches offset 0x%" PRIx64 " + 0x%" PRIx64, load->p_offset,
                               load->p_filesz);
    }
}

void check_segment_size(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        if (load->p_filesz > load->p_memsz)
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_filesz),
                               "%" PRIu64 " bytes in the file, but %" PRIu64 " in memory",
                               load->p_filesz, load->p_memsz);
}

void check_segment_address(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        if (load->p_vaddr >= USER_SPACE_END || load->p_memsz > USER_SPACE_END - load->p_vaddr)
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                               "0x%" PRIx64 " bytes at 0x%" PRIx64
                               " leave user space, which ends at 0x7ffffffff000",
                               load->p_memsz, load->p_vaddr);
}

/* Linux clears the rest of the last page that comes from the file: it has to be there. */
static bool clears_page(const Elf64_Phdr *load)
{
    return (load->p_flags & PF_W) && load->p_filesz && load->p_memsz > load->p_filesz;
}

void check_segment_zeros(struct elfcheck_inspection *inspection)
{
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));) {
        uint64_t end = load->p_offset + load->p_filesz;
        if (clears_page(load) && page_offset(end) && page_start(end) >= inspection->size)
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_filesz),
                               "its zeros begin in the page at offset 0x%" PRIx64
                               ", past the end of the file at 0x%" PRIx64,
                               page_start(end), inspection->size);
    }
}

/* What is at an address once all segments are mapped. */
struct place {
    const Elf64_Phdr *segment; /* NULL: nothing */
    bool in_file;              /* else zeros */
    uint64_t offset;           /* in the file */
};

static struct place find_place(const struct elfcheck_inspection *inspection, uint64_t address)
{
    struct place place = {0};
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));) {
        uint64_t start = page_start(load->p_vaddr);
        uint64_t file_end = load->p_filesz ? page_end(load->p_vaddr, load->p_filesz) : start;
        uint64_t end = file_end;
        if (load->p_memsz > load->p_filesz)
            end = page_end(load->p_vaddr, load->p_memsz);
        if (clears_page(load))
            file_end = load->p_vaddr + load->p_filesz;
        if (address >= start && address < end) /* MAP_FIXED: a later segment wins */
            place = (struct place){load, address < file_end,
                                   load->p_offset + (address - load->p_vaddr)};
    }
    return place;
}

void check_entry_executable(struct elfcheck_inspection *inspection)
{
    uint64_t entry = inspection->header.e_entry;
    struct place place = find_place(inspection, entry);
    if (!inspection_load(inspection, NULL))
        return;
    if (!place.segment)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_entry)),
                        "entry point 0x%" PRIx64 " is in no segment", entry);
    else if (!(place.segment->p_flags & PF_X))
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_entry)),
                        "entry point 0x%" PRIx64 " is in segment %zu, which is not executable (%s)",
                        entry, inspection_number(inspection, place.segment),
                        flags_name(place.segment->p_flags));
}

/* The byte that the processor fetches there: 0 where Linux fills a page up, or has none. */
static unsigned char code_at(struct elfcheck_inspection *inspection, uint64_t address)
{
    struct place place = find_place(inspection, address);
    unsigned char byte = 0;
    if (place.segment && (place.segment->p_flags & PF_X) && place.in_file &&
        place.offset < inspection->size)
        inspection_read(inspection, place.offset, &byte, sizeof byte);
    return byte;
}

void check_entry_code(struct elfcheck_inspection *inspection)
{
    uint64_t entry = inspection->header.e_entry;
    struct place place = find_place(inspection, entry);
    if (!place.segment || !(place.segment->p_flags & PF_X))
        return;
    if (place.in_file && page_start(place.offset) >= inspection->size)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_entry)),
                        "entry point 0x%" PRIx64 " is at offset 0x%" PRIx64
                        ", past the end of the file at 0x%" PRIx64,
                        entry, place.offset, inspection->size);
    else if (code_at(inspection, entry) == 0 && code_at(inspection, entry + 1) == 0)
        inspection_find(inspection, inspection_place(inspection, offsetof(Elf64_Ehdr, e_entry)),
                        "entry point 0x%" PRIx64 " holds zeros, not code", entry);
}

/*
 * Where a position-independent program has no bytes of its own to map first, or asks for an
 * alignment as large as user space, Linux places it at address 0.
 */
static bool is_placed_at_zero(const struct elfcheck_inspection *inspection)
{
    const Elf64_Phdr *load = inspection_load(inspection, NULL);
    if (inspection->header.e_type != ET_DYN || !load)
        return false;
    bool at_zero = load->p_filesz == 0;
    for (; load; load = inspection_load(inspection, load))
        at_zero |= load->p_align > USER_SPACE_END && (load->p_align & (load->p_align - 1)) == 0;
    return at_zero;
}

void check_low_address(struct elfcheck_inspection *inspection)
{
    if (is_placed_at_zero(inspection)) {
        inspection_find(inspection, inspection->header.e_phoff,
                        "Linux would place it at address 0, where only CAP_SYS_RAWIO may");
        return;
    }
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));)
        if (inspection->header.e_type == ET_EXEC && load->p_vaddr < LOWEST_ADDRESS)
            inspection_find_in(inspection, load, offsetof(Elf64_Phdr, p_vaddr),
                               "address 0x%" PRIx64
                               " is below vm.mmap_min_addr (0x10000), where only CAP_SYS_RAWIO may "
                               "map",
                               load->p_vaddr);
}

void check_memory(struct elfcheck_inspection *inspection)
{
    uint64_t total = 0;
    for (const Elf64_Phdr *load = NULL; (load = inspection_load(inspection, load));) {
        uint64_t zeros = load->p_memsz > load->p_filesz ? load->p_memsz - load->p_filesz : 0;
        uint64_t charged = load->p_flags & PF_W ? load->p_memsz : zeros;
        if (__builtin_add_overflow(total, charged, &total))
            total = UINT64_MAX;
    }
    if (total >= MUCH_MEMORY)
        inspection_find(inspection, inspection->header.e_phoff,
                        "asks for %" PRIu64 " MiB of writable memory: Linux refuses where there "
                        "is less memory and swap",
                        total >> 20);
}
