/** What one statement's binding shares: its text, its columns, the tables it reads, its parameters. */
import { LittoralError, isLittoralError, type ErrorDetails } from "#shared/base/errors.ts";
import type { SqlCondition } from "#shared/base/sqlstates.ts";
import { typeName, type DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { ColumnTable, type Subplan } from "../../logical/plan.ts";
import type { SourceText } from "../parse/positions.ts";

/** A table that the statement names; null where the catalog has none. */
export type TableLookup = (name: string) => TableSnapshot | null;

/** JSON values of `params`, and the type that the first use of each decided. */
export interface ParameterSet {
	values: unknown[];
	types: (DataType | undefined)[];
}

export class StatementContext {
	readonly source: SourceText;
	readonly columns = new ColumnTable();
	readonly parameters: ParameterSet;
	readonly planStatement: PlanStatement;
	/** Tables of the plan in the order of first use; one snapshot for every reference (invariant Q1). */
	readonly tables: TableSnapshot[] = [];
	readonly tableNames: readonly string[];
	/** All of the tenant's, where the statement reads a system table; else empty. */
	readonly tableSchemas: readonly TableSchema[];
	/** Queries that run once, whoever reads them: WITH queries, and domains of correlated subqueries. One may read those before it. */
	readonly subplans: Subplan[] = [];
	private worktableCount = 0;
	/** Query levels bound so far, see QUERY_LEVEL_COUNT_MAX in select.ts. */
	queryLevelCount = 0;
	/** The value of an expression without columns, by the engine's own evaluator. */
	readonly evaluate: (expression: Expression) => SqlValue;
	private readonly lookup: TableLookup;

	constructor(options: {
		source: SourceText;
		parameterValues: unknown[];
		planStatement: PlanStatement;
		lookup: TableLookup;
		/** Of the tenant, for hints; empty unless some table is missing. */
		tableNames: readonly string[];
		tableSchemas: readonly TableSchema[];
		evaluate: (expression: Expression) => SqlValue;
	}) {
		this.source = options.source;
		this.parameters = { values: options.parameterValues, types: [] };
		this.planStatement = options.planStatement;
		this.lookup = options.lookup;
		this.tableNames = options.tableNames;
		this.tableSchemas = options.tableSchemas;
		this.evaluate = options.evaluate;
	}

	/** Position in {@link tables} of the named table; null when there is none. */
	table(name: string): number | null {
		const snapshot = this.lookup(name);
		if (snapshot === null) return null;
		const known = this.tables.indexOf(snapshot);
		return known >= 0 ? known : this.tables.push(snapshot) - 1;
	}

	addSubplan(subplan: Subplan): number {
		return this.subplans.push(subplan) - 1;
	}

	/** @returns the worktable's number within the plan */
	addWorktable(): number {
		return this.worktableCount++;
	}

	error(condition: SqlCondition, message: string, location = -1, hint?: string): LittoralError {
		const details: ErrorDetails = {};
		const position = this.source.position(location);
		if (position !== undefined) details.position = position;
		if (hint !== undefined) details.hint = hint;
		return new LittoralError(condition, message, details);
	}

	unsupported(feature: string, location = -1): LittoralError {
		return this.error("feature_not_supported", `${feature} is not supported`, location);
	}

	/** Runs `work` and gives its error the position of the literal that caused it. */
	at<Result>(location: number, work: () => Result): Result {
		try {
			return work();
		} catch (error) {
			const position = this.source.position(location);
			if (!isLittoralError(error) || error.details.position !== undefined || position === undefined) throw error;
			throw new LittoralError(error.code, error.message, { ...error.details, position });
		}
	}
}

/** A type in an error message: without length, precision or scale; null is `unknown`. */
export function bareTypeName(type: DataType | null): string {
	if (type === null) return "unknown";
	if (type.kind === "char") return "character";
	if (type.kind === "array") return `${bareTypeName(type.element)}[]`;
	return typeName(type.kind === "numeric" || type.kind === "varchar" ? { kind: type.kind } : type);
}
