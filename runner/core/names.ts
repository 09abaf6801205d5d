// What only the host knows of the values that programs send: symbols, users, cgroups, clocks. The runner asks when it prints.

/** A place in code or data, by name. */
export interface SymbolPlace {
  name: string;
  /** Bytes behind the symbol's start. */
  offset: number;
  /** File or kernel module that it is in; empty for the kernel itself. */
  module: string;
}

export interface Names {
  /** Undefined when no symbol holds the address. */
  kernelSymbol(address: bigint): SymbolPlace | undefined;
  /** In the memory of process `pid`, which may have ended. `name` is empty when only the file is known. */
  userSymbol(pid: number, address: bigint): SymbolPlace | undefined;
  /** Undefined when there is no such user. */
  userName(id: number): string | undefined;
  /** `hierarchy:/path` of each hierarchy that matches `filter` (a shell pattern; empty: all) and has a cgroup of that id. */
  cgroupPath(id: bigint, filter: string): string[];
  /** Nanoseconds to add to a clock's to get those since 1970: boot, monotonic, TAI by `ClockKind` of the compiler. */
  clockOffset(clock: number): bigint;
}

/** Names of a host that knows none: addresses and numbers print as they are. */
export const NO_NAMES: Names = {
  kernelSymbol: () => undefined,
  userSymbol: () => undefined,
  userName: () => undefined,
  cgroupPath: () => [],
  clockOffset: () => 0n,
};

/** How values become text. */
export interface Style {
  /** Printed behind texts that were cut off. */
  trailer: Uint8Array;
  names: Names;
  /** The manifest's texts, which values refer to by index. */
  texts: string[];
}

export function plainStyle(trailer: string): Style {
  return { trailer: new TextEncoder().encode(trailer), names: NO_NAMES, texts: [] };
}
