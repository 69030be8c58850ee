/** What one statement's binding shares: its text, its columns, the tables it reads, its parameters. */
import type { Node } from "libpg-query";
import { assert } from "#shared/base/assert.ts";
import { LittoralError, isLittoralError, type ErrorDetails } from "#shared/base/errors.ts";
import type { TableId } from "#shared/base/ids.ts";
import { SQL_NESTING_MAX } from "#shared/base/limits.ts";
import type { SqlCondition } from "#shared/base/sqlstates.ts";
import { typeName, type DataType } from "#shared/contracts/data-type.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { PlanRelation, PlanStatement } from "#shared/contracts/plan/physical.ts";
import type { TableSnapshot } from "#shared/contracts/snapshot.ts";
import type { TableSchema, ViewSource } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { ColumnTable, type Subplan } from "../../logical/plan.ts";
import { nestedTooDeep } from "../parse/nesting.ts";
import type { ParsedStatement } from "../parse/parser.ts";
import { SourceText } from "../parse/positions.ts";

/** What the statement names, and what the views among it name; null where the catalog has nothing of the name. */
export type TableLookup = (name: string) => TableSnapshot | null;

interface OpenView {
	name: string;
	source: ViewSource;
}

/** JSON values of `params`, and the type that the first use of each decided. */
export interface ParameterSet {
	values: unknown[];
	types: (DataType | undefined)[];
}

/** An INSERT whose rows are a subplan's, in schema order, because the statement's answer is made of them. */
export interface StoredRows {
	schema: TableSchema;
	subplan: number;
}

export class StatementContext {
	private text: SourceText;
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
	/** An INSERT in WITH or with RETURNING. */
	storedRows: StoredRows | null = null;
	/** Views that are being expanded, outermost first. */
	private readonly openViews: OpenView[] = [];
	private nesting: number;
	/** CREATE VIEW: what it reads is not expanded, only its columns are known. */
	readonly isDefinition: boolean;
	/** Views expanded anywhere, and all relations that the statement's own text names. */
	readonly expandedViews = new Map<TableId, PlanRelation>();
	readonly uses = new Map<TableId, TableSchema>();
	/** Query levels bound so far, see QUERY_LEVEL_COUNT_MAX in select.ts. */
	queryLevelCount = 0;
	/** The value of an expression without columns, by the engine's own evaluator. */
	readonly evaluate: (expression: Expression) => SqlValue;
	private readonly lookup: TableLookup;
	private readonly views: ReadonlyMap<string, ParsedStatement>;

	constructor(options: {
		source: SourceText;
		isDefinition?: boolean;
		/** Of the statement's own syntax. */
		nesting?: number;
		/** Queries of the views that `lookup` gives, by name. */
		views?: ReadonlyMap<string, ParsedStatement>;
		parameterValues: unknown[];
		planStatement: PlanStatement;
		lookup: TableLookup;
		/** Of the tenant, for hints; empty unless some table is missing. */
		tableNames: readonly string[];
		tableSchemas: readonly TableSchema[];
		evaluate: (expression: Expression) => SqlValue;
	}) {
		this.text = options.source;
		this.isDefinition = options.isDefinition ?? false;
		this.nesting = options.nesting ?? 0;
		this.views = options.views ?? new Map();
		this.parameters = { values: options.parameterValues, types: [] };
		this.planStatement = options.planStatement;
		this.lookup = options.lookup;
		this.tableNames = options.tableNames;
		this.tableSchemas = options.tableSchemas;
		this.evaluate = options.evaluate;
	}

	get source(): SourceText {
		return this.text;
	}

	/** The named relation as the text being bound sees it: in a view, with the columns that it had when the view was made. Null when there is none. */
	relation(name: string): TableSnapshot | null {
		const snapshot = this.lookup(name);
		if (snapshot === null) return null;
		const { schema } = snapshot;
		const view = this.openViews.at(-1);
		if (view === undefined) {
			this.uses.set(schema.tableId, schema);
			return snapshot;
		}
		const used = view.source.uses.find(({ tableId }) => tableId === schema.tableId);
		const columns = schema.columns.filter(({ fieldId }) => used === undefined || used.fieldIds.includes(fieldId));
		return { ...snapshot, schema: { ...schema, columns } };
	}

	/** Position in {@link tables} of a table that {@link relation} gave. */
	addTable({ schema }: TableSnapshot): number {
		const known = this.tables.findIndex((table) => table.schema.tableId === schema.tableId);
		return known >= 0 ? known : this.tables.push(this.lookup(schema.name) as TableSnapshot) - 1;
	}

	/**
	 * Runs `work` over the query of a view. Its errors have no position: the text is not the statement's.
	 *
	 * @throws invalid_object_definition (42P17) inside itself, statement_too_complex (54001)
	 */
	insideView<Result>({ name, tableId, schemaVersion }: TableSchema, source: ViewSource, work: (query: Node) => Result): Result {
		if (this.openViews.some((view) => view.name === name)) {
			throw this.error("invalid_object_definition", `infinite recursion detected in rules for relation "${name}"`);
		}
		const parsed = this.views.get(name);
		assert(parsed !== undefined, "a view's query was read with it");
		const outer = this.text;
		this.nesting += parsed.nesting;
		if (this.nesting > SQL_NESTING_MAX) throw nestedTooDeep();
		this.expandedViews.set(tableId, { tableId, schemaVersion });
		this.openViews.push({ name, source });
		this.text = new SourceText(source.sql, { positions: false });
		try {
			return work(parsed.node);
		} finally {
			this.text = outer;
			this.openViews.pop();
			this.nesting -= parsed.nesting;
		}
	}

	/** @throws feature_not_supported (0A000): one append is atomic, two are not */
	storeRows(stored: StoredRows, location: number): void {
		if (this.storedRows !== null) throw this.unsupported("a statement that inserts twice", location);
		this.storedRows = stored;
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
