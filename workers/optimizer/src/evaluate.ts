/** Values of constant expressions, by the engine that would evaluate them in a query: there is one semantics. */
import { evaluateConstant } from "#shared/engine/expression/fold.ts";
import { createEngine, type Engine } from "#shared/engine/kernels/kernels.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { SqlValue } from "#shared/contracts/value.ts";

/** Constants are one row: a small arena is enough, and leaves the isolate to snapshots. */
const ARENA_PAGE_COUNT = 64;

let engine: Engine | null = null;

/** @throws LittoralError that evaluation raises */
export function evaluate(expression: Expression, statement: PlanStatement): SqlValue {
	if (engine === null || engine.arena.poisoned) engine = createEngine({ pageCount: ARENA_PAGE_COUNT });
	return evaluateConstant(expression, { engine, statement });
}
