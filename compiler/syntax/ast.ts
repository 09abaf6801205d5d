// The syntax tree. One small class per kind of node; whoever walks it switches on `kind` and casts. Names are symbol ids.
// Declarations and types are here; `statement-nodes.ts` and `expression-nodes.ts` hold the rest.

export const enum NodeKind {
  // Declarations
  Program,
  ConfigEntry,
  Import,
  MapDeclaration,
  Macro,
  MacroParameter,
  Function,
  FunctionParameter,
  Probe,
  AttachPoint,
  AttachPart,
  // C section
  Include,
  Define,
  RecordDefinition,
  TypeDefinition,
  FieldDefinition,
  EnumDefinition,
  Enumerator,
  // Types
  NamedType,
  TaggedType,
  InlineType,
  PointerType,
  ArrayType,
  TypeOf,
  // Statements
  Block,
  Assignment,
  Discard,
  Let,
  If,
  While,
  ForRange,
  ForMap,
  Unroll,
  Return,
  Break,
  Continue,
  ExpressionStatement,
  /** The body of a function where it is called; made by the expander. */
  FunctionBody,
  // Expressions
  IntegerLiteral,
  DecimalLiteral,
  StringLiteral,
  BooleanLiteral,
  Identifier,
  Variable,
  MapAccess,
  PositionalParameter,
  ParameterCount,
  Unary,
  Binary,
  Conditional,
  Call,
  FieldAccess,
  TupleIndex,
  Index,
  Cast,
  SizeOf,
  OffsetOf,
  TypeInformation,
  ContainerOf,
  Comptime,
  Tuple,
  Record,
  BlockExpression,
  IfExpression,
  /** A type where a value may stand, as an argument of a macro. */
  TypeExpression,
  /** Stands where an expression could not be parsed; an error has been reported. */
  ErrorExpression,
}

export abstract class Node {
  constructor(
    public kind: NodeKind,
    /** Byte offsets in the source, end exclusive. */
    public start: u32,
    public end: u32,
  ) {}
}

export abstract class Statement extends Node {}

export abstract class Expression extends Node {
  /** Id in the checker's type table; -1 until it is known. */
  typeId: i32 = -1;
}

/** A type as written. */
export abstract class TypeSyntax extends Node {}

/** A sequence of statements with a scope of its own. */
@final
export class Block extends Statement {
  /**
   * Value of a block expression or macro body: its last expression, where no `;` follows. Null in all other blocks: there
   * the last expression is a statement like any other.
   */
  result: Expression | null = null;

  constructor(
    start: u32,
    end: u32,
    public statements: Array<Statement>,
  ) {
    super(NodeKind.Block, start, end);
  }
}

@final
export class Program extends Node {
  /** The C section in order, local headers in the place of their Include: Define, RecordDefinition, EnumDefinition, TypeDefinition. */
  definitions: Array<Node> = [];
  config: Array<ConfigEntry> = [];
  imports: Array<Import> = [];
  mapDeclarations: Array<MapDeclaration> = [];
  macros: Array<Macro> = [];
  functions: Array<FunctionDeclaration> = [];
  probes: Array<Probe> = [];
  /** Bodies of functions that nothing calls, to be checked alone; made by the expander. */
  unusedFunctions: Array<Probe> = [];
  /** Macros that are defined to 1 whatever the script says. */
  predefined: Array<string> = ["BPFTRACE_HAVE_BTF"];
  /** Span of the `#!` line; empty if there is none. */
  headerEnd: u32 = 0;
  /** Span from the first `#` line or C definition of the script to the last one; empty if there is none. */
  definitionsStart: u32 = 0;
  definitionsEnd: u32 = 0;

  constructor(start: u32, end: u32) {
    super(NodeKind.Program, start, end);
  }
}

/** `key = value` of the config block. */
@final
export class ConfigEntry extends Node {
  constructor(
    start: u32,
    end: u32,
    /** As written: any case, perhaps with the BPFTRACE_ prefix. */
    public name: u32,
    /** IntegerLiteral, StringLiteral, BooleanLiteral or Identifier. */
    public value: Expression,
  ) {
    super(NodeKind.ConfigEntry, start, end);
  }
}

/** `import "path";` at the root. */
@final
export class Import extends Node {
  constructor(
    start: u32,
    end: u32,
    /** Bytes of the path, escapes resolved. */
    public pointer: usize,
    public length: u32,
  ) {
    super(NodeKind.Import, start, end);
  }
}

/** `let @name = hash(16);` at the root. */
@final
export class MapDeclaration extends Node {
  constructor(
    start: u32,
    end: u32,
    /** Name without `@`. */
    public name: u32,
    /** `hash`, `lruhash`, `percpuhash`, `percpulruhash`: as written, unchecked. */
    public mapType: u32,
    public typeStart: u32,
    public typeEnd: u32,
    /** Number of keys, as written. */
    public capacity: Expression,
  ) {
    super(NodeKind.MapDeclaration, start, end);
  }
}

export const enum MacroParameterKind {
  /** `$name`: a scratch variable, by reference. */
  Variable,
  /** `@name`: a map. */
  Map,
  /** `name`: an expression, evaluated at each use. */
  Expression,
}

@final
export class MacroParameter extends Node {
  constructor(
    start: u32,
    end: u32,
    public parameterKind: MacroParameterKind,
    /** Name without `$` or `@`. */
    public name: u32,
  ) {
    super(NodeKind.MacroParameter, start, end);
  }
}

@final
export class Macro extends Node {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
    public nameStart: u32,
    public nameEnd: u32,
    public parameters: Array<MacroParameter>,
    /** Its `result` is the macro's value. */
    public body: Block,
  ) {
    super(NodeKind.Macro, start, end);
  }
}

@final
export class FunctionParameter extends Node {
  constructor(
    start: u32,
    end: u32,
    /** Name without `$`. */
    public name: u32,
    public type: TypeSyntax,
  ) {
    super(NodeKind.FunctionParameter, start, end);
  }
}

/** `fn name($a : T) : T { }` */
@final
export class FunctionDeclaration extends Node {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
    public nameStart: u32,
    public nameEnd: u32,
    public parameters: Array<FunctionParameter>,
    public returnType: TypeSyntax,
    public body: Block,
  ) {
    super(NodeKind.Function, start, end);
  }
}

@final
export class Probe extends Node {
  constructor(
    start: u32,
    end: u32,
    public attachPoints: Array<AttachPoint>,
    /** The filter between slashes. */
    public predicate: Expression | null,
    public body: Block,
  ) {
    super(NodeKind.Probe, start, end);
  }
}

/** The providers of features section 3. */
export const enum Provider {
  Unknown,
  Begin,
  End,
  Self,
  Test,
  Bench,
  Kprobe,
  Kretprobe,
  Uprobe,
  Uretprobe,
  Usdt,
  Tracepoint,
  Rawtracepoint,
  Fentry,
  Fexit,
  Profile,
  Interval,
  Software,
  Hardware,
  Watchpoint,
  Iterator,
}

@final
export class AttachPoint extends Node {
  /** Of `name=kprobe:f`; 0 if it has none. */
  label: u32 = 0;
  /** Long form, whatever was written: `kprobe` for `k` and `KPROBE`. */
  provider: Provider = Provider.Unknown;
  /** As it was written, in lower case. */
  providerName: string = "";
  /** The provider's name contains `$1`. */
  parameter: bool = false;
  providerStart: u32 = 0;
  providerEnd: u32 = 0;
  /** What follows the provider, split at `:` and `@`. */
  parts: Array<AttachPart> = [];

  constructor(start: u32, end: u32) {
    super(NodeKind.AttachPoint, start, end);
  }

  /** Contains a positional parameter whose word is not known. */
  get hasParameter(): bool {
    for (let i = 0; i < this.parts.length; i++) if (this.parts[i].parameter) return true;
    return this.parameter;
  }
}

/** One part of an attach point: bytes with quotes and escapes resolved, `$1` still in it. */
@final
export class AttachPart extends Node {
  /** Contains `*` or `[` outside of quotes. */
  wildcard: bool = false;
  /** Contains `$1` or `$#` outside of quotes. */
  parameter: bool = false;

  constructor(
    start: u32,
    end: u32,
    public pointer: usize,
    public length: u32,
    /** `:` or `@` before it. */
    public separator: u8,
  ) {
    super(NodeKind.AttachPart, start, end);
  }
}

/** `#include <path>` or `#include "path"`. */
@final
export class Include extends Node {
  constructor(
    start: u32,
    end: u32,
    public pointer: usize,
    public length: u32,
    /** Written with angle brackets. */
    public system: bool,
  ) {
    super(NodeKind.Include, start, end);
  }
}

/** `typedef type name;` of a header. */
@final
export class TypeDefinition extends Node {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
    public type: TypeSyntax,
  ) {
    super(NodeKind.TypeDefinition, start, end);
  }
}

/** `#define NAME body`. The body stays a span of the source, to be parsed where it is used. */
@final
export class Define extends Node {
  /** Names in parentheses right after the name; null for an object-like one. */
  parameters: Array<u32> | null = null;

  constructor(
    start: u32,
    end: u32,
    public name: u32,
    /** Blanks around it removed; may be empty. */
    public bodyStart: u32,
    public bodyEnd: u32,
  ) {
    super(NodeKind.Define, start, end);
  }
}

/** What a tag names. */
export const enum Tag {
  Struct,
  Union,
  Enum,
}

/** `struct name { fields };` or a union. */
@final
export class RecordDefinition extends Node {
  /** `__attribute__((packed))`. */
  packed: bool = false;

  constructor(
    start: u32,
    end: u32,
    /** Struct or Union. */
    public tag: Tag,
    /** 0 for an anonymous one. */
    public name: u32,
    public fields: Array<FieldDefinition>,
  ) {
    super(NodeKind.RecordDefinition, start, end);
  }
}

@final
export class FieldDefinition extends Node {
  constructor(
    start: u32,
    end: u32,
    /** 0 for an anonymous struct or union, whose fields belong to the outer one. */
    public name: u32,
    public type: TypeSyntax,
    /** Width of a bitfield; -1 if it is none. */
    public bits: i32,
  ) {
    super(NodeKind.FieldDefinition, start, end);
  }
}

@final
export class EnumDefinition extends Node {
  constructor(
    start: u32,
    end: u32,
    /** 0 for an anonymous one. */
    public name: u32,
    public enumerators: Array<Enumerator>,
  ) {
    super(NodeKind.EnumDefinition, start, end);
  }
}

@final
export class Enumerator extends Node {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
    /** Null: one more than the one before. */
    public value: Expression | null,
  ) {
    super(NodeKind.Enumerator, start, end);
  }
}

/** `int32`, `string`, `pid_t`; in C text also `unsigned long`, its words in C's usual order with one blank between. */
@final
export class NamedType extends TypeSyntax {
  constructor(
    start: u32,
    end: u32,
    public name: u32,
  ) {
    super(NodeKind.NamedType, start, end);
  }
}

/** `struct name`, `union name`, `enum name`. */
@final
export class TaggedType extends TypeSyntax {
  constructor(
    start: u32,
    end: u32,
    public tag: Tag,
    public name: u32,
  ) {
    super(NodeKind.TaggedType, start, end);
  }
}

/** A struct, union or enum defined where it is used, in C text. */
@final
export class InlineType extends TypeSyntax {
  constructor(
    start: u32,
    end: u32,
    /** RecordDefinition or EnumDefinition. */
    public definition: Node,
  ) {
    super(NodeKind.InlineType, start, end);
  }
}

@final
export class PointerType extends TypeSyntax {
  constructor(
    start: u32,
    end: u32,
    /** `void` for a pointer to a function. */
    public element: TypeSyntax,
  ) {
    super(NodeKind.PointerType, start, end);
  }
}

/** `T[N]`. Of `string`, `buffer` and `inet` the number is the size of the value. */
@final
export class ArrayType extends TypeSyntax {
  constructor(
    start: u32,
    end: u32,
    public element: TypeSyntax,
    /** Null for `T[]`. */
    public size: Expression | null,
  ) {
    super(NodeKind.ArrayType, start, end);
  }
}

/** `typeof(T)` or `typeof(e)`: exactly one of the two is there. A lone identifier is kept as a type. */
@final
export class TypeOf extends TypeSyntax {
  constructor(
    start: u32,
    end: u32,
    public type: TypeSyntax | null,
    public expression: Expression | null,
  ) {
    super(NodeKind.TypeOf, start, end);
  }
}
