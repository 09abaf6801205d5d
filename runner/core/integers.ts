// 64-bit integers: plain numbers while they are exact, BigInts beyond. Mixed comparisons with < and === on equal kinds are exact.

export type Integer = number | bigint;

const TWO_32 = 4_294_967_296;
/** High words below this leave a 53-bit number. */
const SAFE_HIGH = 1 << 21;

export function readUnsigned64(view: DataView, offset: number): Integer {
  const high = view.getUint32(offset + 4, true);
  return high < SAFE_HIGH ? high * TWO_32 + view.getUint32(offset, true) : view.getBigUint64(offset, true);
}

export function readSigned64(view: DataView, offset: number): Integer {
  const high = view.getInt32(offset + 4, true);
  return high < SAFE_HIGH && high >= -SAFE_HIGH ? high * TWO_32 + view.getUint32(offset, true) : view.getBigInt64(offset, true);
}

export function readInteger(view: DataView, offset: number, size: number, signed: boolean): Integer {
  switch (size) {
    case 1:
      return signed ? view.getInt8(offset) : view.getUint8(offset);
    case 2:
      return signed ? view.getInt16(offset, true) : view.getUint16(offset, true);
    case 4:
      return signed ? view.getInt32(offset, true) : view.getUint32(offset, true);
    default:
      return signed ? readSigned64(view, offset) : readUnsigned64(view, offset);
  }
}

function normal(value: bigint): Integer {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** The sum as a machine has it: wrapped to 64 bits. */
export function add(left: Integer, right: Integer, signed: boolean): Integer {
  if (typeof left === "number" && typeof right === "number") {
    const sum = left + right;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(left) + BigInt(right);
  return normal(signed ? BigInt.asIntN(64, sum) : BigInt.asUintN(64, sum));
}

/** The quotient, rounded towards zero; `right` is not 0. */
export function divide(left: Integer, right: Integer): Integer {
  // `+ 0` turns the -0 of a small negative dividend into 0.
  if (typeof left === "number" && typeof right === "number") return Math.trunc(left / right) + 0;
  return normal(BigInt(left) / BigInt(right));
}

export function asUnsigned64(value: Integer): Integer {
  return value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;
}

export function compare(left: Integer, right: Integer): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
