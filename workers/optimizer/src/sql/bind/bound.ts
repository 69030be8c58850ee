/** What binding an expression gives: a typed expression, or something whose type its context decides. */
import type { DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";

/** `location` is PostgreSQL's exprLocation, a byte offset; -1 when there is none. */
export type Bound =
	| { kind: "typed"; expression: Expression; location: number }
	/** An untyped literal: a quoted text or NULL, PostgreSQL's `unknown`. */
	| { kind: "unknown"; text: string | null; location: number }
	/** A parameter that no context has typed yet. */
	| { kind: "parameter"; number: number; location: number };

/** null stands for PostgreSQL's `unknown`. */
export function boundType(bound: Bound): DataType | null {
	return bound.kind === "typed" ? bound.expression.type : null;
}

export function typed(expression: Expression, location: number): Bound {
	return { kind: "typed", expression, location };
}
