// The tree as text, expressions: the lower layer of `printer.ts`.

import { ByteBuffer } from "../source/bytes";
import { Source } from "../source/source";
import { Symbols } from "../source/symbols";
import { Block, Expression, Node, NodeKind, TypeSyntax } from "./ast";
import {
  Binary,
  BlockExpression,
  BooleanLiteral,
  Call,
  Cast,
  Comptime,
  Conditional,
  ContainerOf,
  DecimalLiteral,
  FieldAccess,
  Identifier,
  IfExpression,
  Index,
  IntegerLiteral,
  IntegerSuffix,
  MapAccess,
  OffsetOf,
  PositionalParameter,
  Record,
  SizeOf,
  StringLiteral,
  Tuple,
  TupleIndex,
  TypeExpression,
  TypeInformation,
  Unary,
  Variable,
} from "./expression-nodes";
import { binaryText, UnaryOperator, unaryText } from "./operators";

export abstract class ExpressionPrinter {
  protected depth: i32 = 0;
  /** Without them, the trees of texts that differ in layout alone are the same. */
  spans: bool = true;

  constructor(
    protected source: Source,
    protected symbols: Symbols,
    protected out: ByteBuffer,
  ) {}

  abstract block(node: Block): void;
  abstract type(node: TypeSyntax): void;

  /** Starts a line: indentation and the node's kind. */
  protected open(kind: string): void {
    for (let i = 0; i < this.depth; i++) this.out.writeU16(0x2020);
    this.out.writeAscii(kind);
  }

  /** Ends a line with the node's span. */
  protected close(node: Node): void {
    if (this.spans) {
      this.out.writeAscii("  ");
      this.out.writeDecimal(node.start);
      this.out.writeAscii("..");
      this.out.writeDecimal(node.end);
    }
    this.out.writeU8(0x0a);
  }

  /** A word of the format's own. */
  protected text(text: string): void {
    this.out.writeU8(0x20);
    this.out.writeAscii(text);
  }

  /** A name of the script's. */
  protected word(name: u32): void {
    this.out.writeU8(0x20);
    this.out.writeBytes(this.symbols.pointer(name), this.symbols.length(name));
  }

  /** `$name`, `@name` */
  protected prefixed(prefix: u8, name: u32): void {
    this.out.writeU8(0x20);
    this.out.writeU8(prefix);
    this.out.writeBytes(this.symbols.pointer(name), this.symbols.length(name));
  }

  protected number(value: i64): void {
    this.out.writeU8(0x20);
    this.out.writeSignedDecimal(value);
  }

  /** Bytes in quotes; all but printable ASCII as \xNN. */
  protected string(pointer: usize, length: u32): void {
    const out = this.out;
    out.writeAscii(' "');
    for (let i: u32 = 0; i < length; i++) {
      const byte = load<u8>(pointer + i);
      if (byte < 0x20 || byte > 0x7e) {
        out.writeAscii("\\x");
        out.writeHex(byte, 2);
      } else {
        if (byte == 0x22 || byte == 0x5c) out.writeU8(0x5c);
        out.writeU8(byte);
      }
    }
    out.writeU8(0x22);
  }

  protected child(node: Expression): void {
    this.depth++;
    this.expression(node);
    this.depth--;
  }

  /** A line that says what the expression below it is for. */
  protected role(name: string, node: Expression): void {
    this.open(name);
    this.out.writeU8(0x0a);
    this.child(node);
  }

  protected typeOrExpression(type: TypeSyntax | null, expression: Expression | null): void {
    this.depth++;
    if (type) this.type(type);
    if (expression) this.expression(expression);
    this.depth--;
  }

  expression(node: Expression): void {
    switch (node.kind) {
      case NodeKind.IntegerLiteral:
        this.integer(<IntegerLiteral>node);
        break;
      case NodeKind.DecimalLiteral:
        this.open("decimal");
        this.out.writeU8(0x20);
        this.out.writeDecimal((<DecimalLiteral>node).digits);
        this.text("scale");
        this.number((<DecimalLiteral>node).scale);
        this.close(node);
        break;
      case NodeKind.StringLiteral:
        this.open("string");
        this.string((<StringLiteral>node).pointer, (<StringLiteral>node).length);
        this.close(node);
        break;
      case NodeKind.BooleanLiteral:
        this.open((<BooleanLiteral>node).value ? "true" : "false");
        this.close(node);
        break;
      case NodeKind.Identifier:
        this.open("identifier");
        this.word((<Identifier>node).name);
        this.close(node);
        break;
      case NodeKind.Variable:
        this.open("variable");
        this.prefixed(0x24, (<Variable>node).name);
        this.close(node);
        break;
      case NodeKind.MapAccess: {
        const map = <MapAccess>node;
        this.open("map");
        this.prefixed(0x40, map.name);
        this.close(node);
        const keys = map.keys;
        if (keys) for (let i = 0; i < keys.length; i++) this.child(keys[i]);
        break;
      }
      case NodeKind.PositionalParameter:
        this.open("positional");
        this.number((<PositionalParameter>node).index);
        this.close(node);
        break;
      case NodeKind.ParameterCount:
        this.open("parameter-count");
        this.close(node);
        break;
      case NodeKind.Unary: {
        const unary = <Unary>node;
        const postfix = unary.operator == UnaryOperator.PostIncrement || unary.operator == UnaryOperator.PostDecrement;
        this.open(postfix ? "postfix" : "unary");
        this.text(unaryText(unary.operator));
        this.close(node);
        this.child(unary.operand);
        break;
      }
      case NodeKind.Binary: {
        const binary = <Binary>node;
        this.open("binary");
        this.text(binaryText(binary.operator));
        this.close(node);
        this.child(binary.left);
        this.child(binary.right);
        break;
      }
      case NodeKind.Conditional: {
        const conditional = <Conditional>node;
        const then = conditional.then;
        this.open(then ? "conditional" : "conditional-or");
        this.close(node);
        this.child(conditional.condition);
        if (then) this.child(then);
        this.child(conditional.otherwise);
        break;
      }
      case NodeKind.Call: {
        const call = <Call>node;
        this.open("call");
        this.word(call.name);
        this.close(node);
        for (let i = 0; i < call.argumentList.length; i++) this.child(call.argumentList[i]);
        break;
      }
      case NodeKind.FieldAccess: {
        const access = <FieldAccess>node;
        this.open("field");
        this.word(access.name);
        if (access.arrow) this.text("arrow");
        this.close(node);
        this.child(access.object);
        break;
      }
      case NodeKind.TupleIndex: {
        const access = <TupleIndex>node;
        this.open("tuple-index");
        this.number(access.index);
        this.close(node);
        this.child(access.object);
        break;
      }
      case NodeKind.Index:
        this.open("index");
        this.close(node);
        this.child((<Index>node).object);
        this.child((<Index>node).index);
        break;
      case NodeKind.Cast:
        this.open("cast");
        this.close(node);
        this.typeOrExpression((<Cast>node).type, (<Cast>node).operand);
        break;
      case NodeKind.SizeOf:
        this.open("sizeof");
        this.close(node);
        this.typeOrExpression((<SizeOf>node).type, (<SizeOf>node).expression);
        break;
      case NodeKind.TypeInformation:
        this.open("typeinfo");
        this.close(node);
        this.typeOrExpression((<TypeInformation>node).type, (<TypeInformation>node).expression);
        break;
      case NodeKind.OffsetOf:
        this.open((<OffsetOf>node).asksExistence ? "has-field" : "offsetof");
        this.path((<OffsetOf>node).path);
        this.close(node);
        this.typeOrExpression((<OffsetOf>node).type, (<OffsetOf>node).expression);
        break;
      case NodeKind.ContainerOf:
        this.open("container-of");
        this.path((<ContainerOf>node).path);
        this.close(node);
        this.typeOrExpression((<ContainerOf>node).type, (<ContainerOf>node).pointer);
        break;
      case NodeKind.Comptime:
        this.open("comptime");
        this.close(node);
        this.child((<Comptime>node).operand);
        break;
      case NodeKind.Tuple: {
        const tuple = <Tuple>node;
        this.open("tuple");
        this.close(node);
        for (let i = 0; i < tuple.elements.length; i++) this.child(tuple.elements[i]);
        break;
      }
      case NodeKind.Record: {
        const record = <Record>node;
        this.open("record");
        for (let i = 0; i < record.names.length; i++) this.word(record.names[i]);
        this.close(node);
        for (let i = 0; i < record.values.length; i++) this.child(record.values[i]);
        break;
      }
      case NodeKind.BlockExpression:
        this.open("block-expression");
        this.close(node);
        this.depth++;
        this.block((<BlockExpression>node).body);
        this.depth--;
        break;
      case NodeKind.IfExpression: {
        const conditional = <IfExpression>node;
        this.open("if-expression");
        this.close(node);
        this.child(conditional.condition);
        this.depth++;
        this.block(conditional.then);
        this.depth--;
        this.child(conditional.otherwise);
        break;
      }
      case NodeKind.TypeExpression:
        this.open("type-expression");
        this.close(node);
        this.typeOrExpression((<TypeExpression>node).type, null);
        break;
      case NodeKind.ErrorExpression:
        this.open("error");
        this.close(node);
        break;
      default:
        assert(false, "not an expression");
        break;
    }
  }

  private integer(node: IntegerLiteral): void {
    this.open("integer");
    if (node.negative) {
      this.number(<i64>node.value);
    } else {
      this.out.writeU8(0x20);
      this.out.writeDecimal(node.value);
    }
    if (node.duration) this.text("ns");
    if (node.suffix == IntegerSuffix.Unsigned) this.text("u");
    else if (node.suffix == IntegerSuffix.Long) this.text("l");
    else if (node.suffix == IntegerSuffix.UnsignedLong) this.text("ul");
    this.close(node);
  }

  private path(names: Array<u32>): void {
    for (let i = 0; i < names.length; i++) this.word(names[i]);
  }
}
