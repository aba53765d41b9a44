; The program header at 0x30: e_flags is p_type, e_ehsize the low half of p_flags, and e_phnum the
; low quarter of p_offset, which is 1 then. 104 bytes.
%include "exit.inc"
bits 64
org 0x400000

header: db      0x7f, "ELF", 2, 1, 1, 0
entry:  EXIT                            ; in the padding of e_ident
        db      0
        dw      EXEC, X86_64
        dd      1                       ; e_version
        dq      entry
        dq      program - header        ; e_phoff
        dq      0                       ; e_shoff
program:
        dd      LOAD                    ; e_flags: p_type
        dw      PF_R | PF_X, 56         ; e_ehsize, e_phentsize: p_flags
        dw      1, 0, 0, 0              ; e_phnum, e_shentsize, e_shnum, e_shstrndx: p_offset
        dq      header + 1              ; p_vaddr
        dq      0                       ; p_paddr
        dq      end - header - 1        ; p_filesz
        dq      end - header - 1        ; p_memsz
        dq      4096                    ; p_align
end:
