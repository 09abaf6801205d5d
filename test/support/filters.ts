// Filters by pattern and by decimal number, for the tests that count what passes and the bench that counts instructions.

import { CALLS } from "./cases.ts";

const openat = "tracepoint:syscalls:sys_enter_openat";
export const read = "tracepoint:syscalls:sys_exit_read";
const getppid = "tracepoint:syscalls:sys_enter_getppid";

/** Filters with how often the load passes them. */
export const filters: [probe: string, filter: string, passes: number][] = [
  [getppid, 'comm =~ "^lo[a-z]d$"', CALLS],
  [getppid, 'comm =~ "^load"', CALLS],
  [getppid, 'comm =~ "oa"', CALLS],
  [getppid, 'comm == "load" && comm !~ "l(oa|ea)d?$"', 0],
  [getppid, 'glob(comm, "l?a*")', CALLS],
  [getppid, 'glob(comm, "oa")', 0],
  [openat, 'comm == "load" && str(args.filename) =~ "^/no/(\\w+/)+file$"', CALLS],
  [openat, 'str(args.filename) =~ "/such/|/other/" && comm =~ "load"', CALLS],
  [openat, 'glob(str(args.filename, 20), "/no/*/[!x]ile")', CALLS],
  [openat, 'comm =~ "load" && str(args.filename, 8) !~ "file"', CALLS],
  [read, 'comm == "load" && args.ret > 49.75 * 2', CALLS],
  [read, 'comm == "load" && args.ret * 1.5 <= 7.5', CALLS],
  [read, 'comm == "load" && args.ret / 2.5 == 2', CALLS],
  [read, 'comm == "load" && args.ret > 4.999 && 5.001 > args.ret', CALLS],
  [read, 'comm == "load" && args.ret == 5.5', 0],
  [read, 'comm == "load" && args.ret != 99.9', 2 * CALLS],
  [read, 'comm == "load" && args.ret * 0.1 >= args.ret - 4.5', CALLS],
];
