// Formatter, second step, first half: marks the tokens of expressions and types with what only the tree tells: which `-` has two
// operands, which `*` belongs to a type, what is a group of its own.

import { ArrayType, Block, Expression, NodeKind, PointerType, TypeOf, TypeSyntax } from "./ast";
import {
  Binary,
  BlockExpression,
  Call,
  Cast,
  Comptime,
  Conditional,
  ContainerOf,
  FieldAccess,
  IfExpression,
  Index,
  IntegerLiteral,
  MapAccess,
  OffsetOf,
  Record,
  SizeOf,
  Tuple,
  TupleIndex,
  TypeExpression,
  TypeInformation,
  Unary,
} from "./expression-nodes";
import { Item } from "./formatter-items";
import { BinaryOperator, binaryPrecedence, UnaryOperator } from "./operators";
import { Token } from "./tokens";

/** Characters of a value block, or an `if` with all its blocks, that stays on one line. */
const MAXIMUM_VALUE_WIDTH = 60;

export abstract class ExpressionMarker {
  /** Tokens of the expression marked last. Brackets around it are not of it: the tree does not know them. */
  protected first: i32 = 0;
  protected last: i32 = 0;

  constructor(protected items: Array<Item>) {}

  /** Lays a block out over several lines, or on one. */
  protected abstract block(block: Block, broken: bool): void;

  /** The token that the byte at `offset` belongs to. */
  protected indexAt(offset: u32): i32 {
    let low = 0;
    let high = this.items.length;
    // Invariant: items[low].start <= offset < items[high].start.
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.items[middle].start <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  private group(first: i32, last: i32): void {
    this.items[first].opens++;
    this.items[last].closes++;
  }

  /** Takes brackets right around the expression into it; for operands, whose operator tells these brackets from those of a call. */
  private widen(): void {
    const items = this.items;
    while (this.first > 0 && items[this.first - 1].token == Token.LeftParenthesis && items[this.first - 1].match == this.last + 1) {
      this.first--;
      this.last++;
    }
  }

  /** Marks an expression; operators of equal precedence make one group. */
  protected expression(node: Expression): void {
    this.mark(node);
    if (node.kind == NodeKind.Binary) this.group(this.first, this.last);
  }

  private operand(node: Expression): void {
    this.expression(node);
    this.widen();
  }

  private mark(node: Expression): void {
    const items = this.items;
    switch (node.kind) {
      case NodeKind.Binary:
        this.binary(<Binary>node);
        return;
      case NodeKind.Conditional:
        this.conditional(<Conditional>node);
        return;
      case NodeKind.Unary:
        this.unary(<Unary>node);
        return;
      case NodeKind.IntegerLiteral:
        if ((<IntegerLiteral>node).negative) items[this.indexAt(node.start)].tightAfter = true;
        break;
      case NodeKind.FieldAccess:
        this.postfix((<FieldAccess>node).object, node.end);
        return;
      case NodeKind.TupleIndex:
        this.postfix((<TupleIndex>node).object, node.end);
        return;
      case NodeKind.Index:
        this.expression((<Index>node).index);
        this.postfix((<Index>node).object, node.end);
        return;
      case NodeKind.Cast:
        this.cast(<Cast>node);
        return;
      case NodeKind.Comptime: {
        this.operand((<Comptime>node).operand);
        this.first = this.indexAt(node.start);
        return;
      }
      case NodeKind.MapAccess: {
        const keys = (<MapAccess>node).keys;
        if (keys) this.list(keys);
        break;
      }
      case NodeKind.Call:
        this.callee(node.start);
        this.list((<Call>node).argumentList);
        break;
      case NodeKind.SizeOf:
        this.callee(node.start);
        this.typeOrExpression((<SizeOf>node).type, (<SizeOf>node).expression);
        break;
      case NodeKind.TypeInformation:
        this.callee(node.start);
        this.typeOrExpression((<TypeInformation>node).type, (<TypeInformation>node).expression);
        break;
      case NodeKind.OffsetOf:
        this.callee(node.start);
        this.typeOrExpression((<OffsetOf>node).type, (<OffsetOf>node).expression);
        break;
      case NodeKind.ContainerOf:
        this.callee(node.start);
        this.expression((<ContainerOf>node).pointer);
        this.type((<ContainerOf>node).type);
        break;
      case NodeKind.Tuple:
        this.list((<Tuple>node).elements);
        break;
      case NodeKind.Record:
        this.record(<Record>node);
        break;
      case NodeKind.BlockExpression:
      case NodeKind.IfExpression:
        this.value(node, !this.fitsOneLine(node));
        break;
      case NodeKind.TypeExpression:
        this.type((<TypeExpression>node).type);
        break;
      default:
        break;
    }
    this.first = this.indexAt(node.start);
    this.last = this.indexAt(node.end - 1);
    // `-(1)` is a literal that ends before its bracket.
    while (items[this.last + 1].token == Token.RightParenthesis && items[this.last + 1].match > this.first) this.last++;
  }

  private list(nodes: Array<Expression>): void {
    for (let i = 0; i < nodes.length; i++) this.expression(nodes[i]);
  }

  /** The word before the `(` of a call or of what looks like one. */
  private callee(start: u32): void {
    this.items[this.indexAt(start)].tightAfter = true;
  }

  private binary(node: Binary): void {
    const items = this.items;
    const left = node.left;
    this.mark(left);
    let first = this.first;
    const last = this.last;
    this.widen();
    if (left.kind == NodeKind.Binary) {
      const joins = this.first == first && binaryPrecedence((<Binary>left).operator) == binaryPrecedence(node.operator);
      if (!joins) this.group(first, last);
    }
    first = this.first;
    let operator = this.indexAt(node.operatorStart);
    // `=~` are two tokens of the lexer.
    if (node.operator == BinaryOperator.Match || node.operator == BinaryOperator.NotMatch) items[operator++].tightAfter = true;
    items[operator + 1].soft = true;
    this.operand(node.right);
    this.first = first;
  }

  private conditional(node: Conditional): void {
    const items = this.items;
    this.operand(node.condition);
    const first = this.first;
    const question = this.last + 1;
    let colon = question + 1;
    items[question].soft = true;
    const then = node.then;
    if (then) {
      this.operand(then);
      colon = this.last + 1;
      items[colon].soft = true;
    } else {
      items[question].tightAfter = true;
    }
    this.operand(node.otherwise);
    this.first = first;
    this.group(this.first, this.last);
  }

  private unary(node: Unary): void {
    this.operand(node.operand);
    if (node.operator == UnaryOperator.PostIncrement || node.operator == UnaryOperator.PostDecrement) {
      this.last++;
      this.items[this.last].tightBefore = true;
    } else {
      this.first = this.indexAt(node.start);
      this.items[this.first].tightAfter = true;
    }
  }

  private postfix(object: Expression, end: u32): void {
    this.operand(object);
    this.last = this.indexAt(end - 1);
  }

  private cast(node: Cast): void {
    const first = this.indexAt(node.start);
    this.items[this.items[first].match].tightAfter = true;
    this.type(node.type);
    this.operand(node.operand);
    this.first = first;
  }

  /** As the peer writes it: `(a=1, b=2)`. */
  private record(node: Record): void {
    const items = this.items;
    let at = this.indexAt(node.start) + 1;
    for (let i = 0; i < node.values.length; i++) {
      const equal = items[at + 1];
      equal.tightBefore = true;
      equal.tightAfter = true;
      this.expression(node.values[i]);
      at += 2;
      while (items[at].token != Token.Comma && items[at].token != Token.RightParenthesis) at = this.behind(at);
      at++;
    }
  }

  /** The token behind this one, or behind the pair that it opens. */
  protected behind(at: i32): i32 {
    return max(at, this.items[at].match) + 1;
  }

  private typeOrExpression(type: TypeSyntax | null, expression: Expression | null): void {
    if (type) this.type(type);
    if (expression) this.expression(expression);
  }

  protected type(node: TypeSyntax): void {
    switch (node.kind) {
      case NodeKind.PointerType:
        this.type((<PointerType>node).element);
        this.items[this.indexAt(node.end - 1)].tightBefore = true;
        break;
      case NodeKind.ArrayType:
        this.type((<ArrayType>node).element);
        break;
      case NodeKind.TypeOf:
        this.callee(node.start);
        this.typeOrExpression((<TypeOf>node).type, (<TypeOf>node).expression);
        break;
      default:
        break;
    }
  }

  /** A block or an `if` that is used as a value. */
  private value(node: Expression, broken: bool): void {
    if (node.kind == NodeKind.BlockExpression) {
      this.block((<BlockExpression>node).body, broken);
      return;
    }
    const choice = <IfExpression>node;
    this.expression(choice.condition);
    this.block(choice.then, broken);
    this.value(choice.otherwise, broken);
  }

  /** Short, and nothing in it but values: whatever stands around it, it is laid out the same. */
  private fitsOneLine(node: Expression): bool {
    const items = this.items;
    const last = this.indexAt(node.end - 1);
    let blocks = 0;
    let inner = node;
    while (inner.kind == NodeKind.IfExpression) {
      if ((<IfExpression>inner).then.statements.length > 0) return false;
      inner = (<IfExpression>inner).otherwise;
      blocks++;
    }
    if ((<BlockExpression>inner).body.statements.length > 0) return false;
    blocks++;
    let width = 0;
    for (let i = this.indexAt(node.start); i <= last; i++) {
      if (items[i].token == Token.LeftBrace) blocks--;
      if (items[i].comments.length > 0) return false;
      width += items[i].width + 1;
      if (width > MAXIMUM_VALUE_WIDTH) return false;
    }
    return blocks == 0;
  }
}
