; The program header at 0x2f: e_phnum is the second byte of p_offset, which is 0x100 then, past the
; end of the file, but in its page. 103 bytes, and all that qemu-user looks at is as it should be.
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
        times 7 db 0                    ; e_shoff, but for its last byte
program:
        dd      LOAD                    ; that byte and three of e_flags: p_type
        db      PF_R | PF_X             ; e_flags' last byte: p_flags, with what follows
        dw      64                      ; e_ehsize
        dw      56                      ; e_phentsize; its second byte is p_offset's first
        dw      1, 0, 0                 ; e_phnum, e_shentsize, e_shnum
        db      0                       ; of e_shstrndx
        dq      header + 0x100          ; p_vaddr
        dq      0                       ; p_paddr
        dq      1                       ; p_filesz
        dq      1                       ; p_memsz
        dq      4096                    ; p_align
end:
