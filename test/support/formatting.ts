// What must hold for the formatter's text of any script.

import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { Compiler } from "../../wasm/compiler.ts";
import { makeParser, withoutSpans } from "../compiler/syntax/parse.ts";

/** Strings and attach points, which may hold what looks like a comment, and comments. */
const PIECE = /#!.*|"(?:\\.|[^"\\\n])*"|\b(?:u(?:ret)?probe|usdt|k(?:ret)?probe):[^\s{,]*|\/\/.*|\/\*[\s\S]*?(?:\*\/|$)/g;

/** The comments of a script, without the blanks at the ends of their lines. */
function commentsOf(script: string): string[] {
  const pieces = script.match(PIECE) ?? [];
  return pieces.filter((piece) => piece.startsWith("/")).map((piece) => piece.replace(/[ \t\r]+$/gm, ""));
}

/** A formatter that holds its results to what must be: the same tree, all comments, and itself unchanged when formatted again. */
export class CheckedFormatter {
  readonly #compiler: Compiler;
  readonly #parse = makeParser();

  private constructor(compiler: Compiler) {
    this.#compiler = compiler;
  }

  static async create(): Promise<CheckedFormatter> {
    return new CheckedFormatter(await Compiler.create(readFileSync(".out/compiler.wasm")));
  }

  /** The text, or undefined for a script with errors. */
  format(script: string | Uint8Array): string | undefined {
    const bytes = typeof script === "string" ? new TextEncoder().encode(script) : script;
    const text = new TextDecoder().decode(bytes);
    try {
      const before = this.#parse(bytes);
      const result = this.#compiler.format(bytes, "stdin");
      if (result.kind === "failed") {
        assert.is(before.tree, "", JSON.stringify(result.diagnostics));
        return undefined;
      }
      const formatted = new TextDecoder().decode(result.text);
      const after = this.#parse(result.text);
      assert.is(after.messages, "");
      assert.is(withoutSpans(after.tree), withoutSpans(before.tree), "the tree");
      assert.equal(commentsOf(formatted), commentsOf(text), "the comments");
      const again = this.#compiler.format(result.text, "stdin");
      assert.ok(again.kind === "formatted");
      assert.is(new TextDecoder().decode(again.text), formatted, "formatted again");
      return formatted;
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nfor ${JSON.stringify(text.slice(0, 4000))}`, {
        cause: error,
      });
    }
  }
}
