; The program header at 0x0c: e_type and e_machine are p_flags, so that it is ET_DYN, writable and
; executable; e_entry and e_phoff are parts of p_offset and p_vaddr, which leave the entry point at
; the file's first byte, where 7f 45 is a jump (jg) to 0x47. e_phentsize and e_phnum stand in
; p_memsz, 4.3 GB of writable memory. 73 bytes.
%include "exit.inc"
bits 64
org 0

header: db      0x7f, "ELF"
start:  EXIT                            ; instead of the rest of e_ident
        db      0
program:
        dd      LOAD                    ; e_ident's last bytes: p_type
        dw      DYN, X86_64             ; p_flags
        dd      program - header        ; e_version: p_offset, with the low half of e_entry
        dd      0, 0x0c                 ; e_entry: p_vaddr, with the low half of e_phoff
        dq      program - header        ; e_phoff
        dd      0                       ; e_shoff: the rest of p_paddr, then p_filesz
        dd      end - program
        dd      0                       ; e_flags
        dw      0, 56, 1, 0             ; e_ehsize, e_phentsize, e_phnum, e_shentsize: p_memsz
        times 0x47 - ($ - header) db 0  ; p_align
        jmp     short start
end:
