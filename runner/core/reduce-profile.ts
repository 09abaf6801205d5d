// What of a profile is in common use: the small profile that ships with the program is made this way.
//
// Chosen by name, not by what one set of scripts uses: structs that tracing scripts walk from their probes' arguments, every
// enum (scripts name their constants), functions of the file system, network and block layers with their arguments, and
// tracepoints of the categories that every kernel has. Places of fields do not matter, since objects are relocated to
// the kernel that they run on; what matters is which names there are, and their types.

import { BtfKind } from "./btf.ts";
import type { Profile } from "./profile.ts";
import { reduceBtf } from "./reduce-btf.ts";

const STRUCTS = new Set(
  `
  task_struct mm_struct vm_area_struct signal_struct sighand_struct cred user_struct group_info pid pid_namespace user_namespace upid nsproxy
  uts_namespace new_utsname mnt_namespace ipc_namespace cgroup_namespace fs_struct files_struct fdtable thread_info sched_entity
  sched_rt_entity sched_dl_entity load_weight cfs_rq rq rt_rq dl_rq task_group sched_class cgroup cgroup_subsys_state css_set kernfs_node
  mem_cgroup completion wait_queue_head work_struct workqueue_struct timer_list hrtimer linux_binprm kernel_siginfo kiocb
  file inode dentry path qstr super_block file_system_type vfsmount mount nameidata filename open_how iov_iter iovec address_space page folio
  file_operations inode_operations super_operations kstat iattr bio bio_vec bvec_iter request request_queue gendisk block_device
  hd_struct elevator_queue mddev nfs_inode oom_control writeback_control bdi_writeback backing_dev_info shrinker shrink_control
  kmem_cache zone pglist_data
  sock sock_common socket inet_sock inet_connection_sock tcp_sock udp_sock unix_sock raw_sock netlink_sock request_sock inet_request_sock
  tcp_request_sock sk_buff skb_shared_info sk_buff_head net net_device napi_struct msghdr user_msghdr in_addr in6_addr sockaddr sockaddr_in
  sockaddr_in6 sockaddr_un sockaddr_storage iphdr ipv6hdr tcphdr udphdr icmphdr ethhdr proto proto_ops tcp_skb_cb neighbour dst_entry rtable
  flowi4 flowi6 nf_hook_state sk_psock xdp_buff qdisc_skb_cb netdev_queue Qdisc
  pt_regs user_pt_regs list_head hlist_head hlist_node rb_root rb_node callback_head kref refcount_struct kobject module device device_driver
  bus_type pci_dev usb_device irq_desc irqaction softirq_action bpf_prog bpf_prog_aux bpf_map bpf_link timespec64 __kernel_timespec timespec
  timeval itimerspec64 rlimit rusage seq_file bpf_iter_meta bpf_iter__task bpf_iter__task_file bpf_iter__task_vma perf_event
  bpf_perf_event_data perf_event_attr perf_sample_data perf_branch_entry trace_entry trace_event_raw_sys_enter trace_event_raw_sys_exit
  io_kiocb io_ring_ctx epoll_event eventpoll pipe_inode_info pipe_buffer futex_q posix_acl key ctl_table mutex rw_semaphore spinlock
  raw_spinlock qspinlock kvm kvm_vcpu tty_struct cdev scsi_cmnd scsi_device nvme_command nvme_ns nvme_ctrl loop_device
  `.match(/\S+/g),
);

/** Beginnings of functions whose arguments are kept; scripts attach to others all the same. */
const FUNCTIONS =
  /^(vfs_|do_sys_open|do_filp_open|do_nanosleep|do_exit|do_fork|kernel_clone|wake_up_new_task|filp_|tcp_|udp_|inet_|ip_|ip6_|__ip_|skb_|kfree_skb|consume_skb|sock_|unix_|security_|blk_|__blk_|submit_bio|bio_|oom_kill_process|cap_capable|lookup_fast|d_lookup|generic_file_|ext4_file_|ext4_sync_|xfs_file_|btrfs_file_|nfs_file_|mutex_|shrink_|try_to_free_|handle_mm_fault|filemap_|__x64_sys_|__arm64_sys_|bpf_iter_|bpf_lsm_|dev_queue_xmit|__dev_queue_xmit|netif_|__netif_|schedule|finish_task_switch|ttwu_do_|account_|kmem_cache_|__kmalloc|kfree|__alloc_pages|swap_read)/;

const CATEGORIES =
  /^(alarmtimer|block|bpf_trace|cgroup|compaction|cpuhp|damon|exceptions|ext4|fib|fib6|filelock|filemap|hugetlbfs|huge_memory|icmp|io_uring|iocost|iomap|ipi|irq|irq_vectors|jbd2|kmem|kvm|lock|maple_tree|memcg|migrate|mmap|mmap_lock|module|napi|neigh|net|netlink|notifier|oom|page_isolation|page_pool|pagemap|percpu|power|printk|qdisc|ras|raw_syscalls|rcu|rseq|sched|scsi|nvme|signal|skb|sock|swiotlb|syscalls|task|tcp|thermal|timer|tlb|udp|vmalloc|vmscan|vsyscall|watchdog|workqueue|writeback|x86_fpu|xdp|xfs|nfs|nfsd|sunrpc|rpcgss|btrfs|fuse|devlink|dma_fence|error_report)$/;

const RAW_PREFIX = "btf_trace_";

/** The profile without what only few scripts name. Module types go: they hold drivers. */
export function reduceProfile(profile: Profile): Profile {
  const tracepoints = new Map([...profile.tracepoints].filter(([event]) => CATEGORIES.test(event.slice(0, event.indexOf(":")))));
  const events = new Set([...tracepoints.keys()].map((event) => event.slice(event.indexOf(":") + 1)));
  // System calls have one raw tracepoint for all.
  const rawTracepoints = profile.rawTracepoints.filter((name) => events.has(name));
  const raw = new Set(rawTracepoints);
  const kernel = profile.btf.get("vmlinux");
  const reduced =
    kernel &&
    reduceBtf(kernel, (kind, name) => {
      switch (kind) {
        case BtfKind.Struct:
        case BtfKind.Union:
          return STRUCTS.has(name);
        case BtfKind.Enum:
        case BtfKind.Enum64:
        case BtfKind.Int:
          return true;
        case BtfKind.Function:
          return FUNCTIONS.test(name);
        case BtfKind.Typedef:
          // `u32`, `size_t` and the like, and the arguments of raw tracepoints.
          return name.startsWith(RAW_PREFIX)
            ? raw.has(name.slice(RAW_PREFIX.length))
            : /^(__)?[a-z0-9_]{1,20}_t$|^(__)?[usb]?(8|16|32|64)$|^__[bl]e(16|32|64)$/.test(name);
        default:
          return false;
      }
    });
  return {
    ...profile,
    isReduced: true,
    btf: new Map(reduced === undefined ? [] : [["vmlinux", reduced]]),
    tracepoints,
    functions: new Map(),
    rawTracepoints,
  };
}
