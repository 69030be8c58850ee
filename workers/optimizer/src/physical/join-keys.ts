/** The equalities of a join condition that can be hashed, and what is left of it. */
import { sameType, type DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, conjunction, conjuncts } from "../logical/expression.ts";
import type { ColumnId } from "../logical/plan.ts";

export interface JoinKeys {
	leftKeys: Expression[];
	rightKeys: Expression[];
	residual: Expression | null;
}

export function joinKeys(condition: Expression | null, leftColumns: ReadonlySet<ColumnId>, rightColumns: ReadonlySet<ColumnId>): JoinKeys {
	const leftKeys: Expression[] = [];
	const rightKeys: Expression[] = [];
	const residual: Expression[] = [];
	for (const part of conjuncts(condition)) {
		const pair = keyPair(part, leftColumns, rightColumns);
		if (pair === null) residual.push(part);
		else {
			leftKeys.push(pair[0]);
			rightKeys.push(pair[1]);
		}
	}
	return { leftKeys, rightKeys, residual: conjunction(residual) };
}

function keyPair(
	part: Expression,
	leftColumns: ReadonlySet<ColumnId>,
	rightColumns: ReadonlySet<ColumnId>,
): [Expression, Expression] | null {
	if (part.kind !== "call" || !part.functionId.startsWith("eq(")) return null;
	const [first, second] = part.arguments;
	if (first === undefined || second === undefined) return null;
	if (isOf(first, leftColumns) && isOf(second, rightColumns)) return sameTyped(first, second);
	if (isOf(second, leftColumns) && isOf(first, rightColumns)) return sameTyped(second, first);
	return null;
}

/** Has columns, all of one side. */
function isOf(expression: Expression, columns: ReadonlySet<ColumnId>): boolean {
	const used = collectColumns(expression);
	return used.size > 0 && [...used].every((id) => columns.has(id));
}

/** Keys are pairwise of one type: VARCHAR(n) and NUMERIC(p,s) of different parameters meet in the type without them. CHAR stays a residual. */
function sameTyped(left: Expression, right: Expression): [Expression, Expression] | null {
	if (left.type.kind === "char" || right.type.kind === "char") return null;
	if (sameType(left.type, right.type)) return [left, right];
	const common: DataType = left.type.kind === "numeric" ? { kind: "numeric" } : { kind: "text" };
	return [castTo(left, common), castTo(right, common)];
}

function castTo(input: Expression, type: DataType): Expression {
	return sameType(input.type, type) ? input : { kind: "cast", input, type, explicit: false };
}
