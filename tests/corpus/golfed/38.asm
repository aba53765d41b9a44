; The program header at 0x38, over the ELF header's last eight bytes: e_phnum is the low half of
; p_type, e_shnum that of p_flags. 112 bytes.
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
        dd      0                       ; e_flags
        dw      64, 56                  ; e_ehsize, e_phentsize
program:
        dw      1, 0                    ; e_phnum, e_shentsize: p_type is LOAD
        dw      PF_R | PF_X, 0          ; e_shnum, e_shstrndx: p_flags
        dq      0                       ; p_offset
        dq      header                  ; p_vaddr
        dq      0                       ; p_paddr
        dq      end - header            ; p_filesz
        dq      end - header            ; p_memsz
        dq      4096                    ; p_align
end:
