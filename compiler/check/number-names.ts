// What numbers of the kernel are called: tables that a program looks names up in. Names stand in the order of their numbers, `|`
// between them; one that is empty has none.

/** errno (asm-generic/errno.h), as the peer words them. */
const ERRORS: string =
  "Success|Operation not permitted|No such file or directory|No such process|Interrupted system call|I/O error|No such device or address|" +
  "Argument list too long|Exec format error|Bad file number|No child processes|Try again (operation would block)|Out of memory|" +
  "Permission denied|Bad address|Block device required|Device or resource busy|File exists|Cross-device link|No such device|Not a directory|" +
  "Is a directory|Invalid argument|File table overflow|Too many open files|Not a typewriter|Text file busy|File too large|" +
  "No space left on device|Illegal seek|Read-only file system|Too many links|Broken pipe|Math argument out of domain of func|" +
  "Math result not representable|Resource deadlock would occur|File name too long|No record locks available|Invalid system call number|" +
  "Directory not empty|Too many symbolic links encountered||No message of desired type|Identifier removed|Channel number out of range|" +
  "Level 2 not synchronized|Level 3 halted|Level 3 reset|Link number out of range|Protocol driver not attached|No CSI structure available|" +
  "Level 2 halted|Invalid exchange|Invalid request descriptor|Exchange full|No anode|Invalid request code|Invalid slot||Bad font file format|" +
  "Device not a stream|No data available|Timer expired|Out of streams resources|Machine is not on the network|Package not installed|" +
  "Object is remote|Link has been severed|Advertise error|Srmount error|Communication error on send|Protocol error|Multihop attempted|" +
  "RFS specific error|Not a data message|Value too large for defined data type|Name not unique on network|File descriptor in bad state|" +
  "Remote address changed|Can not access a needed shared library|Accessing a corrupted shared library|.lib section in a.out corrupted|" +
  "Attempting to link in too many shared libraries|Cannot exec a shared library directly|Illegal byte sequence|" +
  "Interrupted system call should be restarted|Streams pipe error|Too many users|Socket operation on non-socket|Destination address required|" +
  "Message too long|Protocol wrong type for socket|Protocol not available|Protocol not supported|Socket type not supported|" +
  "Operation not supported on transport endpoint|Protocol family not supported|Address family not supported by protocol|Address already in use|" +
  "Cannot assign requested address|Network is down|Network is unreachable|Network dropped connection because of reset|" +
  "Software caused connection abort|Connection reset by peer|No buffer space available|Transport endpoint is already connected|" +
  "Transport endpoint is not connected|Cannot send after transport endpoint shutdown|Too many references: cannot splice|Connection timed out|" +
  "Connection refused|Host is down|No route to host|Operation already in progress|Operation now in progress|Stale file handle|" +
  "Structure needs cleaning|Not a XENIX named type file|No XENIX semaphores available|Is a named type file|Remote I/O error|Quota exceeded|" +
  "No medium found|Wrong medium type|Operation Canceled|Required key not available|Key has expired|Key has been revoked|" +
  "Key was rejected by service|Owner died|State not recoverable|Operation not possible due to RF-kill|Memory page has hardware error";

/** Signals, as strsignal(3) of the C library words them. */
const SIGNALS: string =
  "Unknown signal 0|Hangup|Interrupt|Quit|Illegal instruction|Trace/breakpoint trap|Aborted|Bus error|Floating point exception|Killed|" +
  "User defined signal 1|Segmentation fault|User defined signal 2|Broken pipe|Alarm clock|Terminated|Stack fault|Child exited|Continued|" +
  "Stopped (signal)|Stopped|Stopped (tty input)|Stopped (tty output)|Urgent I/O condition|CPU time limit exceeded|File size limit exceeded|" +
  "Virtual timer expired|Profiling timer expired|Window changed|I/O possible|Power failure|Bad system call|Unknown signal 32|Unknown signal 33|" +
  "Real-time signal 0|Real-time signal 1|Real-time signal 2|Real-time signal 3|Real-time signal 4|Real-time signal 5|Real-time signal 6|" +
  "Real-time signal 7|Real-time signal 8|Real-time signal 9|Real-time signal 10|Real-time signal 11|Real-time signal 12|Real-time signal 13|" +
  "Real-time signal 14|Real-time signal 15|Real-time signal 16|Real-time signal 17|Real-time signal 18|Real-time signal 19|Real-time signal 20|" +
  "Real-time signal 21|Real-time signal 22|Real-time signal 23|Real-time signal 24|Real-time signal 25|Real-time signal 26|Real-time signal 27|" +
  "Real-time signal 28|Real-time signal 29|Real-time signal 30";

/** System calls of x86-64 (arch/x86/entry/syscalls/syscall_64.tbl); from 512 on those of the x32 ABI. */
const SYSCALLS: string =
  "read|write|open|close|stat|fstat|lstat|poll|lseek|mmap|mprotect|munmap|brk|rt_sigaction|rt_sigprocmask|rt_sigreturn|ioctl|pread64|pwrite64|" +
  "readv|writev|access|pipe|select|sched_yield|mremap|msync|mincore|madvise|shmget|shmat|shmctl|dup|dup2|pause|nanosleep|getitimer|alarm|" +
  "setitimer|getpid|sendfile|socket|connect|accept|sendto|recvfrom|sendmsg|recvmsg|shutdown|bind|listen|getsockname|getpeername|socketpair|" +
  "setsockopt|getsockopt|clone|fork|vfork|execve|exit|wait4|kill|uname|semget|semop|semctl|shmdt|msgget|msgsnd|msgrcv|msgctl|fcntl|flock|fsync|" +
  "fdatasync|truncate|ftruncate|getdents|getcwd|chdir|fchdir|rename|mkdir|rmdir|creat|link|unlink|symlink|readlink|chmod|fchmod|chown|fchown|" +
  "lchown|umask|gettimeofday|getrlimit|getrusage|sysinfo|times|ptrace|getuid|syslog|getgid|setuid|setgid|geteuid|getegid|setpgid|getppid|" +
  "getpgrp|setsid|setreuid|setregid|getgroups|setgroups|setresuid|getresuid|setresgid|getresgid|getpgid|setfsuid|setfsgid|getsid|capget|capset|" +
  "rt_sigpending|rt_sigtimedwait|rt_sigqueueinfo|rt_sigsuspend|sigaltstack|utime|mknod|uselib|personality|ustat|statfs|fstatfs|sysfs|" +
  "getpriority|setpriority|sched_setparam|sched_getparam|sched_setscheduler|sched_getscheduler|sched_get_priority_max|sched_get_priority_min|" +
  "sched_rr_get_interval|mlock|munlock|mlockall|munlockall|vhangup|modify_ldt|pivot_root|_sysctl|prctl|arch_prctl|adjtimex|setrlimit|chroot|" +
  "sync|acct|settimeofday|mount|umount2|swapon|swapoff|reboot|sethostname|setdomainname|iopl|ioperm|create_module|init_module|delete_module|" +
  "get_kernel_syms|query_module|quotactl|nfsservctl|getpmsg|putpmsg|afs_syscall|tuxcall|security|gettid|readahead|setxattr|lsetxattr|fsetxattr|" +
  "getxattr|lgetxattr|fgetxattr|listxattr|llistxattr|flistxattr|removexattr|lremovexattr|fremovexattr|tkill|time|futex|sched_setaffinity|" +
  "sched_getaffinity|set_thread_area|io_setup|io_destroy|io_getevents|io_submit|io_cancel|get_thread_area|lookup_dcookie|epoll_create|" +
  "epoll_ctl_old|epoll_wait_old|remap_file_pages|getdents64|set_tid_address|restart_syscall|semtimedop|fadvise64|timer_create|timer_settime|" +
  "timer_gettime|timer_getoverrun|timer_delete|clock_settime|clock_gettime|clock_getres|clock_nanosleep|exit_group|epoll_wait|epoll_ctl|tgkill|" +
  "utimes|vserver|mbind|set_mempolicy|get_mempolicy|mq_open|mq_unlink|mq_timedsend|mq_timedreceive|mq_notify|mq_getsetattr|kexec_load|waitid|" +
  "add_key|request_key|keyctl|ioprio_set|ioprio_get|inotify_init|inotify_add_watch|inotify_rm_watch|migrate_pages|openat|mkdirat|mknodat|" +
  "fchownat|futimesat|newfstatat|unlinkat|renameat|linkat|symlinkat|readlinkat|fchmodat|faccessat|pselect6|ppoll|unshare|set_robust_list|" +
  "get_robust_list|splice|tee|sync_file_range|vmsplice|move_pages|utimensat|epoll_pwait|signalfd|timerfd_create|eventfd|fallocate|" +
  "timerfd_settime|timerfd_gettime|accept4|signalfd4|eventfd2|epoll_create1|dup3|pipe2|inotify_init1|preadv|pwritev|rt_tgsigqueueinfo|" +
  "perf_event_open|recvmmsg|fanotify_init|fanotify_mark|prlimit64|name_to_handle_at|open_by_handle_at|clock_adjtime|syncfs|sendmmsg|setns|" +
  "getcpu|process_vm_readv|process_vm_writev|kcmp|finit_module|sched_setattr|sched_getattr|renameat2|seccomp|getrandom|memfd_create|" +
  "kexec_file_load|bpf|execveat|userfaultfd|membarrier|mlock2|copy_file_range|preadv2|pwritev2|pkey_mprotect|pkey_alloc|pkey_free|statx|" +
  "io_pgetevents|rseq|uretprobe|||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||pidfd_send_signal|" +
  "io_uring_setup|io_uring_enter|io_uring_register|open_tree|move_mount|fsopen|fsconfig|fsmount|fspick|pidfd_open|clone3|close_range|openat2|" +
  "pidfd_getfd|faccessat2|process_madvise|epoll_pwait2|mount_setattr|quotactl_fd|landlock_create_ruleset|landlock_add_rule|" +
  "landlock_restrict_self|memfd_secret|process_mrelease|futex_waitv|set_mempolicy_home_node|cachestat|fchmodat2|map_shadow_stack|futex_wake|" +
  "futex_wait|futex_requeue|statmount|listmount|lsm_get_self_attr|lsm_set_self_attr|lsm_list_modules|mseal|setxattrat|getxattrat|listxattrat|" +
  "removexattrat|open_tree_attr|file_getattr|file_setattr|||||||||||||||||||||||||||||||||||||||||||rt_sigaction|rt_sigreturn|ioctl|readv|" +
  "writev|recvfrom|sendmsg|recvmsg|execve|ptrace|rt_sigpending|rt_sigtimedwait|rt_sigqueueinfo|sigaltstack|timer_create|mq_notify|kexec_load|" +
  "waitid|set_robust_list|get_robust_list|vmsplice|move_pages|preadv|pwritev|rt_tgsigqueueinfo|recvmmsg|sendmmsg|process_vm_readv|" +
  "process_vm_writev|setsockopt|getsockopt|io_setup|io_submit|execveat|preadv2|pwritev2";

/** A table of names and what a number without one is called. */
@final
export class NameTable {
  constructor(
    public names: Array<string>,
    public unknown: string,
  ) {}
}

export function errorNames(): NameTable {
  return new NameTable(ERRORS.split("|"), "Unknown error");
}

export function signalNames(): NameTable {
  return new NameTable(SIGNALS.split("|"), "N/A");
}

export function syscallNames(): NameTable {
  return new NameTable(SYSCALLS.split("|"), "Unknown syscall");
}
