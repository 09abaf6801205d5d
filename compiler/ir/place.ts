// Where a value lies that is too large for a register.

import { AddressSpace } from "../check/types";

/** Where a value lies. */
@final
export class Place {
  /** Of a field of the context: what rewrites `offset`. */
  relocation: i32 = -1;

  constructor(
    /** The program's own memory when None, else whose memory the address is in. */
    public space: AddressSpace,
    /** An address, as an IR value. */
    public pointer: i32,
    /** Bytes behind it. */
    public offset: i32,
  ) {}

  get isOwn(): bool {
    return this.space == AddressSpace.None;
  }
}
