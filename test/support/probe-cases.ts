// Probes of every kind with what they count under test/support/load.c. A case is one clause with a map of its own, written `@r`;
// many are put into one script.

import { CALLS } from "./cases.ts";

export interface ProbeCase {
  name: string;
  /** A clause of the script; LOAD stands for the load's file. */
  clause: string;
  /** Lines that must be printed. */
  lines: string[];
  /** What must be printed where the exact number is not known. */
  pattern?: RegExp;
  /** Needs kprobes: virtual machines only. */
  vmOnly?: boolean;
  /** Runs in a script of its own kind: where functions return, newer kernels make a system call, which others would count. */
  apart?: boolean;
  /** First kernel series that has what it needs. */
  since?: string;
}

/** Reads: of 100 bytes and of 5 bytes. */
const READS = 2 * CALLS;
const BYTES = 105 * CALLS;

type Row = [name: string, clause: string, ...lines: string[]];

const own = '/comm == "load"/';

const everywhere: Row[] = [
  ["t_enter", `tracepoint:syscalls:sys_enter_getppid ${own} { @r = count(); }`, `@r: ${CALLS}`],
  ["t_short", `t:syscalls:sys_enter_openat ${own} { @r = count(); }`, `@r: ${CALLS}`],
  ["t_upper", `TRACEPOINT:syscalls:sys_exit_openat ${own} { @r = count(); }`, `@r: ${CALLS}`],
  ["t_field", 't:syscalls:sys_enter_read /comm == "load" && args.count == 100/ { @r = count(); }', `@r: ${CALLS}`],
  ["t_arrow", 't:syscalls:sys_enter_read /comm == "load" && args->count == 5/ { @r = count(); }', `@r: ${CALLS}`],
  ["t_sum", `t:syscalls:sys_enter_read ${own} { @r = sum(args.count); }`, `@r: ${BYTES}`],
  ["t_exit_sum", `t:syscalls:sys_exit_read ${own} { @r = sum(args.ret); }`, `@r: ${BYTES}`],
  ["t_negative", `t:syscalls:sys_exit_openat ${own} { @r = min(args.ret); }`, "@r: -2"],
  ["t_max", `t:syscalls:sys_exit_read ${own} { @r = max(args.ret); }`, "@r: 100"],
  ["t_avg", `t:syscalls:sys_exit_read ${own} { @r = avg(args.ret); }`, "@r: 52"],
  ["t_raw", 't:raw_syscalls:sys_enter /comm == "load" && args.id == 110/ { @r = count(); }', `@r: ${CALLS}`],
  ["t_raw_exit", 't:raw_syscalls:sys_exit /comm == "load" && args.id == 257/ { @r[args.ret] = count(); }', `@r[-2]: ${CALLS}`],
  ["t_array", 't:raw_syscalls:sys_enter /comm == "load" && args.id == 0/ { @r = sum(args.args[2]); }', `@r: ${BYTES}`],
  ["t_text", `t:syscalls:sys_enter_openat ${own} { @r[str(args.filename)] = count(); }`, `@r[/no/such/file]: ${CALLS}`],
  ["t_wild", `t:syscalls:sys_*_getppid ${own} { @r = count(); }`, `@r: ${2 * CALLS}`],
  ["t_wild_category", `t:sys*:sys_enter_getppid ${own} { @r = count(); }`, `@r: ${CALLS}`],
  ["t_any_category", `t:*:sys_enter_getppid ${own} { @r = count(); }`, `@r: ${CALLS}`],
  [
    "t_wild_name",
    `t:syscalls:sys_*_getppid ${own} { @r[probe] = count(); }`,
    `@r[tracepoint:syscalls:sys_enter_getppid]: ${CALLS}`,
    `@r[tracepoint:syscalls:sys_exit_getppid]: ${CALLS}`,
  ],
  ["t_wild_field", `t:syscalls:sys_enter_openat* ${own} { @r[str(args.filename)] = count(); }`, `@r[/no/such/file]: ${CALLS}`],
  ["t_several", `t:syscalls:sys_enter_getppid, t:syscalls:sys_exit_getppid ${own} { @r = count(); }`, `@r: ${2 * CALLS}`],
  [
    "t_several_names",
    `t:syscalls:sys_enter_getppid,\nt:syscalls:sys_enter_openat ${own} { @r[probe] = count(); }`,
    `@r[tracepoint:syscalls:sys_enter_getppid]: ${CALLS}`,
    `@r[tracepoint:syscalls:sys_enter_openat]: ${CALLS}`,
  ],
  ["t_type", `t:syscalls:sys_enter_getppid ${own} { @r[probetype] = count(); }`, `@r[tracepoint]: ${CALLS}`],
  ["t_label", `mine=t:syscalls:sys_enter_getppid ${own} { @r = count(); }`, `@r: ${CALLS}`],
  ["t_quoted", `t:"syscalls":"sys_enter_getppid" ${own} { @r = count(); }`, `@r: ${CALLS}`],
  ["t_thread", `t:syscalls:sys_enter_getppid ${own} { @r[pid == tid] = count(); }`, `@r[true]: ${CALLS}`],
  ["t_task", `t:syscalls:sys_enter_getppid ${own} { @r[curtask.comm] = count(); }`, `@r[load]: ${CALLS}`],
  ["rt_arg", 'rawtracepoint:sys_enter /comm == "load" && arg1 == 110/ { @r = count(); }', `@r: ${CALLS}`],
  ["rt_field", 'rt:sys_enter /comm == "load" && args.id == 257/ { @r = count(); }', `@r: ${CALLS}`],
  ["rt_module", 'rawtracepoint:vmlinux:sys_exit /comm == "load" && args.ret == 100/ { @r = count(); }', `@r: ${CALLS}`],
  ["rt_module_wild", 'rt:vm*:sys_enter /comm == "load" && arg1 == 110/ { @r = count(); }', `@r: ${CALLS}`],
  ["rt_wild", 'rt:sys_ent* /comm == "load" && arg1 == 110/ { @r = count(); }', `@r: ${CALLS}`],
  ["rt_sum", 'rt:sys_exit /comm == "load" && args.ret == 5/ { @r = sum(args.ret); }', `@r: ${5 * CALLS}`],
  ["rt_negative", 'rt:sys_exit /comm == "load" && args.ret < 0/ { @r[args.ret] = count(); }', `@r[-2]: ${CALLS}`],
  ["rt_chain", 'rt:sys_enter /comm == "load" && args.regs.orig_ax == 110/ { @r = count(); }', `@r: ${CALLS}`],
  ["rt_cast", 'rt:sys_enter /comm == "load" && ((struct pt_regs *)arg0).orig_ax == 110/ { @r = count(); }', `@r: ${CALLS}`],
  ["rt_name", 'rt:sys_enter /comm == "load" && args.id == 110/ { @r[probe] = count(); }', `@r[rawtracepoint:vmlinux:sys_enter]: ${CALLS}`],
  ["rt_type", 'rt:sys_enter /comm == "load" && args.id == 110/ { @r[probetype] = count(); }', `@r[rawtracepoint]: ${CALLS}`],
  ["rt_variable", 'rt:sys_exit /comm == "load"/ { $a = args; if ($a.ret == 100) { @r = count(); } }', `@r: ${CALLS}`],
  ["u_library", 'uprobe:libc:syscall /comm == "load" && arg0 == 110/ { @r = count(); }', `@r: ${CALLS}`],
  ["u_short", 'u:libc:syscall /comm == "load" && arg0 == 257/ { @r[str(arg2)] = count(); }', `@r[/no/such/file]: ${CALLS}`],
  ["u_sum", `uprobe:libc:read ${own} { @r = sum(arg2); }`, `@r: ${BYTES}`],
  ["u_return", `uretprobe:libc:read ${own} { @r = sum(retval); }`, `@r: ${BYTES}`],
  ["u_return_short", `ur:libc:read ${own} { @r[retval] = count(); }`, `@r[5]: ${CALLS}`, `@r[100]: ${CALLS}`],
  ["u_failed", 'uretprobe:libc:syscall /comm == "load" && (int64)retval == -1/ { @r = count(); }', `@r: ${CALLS}`],
  ["u_wild", `uprobe:libc:sysca* ${own} { @r = count(); }`, `@r: ${2 * CALLS}`],
  ["u_file_wild", `uprobe:/usr/lib/*/libc.so.6:syscall ${own} { @r = count(); }`, `@r: ${2 * CALLS}`],
  ["u_type", `uprobe:libc:syscall ${own} { @r[probetype] = count(); }`, `@r[uprobe]: ${2 * CALLS}`],
  ["u_own", "uprobe:LOAD:main { @r = count(); }", "@r: 1"],
  ["u_own_name", "uprobe:LOAD:mai* { @r[probe] = count(); }", "@r[uprobe:LOAD:main]: 1"],
  ["u_own_return", "uretprobe:LOAD:main { @r[retval] = count(); }", "@r[0]: 1"],
  ["u_offset", `uprobe:libc:syscall+0 ${own} { @r = count(); }`, `@r: ${2 * CALLS}`],
  ["u_address", "uprobe:LOAD:ADDRESS { @r = count(); }", "@r: 1"],
  ["u_context", 'uprobe:libc:syscall /comm == "load" && ctx.di == 110/ { @r[ctx.di == arg0] = count(); }', `@r[true]: ${CALLS}`],
  ["u_several", `uprobe:libc:syscall, uprobe:libc:read ${own} { @r = count(); }`, `@r: ${2 * CALLS + READS}`],
];

const withKprobes: Row[] = [
  ["k_count", `kprobe:vfs_read ${own} { @r = count(); }`, `@r: ${READS}`],
  ["k_short", `k:vfs_read ${own} { @r = sum(arg2); }`, `@r: ${BYTES}`],
  ["k_upper", `KPROBE:vfs_read ${own} { @r = max(arg2); }`, "@r: 100"],
  ["k_module", `kprobe:vmlinux:vfs_read ${own} { @r = count(); }`, `@r: ${READS}`],
  ["k_module_wild", `kprobe:vm*:vfs_read ${own} { @r[probe] = count(); }`, `@r[kprobe:vmlinux:vfs_read]: ${READS}`],
  ["k_wild", `kprobe:vfs_rea* ${own} { @r = count(); }`, `@r: ${READS}`],
  ["k_wild_name", `kprobe:vfs_rea* ${own} { @r[probe] = count(); }`, `@r[kprobe:vfs_read]: ${READS}`],
  ["k_wild_module", `kprobe:vmlinux:vfs_rea* ${own} { @r[probe] = count(); }`, `@r[kprobe:vmlinux:vfs_read]: ${READS}`],
  ["k_several", `kprobe:vfs_read, kprobe:__x64_sys_getppid ${own} { @r = count(); }`, `@r: ${READS + CALLS}`],
  ["k_syscall", `kprobe:__x64_sys_getppid ${own} { @r = count(); }`, `@r: ${CALLS}`],
  ["k_text", `kprobe:do_sys_openat2 ${own} { @r[str(uptr(arg1))] = count(); }`, `@r[/no/such/file]: ${CALLS}`],
  ["k_chain", `kprobe:vfs_read ${own} { @r[str(((struct file *)arg0).f_path.dentry.d_name.name)] = count(); }`, `@r[zero]: ${READS}`],
  ["k_reg", `kprobe:vfs_read ${own} { @r = sum(reg("dx")); }`, `@r: ${BYTES}`],
  ["k_context", `kprobe:vfs_read ${own} { @r = sum(ctx.dx); }`, `@r: ${BYTES}`],
  ["k_offset", `kprobe:vfs_read+0 ${own} { @r = count(); }`, `@r: ${READS}`],
  ["k_type", `kprobe:vfs_read ${own} { @r[probetype] = count(); }`, `@r[kprobe]: ${READS}`],
  ["kr_sum", `kretprobe:vfs_read ${own} { @r = sum(retval); }`, `@r: ${BYTES}`],
  ["kr_short", `kr:vfs_read ${own} { @r[retval] = count(); }`, `@r[5]: ${CALLS}`, `@r[100]: ${CALLS}`],
  ["kr_module", `kretprobe:vmlinux:vfs_read ${own} { @r = count(); }`, `@r: ${READS}`],
  ["kr_wild", `kretprobe:vfs_rea* ${own} { @r = count(); }`, `@r: ${READS}`],
  ["kr_wild_name", `kretprobe:vfs_rea* ${own} { @r[probe] = count(); }`, `@r[kretprobe:vfs_read]: ${READS}`],
  ["kr_failed", 'kretprobe:do_sys_openat2 /comm == "load" && (int64)retval == -2/ { @r = count(); }', `@r: ${CALLS}`],
  ["kr_syscall", `kretprobe:__x64_sys_getppid ${own} { @r[retval == ppid] = count(); }`, `@r[true]: ${CALLS}`],
  ["f_count", `fentry:vfs_read ${own} { @r = count(); }`, `@r: ${READS}`],
  ["f_short", `f:vfs_read ${own} { @r = sum(args.count); }`, `@r: ${BYTES}`],
  ["f_former", `kfunc:vfs_read ${own} { @r = max(args.count); }`, "@r: 100"],
  ["f_arrow", `kfunc:vfs_read ${own} { @r = min(args->count); }`, "@r: 5"],
  ["f_module", `fentry:vmlinux:vfs_read ${own} { @r = count(); }`, `@r: ${READS}`],
  ["f_module_wild", `fentry:vm*:vfs_read ${own} { @r = count(); }`, `@r: ${READS}`],
  ["f_name", `fentry:vfs_read ${own} { @r[probe] = count(); }`, `@r[fentry:vmlinux:vfs_read]: ${READS}`],
  ["f_wild", `fentry:vfs_rea* ${own} { @r = count(); }`, `@r: ${READS}`],
  ["f_wild_name", `fentry:vfs_rea* ${own} { @r[probe] = count(); }`, `@r[fentry:vmlinux:vfs_read]: ${READS}`],
  ["f_several", `fentry:vfs_read, fentry:do_sys_openat2 ${own} { @r = count(); }`, `@r: ${READS + CALLS}`],
  ["f_chain", `fentry:vfs_read ${own} { @r[str(args.file.f_path.dentry.d_name.name)] = count(); }`, `@r[zero]: ${READS}`],
  ["f_text", `fentry:do_sys_openat2 ${own} { @r[str(uptr(args.filename))] = count(); }`, `@r[/no/such/file]: ${CALLS}`],
  ["f_path", `fentry:security_file_permission ${own} { @r[path(args.file.f_path)] = count(); }`, `@r[/dev/zero]: ${READS}`],
  ["f_path_size", `fentry:security_file_permission ${own} { @r[path(args.file.f_path, 32)] = count(); }`, `@r[/dev/zero]: ${READS}`],
  ["f_variable", `fentry:vfs_read ${own} { $a = args; @r = sum($a.count); }`, `@r: ${BYTES}`],
  ["f_type", `fentry:vfs_read ${own} { @r[probetype] = count(); }`, `@r[fentry]: ${READS}`],
  ["fr_sum", `fexit:vfs_read ${own} { @r = sum(retval); }`, `@r: ${BYTES}`],
  ["fr_short", `fr:vfs_read ${own} { @r[retval] = count(); }`, `@r[5]: ${CALLS}`, `@r[100]: ${CALLS}`],
  ["fr_former", `kretfunc:vfs_read ${own} { @r = max(retval); }`, "@r: 100"],
  ["fr_both", `fexit:vfs_read ${own} { @r[args.count == retval] = count(); }`, `@r[true]: ${READS}`],
  ["fr_module", `fexit:vmlinux:vfs_read ${own} { @r = count(); }`, `@r: ${READS}`],
  ["fr_wild", `fexit:vfs_rea* ${own} { @r[probe] = count(); }`, `@r[fexit:vmlinux:vfs_read]: ${READS}`],
  ["fr_negative", `fexit:do_sys_openat2 ${own} { @r[retval] = count(); }`, `@r[-2]: ${CALLS}`],
];

/** Kernel series by what they are the first to have: the address of a probed function. */
const since: Record<string, Row[]> = {
  "5.15": [
    ["k_func", `kprobe:vfs_read ${own} { @r[func] = count(); }`, `@r[vfs_read]: ${READS}`],
    ["k_wild_func", `kprobe:vfs_rea* ${own} { @r[func] = count(); }`, `@r[vfs_read]: ${READS}`],
    ["kr_func", `kretprobe:vfs_read ${own} { @r[func] = count(); }`, `@r[vfs_read]: ${READS}`],
  ],
  "5.17": [
    ["f_func", `fentry:vfs_read ${own} { @r[func] = count(); }`, `@r[vfs_read]: ${READS}`],
    ["fr_func", `fexit:vfs_rea* ${own} { @r[func] = count(); }`, `@r[vfs_read]: ${READS}`],
  ],
};

/** Events whose number is the machine's. */
const some: [name: string, clause: string][] = [
  ["s_clock", "software:cpu-clock:1000000 { @r = count(); }"],
  ["s_short", "s:cpu:1e6 { @r = count(); }"],
  ["s_faults", "software:page-faults:1 { @r = count(); }"],
  ["s_switches", "software:context-switches:1 { @r = count(); }"],
  ["p_rate", "profile:hz:999 { @r = count(); }"],
  ["p_context", "profile:hz:999 /ctx.sample_period > 0 && ctx.regs.ip != 0/ { @r = count(); }"],
  ["p_duration", "p:1ms { @r = count(); }"],
  ["p_unit", "profile:us:500 { @r = count(); }"],
  ["i_unit", "interval:ms:1 { @r = count(); }"],
  ["i_duration", "i:1ms { @r = count(); }"],
  ["i_rate", "i:hz:1000 { @r = count(); }"],
];

function makeCase([name, clause, ...lines]: Row): ProbeCase {
  return { name, clause, lines, apart: /^ur|^uretprobe/.test(clause) };
}

export const probeCases: ProbeCase[] = [
  ...everywhere.map(makeCase),
  ...withKprobes.map((row) => ({ ...makeCase(row), vmOnly: true })),
  ...Object.entries(since).flatMap(([series, rows]) => rows.map((row) => ({ ...makeCase(row), vmOnly: true, since: series }))),
  ...some.map(([name, clause]) => ({ name, clause, lines: [], pattern: new RegExp(`^@${name}: [1-9][0-9]*$`, "m") })),
];
