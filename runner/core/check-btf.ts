// Whether all that a BTF refers to is there. Who reads one finds out by and by; who keeps one wants to know before.

import { BpfcastError } from "../../wasm/errors.ts";
import { type Btf, BtfKind, memberBytes } from "./btf.ts";

const WORD = 4;

/** Word of a member, a parameter, a variable of a section that names its type; absent where it has none. */
const TYPE_WORD: Partial<Record<BtfKind, number>> = {
  [BtfKind.Struct]: 1,
  [BtfKind.Union]: 1,
  [BtfKind.FunctionPrototype]: 1,
  [BtfKind.DataSection]: 0,
};

/** Kinds whose record names a type where others have a size. */
const NAMES_TYPE = new Set([
  BtfKind.Pointer,
  BtfKind.Typedef,
  BtfKind.Volatile,
  BtfKind.Const,
  BtfKind.Restrict,
  BtfKind.Function,
  BtfKind.FunctionPrototype,
  BtfKind.Variable,
  BtfKind.DeclarationTag,
  BtfKind.TypeTag,
]);

/**
 * Follows every name and every reference of a BTF's own types once.
 * @param base the kernel's, of a module's.
 * @throws BpfcastError `bad-btf`.
 */
export function checkBtf(btf: Btf, base?: Btf): void {
  const { endId } = btf;
  const refer = (from: number, to: number) => {
    if (to >= endId) throw new BpfcastError("bad-btf", `the BTF is damaged: type ${from} refers to type ${to}, which is not there`);
  };
  for (let id = base?.endId ?? 1; id < endId; id++) {
    btf.name(id);
    const kind = btf.kind(id);
    if (NAMES_TYPE.has(kind)) refer(id, btf.sizeOrType(id));
    if (kind === BtfKind.Array) for (const word of [0, 1]) refer(id, btf.trailingWord(id, word));
    const words = memberBytes(kind) / WORD;
    if (words === 0) continue;
    const typeWord = TYPE_WORD[kind];
    for (let index = 0; index < btf.count(id); index++) {
      if (kind !== BtfKind.DataSection) btf.memberName(id, index);
      if (typeWord !== undefined) refer(id, btf.trailingWord(id, index * words + typeWord));
    }
  }
}
