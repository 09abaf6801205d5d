// Events of perf that `software:` and `hardware:` probes name: `enum perf_sw_ids` and `enum perf_hw_id` of
// include/uapi/linux/perf_event.h, with the peer's short names and default counts (features section 3, P16 and P17).

@final
export class PerfEvent {
  constructor(
    public name: string,
    public alias: string,
    /** PERF_TYPE_HARDWARE (0) or PERF_TYPE_SOFTWARE (1). */
    public type: u32,
    /** Number of the event in its type. */
    public config: u32,
    /** Events between two samples where the script gives no count. */
    public period: u64,
  ) {}
}

export function perfEventRows(): Array<PerfEvent> {
  return [
    new PerfEvent("alignment-faults", "", 1, 7, 1),
    new PerfEvent("bpf-output", "", 1, 10, 1),
    new PerfEvent("context-switches", "cs", 1, 3, 1000),
    new PerfEvent("cpu-clock", "cpu", 1, 0, 1000000),
    new PerfEvent("cpu-migrations", "", 1, 4, 1),
    new PerfEvent("dummy", "", 1, 9, 1),
    new PerfEvent("emulation-faults", "", 1, 8, 1),
    new PerfEvent("major-faults", "", 1, 6, 1),
    new PerfEvent("minor-faults", "", 1, 5, 100),
    new PerfEvent("page-faults", "faults", 1, 2, 100),
    new PerfEvent("task-clock", "", 1, 1, 1),
    new PerfEvent("backend-stalls", "", 0, 8, 1000000),
    new PerfEvent("branch-instructions", "branches", 0, 4, 100000),
    new PerfEvent("branch-misses", "", 0, 5, 100000),
    new PerfEvent("bus-cycles", "", 0, 6, 1000000),
    new PerfEvent("cache-misses", "", 0, 3, 1000000),
    new PerfEvent("cache-references", "", 0, 2, 1000000),
    new PerfEvent("cpu-cycles", "cycles", 0, 0, 1000000),
    new PerfEvent("frontend-stalls", "", 0, 7, 1000000),
    new PerfEvent("instructions", "", 0, 1, 1000000),
    new PerfEvent("ref-cycles", "", 0, 9, 1000000),
  ];
}

/** The event of that name or alias, or null. */
export function findPerfEvent(name: string, hardware: bool): PerfEvent | null {
  const all = perfEventRows();
  const type: u32 = hardware ? 0 : 1;
  for (let i = 0; i < all.length; i++) {
    const row = all[i];
    if (row.type == type && (row.name == name || (row.alias.length > 0 && row.alias == name))) return row;
  }
  return null;
}
