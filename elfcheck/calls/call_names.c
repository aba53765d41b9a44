/* The names of Linux's system calls: arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl. */
#include "elfcheck/calls/trace.h"

#include <string.h>

#include "base/array.h"

/* Names of numbers in a row, each ended by a NUL. */
struct row {
    uint32_t first;
    const char *names;
};

static const struct row rows_64[] = {
    {0, "read\0write\0open\0close\0stat\0fstat\0lstat\0poll\0lseek\0mmap\0mprotect\0munmap\0"
        "brk\0rt_sigaction\0rt_sigprocmask\0rt_sigreturn\0ioctl\0pread64\0pwrite64\0readv\0"
        "writev\0access\0pipe\0select\0sched_yield\0mremap\0msync\0mincore\0madvise\0shmget\0"
        "shmat\0shmctl\0dup\0dup2\0pause\0nanosleep\0getitimer\0alarm\0setitimer\0getpid\0"
        "sendfile\0socket\0connect\0accept\0sendto\0recvfrom\0sendmsg\0recvmsg\0shutdown\0"
        "bind\0listen\0getsockname\0getpeername\0socketpair\0setsockopt\0getsockopt\0clone\0"
        "fork\0vfork\0execve\0exit\0wait4\0kill\0uname\0semget\0semop\0semctl\0shmdt\0msgget\0"
        "msgsnd\0msgrcv\0msgctl\0fcntl\0flock\0fsync\0fdatasync\0truncate\0ftruncate\0"
        "getdents\0getcwd\0chdir\0fchdir\0rename\0mkdir\0rmdir\0creat\0link\0unlink\0symlink\0"
        "readlink\0chmod\0fchmod\0chown\0fchown\0lchown\0umask\0gettimeofday\0getrlimit\0"
        "getrusage\0sysinfo\0times\0ptrace\0getuid\0syslog\0getgid\0setuid\0setgid\0geteuid\0"
        "getegid\0setpgid\0getppid\0getpgrp\0setsid\0setreuid\0setregid\0getgroups\0"
        "setgroups\0setresuid\0getresuid\0setresgid\0getresgid\0getpgid\0setfsuid\0setfsgid\0"
        "getsid\0capget\0capset\0rt_sigpending\0rt_sigtimedwait\0rt_sigqueueinfo\0"
        "rt_sigsuspend\0sigaltstack\0utime\0mknod\0uselib\0personality\0ustat\0statfs\0"
        "fstatfs\0sysfs\0getpriority\0setpriority\0sched_setparam\0sched_getparam\0"
        "sched_setscheduler\0sched_getscheduler\0sched_get_priority_max\0"
        "sched_get_priority_min\0sched_rr_get_interval\0mlock\0munlock\0mlockall\0munlockall\0"
        "vhangup\0modify_ldt\0pivot_root\0_sysctl\0prctl\0arch_prctl\0adjtimex\0setrlimit\0"
        "chroot\0sync\0acct\0settimeofday\0mount\0umount2\0swapon\0swapoff\0reboot\0"
        "sethostname\0setdomainname\0iopl\0ioperm\0create_module\0init_module\0delete_module\0"
        "get_kernel_syms\0query_module\0quotactl\0nfsservctl\0getpmsg\0putpmsg\0afs_syscall\0"
        "tuxcall\0security\0gettid\0readahead\0setxattr\0lsetxattr\0fsetxattr\0getxattr\0"
        "lgetxattr\0fgetxattr\0listxattr\0llistxattr\0flistxattr\0removexattr\0lremovexattr\0"
        "fremovexattr\0tkill\0time\0futex\0sched_setaffinity\0sched_getaffinity\0"
        "set_thread_area\0io_setup\0io_destroy\0io_getevents\0io_submit\0io_cancel\0"
        "get_thread_area\0lookup_dcookie\0epoll_create\0epoll_ctl_old\0epoll_wait_old\0"
        "remap_file_pages\0getdents64\0set_tid_address\0restart_syscall\0semtimedop\0"
        "fadvise64\0timer_create\0timer_settime\0timer_gettime\0timer_getoverrun\0"
        "timer_delete\0clock_settime\0clock_gettime\0clock_getres\0clock_nanosleep\0"
        "exit_group\0epoll_wait\0epoll_ctl\0tgkill\0utimes\0vserver\0mbind\0set_mempolicy\0"
        "get_mempolicy\0mq_open\0mq_unlink\0mq_timedsend\0mq_timedreceive\0mq_notify\0"
        "mq_getsetattr\0kexec_load\0waitid\0add_key\0request_key\0keyctl\0ioprio_set\0"
        "ioprio_get\0inotify_init\0inotify_add_watch\0inotify_rm_watch\0migrate_pages\0"
        "openat\0mkdirat\0mknodat\0fchownat\0futimesat\0newfstatat\0unlinkat\0renameat\0"
        "linkat\0symlinkat\0readlinkat\0fchmodat\0faccessat\0pselect6\0ppoll\0unshare\0"
        "set_robust_list\0get_robust_list\0splice\0tee\0sync_file_range\0vmsplice\0"
        "move_pages\0utimensat\0epoll_pwait\0signalfd\0timerfd_create\0eventfd\0fallocate\0"
        "timerfd_settime\0timerfd_gettime\0accept4\0signalfd4\0eventfd2\0epoll_create1\0dup3\0"
        "pipe2\0inotify_init1\0preadv\0pwritev\0rt_tgsigqueueinfo\0perf_event_open\0recvmmsg\0"
        "fanotify_init\0fanotify_mark\0prlimit64\0name_to_handle_at\0open_by_handle_at\0"
        "clock_adjtime\0syncfs\0sendmmsg\0setns\0getcpu\0process_vm_readv\0"},
    {311, "process_vm_writev\0kcmp\0finit_module\0sched_setattr\0sched_getattr\0renameat2\0"
          "seccomp\0getrandom\0memfd_create\0kexec_file_load\0bpf\0execveat\0userfaultfd\0"
          "membarrier\0mlock2\0copy_file_range\0preadv2\0pwritev2\0pkey_mprotect\0pkey_alloc\0"
          "pkey_free\0statx\0io_pgetevents\0rseq\0uretprobe\0uprobe\0"},
    {424, "pidfd_send_signal\0io_uring_setup\0io_uring_enter\0io_uring_register\0open_tree\0"
          "move_mount\0fsopen\0fsconfig\0fsmount\0fspick\0pidfd_open\0clone3\0close_range\0"
          "openat2\0pidfd_getfd\0faccessat2\0process_madvise\0epoll_pwait2\0mount_setattr\0"
          "quotactl_fd\0landlock_create_ruleset\0landlock_add_rule\0landlock_restrict_self\0"
          "memfd_secret\0process_mrelease\0futex_waitv\0set_mempolicy_home_node\0cachestat\0"
          "fchmodat2\0map_shadow_stack\0futex_wake\0futex_wait\0futex_requeue\0statmount\0"
          "listmount\0lsm_get_self_attr\0lsm_set_self_attr\0lsm_list_modules\0mseal\0"
          "setxattrat\0getxattrat\0listxattrat\0removexattrat\0open_tree_attr\0file_getattr\0"
          "file_setattr\0listns\0"},
};

static const struct row rows_32[] = {
    {0, "restart_syscall\0exit\0fork\0read\0write\0open\0close\0waitpid\0creat\0link\0unlink\0"
        "execve\0chdir\0time\0mknod\0chmod\0lchown\0break\0oldstat\0lseek\0getpid\0mount\0"
        "umount\0setuid\0getuid\0stime\0ptrace\0alarm\0oldfstat\0pause\0utime\0stty\0gtty\0"
        "access\0nice\0ftime\0sync\0kill\0rename\0mkdir\0rmdir\0dup\0pipe\0times\0prof\0brk\0"
        "setgid\0getgid\0signal\0geteuid\0getegid\0acct\0umount2\0lock\0ioctl\0fcntl\0mpx\0"
        "setpgid\0ulimit\0oldolduname\0umask\0chroot\0ustat\0dup2\0getppid\0getpgrp\0setsid\0"
        "sigaction\0sgetmask\0ssetmask\0setreuid\0setregid\0sigsuspend\0sigpending\0"
        "sethostname\0setrlimit\0getrlimit\0getrusage\0gettimeofday\0settimeofday\0getgroups\0"
        "setgroups\0select\0symlink\0oldlstat\0readlink\0uselib\0swapon\0reboot\0readdir\0"
        "mmap\0munmap\0truncate\0ftruncate\0fchmod\0fchown\0getpriority\0setpriority\0profil\0"
        "statfs\0fstatfs\0ioperm\0socketcall\0syslog\0setitimer\0getitimer\0stat\0lstat\0"
        "fstat\0olduname\0iopl\0vhangup\0idle\0vm86old\0wait4\0swapoff\0sysinfo\0ipc\0fsync\0"
        "sigreturn\0clone\0setdomainname\0uname\0modify_ldt\0adjtimex\0mprotect\0sigprocmask\0"
        "create_module\0init_module\0delete_module\0get_kernel_syms\0quotactl\0getpgid\0"
        "fchdir\0bdflush\0sysfs\0personality\0afs_syscall\0setfsuid\0setfsgid\0_llseek\0"
        "getdents\0_newselect\0flock\0msync\0readv\0writev\0getsid\0fdatasync\0_sysctl\0"
        "mlock\0munlock\0mlockall\0munlockall\0sched_setparam\0sched_getparam\0"
        "sched_setscheduler\0sched_getscheduler\0sched_yield\0sched_get_priority_max\0"
        "sched_get_priority_min\0sched_rr_get_interval\0nanosleep\0mremap\0setresuid\0"
        "getresuid\0vm86\0query_module\0poll\0nfsservctl\0setresgid\0getresgid\0prctl\0"
        "rt_sigreturn\0rt_sigaction\0rt_sigprocmask\0rt_sigpending\0rt_sigtimedwait\0"
        "rt_sigqueueinfo\0rt_sigsuspend\0pread64\0pwrite64\0chown\0getcwd\0capget\0capset\0"
        "sigaltstack\0sendfile\0getpmsg\0putpmsg\0vfork\0ugetrlimit\0mmap2\0truncate64\0"
        "ftruncate64\0stat64\0lstat64\0fstat64\0lchown32\0getuid32\0getgid32\0geteuid32\0"
        "getegid32\0setreuid32\0setregid32\0getgroups32\0setgroups32\0fchown32\0setresuid32\0"
        "getresuid32\0setresgid32\0getresgid32\0chown32\0setuid32\0setgid32\0setfsuid32\0"
        "setfsgid32\0pivot_root\0mincore\0madvise\0getdents64\0fcntl64\0"},
    {224, "gettid\0readahead\0setxattr\0lsetxattr\0fsetxattr\0getxattr\0lgetxattr\0fgetxattr\0"
          "listxattr\0llistxattr\0flistxattr\0removexattr\0lremovexattr\0fremovexattr\0tkill\0"
          "sendfile64\0futex\0sched_setaffinity\0sched_getaffinity\0set_thread_area\0"
          "get_thread_area\0io_setup\0io_destroy\0io_getevents\0io_submit\0io_cancel\0"
          "fadvise64\0"},
    {252, "exit_group\0lookup_dcookie\0epoll_create\0epoll_ctl\0epoll_wait\0remap_file_pages\0"
          "set_tid_address\0timer_create\0timer_settime\0timer_gettime\0timer_getoverrun\0"
          "timer_delete\0clock_settime\0clock_gettime\0clock_getres\0clock_nanosleep\0statfs64\0"
          "fstatfs64\0tgkill\0utimes\0fadvise64_64\0vserver\0mbind\0get_mempolicy\0"
          "set_mempolicy\0mq_open\0mq_unlink\0mq_timedsend\0mq_timedreceive\0mq_notify\0"
          "mq_getsetattr\0kexec_load\0waitid\0"},
    {286, "add_key\0request_key\0keyctl\0ioprio_set\0ioprio_get\0inotify_init\0"
          "inotify_add_watch\0inotify_rm_watch\0migrate_pages\0openat\0mkdirat\0mknodat\0"
          "fchownat\0futimesat\0fstatat64\0unlinkat\0renameat\0linkat\0symlinkat\0readlinkat\0"
          "fchmodat\0faccessat\0pselect6\0ppoll\0unshare\0set_robust_list\0get_robust_list\0"
          "splice\0sync_file_range\0tee\0vmsplice\0move_pages\0getcpu\0epoll_pwait\0utimensat\0"
          "signalfd\0timerfd_create\0eventfd\0fallocate\0timerfd_settime\0timerfd_gettime\0"
          "signalfd4\0eventfd2\0epoll_create1\0dup3\0pipe2\0inotify_init1\0preadv\0pwritev\0"
          "rt_tgsigqueueinfo\0perf_event_open\0recvmmsg\0fanotify_init\0fanotify_mark\0"
          "prlimit64\0name_to_handle_at\0open_by_handle_at\0clock_adjtime\0syncfs\0sendmmsg\0"
          "setns\0process_vm_readv\0process_vm_writev\0kcmp\0finit_module\0sched_setattr\0"
          "sched_getattr\0renameat2\0seccomp\0getrandom\0memfd_create\0bpf\0execveat\0socket\0"
          "socketpair\0bind\0connect\0listen\0accept4\0getsockopt\0setsockopt\0getsockname\0"
          "getpeername\0sendto\0sendmsg\0recvfrom\0recvmsg\0shutdown\0userfaultfd\0membarrier\0"
          "mlock2\0copy_file_range\0preadv2\0pwritev2\0pkey_mprotect\0pkey_alloc\0pkey_free\0"
          "statx\0arch_prctl\0io_pgetevents\0rseq\0"},
    {393, "semget\0semctl\0shmget\0shmctl\0shmat\0shmdt\0msgget\0msgsnd\0msgrcv\0msgctl\0"
          "clock_gettime64\0clock_settime64\0clock_adjtime64\0clock_getres_time64\0"
          "clock_nanosleep_time64\0timer_gettime64\0timer_settime64\0timerfd_gettime64\0"
          "timerfd_settime64\0utimensat_time64\0pselect6_time64\0ppoll_time64\0"},
    {416, "io_pgetevents_time64\0recvmmsg_time64\0mq_timedsend_time64\0mq_timedreceive_time64\0"
          "semtimedop_time64\0rt_sigtimedwait_time64\0futex_time64\0"
          "sched_rr_get_interval_time64\0pidfd_send_signal\0io_uring_setup\0io_uring_enter\0"
          "io_uring_register\0open_tree\0move_mount\0fsopen\0fsconfig\0fsmount\0fspick\0"
          "pidfd_open\0clone3\0close_range\0openat2\0pidfd_getfd\0faccessat2\0process_madvise\0"
          "epoll_pwait2\0mount_setattr\0quotactl_fd\0landlock_create_ruleset\0"
          "landlock_add_rule\0landlock_restrict_self\0memfd_secret\0process_mrelease\0"
          "futex_waitv\0set_mempolicy_home_node\0cachestat\0fchmodat2\0map_shadow_stack\0"
          "futex_wake\0futex_wait\0futex_requeue\0statmount\0listmount\0lsm_get_self_attr\0"
          "lsm_set_self_attr\0lsm_list_modules\0mseal\0setxattrat\0getxattrat\0listxattrat\0"
          "removexattrat\0open_tree_attr\0file_getattr\0file_setattr\0listns\0"},
};

const char *call_name(enum elfcheck_abi abi, uint32_t number)
{
    const struct row *rows = abi == ELFCHECK_ABI_64 ? rows_64 : rows_32;
    size_t count = abi == ELFCHECK_ABI_64 ? COUNT(rows_64) : COUNT(rows_32);
    const struct row *row = rows; /* the last one that does not begin after the number */
    for (size_t i = 0; i < count && rows[i].first <= number; i++)
        row = &rows[i];
    const char *name = row->names;
    for (uint32_t i = row->first; i < number && *name; i++)
        name += strlen(name) + 1;
    return row->first <= number && *name ? name : NULL;
}
