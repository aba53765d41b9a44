; A program that exits with 42, or with 41 when a bit of MASK is set in the address of its first
; byte. Each field of its headers is right unless the command line of nasm defines another, as in
; -DSET_COUNT=2. SECOND is the second of COUNT program headers: p_flags, p_offset, p_vaddr,
; p_filesz, p_memsz. START is where the code begins, and SIZE is that of the file, each at least.
bits 64

%macro field 2
  %ifdef SET_%1
    %define %1  SET_%1
  %else
    %define %1  %2
  %endif
%endmacro

        field   BASE, 0x400000
        field   IDENT, 0
        field   TYPE, 2                 ; EXEC
        field   VERSION, 1
        field   ENTRY, start
        field   TABLE, headers - header
        field   UNUSED, 0               ; e_shoff, e_flags, e_shnum and the like
        field   HEADER_SIZE, 64
        field   ENTRY_SIZE, 56
        field   COUNT, 1
        field   FLAGS, 5                ; R+X
        field   OFFSET, 0
        field   ADDRESS, header
        field   FILE_SIZE, end - header
        field   MEMORY_SIZE, FILE_SIZE
        field   ALIGN, 0x1000
        field   MASK, 0
        field   START, 0
        field   SIZE, 0

org BASE

header: db      0x7f, "ELF", 2 ^ IDENT, 1 ^ IDENT, 1 ^ IDENT
        times 9 db IDENT
        dw      TYPE, 62                ; x86-64
        dd      VERSION
        dq      ENTRY
        dq      TABLE
        dq      UNUSED                  ; e_shoff
        dd      UNUSED                  ; e_flags
        dw      HEADER_SIZE, ENTRY_SIZE, COUNT
        dw      UNUSED, UNUSED, UNUSED  ; e_shentsize, e_shnum, e_shstrndx
headers:
        dd      1, FLAGS                ; LOAD
        dq      OFFSET, ADDRESS, 0, FILE_SIZE, MEMORY_SIZE, ALIGN
%macro second 5
        dd      1, %1
        dq      %2, %3, 0, %4, %5, 0x1000
%endmacro
%ifdef SET_SECOND
        second  SET_SECOND
%endif
        times (64 + 56 * COUNT - ($ - header)) * (COUNT > 1) db 0 ; NULL
        times (START - ($ - header)) * (START > ($ - header)) db 0
start:  lea     rax, [rel header]
        mov     rcx, MASK
        push    42
        pop     rdi
        test    rax, rcx
        jz      .exit
        dec     edi
.exit:  mov     eax, 60
        syscall
        times (SIZE - ($ - header)) * (SIZE > ($ - header)) db 0
end:
