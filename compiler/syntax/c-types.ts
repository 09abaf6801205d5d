// C's basic types: `long unsigned int` and `unsigned long` are one.

import { NO_NAME, Symbols } from "../source/symbols";

/** Collects the words of a basic type in any order. */
@final
export class CBasicType {
  /** One word has been collected. */
  any: bool = false;
  private isSigned: bool = false;
  private isUnsigned: bool = false;
  private longs: i32 = 0;
  private isShort: bool = false;
  private isInt: bool = false;
  /** `char`, `float`, `double`, `_Bool`, `void`; empty if none of them. */
  private base: string = "";

  /** Takes a word if it belongs to a basic type and to this one. */
  add(symbols: Symbols, word: u32): bool {
    if (symbols.is(word, "unsigned")) this.isUnsigned = true;
    else if (symbols.is(word, "signed") || symbols.is(word, "__signed__")) this.isSigned = true;
    else if (symbols.is(word, "long")) this.longs++;
    else if (symbols.is(word, "short")) this.isShort = true;
    else if (symbols.is(word, "int")) this.isInt = true;
    else if (this.base.length == 0 && this.isBase(symbols, word)) this.base = symbols.text(word);
    else return false;
    this.any = true;
    return true;
  }

  /** The type's usual spelling, as BTF has it for integers: `unsigned long`, `long long`, `unsigned char`. */
  name(): string {
    if (this.base == "char") return this.isUnsigned ? "unsigned char" : this.isSigned ? "signed char" : "char";
    if (this.base == "double" && this.longs > 0) return "long double";
    if (this.base.length > 0) return this.base == "bool" ? "_Bool" : this.base;
    const size = this.isShort ? "short" : this.longs > 1 ? "long long" : this.longs == 1 ? "long" : "int";
    return this.isUnsigned ? `unsigned ${size}` : size;
  }

  private isBase(symbols: Symbols, word: u32): bool {
    return (
      symbols.is(word, "char") ||
      symbols.is(word, "void") ||
      symbols.is(word, "_Bool") ||
      symbols.is(word, "bool") ||
      symbols.is(word, "float") ||
      symbols.is(word, "double")
    );
  }
}

/** What a declarator names, beside the type that it makes. */
@final
export class CDeclarator {
  /** NO_NAME for a bitfield without one. */
  name: u32 = NO_NAME;
}
