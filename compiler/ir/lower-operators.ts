// What operators are in the IR: ops of arithmetic, and which of them change something.

import { Checker } from "../check/checker";
import { isPure } from "../check/functions";
import { Block, Expression, NodeKind, Statement } from "../syntax/ast";
import {
  Binary,
  BlockExpression,
  Call,
  Cast,
  Conditional,
  FieldAccess,
  IfExpression,
  Index,
  MapAccess,
  Record,
  Tuple,
  TupleIndex,
  Unary,
} from "../syntax/expression-nodes";
import { BinaryOperator, UnaryOperator } from "../syntax/operators";
import { FunctionBody, If, Let, Return } from "../syntax/statement-nodes";
import { Op } from "./ir";

/**
 * The op of an arithmetic operator between integers of 64 bits. A shift to the right keeps the sign between `literals` alone:
 * at run time the peer shifts zeros in, whatever the type.
 */
export function arithmeticOp(operator: BinaryOperator, literals: bool): Op {
  switch (operator) {
    case BinaryOperator.Multiply:
      return Op.Mul;
    case BinaryOperator.Divide:
      return Op.Div;
    case BinaryOperator.Modulo:
      return Op.Mod;
    case BinaryOperator.Add:
      return Op.Add;
    case BinaryOperator.Subtract:
      return Op.Sub;
    case BinaryOperator.ShiftLeft:
      return Op.Shl;
    case BinaryOperator.ShiftRight:
      return literals ? Op.Sar : Op.Shr;
    case BinaryOperator.And:
      return Op.And;
    case BinaryOperator.Xor:
      return Op.Xor;
    default:
      assert(operator == BinaryOperator.Or, "no arithmetic operator");
      return Op.Or;
  }
}

/** Whether evaluating `e` changes something. */
export function hasSideEffect(e: Expression, checker: Checker): bool {
  switch (e.kind) {
    case NodeKind.Call: {
      const call = <Call>e;
      const row = checker.findFunction(call.name);
      return (row != null && !isPure(row.id)) || anySideEffect(call.argumentList, checker);
    }
    case NodeKind.Unary: {
      const unary = <Unary>e;
      return unary.operator >= UnaryOperator.PreIncrement || hasSideEffect(unary.operand, checker);
    }
    case NodeKind.Binary:
      return hasSideEffect((<Binary>e).left, checker) || hasSideEffect((<Binary>e).right, checker);
    case NodeKind.Conditional: {
      const conditional = <Conditional>e;
      const then = conditional.then;
      return (
        hasSideEffect(conditional.condition, checker) ||
        (then != null && hasSideEffect(then, checker)) ||
        hasSideEffect(conditional.otherwise, checker)
      );
    }
    case NodeKind.Cast:
      return hasSideEffect((<Cast>e).operand, checker);
    case NodeKind.FieldAccess:
      return hasSideEffect((<FieldAccess>e).object, checker);
    case NodeKind.Tuple:
      return anySideEffect((<Tuple>e).elements, checker);
    case NodeKind.MapAccess: {
      const keys = (<MapAccess>e).keys;
      return keys != null && anySideEffect(keys, checker);
    }
    case NodeKind.BlockExpression:
      return blockHasSideEffect((<BlockExpression>e).body, checker);
    case NodeKind.IfExpression: {
      const choice = <IfExpression>e;
      return (
        hasSideEffect(choice.condition, checker) || blockHasSideEffect(choice.then, checker) || hasSideEffect(choice.otherwise, checker)
      );
    }
    default:
      return false;
  }
}

/** Whether a block does more than to compute its value. */
function blockHasSideEffect(block: Block, checker: Checker): bool {
  for (let i = 0; i < block.statements.length; i++) if (statementHasSideEffect(block.statements[i], checker)) return true;
  const result = block.result;
  return result != null && hasSideEffect(result, checker);
}

function statementHasSideEffect(statement: Statement, checker: Checker): bool {
  switch (statement.kind) {
    case NodeKind.Let: {
      const value = (<Let>statement).value;
      return value != null && hasSideEffect(value, checker);
    }
    case NodeKind.Return: {
      const value = (<Return>statement).value;
      return value != null && hasSideEffect(value, checker);
    }
    case NodeKind.FunctionBody:
      return blockHasSideEffect((<FunctionBody>statement).body, checker);
    case NodeKind.Block:
      return blockHasSideEffect(<Block>statement, checker);
    case NodeKind.If: {
      const choice = <If>statement;
      const otherwise = choice.otherwise;
      return (
        hasSideEffect(choice.condition, checker) ||
        blockHasSideEffect(choice.then, checker) ||
        (otherwise != null && statementHasSideEffect(otherwise, checker))
      );
    }
    default:
      return true;
  }
}

function anySideEffect(list: Array<Expression>, checker: Checker): bool {
  for (let i = 0; i < list.length; i++) if (hasSideEffect(list[i], checker)) return true;
  return false;
}
