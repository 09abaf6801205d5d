// Variables that both branches of an `if` assign and code behind it reads.
//
// Scripts written for releases before variables had blocks (the official tools up to 0.17 among them) do that; there the
// variable belongs to the block around the `if`. One that only one branch assigns stays an error.

import { Block, NodeKind, Statement } from "../syntax/ast";
import { Variable } from "../syntax/expression-nodes";
import { Assignment, If } from "../syntax/statement-nodes";

/** Names that `statement`, a Block or an If, assigns whichever way it is run through. */
function assignedNames(statement: Statement): Array<u32> {
  if (statement.kind == NodeKind.If) return commonNames(<If>statement);
  const names: Array<u32> = [];
  if (statement.kind != NodeKind.Block) return names;
  const list = (<Block>statement).statements;
  for (let i = 0; i < list.length; i++) {
    const inner = list[i];
    if (inner.kind == NodeKind.Assignment && (<Assignment>inner).target.kind == NodeKind.Variable)
      names.push((<Variable>(<Assignment>inner).target).name);
    if (inner.kind != NodeKind.If) continue;
    const more = commonNames(<If>inner);
    for (let j = 0; j < more.length; j++) names.push(more[j]);
  }
  return names;
}

function commonNames(statement: If): Array<u32> {
  const common: Array<u32> = [];
  const otherwise = statement.otherwise;
  if (otherwise == null) return common;
  const first = assignedNames(statement.then);
  const second = assignedNames(otherwise);
  for (let i = 0; i < first.length; i++) if (second.indexOf(first[i]) >= 0 && common.indexOf(first[i]) < 0) common.push(first[i]);
  return common;
}

/** What is known of such variables in one script. */
@final
export class BranchVariables {
  /** Names that an `if` (by attach point and place) declares before it starts. */
  private declared: Map<u64, Array<u32>> = new Map();
  /** The last `if` in the current attach point that assigns a name in both branches, by name. */
  private candidates: Map<u32, u64> = new Map();

  /** Starts the walk of an attach point. */
  enterProbe(): void {
    this.candidates.clear();
  }

  /** Names to be declared before `statement`. */
  of(probe: i32, statement: If): Array<u32> {
    const key = keyOf(probe, statement);
    return this.declared.has(key) ? this.declared.get(key) : [];
  }

  /** Notes what `statement`, now checked, assigns in both branches. */
  note(probe: i32, statement: If): void {
    const names = commonNames(statement);
    for (let i = 0; i < names.length; i++) this.candidates.set(names[i], keyOf(probe, statement));
  }

  /** True if `name`, which is in no scope, can be declared before an `if`; the next walk finds it there. */
  request(name: u32): bool {
    if (!this.candidates.has(name)) return false;
    const key = this.candidates.get(name);
    if (!this.declared.has(key)) this.declared.set(key, []);
    const names = this.declared.get(key);
    // Declared there already, and still not in scope: the use is outside of the block around the `if`.
    if (names.indexOf(name) >= 0) return false;
    names.push(name);
    return true;
  }
}

function keyOf(probe: i32, statement: If): u64 {
  return ((<u64>probe) << 32) | <u64>statement.start;
}
