/** What a rule is. One file a rule; `pipeline.ts` runs them in order, and can trace each or leave it out. */
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { Cardinality } from "../statistics/cardinality.ts";
import type { ColumnTable, LogicalOperator } from "./plan.ts";

export interface RuleContext {
	columns: ColumnTable;
	/** The value of an expression without columns. @throws LittoralError that evaluation raises */
	evaluate: (expression: Expression) => SqlValue;
	cardinality: Cardinality;
	unsupported: (feature: string) => Error;
	/** In tests: what is thought to cost more is done all the same. */
	regardlessOfCost?: boolean;
}

/** The result emits the same rows in the same columns, in any order of rows and of columns unless a sort or limit says otherwise. */
export interface Rule {
	name: string;
	apply(plan: LogicalOperator, context: RuleContext): LogicalOperator;
}
