// Copies statements and expressions, replacing names on the way.

import { Diagnostics } from "../source/diagnostics";
import { Symbols } from "../source/symbols";
import { ArrayType, Block, Expression, NamedType, NodeKind, PointerType, Statement, TypeOf, TypeSyntax } from "../syntax/ast";
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
} from "../syntax/expression-nodes";
import {
  Assignment,
  Discard,
  ExpressionStatement,
  ForMap,
  ForRange,
  FunctionBody,
  If,
  Let,
  Return,
  Unroll,
  While,
} from "../syntax/statement-nodes";

/** What is copied. */
export const enum BodyKind {
  /** A part of the script that stays where it is. */
  Plain,
  /** A macro's body: names that are no parameters are its own, and there are no maps but its parameters. */
  Macro,
  /** A function's: its variables are its own. */
  Function,
}

/** What the names of a body stand for where it is used. */
@final
export class Substitution {
  /** Variables: parameters, and the fresh names of the body's own. */
  variables: Map<u32, u32> = new Map();
  maps: Map<u32, u32> = new Map();
  expressions: Map<u32, Expression> = new Map();

  constructor(public body: BodyKind) {}

  expressionOf(name: u32): Expression | null {
    return this.expressions.has(name) ? this.expressions.get(name) : null;
  }
}

export abstract class TreeCopier {
  constructor(
    protected symbols: Symbols,
    protected diagnostics: Diagnostics,
  ) {}

  /** Reports a map in a macro's body that is no parameter. */
  protected abstract foreignMap(e: MapAccess): void;

  protected abstract returnInMacro(start: u32, end: u32): void;

  // Names

  protected variableName(name: u32, s: Substitution): u32 {
    if (s.variables.has(name)) return s.variables.get(name);
    if (s.body == BodyKind.Plain) return name;
    const fresh = this.symbols.fresh(name);
    s.variables.set(name, fresh);
    return fresh;
  }

  protected mapName(e: MapAccess, s: Substitution): u32 {
    if (s.maps.has(e.name)) return s.maps.get(e.name);
    if (s.body == BodyKind.Macro) this.foreignMap(e);
    return e.name;
  }

  // Statements

  protected block(block: Block, s: Substitution): Block {
    const statements: Array<Statement> = [];
    for (let i = 0; i < block.statements.length; i++) statements.push(this.statement(block.statements[i], s));
    const copy = new Block(block.start, block.end, statements);
    const result = block.result;
    if (result != null) copy.result = this.expression(result, s);
    return copy;
  }

  private statement(statement: Statement, s: Substitution): Statement {
    const start = statement.start;
    const end = statement.end;
    switch (statement.kind) {
      case NodeKind.Block:
        return this.block(<Block>statement, s);
      case NodeKind.Assignment: {
        const assignment = <Assignment>statement;
        // The value first: in `$x = $x` of a macro it is not yet the new name's.
        const value = this.expression(assignment.value, s);
        return new Assignment(start, end, this.expression(assignment.target, s), assignment.operator, value);
      }
      case NodeKind.Let: {
        const let_ = <Let>statement;
        const value = let_.value;
        const type = let_.type;
        const copied = value != null ? this.expression(value, s) : null;
        const name = this.variableName(let_.name, s);
        return new Let(start, end, name, let_.nameStart, let_.nameEnd, type != null ? this.type(type, s) : null, copied, let_.isParameter);
      }
      case NodeKind.If: {
        const choice = <If>statement;
        const otherwise = choice.otherwise;
        return new If(
          start,
          end,
          this.expression(choice.condition, s),
          this.block(choice.then, s),
          otherwise != null ? this.statement(otherwise, s) : null,
        );
      }
      case NodeKind.While: {
        const loop = <While>statement;
        return new While(start, end, this.expression(loop.condition, s), this.block(loop.body, s));
      }
      case NodeKind.ForRange: {
        const loop = <ForRange>statement;
        const from = this.expression(loop.from, s);
        const to = this.expression(loop.to, s);
        return new ForRange(start, end, this.variableName(loop.name, s), loop.nameStart, loop.nameEnd, from, to, this.block(loop.body, s));
      }
      case NodeKind.ForMap: {
        const loop = <ForMap>statement;
        const map = <MapAccess>this.expression(loop.map, s);
        return new ForMap(start, end, this.variableName(loop.name, s), loop.nameStart, loop.nameEnd, map, this.block(loop.body, s));
      }
      case NodeKind.Unroll: {
        const unroll = <Unroll>statement;
        return new Unroll(start, end, this.expression(unroll.count, s), this.block(unroll.body, s));
      }
      case NodeKind.Return: {
        if (s.body == BodyKind.Macro) this.returnInMacro(start, end);
        const value = (<Return>statement).value;
        return new Return(start, end, value != null ? this.expression(value, s) : null);
      }
      case NodeKind.FunctionBody: {
        // An argument of a macro that was expanded already, and is put in once more.
        const body = <FunctionBody>statement;
        const result = body.result != 0 ? this.variableName(body.result, s) : 0;
        return new FunctionBody(start, end, body.declaration, result, this.block(body.body, s));
      }
      case NodeKind.ExpressionStatement:
        return new ExpressionStatement(start, end, this.expression((<ExpressionStatement>statement).expression, s));
      case NodeKind.Discard:
        return new Discard(start, end, this.expression((<Discard>statement).value, s));
      default:
        assert(statement.kind == NodeKind.Break || statement.kind == NodeKind.Continue, "a statement kind that cannot be copied");
        return statement;
    }
  }

  // Expressions

  protected call(e: Call, s: Substitution): Expression {
    return new Call(e.start, e.end, e.name, e.nameEnd, this.list(e.argumentList, s));
  }

  protected identifier(e: Identifier, _s: Substitution): Expression {
    return new Identifier(e.start, e.end, e.name);
  }

  protected fieldAccess(e: FieldAccess, s: Substitution): Expression {
    return new FieldAccess(e.end, this.expression(e.object, s), e.name, e.nameStart, e.arrow);
  }

  protected parameter(e: PositionalParameter): Expression {
    return e;
  }

  private list(list: Array<Expression>, s: Substitution): Array<Expression> {
    const copies: Array<Expression> = [];
    for (let i = 0; i < list.length; i++) copies.push(this.expression(list[i], s));
    return copies;
  }

  private optional(e: Expression | null, s: Substitution): Expression | null {
    return e != null ? this.expression(e, s) : null;
  }

  private optionalType(type: TypeSyntax | null, s: Substitution): TypeSyntax | null {
    return type != null ? this.type(type, s) : null;
  }

  protected expression(e: Expression, s: Substitution): Expression {
    const expansions = this.diagnostics.expansions;
    const expansion = expansions.of(changetype<usize>(e));
    const copy = this.copy(e, s);
    if (expansion >= 0) expansions.mark(changetype<usize>(copy), expansion);
    switch (e.kind) {
      // Their spans are those of their parts, which may be arguments from elsewhere.
      case NodeKind.Binary:
      case NodeKind.Conditional:
      case NodeKind.FieldAccess:
      case NodeKind.TupleIndex:
      case NodeKind.Index:
        copy.start = e.start;
        copy.end = e.end;
        return copy;
      default:
        return copy;
    }
  }

  private copy(e: Expression, s: Substitution): Expression {
    const start = e.start;
    const end = e.end;
    switch (e.kind) {
      case NodeKind.Identifier:
        return this.identifier(<Identifier>e, s);
      case NodeKind.Call:
        return this.call(<Call>e, s);
      case NodeKind.Variable:
        return new Variable(start, end, this.variableName((<Variable>e).name, s));
      case NodeKind.MapAccess: {
        const access = <MapAccess>e;
        const keys = access.keys;
        return new MapAccess(start, end, this.mapName(access, s), access.nameEnd, keys != null ? this.list(keys, s) : null);
      }
      case NodeKind.IntegerLiteral: {
        const literal = <IntegerLiteral>e;
        const copy = new IntegerLiteral(start, end, literal.value);
        copy.duration = literal.duration;
        copy.negative = literal.negative;
        copy.suffix = literal.suffix;
        return copy;
      }
      case NodeKind.StringLiteral:
        return new StringLiteral(start, end, (<StringLiteral>e).pointer, (<StringLiteral>e).length);
      case NodeKind.BooleanLiteral:
        return new BooleanLiteral(start, end, (<BooleanLiteral>e).value);
      case NodeKind.DecimalLiteral:
        return new DecimalLiteral(start, end, (<DecimalLiteral>e).digits, (<DecimalLiteral>e).scale);
      case NodeKind.Unary:
        return new Unary(start, end, (<Unary>e).operator, this.expression((<Unary>e).operand, s));
      case NodeKind.Binary: {
        const binary = <Binary>e;
        return new Binary(
          binary.operator,
          binary.operatorStart,
          binary.operatorEnd,
          this.expression(binary.left, s),
          this.expression(binary.right, s),
        );
      }
      case NodeKind.Conditional: {
        const conditional = <Conditional>e;
        return new Conditional(
          this.expression(conditional.condition, s),
          this.optional(conditional.then, s),
          this.expression(conditional.otherwise, s),
        );
      }
      case NodeKind.FieldAccess:
        return this.fieldAccess(<FieldAccess>e, s);
      case NodeKind.PositionalParameter:
        return this.parameter(<PositionalParameter>e);
      case NodeKind.TupleIndex:
        return new TupleIndex(end, this.expression((<TupleIndex>e).object, s), (<TupleIndex>e).index);
      case NodeKind.Index:
        return new Index(end, this.expression((<Index>e).object, s), this.expression((<Index>e).index, s));
      case NodeKind.Cast:
        return new Cast(start, this.type((<Cast>e).type, s), this.expression((<Cast>e).operand, s));
      case NodeKind.Comptime:
        return new Comptime(start, this.expression((<Comptime>e).operand, s));
      case NodeKind.Tuple:
        return new Tuple(start, end, this.list((<Tuple>e).elements, s));
      case NodeKind.Record:
        return new Record(start, end, (<Record>e).names, this.list((<Record>e).values, s));
      case NodeKind.BlockExpression:
        return new BlockExpression(start, end, this.block((<BlockExpression>e).body, s));
      case NodeKind.IfExpression: {
        const choice = <IfExpression>e;
        return new IfExpression(
          start,
          end,
          this.expression(choice.condition, s),
          this.block(choice.then, s),
          this.expression(choice.otherwise, s),
        );
      }
      default:
        return this.aboutType(e, s);
    }
  }

  /** Expressions that hold types. */
  private aboutType(e: Expression, s: Substitution): Expression {
    switch (e.kind) {
      case NodeKind.SizeOf: {
        const size = <SizeOf>e;
        return new SizeOf(e.start, e.end, this.optionalType(size.type, s), this.optional(size.expression, s));
      }
      case NodeKind.OffsetOf: {
        const offset = <OffsetOf>e;
        return new OffsetOf(
          e.start,
          e.end,
          this.optionalType(offset.type, s),
          this.optional(offset.expression, s),
          offset.path,
          offset.asksExistence,
        );
      }
      case NodeKind.TypeInformation: {
        const information = <TypeInformation>e;
        return new TypeInformation(e.start, e.end, this.optionalType(information.type, s), this.optional(information.expression, s));
      }
      case NodeKind.ContainerOf: {
        const container = <ContainerOf>e;
        return new ContainerOf(e.start, e.end, this.expression(container.pointer, s), this.type(container.type, s), container.path);
      }
      case NodeKind.TypeExpression:
        return new TypeExpression(e.start, e.end, this.type((<TypeExpression>e).type, s));
      default:
        // The number of parameters and what could not be parsed hold nothing that is annotated apart.
        assert(e.kind == NodeKind.ParameterCount || e.kind == NodeKind.ErrorExpression, "an expression kind that cannot be copied");
        return e;
    }
  }

  /** A type; where it is the name of a parameter, the argument's. */
  private type(type: TypeSyntax, s: Substitution): TypeSyntax {
    switch (type.kind) {
      case NodeKind.NamedType: {
        const argument = s.expressionOf((<NamedType>type).name);
        if (argument == null) return type;
        if (argument.kind == NodeKind.TypeExpression) return (<TypeExpression>argument).type;
        return new TypeOf(type.start, type.end, null, this.expression(argument, new Substitution(BodyKind.Plain)));
      }
      case NodeKind.PointerType:
        return new PointerType(type.start, type.end, this.type((<PointerType>type).element, s));
      case NodeKind.ArrayType:
        return new ArrayType(type.start, type.end, this.type((<ArrayType>type).element, s), (<ArrayType>type).size);
      case NodeKind.TypeOf: {
        const typeOf = <TypeOf>type;
        const expression = typeOf.expression;
        return new TypeOf(
          type.start,
          type.end,
          this.optionalType(typeOf.type, s),
          expression != null ? this.expression(expression, s) : null,
        );
      }
      default:
        return type;
    }
  }
}
