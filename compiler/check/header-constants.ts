// Constants that kernel headers `#define`, so that BTF does not hold them: those that the official tools use, and their
// neighbours. Values: include/linux/socket.h, include/uapi/linux/{in,stat,fcntl}.h, include/asm-generic/fcntl.h,
// include/linux/sched.h, include/uapi/asm-generic/errno-base.h of the kernel (x86-64 and arm64 agree on them, but for the
// three O_ flags that arm64 numbers differently, which are left out).

@final
export class HeaderConstant {
  constructor(
    public name: string,
    public value: i64,
  ) {}
}

export function headerConstants(): Array<HeaderConstant> {
  return [
    new HeaderConstant("AF_UNSPEC", 0), new HeaderConstant("AF_UNIX", 1), new HeaderConstant("AF_LOCAL", 1), new HeaderConstant("AF_INET", 2),
    new HeaderConstant("AF_INET6", 10), new HeaderConstant("AF_NETLINK", 16), new HeaderConstant("AF_PACKET", 17), new HeaderConstant("AF_VSOCK", 40),
    new HeaderConstant("PF_UNSPEC", 0), new HeaderConstant("PF_UNIX", 1), new HeaderConstant("PF_INET", 2), new HeaderConstant("PF_INET6", 10),
    new HeaderConstant("IPPROTO_IP", 0), new HeaderConstant("IPPROTO_ICMP", 1), new HeaderConstant("IPPROTO_TCP", 6), new HeaderConstant("IPPROTO_UDP", 17),
    new HeaderConstant("IPPROTO_IPV6", 41), new HeaderConstant("IPPROTO_ICMPV6", 58), new HeaderConstant("IPPROTO_RAW", 255),
    new HeaderConstant("TCP_ESTABLISHED", 1), new HeaderConstant("TCP_SYN_SENT", 2), new HeaderConstant("TCP_SYN_RECV", 3), new HeaderConstant("TCP_FIN_WAIT1", 4),
    new HeaderConstant("TCP_FIN_WAIT2", 5), new HeaderConstant("TCP_TIME_WAIT", 6), new HeaderConstant("TCP_CLOSE", 7), new HeaderConstant("TCP_CLOSE_WAIT", 8),
    new HeaderConstant("TCP_LAST_ACK", 9), new HeaderConstant("TCP_LISTEN", 10), new HeaderConstant("TCP_CLOSING", 11), new HeaderConstant("TCP_NEW_SYN_RECV", 12),
    new HeaderConstant("S_IFMT", 0xf000), new HeaderConstant("S_IFSOCK", 0xc000), new HeaderConstant("S_IFLNK", 0xa000), new HeaderConstant("S_IFREG", 0x8000),
    new HeaderConstant("S_IFBLK", 0x6000), new HeaderConstant("S_IFDIR", 0x4000), new HeaderConstant("S_IFCHR", 0x2000), new HeaderConstant("S_IFIFO", 0x1000),
    new HeaderConstant("O_ACCMODE", 3), new HeaderConstant("O_RDONLY", 0), new HeaderConstant("O_WRONLY", 1), new HeaderConstant("O_RDWR", 2),
    new HeaderConstant("O_CREAT", 0x40), new HeaderConstant("O_EXCL", 0x80), new HeaderConstant("O_NOCTTY", 0x100), new HeaderConstant("O_TRUNC", 0x200),
    new HeaderConstant("O_APPEND", 0x400), new HeaderConstant("O_NONBLOCK", 0x800), new HeaderConstant("O_DSYNC", 0x1000), new HeaderConstant("O_CLOEXEC", 0x80000),
    new HeaderConstant("TASK_RUNNING", 0), new HeaderConstant("TASK_INTERRUPTIBLE", 1), new HeaderConstant("TASK_UNINTERRUPTIBLE", 2),
    new HeaderConstant("TASK_COMM_LEN", 16), new HeaderConstant("PATH_MAX", 4096), new HeaderConstant("NAME_MAX", 255), new HeaderConstant("SOL_SOCKET", 1),
    new HeaderConstant("EPERM", 1), new HeaderConstant("ENOENT", 2), new HeaderConstant("EINTR", 4), new HeaderConstant("EIO", 5), new HeaderConstant("EAGAIN", 11),
    new HeaderConstant("ENOMEM", 12), new HeaderConstant("EACCES", 13), new HeaderConstant("EFAULT", 14), new HeaderConstant("EBUSY", 16), new HeaderConstant("EEXIST", 17),
    new HeaderConstant("EINVAL", 22), new HeaderConstant("ENOSPC", 28), new HeaderConstant("CLONE_VM", 0x100), new HeaderConstant("CLONE_THREAD", 0x10000),
    new HeaderConstant("MINORBITS", 20), new HeaderConstant("MINORMASK", 0xfffff), new HeaderConstant("NSEC_PER_SEC", 1000000000),
  ];
}
