/** Planning from end to end: parse, look up the tables, bind, rewrite, prune files, choose operators. */
import type { TenantId } from "#shared/base/ids.ts";
import { LIST_LIMIT_MAX } from "#shared/base/limits.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { inputsOf } from "#shared/contracts/plan/inputs.ts";
import {
	PLAN_VERSION,
	type PhysicalOperator,
	type PhysicalPlan,
	type PlanStatement,
	type PlanTable,
} from "#shared/contracts/plan/physical.ts";
import { explainJson } from "#shared/explain/json.ts";
import { operatorDollars, scannedFileCount } from "#shared/explain/operator-cost.ts";
import { explainText } from "#shared/explain/text.ts";
import type { CatalogRpc, PlannedStatement, PlanRequest, TablePage } from "#shared/contracts/rpc.ts";
import type { TableSchema } from "#shared/contracts/table.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import type { ParsedStatementCache } from "./cache/parsed-statements.ts";
import type { TableSnapshotCache } from "./cache/table-snapshots.ts";
import { type Corrections, learnedFactor, NO_CORRECTIONS } from "./learning/corrections.ts";
import { inputsOf as logicalInputsOf } from "./logical/output.ts";
import { optimize, type PipelineOptions } from "./logical/pipeline.ts";
import type { LogicalOperator, LogicalScan } from "./logical/plan.ts";
import { planOrdered, type PhysicalContext } from "./physical/plan-physical.ts";
import { readRelations } from "./read-relations.ts";
import { pruneFiles } from "./physical/prune-files.ts";
import { bindStatement, type BoundRows } from "./sql/bind/statements/bind-statement.ts";
import { StatementContext } from "./sql/bind/statement.ts";
import { parametersOf, readsSystemTables, relationNames } from "./sql/bind/walk.ts";
import type { ParsedStatement } from "./sql/parse/parser.ts";
import { Cardinality } from "./statistics/cardinality.ts";
import { REQUEST_DOLLARS } from "./statistics/cost-model.ts";
import { withTailRowCount } from "./statistics/table-statistics.ts";

export interface PlannerPorts {
	catalog: Pick<CatalogRpc, "readSnapshots" | "tableNames" | "listTables">;
	parsed: ParsedStatementCache;
	snapshots: TableSnapshotCache;
	/** The value of an expression without columns, by the engine. */
	evaluate: (expression: Expression, statement: PlanStatement) => SqlValue;
	nowMs: () => number;
	pipeline?: PipelineOptions;
	/** The tenant's; absent where learning is switched off. Never throws. */
	corrections?: () => Promise<Corrections>;
}

/** @throws LittoralError with sqlstate and position */
export async function planStatement(ports: PlannerPorts, tenantId: TenantId, request: PlanRequest): Promise<PlannedStatement> {
	const { node, source, nesting } = await ports.parsed.parse(request.sql);
	const names = relationNames(node);
	const [{ snapshots: known, views }, corrections] = await Promise.all([
		readRelations(ports, tenantId, names, request),
		names.length === 0 ? NO_CORRECTIONS : (ports.corrections?.() ?? NO_CORRECTIONS),
	]);
	const snapshots = new Map([...known].map(([name, snapshot]) => [name, withTailRowCount(snapshot, request.tailRowCounts)]));
	const isMissing = names.some((name) => !snapshots.has(name));
	const describesTables = [node, ...[...views.values()].map((view) => view.node)].some(readsSystemTables);
	const planned: PlanStatement = { nowMicroseconds: request.nowMicroseconds, timeZone: request.settings.timeZone ?? "UTC", parameters: [] };
	const statement = new StatementContext({
		source,
		isDefinition: "ViewStmt" in node,
		nesting,
		parameterValues: request.parameters,
		planStatement: planned,
		lookup: (name) => snapshots.get(name) ?? null,
		views,
		tableNames: isMissing ? await ports.catalog.tableNames(tenantId) : [],
		tableSchemas: describesTables ? await allTables(ports, tenantId) : [],
		evaluate: (expression) => ports.evaluate(expression, planned),
	});
	checkParameters(statement, node, request.parameters.length);
	const bound = bindStatement(statement, node);
	switch (bound.kind) {
		case "query":
			return { kind: "query", plan: planRows(ports, statement, bound, corrections).plan };
		case "insert": {
			const { plan, stored } = planRows(ports, statement, bound, corrections);
			return { kind: "insert", table: bound.schema, plan, stored };
		}
		case "create_table_as": {
			const { kind, definition, isEmpty, rows } = bound;
			return { kind, definition, isEmpty, plan: planRows(ports, statement, rows, corrections).plan };
		}
		case "explain": {
			const { plan } = planRows(ports, statement, bound.rows, corrections);
			const json = bound.format === "json" ? explainJson(plan) : null;
			return { kind: "explain", lines: explainText(plan), json, analyze: bound.analyze, plan };
		}
		case "create_table":
		case "create_view":
		case "drop_table":
		case "drop_view":
			return bound;
	}
}

/** @throws undefined_parameter (42P02) in a view, protocol_violation (08P01) for too few or too many */
function checkParameters(statement: StatementContext, node: ParsedStatement["node"], givenCount: number): void {
	const { count, first } = parametersOf(node);
	if (count > 0 && "ViewStmt" in node)
		throw statement.error("undefined_parameter", `there is no parameter $${first.number}`, first.location);
	if (count !== givenCount) {
		throw statement.error("protocol_violation", `the request supplies ${givenCount} parameters, but the statement requires ${count}`);
	}
}

/** Every table and view of the tenant, page by page; there are at most TABLE_COUNT_MAX. */
async function allTables({ catalog }: PlannerPorts, tenantId: TenantId): Promise<TableSchema[]> {
	const tables: TableSchema[] = [];
	let cursor: string | null = null;
	do {
		const page: TablePage = await catalog.listTables(tenantId, { limit: LIST_LIMIT_MAX, cursor, views: true });
		tables.push(...page.tables);
		cursor = page.nextCursor;
	} while (cursor !== null);
	return tables;
}

interface PlannedRows {
	plan: PhysicalPlan;
	/** The subplan of the plan whose rows an INSERT stores. */
	stored: number | null;
}

function planRows(ports: PlannerPorts, statement: StatementContext, bound: BoundRows, corrections: Corrections): PlannedRows {
	const { columns } = statement;
	const nowMs = ports.nowMs();
	const cardinality = new Cardinality(columns, statement.tables, (shape) => learnedFactor(corrections, shape, nowMs));
	const program = optimize(
		{ root: bound.operator, subplans: statement.subplans, stored: statement.storedRows?.subplan ?? null },
		{ columns, evaluate: statement.evaluate, cardinality, unsupported: (feature) => statement.unsupported(feature) },
		ports.pipeline,
	);
	const trees = [...program.subplans.map(({ operator }) => operator), program.root];
	const scans: LogicalScan[][] = statement.tables.map(() => []);
	for (const tree of trees) collectScans(tree, scans);
	const tables = statement.tables.map((snapshot, index) => pruneFiles(snapshot, scans[index] ?? []));
	const subplanTypes = program.subplans.map((subplan) => subplan.columns.map((id) => columns.get(id).type));
	const context: PhysicalContext = { columns, cardinality, tables, subplanTypes };
	const subplans = program.subplans.map((subplan) => planOrdered(subplan.operator, subplan.columns, context));
	const root = planOrdered(
		program.root,
		bound.columns.map(({ id }) => id),
		context,
	);
	const output = bound.columns.map(({ name, id }) => {
		const { type, nullable } = columns.get(id);
		return { name, type, nullable };
	});
	const totals = [...subplans, root].map((tree) => addUp(tree, tables)).reduce(sum);
	const plan: PhysicalPlan = {
		version: PLAN_VERSION,
		statement: statement.planStatement,
		tables,
		views: [...statement.expandedViews.values()],
		subplans,
		root,
		output,
		estimate: {
			rowCount: root.estimate.rowCount,
			byteCount: totals.byteCount,
			milliseconds: totals.milliseconds,
			dollars: REQUEST_DOLLARS + totals.dollars,
		},
	};
	return { plan, stored: program.stored };
}

function collectScans(node: LogicalOperator, scans: LogicalScan[][]): void {
	if (node.kind === "scan") scans[node.table]?.push(node);
	for (const input of logicalInputsOf(node)) collectScans(input, scans);
}

interface Totals {
	byteCount: number;
	milliseconds: number;
	dollars: number;
}

/** Bytes scanned, milliseconds and dollars of a whole tree. */
function addUp(node: PhysicalOperator, tables: PlanTable[]): Totals {
	const inputs = inputsOf(node).map((input) => addUp(input, tables));
	const { byteCount, milliseconds } = node.estimate;
	const own: Totals = {
		byteCount: node.kind === "scan" ? byteCount : 0,
		milliseconds,
		dollars: operatorDollars({ milliseconds, fileCount: scannedFileCount(node, tables) }),
	};
	return inputs.reduce(sum, own);
}

function sum(left: Totals, right: Totals): Totals {
	return {
		byteCount: left.byteCount + right.byteCount,
		milliseconds: left.milliseconds + right.milliseconds,
		dollars: left.dollars + right.dollars,
	};
}
