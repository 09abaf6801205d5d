// Functions about maps: has_key, find, len, is_scalar, delete.

import { Code } from "../source/diagnostics";
import { MapDeclaration, NodeKind } from "../syntax/ast";
import { Call, MapAccess, Tuple, Variable } from "../syntax/expression-nodes";
import { MapSymbol } from "./scope";
import { TypeQuestionChecker } from "./type-questions";
import { BasicType, TypeKind } from "./types";

/** Types of map that a script may declare, by the names of the kernel. */
const MAP_TYPES: StaticArray<string> = [
  "hash",
  "hash",
  "lruhash",
  "lru_hash",
  "percpuhash",
  "percpu_hash",
  "percpulruhash",
  "lru_percpu_hash",
];

export abstract class MapCallChecker extends TypeQuestionChecker {
  private mapDeclarations: Array<MapDeclaration> = [];

  /** `let @name = hash(16);` */
  protected declareMap(declaration: MapDeclaration): void {
    const type = this.symbols.text(declaration.mapType);
    const access = new MapAccess(declaration.start, declaration.end, declaration.name, declaration.end, null);
    const map = this.mapOf(access);
    let index = 0;
    while (index < MAP_TYPES.length && MAP_TYPES[index] != type) index += 2;
    if (index >= MAP_TYPES.length) {
      this.error(
        Code.InvalidArgument,
        declaration.start,
        declaration.end,
        `Invalid bpf map type: ${type}`,
        "Valid map types: percpulruhash, percpuhash, lruhash, hash",
      );
      return;
    }
    if (map.declaredCapacity > 0) this.error(Code.Redeclared, declaration.start, declaration.end, `Map ${map.text} is already declared`);
    const capacity = this.constant(declaration.capacity);
    if (!capacity.known || capacity.value < 1 || capacity.value > <i64>i32.MAX_VALUE) {
      this.error(
        Code.OutOfRange,
        declaration.capacity.start,
        declaration.capacity.end,
        "The number of keys of a map must be a positive constant",
      );
      return;
    }
    map.declaredType = MAP_TYPES[index + 1];
    map.declaredCapacity = <i32>capacity.value;
    this.mapDeclarations.push(declaration);
  }

  /** Compares declarations with what the script keeps in its maps, once all types are known. */
  protected checkDeclarations(): void {
    for (let i = 0; i < this.mapDeclarations.length; i++) {
      const declaration = this.mapDeclarations[i];
      const map = this.mapOf(new MapAccess(declaration.start, declaration.end, declaration.name, declaration.end, null));
      if (map.valueType == BasicType.None) {
        this.warning(Code.UnusedValue, declaration.start, declaration.end, `Unused map: ${map.text}`);
        map.isScalar = true;
        continue;
      }
      const isPerCpu = this.types.isAggregate(map.valueType);
      if (isPerCpu == map.declaredType.includes("percpu")) continue;
      this.error(
        Code.TypeMismatch,
        map.start,
        map.end,
        `Incompatible map types. Type from declaration: ${this.symbols.text(declaration.mapType)}. Type from value/key type: ${isPerCpu ? "percpuhash" : "hash"}`,
      );
    }
  }

  /** The map that the first argument, a bare `@name`, is; null after an error. */
  protected wholeMapArgument(e: Call, name: string): MapSymbol | null {
    const argument = e.argumentList[0];
    if (argument.kind == NodeKind.MapAccess && (<MapAccess>argument).keys == null) {
      const map = this.mapOf(<MapAccess>argument);
      if (!this.reporting || map.valueType != BasicType.None) return map;
      this.error(Code.UnknownMap, argument.start, (<MapAccess>argument).nameEnd, `Undefined map: ${map.text}`);
      return null;
    }
    this.expression(argument);
    this.error(Code.InvalidArgument, argument.start, argument.end, `${name}() expects a map to be provided`);
    return null;
  }

  /** As `wholeMapArgument`, of a map with keys, the second argument being one; null after an error. */
  private keyedMap(e: Call, name: string): MapSymbol | null {
    const map = this.wholeMapArgument(e, name);
    const key = e.argumentList[1];
    if (map == null) {
      this.expression(key);
      return null;
    }
    if (map.isScalar && !map.isKeyed) {
      this.expression(key);
      this.error(
        Code.InvalidArgument,
        e.argumentList[0].start,
        e.argumentList[0].end,
        `call to ${name}() expects a map with explicit keys (non-scalar map)`,
      );
      return null;
    }
    this.mapKey(map, key.kind == NodeKind.Tuple ? (<Tuple>key).elements : [key], key.start, key.end);
    return map;
  }

  protected hasKey(e: Call): i32 {
    this.keyedMap(e, "has_key");
    return BasicType.Bool;
  }

  protected find(e: Call): i32 {
    const map = this.keyedMap(e, "find");
    const target = e.argumentList[2];
    if (target.kind != NodeKind.Variable) {
      this.expression(target);
      return this.error(Code.InvalidArgument, target.start, target.end, "find() expects a variable for its third argument");
    }
    const name = (<Variable>target).name;
    const symbol = this.scopes.find(name);
    // As in the peer, a variable of the call alone: it cannot be read anywhere.
    if (symbol == null) return BasicType.Bool;
    symbol.isAssigned = true;
    if (map == null || map.valueType == BasicType.None) return BasicType.Bool;
    let found = map.valueType;
    if (this.types.isReadableAggregate(found)) found = this.types.integer(8, this.types.isSigned(found));
    else if (this.types.isAggregate(found))
      return this.error(
        Code.TypeMismatch,
        e.start,
        e.end,
        `Value '${this.types.describe(found)}' cannot be assigned to a scratch variable.`,
      );
    const before = this.variableType(symbol.declaration);
    const type = before == BasicType.None ? found : this.promote(before, found, false);
    if (type == BasicType.None) {
      return this.error(
        Code.TypeMismatch,
        target.start,
        target.end,
        `Type mismatch for $${this.symbols.text(name)}: trying to assign value of type '${this.types.describe(map.valueType)}' when variable already has a type '${this.types.describe(before)}'`,
      );
    }
    this.widenDeclaration(symbol.declaration, type);
    target.typeId = this.variableType(symbol.declaration);
    return BasicType.Bool;
  }

  protected length(e: Call): i32 {
    const argument = e.argumentList[0];
    if (argument.kind != NodeKind.MapAccess || (<MapAccess>argument).keys != null) {
      // A stack: its frames.
      const kind = this.types.kind(this.expression(argument));
      if (kind == TypeKind.KernelStack || kind == TypeKind.UserStack) return BasicType.Int64;
    }
    const map = this.wholeMapArgument(e, "len");
    if (map == null) return BasicType.Int64;
    if (this.reporting && map.isScalar)
      return this.error(Code.InvalidArgument, e.start, e.end, `call to len() expects a map with explicit keys (non-scalar map)`);
    return BasicType.Int64;
  }

  protected isScalarMap(e: Call): i32 {
    this.wholeMapArgument(e, "is_scalar");
    return BasicType.Bool;
  }

  /** `delete(@map, key)`, `delete(@scalar)`, and the old `delete(@map[key])`. */
  protected delete(e: Call): i32 {
    const first = e.argumentList[0];
    if (first.kind != NodeKind.MapAccess) {
      this.expression(first);
      return this.error(Code.InvalidArgument, first.start, first.end, "delete() expects a map argument");
    }
    const access = <MapAccess>first;
    const map = this.mapOf(access);
    if (e.argumentList.length == 2) {
      const key = e.argumentList[1];
      this.mapKey(map, key.kind == NodeKind.Tuple ? (<Tuple>key).elements : [key], key.start, key.end);
    } else if (access.keys == null && map.isKeyed)
      return this.error(
        Code.InvalidKey,
        e.start,
        e.end,
        "call to delete() with a single argument expects a map without explicit keys (scalar map)",
      );
    else this.mapKey(map, access.keys, access.start, access.end);
    if (this.reporting && map.valueType == BasicType.None)
      return this.error(Code.UnknownMap, access.start, access.nameEnd, `Undefined map: ${map.text}`);
    return BasicType.Bool;
  }

  /** kptr() and uptr(): the same number or pointer, into the memory that the name says. */
  protected inSpaceOf(e: Call, isUser: bool): i32 {
    const type = this.operand(e.argumentList[0]);
    if (type == BasicType.None) return type;
    const info = this.types.get(type);
    const space = isUser ? 2 : 1;
    if (info.kind == TypeKind.Pointer) return this.types.pointer(info.element, space);
    if (info.kind == TypeKind.Integer) return this.types.addressInteger(type, space);
    return this.error(
      Code.TypeMismatch,
      e.argumentList[0].start,
      e.argumentList[0].end,
      `${isUser ? "uptr" : "kptr"}() only supports int or pointer arguments (${this.types.describe(type)} provided)`,
    );
  }
}
