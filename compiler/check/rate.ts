// Numbers in attach points: how often a timer probe fires (`hz:99`, `s:1`, `ms:10`, `us:500`, or a duration such as `100ms`), and
// how many events lie between two samples of a perf probe. The sentences are the peer's.

import { Code } from "../source/codes";
import { NumberReader } from "../syntax/number";
import { ProbeContext } from "./probe-context";

/** Nanoseconds: a timer's shortest period. */
const SHORTEST: u64 = 1000;

/** A number in an attach point, or what is wrong with it. */
@final
export class Amount {
  /** Two's complement where the text has a `-`. */
  value: u64 = 0;
  duration: bool = false;
  /** Empty if all is well. */
  error: string = "";

  constructor(text: string) {
    this.read(text);
  }

  /** Reads the whole of `text`. */
  private read(text: string): void {
    const bytes = String.UTF8.encode(text);
    const length = <u32>bytes.byteLength;
    const isSigned = text.startsWith("-") || text.startsWith("+");
    const start: u32 = isSigned ? 1 : 0;
    const pointer = changetype<usize>(bytes) + start;
    if (length == start || load<u8>(pointer) < 0x30 || load<u8>(pointer) > 0x39) {
      this.error = `invalid integer: ${text}`;
      return;
    }
    const number = new NumberReader();
    number.read(pointer, length - start, false);
    this.duration = number.duration;
    this.value = text.startsWith("-") ? 0 - number.value : number.value;
    if (number.error == Code.NumberTooLarge) this.error = `overflow error, maximum value is ${u64.MAX_VALUE}: ${text}`;
    else if (number.error != Code.Count && number.errorStart == 0) this.error = number.message;
    else if (number.error != Code.Count || number.length != length - start) this.error = `invalid trailing bytes: ${text}`;
  }
}

/** The rate of an interval or profile probe, or what is wrong with it. */
@final
export class Rate {
  /** `hz`, `s`, `ms` or `us`. */
  unit: string = "us";
  amount: u64 = 0;
  /** Empty if all is well; else a whole sentence. */
  error: string = "";

  /** The attach point has one part or two; `name` is its provider's. */
  constructor(context: ProbeContext, name: string) {
    this.read(context, name);
  }

  private read(context: ProbeContext, name: string): void {
    const count = context.point.parts.length;
    const amount = new Amount(context.part(count - 1));
    if (amount.error.length > 0) {
      this.error = `Invalid rate of ${name} probe: ${amount.error}`;
      return;
    }
    if (count == 1) {
      this.amount = amount.value / SHORTEST;
      if (this.amount == 0) this.error = `Invalid rate of ${name} probe. Minimum is 1000 or 1us. Found: ${amount.value} nanoseconds`;
      return;
    }
    const unit = context.part(0);
    this.unit = unit;
    this.amount = amount.value;
    if (unit.length == 0) this.error = `${name} probe must have unit of time`;
    else if (unit != "hz" && unit != "s" && unit != "ms" && unit != "us") this.error = `${unit} is not an accepted unit of time`;
    else if (<i64>amount.value <= 0) this.error = `${name} frequency should be a positive integer`;
    else if (amount.duration) this.error = `${name} has two units of time`;
  }
}
