// What a script asks about types and about the target: typeinfo(), has_field(), kernel_version().

import { Code } from "../source/diagnostics";
import { Expression, NodeKind } from "../syntax/ast";
import { Call, IntegerLiteral, MapAccess, OffsetOf, Record, StringLiteral, TypeInformation, Unary } from "../syntax/expression-nodes";
import { UnaryOperator } from "../syntax/operators";
import { LibraryChecker } from "./library-calls";
import { AddressSpace, BasicType, TypeKind } from "./types";

/** What is known of a field that a script asks for. */
export const enum Existence {
  /** Not the question whether there is a field. */
  NoQuestion,
  Absent,
  /** In the types of the build; the target decides. */
  Present,
}

/** Digits of a kernel's version at most: 6.12.3. */
const VERSION_PARTS: i32 = 3;

export abstract class TypeQuestionChecker extends LibraryChecker {
  /** `enable`, `warn` or `error`: the config key unstable_typeinfo. */
  unstableTypeInformation: string = "error";
  /** Expressions that stand for records of typeinfo(), by the address of its node. */
  private typeRecords: Map<usize, Record> = new Map();

  /** `typeinfo(T|e)`: the record (btf_id, base_type, full_type), all of it known while compiling. */
  protected typeInformation(e: TypeInformation): i32 {
    if (!this.unstable(e, "typeinfo", this.unstableTypeInformation)) return BasicType.None;
    const expression = e.expression;
    const type = expression != null ? this.typeInQuestion(expression) : this.namedType(e.type!);
    const info = this.types.get(type);
    const description = this.types.describe(type);
    const family = info.kind == TypeKind.Tuple ? (info.names.length > 0 ? "record" : "tuple") : baseName(info.kind);
    // Families of one type are called like it.
    const base = this.textNode(e, family.length > 0 ? family : description);
    const full = this.textNode(e, description);
    const names = [this.symbols.internString("btf_id"), this.symbols.internString("base_type"), this.symbols.internString("full_type")];
    const record = new Record(e.start, e.end, names, [new IntegerLiteral(e.start, e.end, 0), base, full]);
    this.typeRecords.set(changetype<usize>(e), record);
    this.standIns.set(changetype<usize>(e), record);
    return this.expression(record);
  }

  /** The record of a typeinfo() that was checked. */
  protected typeRecord(e: Expression): Record | null {
    const key = changetype<usize>(e);
    return this.typeRecords.has(key) ? this.typeRecords.get(key) : null;
  }

  private textNode(e: Expression, text: string): StringLiteral {
    const bytes = String.UTF8.encode(text);
    return new StringLiteral(e.start, e.end, changetype<usize>(bytes), bytes.byteLength);
  }

  /** As `typeOfNameOrValue`; of maps what they hold, without the widening of integers. */
  private typeInQuestion(e: Expression): i32 {
    if (e.kind != NodeKind.MapAccess) return this.typeOfNameOrValue(e);
    const map = this.mapOf(<MapAccess>e);
    const keys = (<MapAccess>e).keys;
    if (keys != null) this.mapKey(map, keys, e.start, e.end);
    return map.shownType != BasicType.None ? map.shownType : BasicType.Int8;
  }

  // Fields

  /** `has_field(T|e, a.b)` */
  protected hasField(e: OffsetOf): i32 {
    const expression = e.expression;
    if (expression != null) expression.typeId = this.typeOfNameOrValue(expression);
    this.structOf(e);
    return BasicType.Bool;
  }

  /** Whether the types of the build have the field. */
  fieldExists(e: OffsetOf): bool {
    let type = this.structOf(e);
    if (type == BasicType.None) return false;
    const reporting = this.reporting;
    this.reporting = false;
    for (let i = 0; i < e.path.length && type != BasicType.None; i++)
      type = this.fieldType(type, e.path[i], AddressSpace.Kernel, e.start, e.end);
    this.reporting = reporting;
    return type != BasicType.None;
  }

  /** The has_field() that a condition is, or whose opposite it is; null for any other condition. */
  questionIn(condition: Expression): OffsetOf | null {
    if (condition.kind == NodeKind.Unary && (<Unary>condition).operator == UnaryOperator.Not)
      return this.questionIn((<Unary>condition).operand);
    return condition.kind == NodeKind.OffsetOf && (<OffsetOf>condition).asksExistence ? <OffsetOf>condition : null;
  }

  /** Whether a condition that `questionIn` knows holds where the field exists. */
  asksPresence(condition: Expression): bool {
    return condition.kind == NodeKind.Unary ? !this.asksPresence((<Unary>condition).operand) : true;
  }

  // Kernels

  /** `kernel_version()` of the target; `kernel_version(6, 12)`: the number of that version. */
  protected kernelVersion(e: Call): i32 {
    for (let i = 0; i < e.argumentList.length; i++) {
      const argument = e.argumentList[i];
      this.expression(argument);
      const isLiteral = argument.kind == NodeKind.IntegerLiteral && !(<IntegerLiteral>argument).negative;
      if (!isLiteral) return this.error(Code.NotConstant, argument.start, argument.end, "kernel_version() only supports literal arguments");
      if ((<IntegerLiteral>argument).value > 255)
        return this.error(Code.OutOfRange, argument.start, argument.end, "The parts of a kernel's version are at most 255");
    }
    return BasicType.Uint64;
  }

  /** The number of the version that a call of kernel_version() names; 0 for that of the target. */
  versionOf(e: Call): i64 {
    const count = e.argumentList.length;
    if (count == 0) return 0;
    let version: i64 = 0;
    for (let i = 0; i < VERSION_PARTS; i++) version = (version << 8) | (i < count ? <i64>(<IntegerLiteral>e.argumentList[i]).value : 0);
    return version;
  }
}

/** A type's family, as typeinfo() names it. */
function baseName(kind: TypeKind): string {
  switch (kind) {
    case TypeKind.None:
      return "none";
    case TypeKind.Integer:
      return "int";
    case TypeKind.Bool:
      return "bool";
    case TypeKind.String:
      return "string";
    case TypeKind.Pointer:
      return "pointer";
    case TypeKind.Record:
    case TypeKind.Arguments:
      return "c_type";
    case TypeKind.Array:
      return "array";
    case TypeKind.Buffer:
      return "buffer";
    case TypeKind.KernelStack:
      return "kstack";
    case TypeKind.UserStack:
      return "ustack";
    case TypeKind.NetworkAddress:
      return "inet";
    default:
      return "";
  }
}
