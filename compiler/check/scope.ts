// What the names of a script stand for: maps for the whole script, scratch variables by block.

import { BasicType } from "./types";

/** A map of the script; every use in every probe refers to the same symbol. */
@final
export class MapSymbol {
  /** Type of the key, a Tuple for several keys; `None` while unknown, and for a scalar map. */
  keyType: i32 = BasicType.None;
  /** BPF map type and keys that the script declares; empty and 0 without a declaration. */
  declaredType: string = "";
  declaredCapacity: i32 = 0;
  /** Type of the value; `None` while unknown. */
  valueType: i32 = BasicType.None;
  /** As `valueType`, but for integers no wider than what is assigned. */
  shownType: i32 = BasicType.None;
  /** Some probe assigns it, perhaps a value whose type is not known yet. */
  isAssigned: bool = false;
  /** Of a declared map: something else than the declaration names it. */
  isUsed: bool = false;
  /** Some expression reads it; with nothing assigned it holds zeros. */
  isRead: bool = false;
  /** True once it was used with a key, or without. */
  isKeyed: bool = false;
  isScalar: bool = false;
  /** How its first use was: the others have to be like it. */
  isFirstKeyed: bool = false;

  constructor(
    /** Symbol id, without `@`. */
    public name: u32,
    /** As written, with `@`. */
    public text: string,
    public index: i32,
    /** Span of the first use. */
    public start: u32,
    public end: u32,
  ) {}
}

/** A scratch variable in one block of one probe. */
@final
export class VariableSymbol {
  type: i32 = BasicType.None;
  /** Lowering: SSA variable of a scalar, or address of the slot of anything larger. */
  storage: i32 = -1;
  /** Lowering: a scalar whose address is taken lies in memory, too. */
  inMemory: bool = false;

  /** Checking: something before this place gives it a value. */
  isAssigned: bool = true;

  /** Checking: span of its declaration, `let` included, or of its first assignment. */
  from: u32 = 0;
  to: u32 = 0;
  isDeclared: bool = true;

  /** Identifies it between the walks of an attach point. */
  declaration: u64;

  constructor(
    public name: u32,
    /** Where it was declared or first assigned. */
    public start: u32,
  ) {
    this.declaration = declarationOf(name, start);
  }
}

/** A number for a declaration: name and place, since every use of a macro declares its variables anew in one place. */
export function declarationOf(name: u32, start: u32): u64 {
  return ((<u64>name) << 24) | <u64>start;
}

/** The blocks around a place, innermost last. */
@final
export class Scopes {
  private symbols: Array<VariableSymbol> = [];
  private marks: Array<i32> = [];

  enter(): void {
    this.marks.push(this.symbols.length);
  }

  leave(): void {
    this.symbols.length = this.marks.pop();
  }

  /** Index of the first symbol of the innermost block. */
  get first(): i32 {
    return this.marks[this.marks.length - 1];
  }

  /** All symbols that are visible, outermost first. */
  get all(): Array<VariableSymbol> {
    return this.symbols;
  }

  find(name: u32): VariableSymbol | null {
    for (let i = this.symbols.length - 1; i >= 0; i--) if (this.symbols[i].name == name) return this.symbols[i];
    return null;
  }

  add(name: u32, declaration: u32): VariableSymbol {
    const symbol = new VariableSymbol(name, declaration);
    this.adopt(symbol);
    return symbol;
  }

  adopt(symbol: VariableSymbol): void {
    this.symbols.push(symbol);
  }
}
