// The tree as text: `-d ast`, and the format of the golden tests. One node a line, indented by depth, its span at the end;
// names of the roles that children play stand before them where the order does not tell.

import { ByteBuffer } from "../source/bytes";
import { Source } from "../source/source";
import { Symbols } from "../source/symbols";
import {
  ArrayType,
  AttachPart,
  AttachPoint,
  Block,
  ConfigEntry,
  Define,
  EnumDefinition,
  Enumerator,
  Expression,
  FieldDefinition,
  FunctionDeclaration,
  FunctionParameter,
  Import,
  Include,
  InlineType,
  Macro,
  MacroParameter,
  MacroParameterKind,
  MapDeclaration,
  NamedType,
  Node,
  NodeKind,
  PointerType,
  Probe,
  Program,
  RecordDefinition,
  Statement,
  Tag,
  TaggedType,
  TypeDefinition,
  TypeOf,
  TypeSyntax,
} from "./ast";
import { ExpressionPrinter } from "./expression-printer";
import { BinaryOperator, binaryText } from "./operators";
import { providerName } from "./providers";
import { Assignment, Discard, ExpressionStatement, ForMap, ForRange, If, Let, Return, Unroll, While } from "./statement-nodes";

@final
class Printer extends ExpressionPrinter {
  constructor(source: Source, symbols: Symbols, out: ByteBuffer) {
    super(source, symbols, out);
  }

  program(program: Program): void {
    this.open("program");
    this.close(program);
    this.depth++;
    for (let i = 0; i < program.definitions.length; i++) this.definition(program.definitions[i]);
    for (let i = 0; i < program.config.length; i++) this.configEntry(program.config[i]);
    for (let i = 0; i < program.imports.length; i++) this.importLine(program.imports[i]);
    for (let i = 0; i < program.mapDeclarations.length; i++) this.mapDeclaration(program.mapDeclarations[i]);
    for (let i = 0; i < program.macros.length; i++) this.macro(program.macros[i]);
    for (let i = 0; i < program.functions.length; i++) this.functionDeclaration(program.functions[i]);
    for (let i = 0; i < program.probes.length; i++) this.probe(program.probes[i]);
    this.depth--;
  }

  private configEntry(entry: ConfigEntry): void {
    this.open("config");
    this.word(entry.name);
    this.close(entry);
    this.child(entry.value);
  }

  private importLine(node: Import): void {
    this.open("import");
    this.string(node.pointer, node.length);
    this.close(node);
  }

  private mapDeclaration(node: MapDeclaration): void {
    this.open("map-declaration");
    this.prefixed(0x40, node.name);
    this.word(node.mapType);
    this.close(node);
    this.child(node.capacity);
  }

  private macro(node: Macro): void {
    this.open("macro");
    this.word(node.name);
    this.close(node);
    this.depth++;
    for (let i = 0; i < node.parameters.length; i++) this.macroParameter(node.parameters[i]);
    this.block(node.body);
    this.depth--;
  }

  private macroParameter(node: MacroParameter): void {
    this.open("parameter");
    if (node.parameterKind == MacroParameterKind.Variable) this.prefixed(0x24, node.name);
    else if (node.parameterKind == MacroParameterKind.Map) this.prefixed(0x40, node.name);
    else this.word(node.name);
    this.close(node);
  }

  private functionDeclaration(node: FunctionDeclaration): void {
    this.open("function");
    this.word(node.name);
    this.close(node);
    this.depth++;
    for (let i = 0; i < node.parameters.length; i++) this.parameter(node.parameters[i]);
    this.type(node.returnType);
    this.block(node.body);
    this.depth--;
  }

  private parameter(node: FunctionParameter): void {
    this.open("parameter");
    this.prefixed(0x24, node.name);
    this.close(node);
    this.depth++;
    this.type(node.type);
    this.depth--;
  }

  private probe(node: Probe): void {
    this.open("probe");
    this.close(node);
    this.depth++;
    for (let i = 0; i < node.attachPoints.length; i++) this.attachPoint(node.attachPoints[i]);
    const predicate = node.predicate;
    if (predicate) this.role("predicate", predicate);
    this.block(node.body);
    this.depth--;
  }

  private attachPoint(node: AttachPoint): void {
    this.open("attach-point");
    if (node.label != 0) {
      this.word(node.label);
      this.out.writeAscii(" =");
    }
    this.text(providerName(node.provider));
    this.close(node);
    this.depth++;
    for (let i = 0; i < node.parts.length; i++) this.attachPart(node.parts[i]);
    this.depth--;
  }

  private attachPart(node: AttachPart): void {
    this.open("part");
    this.string(node.pointer, node.length);
    if (node.separator == 0x40) this.text("behind @");
    if (node.wildcard) this.text("wildcard");
    if (node.parameter) this.text("parameter");
    this.close(node);
  }

  private definition(node: Node): void {
    switch (node.kind) {
      case NodeKind.Include: {
        const include = <Include>node;
        this.open("include");
        if (include.system) this.text("system");
        this.string(include.pointer, include.length);
        this.close(node);
        break;
      }
      case NodeKind.Define: {
        const define = <Define>node;
        this.open("define");
        this.word(define.name);
        const parameters = define.parameters;
        if (parameters) {
          this.text("(");
          for (let i = 0; i < parameters.length; i++) this.word(parameters[i]);
          this.text(")");
        }
        this.string(this.source.address(define.bodyStart), define.bodyEnd - define.bodyStart);
        this.close(node);
        break;
      }
      case NodeKind.TypeDefinition: {
        const typedef = <TypeDefinition>node;
        this.open("typedef");
        this.word(typedef.name);
        this.close(node);
        this.depth++;
        this.type(typedef.type);
        this.depth--;
        break;
      }
      case NodeKind.RecordDefinition: {
        const record = <RecordDefinition>node;
        this.open(tagText(record.tag));
        if (record.name != 0) this.word(record.name);
        if (record.packed) this.text("packed");
        this.close(node);
        this.depth++;
        for (let i = 0; i < record.fields.length; i++) this.field(record.fields[i]);
        this.depth--;
        break;
      }
      case NodeKind.EnumDefinition: {
        const definition = <EnumDefinition>node;
        this.open("enum");
        if (definition.name != 0) this.word(definition.name);
        this.close(node);
        this.depth++;
        for (let i = 0; i < definition.enumerators.length; i++) this.enumerator(definition.enumerators[i]);
        this.depth--;
        break;
      }
      default:
        assert(false, "not a definition");
        break;
    }
  }

  private field(node: FieldDefinition): void {
    this.open("field");
    if (node.name != 0) this.word(node.name);
    if (node.bits >= 0) {
      this.text("bits");
      this.number(node.bits);
    }
    this.close(node);
    this.depth++;
    this.type(node.type);
    this.depth--;
  }

  private enumerator(node: Enumerator): void {
    this.open("enumerator");
    this.word(node.name);
    this.close(node);
    const value = node.value;
    if (value) this.child(value);
  }

  type(node: TypeSyntax): void {
    switch (node.kind) {
      case NodeKind.NamedType:
        this.open("named-type");
        this.word((<NamedType>node).name);
        this.close(node);
        break;
      case NodeKind.TaggedType: {
        const tagged = <TaggedType>node;
        this.open("tagged-type");
        this.text(tagText(tagged.tag));
        this.word(tagged.name);
        this.close(node);
        break;
      }
      case NodeKind.InlineType:
        this.definition((<InlineType>node).definition);
        break;
      case NodeKind.PointerType:
        this.open("pointer-type");
        this.close(node);
        this.depth++;
        this.type((<PointerType>node).element);
        this.depth--;
        break;
      case NodeKind.ArrayType: {
        const array = <ArrayType>node;
        this.open("array-type");
        this.close(node);
        this.depth++;
        this.type(array.element);
        const size = array.size;
        if (size) this.role("size", size);
        this.depth--;
        break;
      }
      case NodeKind.TypeOf: {
        const typeOf = <TypeOf>node;
        this.open("typeof");
        this.close(node);
        this.typeOrExpression(typeOf.type, typeOf.expression);
        break;
      }
      default:
        assert(false, "not a type");
        break;
    }
  }

  block(node: Block): void {
    this.open("block");
    this.close(node);
    this.depth++;
    for (let i = 0; i < node.statements.length; i++) this.statement(node.statements[i]);
    const result = node.result;
    if (result) this.role("result", result);
    this.depth--;
  }

  private statement(node: Statement): void {
    switch (node.kind) {
      case NodeKind.Block:
        this.block(<Block>node);
        break;
      case NodeKind.Assignment: {
        const assignment = <Assignment>node;
        this.open("assign");
        if (assignment.operator != BinaryOperator.None) this.text(`${binaryText(assignment.operator)}=`);
        this.close(node);
        this.child(assignment.target);
        this.child(assignment.value);
        break;
      }
      case NodeKind.Discard:
        this.open("discard");
        this.close(node);
        this.child((<Discard>node).value);
        break;
      case NodeKind.Let:
        this.letStatement(<Let>node);
        break;
      case NodeKind.If: {
        const conditional = <If>node;
        this.open("if");
        this.close(node);
        this.child(conditional.condition);
        this.depth++;
        this.block(conditional.then);
        const otherwise = conditional.otherwise;
        if (otherwise) this.statement(otherwise);
        this.depth--;
        break;
      }
      case NodeKind.While:
        this.loop("while", node, (<While>node).condition, (<While>node).body);
        break;
      case NodeKind.Unroll:
        this.loop("unroll", node, (<Unroll>node).count, (<Unroll>node).body);
        break;
      case NodeKind.ForRange: {
        const range = <ForRange>node;
        this.open("for-range");
        this.prefixed(0x24, range.name);
        this.close(node);
        this.child(range.from);
        this.child(range.to);
        this.depth++;
        this.block(range.body);
        this.depth--;
        break;
      }
      case NodeKind.ForMap: {
        const loop = <ForMap>node;
        this.open("for-map");
        this.prefixed(0x24, loop.name);
        this.close(node);
        this.child(loop.map);
        this.depth++;
        this.block(loop.body);
        this.depth--;
        break;
      }
      case NodeKind.Return: {
        this.open("return");
        this.close(node);
        const value = (<Return>node).value;
        if (value) this.child(value);
        break;
      }
      case NodeKind.Break:
        this.open("break");
        this.close(node);
        break;
      case NodeKind.Continue:
        this.open("continue");
        this.close(node);
        break;
      case NodeKind.ExpressionStatement:
        this.open("expression");
        this.close(node);
        this.child((<ExpressionStatement>node).expression);
        break;
      default:
        assert(false, "not a statement");
        break;
    }
  }

  private letStatement(node: Let): void {
    this.open("let");
    this.prefixed(0x24, node.name);
    this.close(node);
    this.depth++;
    const type = node.type;
    if (type) this.type(type);
    this.depth--;
    const value = node.value;
    if (value) this.child(value);
  }

  private loop(name: string, node: Node, head: Expression, body: Block): void {
    this.open(name);
    this.close(node);
    this.child(head);
    this.depth++;
    this.block(body);
    this.depth--;
  }
}

function tagText(tag: Tag): string {
  return tag == Tag.Struct ? "struct" : tag == Tag.Union ? "union" : "enum";
}

/** Appends the whole tree to `out`. */
export function printProgram(program: Program, source: Source, symbols: Symbols, out: ByteBuffer, spans: bool = true): void {
  const printer = new Printer(source, symbols, out);
  printer.spans = spans;
  printer.program(program);
}
