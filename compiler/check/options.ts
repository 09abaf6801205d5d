// `getopt`: named parameters of a script, given where it runs. The object carries their defaults and descriptions.

import { Code } from "../source/diagnostics";
import { NodeKind } from "../syntax/ast";
import { BooleanLiteral, Call, IntegerLiteral, StringLiteral } from "../syntax/expression-nodes";
import { MapCallChecker } from "./map-calls";
import { BasicType } from "./types";

/** Bytes that an object has for a text given where it runs, NUL included: of `str($1)` and of a named parameter. */
export const PARAMETER_TEXT: i32 = 256;

/** One named parameter; all calls with its name mean it. */
@final
export class OptionSymbol {
  /** BasicType.Bool, BasicType.Int64, or a string type. */
  type: i32 = BasicType.Bool;
  /** The default as text: `false`, `10`, or the text itself. */
  fallback: string = "false";
  description: string = "";

  constructor(
    public name: string,
    /** The first call. */
    public start: u32,
    public end: u32,
  ) {}
}

export abstract class OptionChecker extends MapCallChecker {
  options: Array<OptionSymbol> = [];

  /** The parameter that a call of getopt names; its first argument is a literal. */
  optionOf(e: Call): OptionSymbol | null {
    const literal = <StringLiteral>e.argumentList[0];
    const name = String.UTF8.decodeUnsafe(literal.pointer, literal.length);
    for (let i = 0; i < this.options.length; i++) if (this.options[i].name == name) return this.options[i];
    return null;
  }

  protected option(e: Call): i32 {
    const first = e.argumentList[0];
    if (first.kind != NodeKind.StringLiteral) {
      return this.error(Code.NotConstant, first.start, first.end, "First argument to 'getopt' must be a string literal.");
    }
    const literal = <StringLiteral>first;
    const option = new OptionSymbol(String.UTF8.decodeUnsafe(literal.pointer, literal.length), e.start, e.end);
    if (!this.readDefault(e, option)) return BasicType.None;
    if (e.argumentList.length == 3) {
      const text = e.argumentList[2];
      if (text.kind != NodeKind.StringLiteral)
        return this.error(Code.NotConstant, text.start, text.end, "Third argument to 'getopt' must be a string literal.");
      option.description = String.UTF8.decodeUnsafe((<StringLiteral>text).pointer, (<StringLiteral>text).length);
    }
    const known = this.optionOf(e);
    if (known == null) {
      this.options.push(option);
      return option.type;
    }
    if (known.fallback != option.fallback || known.type != option.type) {
      this.error(
        Code.Redeclared,
        e.start,
        e.end,
        `Command line option '${option.name}' needs to have the same default value in all places it is used. Previous default value: ${known.fallback}`,
      );
    } else if (known.description != option.description) {
      this.error(
        Code.Redeclared,
        e.start,
        e.end,
        `Command line option '${option.name}' needs to have the same description in all places it is used. Previous description: ${known.description}`,
      );
    }
    return known.type;
  }

  /** Sets type and default; false after an error. */
  private readDefault(e: Call, option: OptionSymbol): bool {
    if (e.argumentList.length == 1) return true;
    const value = e.argumentList[1];
    switch (value.kind) {
      case NodeKind.BooleanLiteral:
        option.fallback = (<BooleanLiteral>value).value ? "true" : "false";
        return true;
      case NodeKind.IntegerLiteral:
        option.type = BasicType.Int64;
        option.fallback = (<i64>(<IntegerLiteral>value).value).toString();
        return true;
      case NodeKind.StringLiteral: {
        const text = <StringLiteral>value;
        option.type = this.types.text(PARAMETER_TEXT);
        option.fallback = String.UTF8.decodeUnsafe(text.pointer, text.length);
        if (text.length < <u32>PARAMETER_TEXT) return true;
        this.error(
          Code.OutOfRange,
          value.start,
          value.end,
          `The default value has ${text.length} bytes, and there is room for ${PARAMETER_TEXT - 1}`,
        );
        return false;
      }
      default:
        this.error(
          Code.NotConstant,
          value.start,
          value.end,
          "Second argument to 'getopt' must be a string literal, integer literal, or a boolean literal.",
        );
        return false;
    }
  }
}
