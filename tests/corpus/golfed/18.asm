; The program header at 0x18, over the entry point: e_entry is p_type and p_flags, 0x500000001. So
; the program begins at its second byte, "ELF", three prefixes of the instruction at the class byte.
; e_phoff is p_offset, e_phnum the low quarter of p_filesz. 80 bytes.
%include "exit.inc"
bits 64
org 0x500000000

header: db      0x7f
entry:  db      "ELF"
        mov     al, 60                  ; instead of e_ident's class and data
        push    CODE
        pop     rdi
        syscall
        times 16 - ($ - header) db 0
        dw      EXEC, X86_64
        dd      0                       ; e_version
program:
        dd      LOAD                    ; e_entry: p_type and p_flags
        dd      PF_R | PF_X
        dq      program - header        ; e_phoff: p_offset
        dq      program                 ; e_shoff: p_vaddr
        dd      0                       ; e_flags: p_paddr, with what follows
        dw      0, 56                   ; e_ehsize, e_phentsize
        dw      1, 0, 0, 0              ; e_phnum, e_shentsize, e_shnum, e_shstrndx: p_filesz
        dq      1                       ; p_memsz
        dq      0                       ; p_align
end:
