// Whether this process may trace at all.

import { readFileSync } from "node:fs";
import { BpfcastError } from "../../wasm/errors.ts";

const CAP_DAC_OVERRIDE = 1;
const CAP_DAC_READ_SEARCH = 2;
const CAP_SYS_ADMIN = 21;
const CAP_PERFMON = 38;
const CAP_BPF = 39;

/** The capability that is missing, or undefined: the rules are the peer's (features 1.2). */
export function missingCapability(effective: bigint, root: boolean): string | undefined {
  const has = (capability: number) => (effective & (1n << BigInt(capability))) !== 0n;
  if (!root) {
    if (!has(CAP_DAC_READ_SEARCH)) return "CAP_DAC_READ_SEARCH";
    if (!has(CAP_DAC_OVERRIDE)) return "CAP_DAC_OVERRIDE";
  }
  if (has(CAP_SYS_ADMIN)) return undefined;
  if (!has(CAP_BPF)) return "CAP_BPF";
  return has(CAP_PERFMON) ? undefined : "CAP_PERFMON";
}

/** The capability that this process lacks for tracing, or undefined. */
export function missingPrivilege(): string | undefined {
  let status = "";
  try {
    status = readFileSync("/proc/self/status", "latin1");
  } catch {
    return undefined; // Without /proc the kernel itself will say.
  }
  const match = /^CapEff:\s*([0-9a-f]+)/m.exec(status);
  return match === null ? undefined : missingCapability(BigInt(`0x${match[1]}`), process.geteuid?.() === 0);
}

/** @throws BpfcastError `no-privilege`, `locked-down`. */
export function requirePrivileges(): void {
  const missing = missingPrivilege();
  if (missing !== undefined) {
    throw new BpfcastError("no-privilege", `Missing ${missing} capability, please run bpfcast as the root user.`, { exitCode: 1 });
  }
  let lockdown = "";
  try {
    lockdown = readFileSync("/sys/kernel/security/lockdown", "latin1");
  } catch {
    return; // No lockdown in this kernel.
  }
  if (lockdown.includes("[confidentiality]")) {
    throw new BpfcastError(
      "locked-down",
      "Kernel lockdown is enabled and set to 'confidentiality'. Lockdown mode blocks parts of BPF which makes it impossible for bpfcast to function.",
      {
        hint: "see https://github.com/bpftrace/bpftrace/blob/master/INSTALL.md#disable-lockdown for how to lift it",
        exitCode: 1,
      },
    );
  }
}
