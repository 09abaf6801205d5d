// How often a timer probe fires: `hz:99`, `s:1`, `ms:10`, `us:500`, or a duration such as `100ms`.

import { Code } from "../source/codes";
import { NumberReader } from "../syntax/number";
import { ProbeContext } from "./probe-context";

@final
export class Rate {
  constructor(
    /** `hz`, `s`, `ms` or `us`. */
    public unit: string,
    public amount: u64,
  ) {}
}

/** The rate of an interval or profile probe, or null where the attach point has none. */
export function readRate(context: ProbeContext): Rate | null {
  const parts = context.point.parts;
  if (parts.length == 0 || parts.length > 2) return null;
  const last = parts[parts.length - 1];
  if (last.length == 0 || load<u8>(last.pointer) < 0x30 || load<u8>(last.pointer) > 0x39) return null;
  const number = new NumberReader();
  number.read(last.pointer, last.length, false);
  if (number.error != Code.Count || number.length != last.length || number.value == 0) return null;
  if (parts.length == 1) return number.duration && number.value >= 1000 ? new Rate("us", number.value / 1000) : null;
  const unit = context.part(0);
  const known = unit == "hz" || unit == "s" || unit == "ms" || unit == "us";
  return known && !number.duration ? new Rate(unit, number.value) : null;
}
