// Events of perf by their names: include/uapi/linux/perf_event.h.

const TYPE_HARDWARE = 0;
const TYPE_SOFTWARE = 1;

/** Names of one event stand together, in the order of the kernel's numbers. */
export const HARDWARE_EVENTS = [
  ["cpu-cycles", "cycles"],
  ["instructions"],
  ["cache-references"],
  ["cache-misses"],
  ["branch-instructions", "branches"],
  ["branch-misses"],
  ["bus-cycles"],
  ["frontend-stalls"],
  ["backend-stalls"],
  ["ref-cycles"],
];
export const SOFTWARE_EVENTS = [
  ["cpu-clock", "cpu"],
  ["task-clock"],
  ["page-faults", "faults"],
  ["context-switches", "cs"],
  ["cpu-migrations"],
  ["minor-faults"],
  ["major-faults"],
  ["alignment-faults"],
  ["emulation-faults"],
  ["dummy"],
  ["bpf-output"],
];

/** Perf's type and config of an event; undefined for an unknown name. */
export function perfEvent(name: string): { type: number; config: number } | undefined {
  const software = SOFTWARE_EVENTS.findIndex((names) => names.includes(name));
  if (software >= 0) return { type: TYPE_SOFTWARE, config: software };
  const hardware = HARDWARE_EVENTS.findIndex((names) => names.includes(name));
  return hardware < 0 ? undefined : { type: TYPE_HARDWARE, config: hardware };
}
