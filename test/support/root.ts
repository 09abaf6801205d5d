// Tests that load programs need root and a kernel that lets them.

/** True when this process may trace. Says so once when it may not: the tests are then skipped, not passed. */
export function mayTrace(): boolean {
  if (process.platform === "linux" && process.geteuid?.() === 0) return true;
  console.log("SKIPPED: these tests load BPF programs into the kernel and need root on Linux");
  return false;
}
