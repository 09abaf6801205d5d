// Types of a BTF as C, the way the peer lists them.

import { type Btf, BtfKind, memberBytes } from "./btf.ts";

/** Types hold each other this deep at most; what goes deeper is damage. */
const MAX_DEPTH = 32;

/** A parameter of a function or a member of a struct. */
export interface Parameter {
  /** C: `struct file *`. */
  type: string;
  name: string;
}

export interface Prototype {
  parameters: Parameter[];
  returns: string;
}

/** The word of member or parameter `index` that says its type. */
function typeOf(btf: Btf, id: number, index: number): number {
  return btf.trailingWord(id, (index * memberBytes(btf.kind(id))) / 4 + 1);
}

function parametersOf(btf: Btf, id: number, depth: number): Parameter[] {
  return Array.from({ length: btf.count(id) }, (_, index) => ({
    name: btf.memberName(id, index),
    type: typeText(btf, typeOf(btf, id, index), depth),
  }));
}

/** Of a function by its id, or of a pointer to one. */
export function prototypeOf(btf: Btf, id: number): Prototype | undefined {
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    switch (btf.kind(id)) {
      case BtfKind.FunctionPrototype:
        return { parameters: parametersOf(btf, id, 0), returns: typeText(btf, btf.sizeOrType(id)) };
      case BtfKind.Function:
      case BtfKind.Pointer:
      case BtfKind.Typedef:
        id = btf.sizeOrType(id);
        break;
      default:
        return undefined;
    }
  }
  return undefined;
}

/** Members of a struct or union. */
export function membersOf(btf: Btf, id: number, depth = 0): Parameter[] {
  if (depth > MAX_DEPTH || (btf.kind(id) !== BtfKind.Struct && btf.kind(id) !== BtfKind.Union)) return [];
  return parametersOf(btf, id, depth).map((member, index) => {
    // Of a member without a name, its own first member: iterators pad their pointers to 8 bytes that way.
    const [first] = member.name === "" ? membersOf(btf, typeOf(btf, id, index), depth + 1) : [];
    return first ?? member;
  });
}

/** A type, without a name behind it. */
export function typeText(btf: Btf, id: number, depth = 0): string {
  if (id === 0) return "void";
  if (depth > MAX_DEPTH) return "?";
  const name = btf.name(id);
  const inner = () => typeText(btf, btf.sizeOrType(id), depth + 1);
  switch (btf.kind(id)) {
    case BtfKind.Pointer: {
      const element = inner();
      if (element.includes("(*)")) return element;
      return element.endsWith("*") ? `${element}*` : `${element} *`;
    }
    case BtfKind.Struct:
      return `struct ${name}`;
    case BtfKind.Union:
      return `union ${name}`;
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return `enum ${name}`;
    case BtfKind.Forward:
      return `${btf.flag(id) ? "union" : "struct"} ${name}`;
    case BtfKind.Const: {
      const element = inner();
      return element.endsWith("*") ? `${element} const` : `const ${element}`;
    }
    case BtfKind.Volatile:
      return `volatile ${inner()}`;
    case BtfKind.Restrict:
    case BtfKind.TypeTag:
      return inner();
    case BtfKind.Array:
      return `${typeText(btf, btf.trailingWord(id, 0), depth + 1)}[${btf.trailingWord(id, 2)}]`;
    case BtfKind.FunctionPrototype: {
      const types = parametersOf(btf, id, depth + 1).map(({ type }) => type);
      return `${inner()} (*)(${types.join(", ")})`;
    }
    default:
      return name;
  }
}
