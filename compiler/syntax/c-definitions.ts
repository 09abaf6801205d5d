// Parser, fifth layer: structs, unions, enums and typedefs as C writes them (features 2.4).

import { Code } from "../source/diagnostics";
import {
  ArrayType,
  EnumDefinition,
  Enumerator,
  Expression,
  FieldDefinition,
  InlineType,
  NamedType,
  Node,
  NodeKind,
  PointerType,
  Program,
  RecordDefinition,
  Tag,
  TaggedType,
  TypeDefinition,
  TypeSyntax,
} from "./ast";
import { CBasicType, CDeclarator } from "./c-types";
import { StatementParser } from "./statements";
import { Token } from "./tokens";

export abstract class CDefinitionParser extends StatementParser {
  protected program: Program = new Program(0, 0);

  /** Behind `typedef`: a type and the names that it gets. */
  protected parseTypedef(start: u32): void {
    const base = this.parseSpecifiers();
    if (this.lost) return;
    if (base.kind == NodeKind.InlineType) {
      const definition = (<InlineType>base).definition;
      const isNamed = definition.kind == NodeKind.RecordDefinition && (<RecordDefinition>definition).name != 0;
      if (isNamed || definition.kind == NodeKind.EnumDefinition) this.program.definitions.push(definition);
    }
    do {
      const declarator = new CDeclarator();
      const type = this.parseDeclarator(base, declarator);
      if (this.lost) return;
      this.skipAttributes();
      this.program.definitions.push(new TypeDefinition(start, this.previousEnd, declarator.name, type));
    } while (this.accept(Token.Comma));
    this.expect(Token.Semicolon, "';'");
  }

  /** `struct name`, `struct name { ... }` and the like, from the tag on. */
  protected parseTagged(): TypeSyntax {
    const start = this.lexer.start;
    const tag = this.tagOf(this.lexer.symbol);
    this.next();
    let packed = this.skipAttributes();
    let name: u32 = 0;
    if (this.is(Token.Identifier)) {
      name = this.lexer.symbol;
      this.next();
    }
    if (!this.is(Token.LeftBrace)) {
      if (name == 0) this.fail(Code.InvalidDefinition, "syntax: expected '{'");
      return new TaggedType(start, this.previousEnd, tag, name);
    }
    if (!this.enter()) {
      this.leave();
      return new TaggedType(start, start, tag, name);
    }
    this.next();
    let definition: Node;
    if (tag == Tag.Enum) {
      const enumerators = this.parseEnumerators();
      definition = new EnumDefinition(start, this.previousEnd, name, enumerators);
    } else {
      const fields = this.parseFields();
      packed = this.skipAttributes() || packed;
      const record = new RecordDefinition(start, this.previousEnd, tag, name, fields);
      record.packed = packed;
      definition = record;
    }
    this.leave();
    return new InlineType(start, this.previousEnd, definition);
  }

  /** Skips `__attribute__((...))`; true if one of them is `packed`. */
  protected skipAttributes(): bool {
    let packed = false;
    while (this.is(Token.Identifier) && this.symbols.is(this.lexer.symbol, "__attribute__")) {
      this.next();
      let level = 0;
      do {
        if (this.is(Token.LeftParenthesis)) level++;
        else if (this.is(Token.RightParenthesis)) level--;
        else if (this.is(Token.End)) break;
        else if (this.isWordText("packed") || this.isWordText("__packed__")) packed = true;
        this.next();
      } while (level > 0);
    }
    if (this.isWordText("__packed")) {
      packed = true;
      this.next();
    }
    return packed;
  }

  protected isWordText(text: string): bool {
    return this.is(Token.Identifier) && this.symbols.is(this.lexer.symbol, text);
  }

  private parseEnumerators(): Array<Enumerator> {
    const list = new Array<Enumerator>();
    while (!this.lost && !this.is(Token.RightBrace) && !this.is(Token.End)) {
      const start = this.lexer.start;
      const name = this.lexer.symbol;
      if (!this.expect(Token.Identifier, "identifier")) break;
      const value: Expression | null = this.accept(Token.Equal) ? this.parseExpression() : null;
      list.push(new Enumerator(start, this.previousEnd, name, value));
      if (!this.accept(Token.Comma)) break;
    }
    this.expect(Token.RightBrace, "'}'");
    return list;
  }

  private parseFields(): Array<FieldDefinition> {
    const fields = new Array<FieldDefinition>();
    while (!this.lost && !this.is(Token.RightBrace) && !this.is(Token.End)) {
      if (this.accept(Token.Semicolon)) continue;
      const start = this.lexer.start;
      const base = this.parseSpecifiers();
      if (this.lost) break;
      if (this.is(Token.Semicolon) && base.kind == NodeKind.InlineType) {
        fields.push(new FieldDefinition(start, this.previousEnd, 0, base, -1));
      } else {
        do {
          this.parseDefinedField(fields, start, base);
        } while (!this.lost && this.accept(Token.Comma));
      }
      // As in the peer, the last field needs no `;`.
      if (!this.is(Token.RightBrace)) this.expect(Token.Semicolon, "';'");
    }
    this.expect(Token.RightBrace, "'}'");
    return fields;
  }

  private parseDefinedField(fields: Array<FieldDefinition>, start: u32, base: TypeSyntax): void {
    const declarator = new CDeclarator();
    const type = this.parseDeclarator(base, declarator);
    let bits = -1;
    if (!this.lost && this.accept(Token.Colon)) {
      if (this.is(Token.Integer) && this.lexer.value <= 64) bits = <i32>this.lexer.value;
      else this.fail(Code.InvalidDefinition, "syntax: expected width of the bitfield", "a number from 0 to 64");
      this.next();
    }
    this.skipAttributes();
    fields.push(new FieldDefinition(start, this.previousEnd, declarator.name, type, bits));
  }

  /** Pointers, the name, arrays: what stands around a field's name. */
  private parseDeclarator(base: TypeSyntax, declarator: CDeclarator): TypeSyntax {
    let type = base;
    const start = this.lexer.start;
    while (!this.lost && (this.is(Token.Star) || this.isQualifier())) {
      if (!this.link()) break;
      if (this.is(Token.Star)) type = new PointerType(start, this.lexer.end, type);
      this.next();
    }
    if (this.is(Token.LeftParenthesis)) return this.parseFunctionPointer(declarator);
    if (this.is(Token.Identifier)) {
      declarator.name = this.lexer.symbol;
      this.next();
    } else if (!this.is(Token.Colon)) {
      this.fail(Code.InvalidDefinition, "syntax: expected field name");
    }
    return this.parseArrays(type);
  }

  private isQualifier(): bool {
    return this.isWordText("const") || this.isWordText("volatile") || this.isWordText("__restrict") || this.isWordText("restrict");
  }

  /** `(*name)(parameters)` and `(*name[2])(parameters)`: an address, whatever it takes and returns. */
  private parseFunctionPointer(declarator: CDeclarator): TypeSyntax {
    const start = this.lexer.start;
    this.next();
    this.expect(Token.Star, "'*'");
    declarator.name = this.lexer.symbol;
    this.expect(Token.Identifier, "field name");
    const type = this.parseArrays(new PointerType(start, this.previousEnd, new NamedType(start, start, this.words.void)));
    this.expect(Token.RightParenthesis, "')'");
    if (!this.lost && this.is(Token.LeftParenthesis)) {
      let level = 0;
      do {
        if (this.is(Token.LeftParenthesis)) level++;
        else if (this.is(Token.RightParenthesis)) level--;
        else if (this.is(Token.End)) break;
        this.next();
      } while (level > 0);
    }
    return type;
  }

  /** `[2][3]` makes an array of 2 arrays of 3. */
  private parseArrays(element: TypeSyntax): TypeSyntax {
    if (this.lost || !this.is(Token.LeftBracket) || !this.link()) return element;
    this.next();
    const size: Expression | null = this.is(Token.RightBracket) ? null : this.parseExpression();
    this.expect(Token.RightBracket, "']'");
    const end = this.previousEnd;
    return new ArrayType(element.start, end, this.parseArrays(element), size);
  }

  /** What stands before the names of the fields: qualifiers and a type. */
  private parseSpecifiers(): TypeSyntax {
    const start = this.lexer.start;
    const basic = new CBasicType();
    let result: TypeSyntax | null = null;
    while (!this.lost && this.is(Token.Identifier)) {
      const word = this.lexer.symbol;
      if (this.isQualifier()) {
        this.next();
      } else if (!result && !basic.any && this.isTagWord(word)) {
        result = this.parseTagged();
      } else if (!result && basic.add(this.symbols, word)) {
        this.next();
      } else if (!result && !basic.any) {
        this.next();
        result = new NamedType(start, this.previousEnd, word);
      } else {
        break;
      }
    }
    if (result) return result;
    if (basic.any) return new NamedType(start, this.previousEnd, this.symbols.internString(basic.name()));
    this.fail(Code.InvalidDefinition, "syntax: expected type name");
    return new NamedType(start, start, this.words.void);
  }
}
