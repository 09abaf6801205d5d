// Interned names: equal byte strings have equal ids, so the stages compare numbers.

/** The id of the empty name, as that of the bare map `@`. */
export const NO_NAME: u32 = 0;

/** One table per compile. Ids count up from 0 in the order of first use. */
@final
export class Symbols {
  // Per id: address, length and hash of its bytes. Raw memory, grown by doubling.
  private pointers: Array<usize> = [];
  private lengths: Array<u32> = [];
  private hashes: Array<u32> = [];
  /** Open addressing: id + 1, or 0 for a free slot. The size is a power of two, at most half full. */
  private slots: StaticArray<u32> = new StaticArray<u32>(512);

  constructor() {
    this.intern(0, 0);
  }

  get count(): u32 {
    return <u32>this.pointers.length;
  }

  /** The id of these bytes. They are not copied: they must live as long as the table. */
  intern(pointer: usize, length: u32): u32 {
    // FNV-1a, 32 bits.
    let hash: u32 = 0x811c9dc5;
    for (let i: u32 = 0; i < length; i++) hash = (hash ^ <u32>load<u8>(pointer + i)) * 0x01000193;
    let mask = <u32>this.slots.length - 1;
    let slot = hash & mask;
    while (true) {
      const entry = this.slots[slot];
      if (entry == 0) break;
      const id = entry - 1;
      if (this.hashes[id] == hash && this.lengths[id] == length && memory.compare(this.pointers[id], pointer, length) == 0) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.count;
    this.pointers.push(pointer);
    this.lengths.push(length);
    this.hashes.push(hash);
    this.slots[slot] = id + 1;
    if ((id + 1) * 2 > <u32>this.slots.length) this.grow();
    return id;
  }

  /** A new id with the bytes of `id`, to which no byte string leads: a name that only its maker can mean. */
  fresh(id: u32): u32 {
    this.pointers.push(this.pointers[id]);
    this.lengths.push(this.lengths[id]);
    // Not the hash of its bytes, so that looking these up passes it by.
    this.hashes.push(this.hashes[id] ^ 1);
    return this.count - 1;
  }

  /** The id of a string's UTF-8 bytes. */
  internString(text: string): u32 {
    const buffer = String.UTF8.encode(text);
    return this.intern(changetype<usize>(buffer), <u32>buffer.byteLength);
  }

  /** Address of the name's bytes; not NUL-terminated. */
  pointer(id: u32): usize {
    return this.pointers[id];
  }

  /** Bytes of the name. */
  length(id: u32): u32 {
    return this.lengths[id];
  }

  /** The name as a string, for messages and for switches on names. */
  text(id: u32): string {
    return String.UTF8.decodeUnsafe(this.pointers[id], this.lengths[id]);
  }

  /** Whether the name's bytes are those of an ASCII string; allocates nothing. */
  is(id: u32, ascii: string): bool {
    const length = this.lengths[id];
    if (length != <u32>ascii.length) return false;
    const pointer = this.pointers[id];
    for (let i: u32 = 0; i < length; i++) if (<u32>load<u8>(pointer + i) != <u32>ascii.charCodeAt(i)) return false;
    return true;
  }

  private grow(): void {
    const slots = new StaticArray<u32>(this.slots.length << 1);
    const mask = <u32>slots.length - 1;
    for (let id: u32 = 0; id < this.count; id++) {
      let slot = this.hashes[id] & mask;
      while (slots[slot] != 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.slots = slots;
  }
}
