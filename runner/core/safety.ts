// What a script may do to the machine. The runner does not take the object's word for it: it also looks at the code.

import { BpfcastError } from "../../wasm/errors.ts";
import type { Manifest } from "../../wasm/manifest.ts";
import { readElf, SectionFlag, viewOf } from "./elf.ts";

/** Helpers that change more than the tracer's own maps, by number (uapi/linux/bpf.h). */
const UNSAFE_HELPERS = new Map([
  [36, "bpf_probe_write_user"],
  [58, "bpf_override_return"],
  [109, "bpf_send_signal"],
  [117, "bpf_send_signal_thread"],
]);
/** How the manifest notes a function that only `--unsafe` allows. */
const UNSAFE = "unsafe:";
const CALL = 0x85;
const LOAD_WIDE = 0x18;

/** @throws BpfcastError `unsafe-object` when the object does what only `--unsafe` allows. */
export function refuseUnsafe(bytes: Uint8Array, manifest: Manifest): void {
  const hint = "run it with --unsafe if you trust it";
  const used = manifest.features.find(({ feature }) => feature.startsWith(UNSAFE));
  if (used !== undefined) {
    const name = used.feature.slice(UNSAFE.length);
    // The peer has two sentences: its library of macros words it another way.
    const message =
      name === "system()"
        ? `${name} is an unsafe function being used in safe mode`
        : name === "probing by address"
          ? "Probing by address requires --unsafe"
          : `${name} is unsafe. To use you need the --unsafe flag`;
    throw new BpfcastError("unsafe-object", message, {
      hint,
      location: used.location,
      source: manifest.source,
      exitCode: 1,
    });
  }
  if (manifest.unsafe || manifest.events.some(({ kind }) => kind === "system"))
    throw new BpfcastError("unsafe-object", "the script uses functions that can change or stop processes", { hint });
  for (const section of readElf(bytes).sections) {
    if ((section.flags & SectionFlag.Execute) === 0) continue;
    const code = viewOf(section.data);
    for (let at = 0; at + 8 <= section.data.length; at += 8) {
      const opcode = code.getUint8(at);
      // The second half of a wide load is data, whatever it looks like.
      if (opcode === LOAD_WIDE) at += 8;
      const helper = opcode === CALL && code.getUint8(at + 1) >> 4 === 0 ? UNSAFE_HELPERS.get(code.getInt32(at + 4, true)) : undefined;
      if (helper !== undefined)
        throw new BpfcastError("unsafe-object", `the object calls ${helper}, which can change or stop processes`, { hint });
    }
  }
}
