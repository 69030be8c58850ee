/** A physical operator as EXPLAIN shows it: a title, its properties, and the names of its output columns. Text and JSON are made from this. */
import { unreachable } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import type { Estimate, JoinKind, PhysicalOperator, PhysicalPlan } from "#shared/contracts/plan/physical.ts";
import { scannedFileCount } from "./operator-cost.ts";
import { deparse, deparseAggregate, deparseSortKey, deparseWindowCall } from "./deparse.ts";

/** What an operator did in a run; the engine's `OperatorStatistics`. */
export interface Actual {
	loops: number;
	rows: number;
	batches: number;
	workUnits: number;
	startupMs: number;
	totalMs: number;
	arenaPeakBytes: number;
	spilledBytes: number;
	/** Of files and tails, read by the operator itself. */
	bytesScanned: number;
}

export interface Description {
	title: string;
	properties: [name: string, value: string | number][];
	estimate: Estimate;
	/** Data files that the operator reads itself. */
	fileCount: number;
	inputs: Description[];
	/** Absent where the plan has not run. */
	actual?: Actual;
	/** Of the output columns. */
	names: string[];
}

const JOIN_TITLES: Record<JoinKind, { hash: string; nestedLoop: string }> = {
	inner: { hash: "Hash Join", nestedLoop: "Nested Loop" },
	left: { hash: "Hash Left Join", nestedLoop: "Nested Loop Left Join" },
	right: { hash: "Hash Right Join", nestedLoop: "Nested Loop Right Join" },
	full: { hash: "Hash Full Join", nestedLoop: "Nested Loop Full Join" },
	semi: { hash: "Hash Semi Join", nestedLoop: "Nested Loop Semi Join" },
	anti: { hash: "Hash Anti Join", nestedLoop: "Nested Loop Anti Join" },
	right_semi: { hash: "Hash Right Semi Join", nestedLoop: "Nested Loop Right Semi Join" },
	right_anti: { hash: "Hash Right Anti Join", nestedLoop: "Nested Loop Right Anti Join" },
	mark: { hash: "Hash Mark Join", nestedLoop: "Nested Loop Mark Join" },
	single: { hash: "Hash Single Join", nestedLoop: "Nested Loop Single Join" },
};

/**
 * The plan's tree and those of its subplans.
 *
 * @param actuals what each operator did: the root's first, inputs behind their operator, then the subplans'
 */
export function describePlan(plan: PhysicalPlan, actuals?: readonly Actual[]): { root: Description; subplans: Description[] } {
	const described = { root: describe(plan.root, plan), subplans: plan.subplans.map((subplan) => describe(subplan, plan)) };
	let next = 0;
	const assign = (node: Description): void => {
		const actual = actuals?.[next++];
		if (actual !== undefined) node.actual = actual;
		for (const input of node.inputs) assign(input);
	};
	for (const tree of [described.root, ...described.subplans]) assign(tree);
	return described;
}

function describe(node: PhysicalOperator, plan: PhysicalPlan): Description {
	const described = { ...describeOperator(node, plan), fileCount: scannedFileCount(node, plan.tables) };
	const { learned } = node.estimate;
	if (learned !== undefined) described.properties = [...described.properties, ["Learned", `rows x ${learned.toPrecision(3)}`]];
	return described;
}

function describeOperator(node: PhysicalOperator, plan: PhysicalPlan): Omit<Description, "fileCount"> {
	const { estimate } = node;
	const of = (input: PhysicalOperator) => describe(input, plan);
	switch (node.kind) {
		case "scan":
			return describeScan(node, plan);
		case "values": {
			const names = node.types.map((_, index) => `column${index + 1}`);
			return { title: "Values", properties: [["Row Count", node.rows.length]], estimate, inputs: [], names };
		}
		case "filter": {
			const input = of(node.input);
			return {
				title: "Filter",
				properties: [["Condition", deparse(node.predicate, input.names)]],
				estimate,
				inputs: [input],
				names: input.names,
			};
		}
		case "project": {
			const input = of(node.input);
			const names = node.expressions.map((expression) => deparse(expression, input.names));
			return { title: "Project", properties: [["Output", names.join(", ")]], estimate, inputs: [input], names };
		}
		case "hash_join": {
			const probe = of(node.probe);
			const build = of(node.build);
			const names = [...probe.names, ...build.names];
			const keys = node.probeKeys.map((key, index) => {
				const buildKey = node.buildKeys[index];
				return `(${deparse(key, probe.names)} = ${buildKey === undefined ? "" : deparse(buildKey, build.names)})`;
			});
			const properties: Description["properties"] = [["Hash Condition", keys.join(" AND ")]];
			if (node.residual !== null) properties.push(["Join Filter", deparse(node.residual, names)]);
			return {
				title: JOIN_TITLES[node.join].hash,
				properties,
				estimate,
				inputs: [probe, build],
				names: joinedNames(node.join, probe, build),
			};
		}
		case "nested_loop_join": {
			const probe = of(node.probe);
			const build = of(node.build);
			const names = [...probe.names, ...build.names];
			const properties: Description["properties"] = node.condition === null ? [] : [["Join Filter", deparse(node.condition, names)]];
			return {
				title: JOIN_TITLES[node.join].nestedLoop,
				properties,
				estimate,
				inputs: [probe, build],
				names: joinedNames(node.join, probe, build),
			};
		}
		case "hash_aggregate": {
			const input = of(node.input);
			const groups = node.groupKeys.map((key) => deparse(key, input.names));
			const aggregates = node.aggregates.map((call) => deparseAggregate(call, input.names));
			const properties: Description["properties"] = [];
			if (groups.length > 0) properties.push(["Group Key", groups.join(", ")]);
			if (aggregates.length > 0) properties.push(["Aggregates", aggregates.join(", ")]);
			if (node.wanted !== undefined) {
				const { groupCount, order } = node.wanted;
				const keys = order.map(({ key, ...rest }) =>
					deparseSortKey({ ...rest, expression: node.groupKeys[key] as Expression }, input.names),
				);
				properties.push(["Group Limit", groupCount]);
				if (keys.length > 0) properties.push(["Group Limit Key", keys.join(", ")]);
			}
			return {
				title: groups.length > 0 ? "Hash Aggregate" : "Aggregate",
				properties,
				estimate,
				inputs: [input],
				names: [...groups, ...aggregates],
			};
		}
		case "sort":
		case "top_n": {
			const input = of(node.input);
			const properties: Description["properties"] = [["Sort Key", node.keys.map((key) => deparseSortKey(key, input.names)).join(", ")]];
			if (node.kind === "top_n") properties.push(["Limit", node.limit], ...offsetOf(node.offset));
			return { title: node.kind === "sort" ? "Sort" : "Top-N", properties, estimate, inputs: [input], names: input.names };
		}
		case "limit": {
			const input = of(node.input);
			const properties: Description["properties"] = node.limit === null ? [] : [["Limit", node.limit]];
			return { title: "Limit", properties: [...properties, ...offsetOf(node.offset)], estimate, inputs: [input], names: input.names };
		}
		case "exchange": {
			const input = of(node.input);
			return { title: "Exchange", properties: [["Mode", node.mode]], estimate, inputs: [input], names: input.names };
		}
		case "union_all": {
			const inputs = node.inputs.map(of);
			return { title: "Append", properties: [], estimate, inputs, names: inputs[0]?.names ?? [] };
		}
		case "set_operation": {
			const inputs = [of(node.left), of(node.right)];
			const title = `Hash ${node.operation === "intersect" ? "Intersect" : "Except"}${node.all ? " All" : ""}`;
			return { title, properties: [], estimate, inputs, names: inputs[0]?.names ?? [] };
		}
		case "expand": {
			const input = of(node.input);
			const [first = []] = node.projections;
			const names = first.map((_, column) => {
				const shown = node.projections.map((projection) => projection[column]).find((expression) => expression?.kind !== "constant");
				return shown === undefined ? `column${column + 1}` : deparse(shown, input.names);
			});
			return { title: "Expand", properties: [["Projections", node.projections.length]], estimate, inputs: [input], names };
		}
		case "window": {
			const input = of(node.input);
			const partition = node.partitionKeys.map((key) => deparse(key, input.names)).join(", ");
			const order = node.orderKeys.map((key) => deparseSortKey(key, input.names)).join(", ");
			const calls = node.calls.map((call) => deparseWindowCall(call, input.names));
			const properties: Description["properties"] = [];
			if (partition !== "") properties.push(["Partition Key", partition]);
			if (order !== "") properties.push(["Order Key", order]);
			properties.push(["Functions", calls.join(", ")]);
			return { title: "Window", properties, estimate, inputs: [input], names: [...input.names, ...calls] };
		}
		case "table_function": {
			const input = of(node.input);
			const calls = node.functions.map(({ functionId, arguments: list }) =>
				deparse({ kind: "call", functionId, arguments: list, type: { kind: "boolean" } }, input.names),
			);
			const made = node.functions.flatMap(({ types }, index) =>
				types.map((_, column) => (types.length === 1 ? (calls[index] ?? "") : `${calls[index]}.${column + 1}`)),
			);
			const names = [...input.names, ...made, ...(node.ordinality ? ["ordinality"] : [])];
			return { title: "Table Function", properties: [["Call", calls.join(", ")]], estimate, inputs: [input], names };
		}
		case "subplan_scan": {
			const names = node.types.map((_, index) => `column${index + 1}`);
			return { title: `Subplan Scan on subplan ${node.subplan + 1}`, properties: [], estimate, inputs: [], names };
		}
		case "worktable_scan": {
			const names = node.types.map((_, index) => `column${index + 1}`);
			return { title: `Worktable Scan on worktable ${node.worktable + 1}`, properties: [], estimate, inputs: [], names };
		}
		case "recursive_union": {
			const inputs = [of(node.seed), of(node.step)];
			const properties: Description["properties"] = [["Worktable", node.worktable + 1]];
			return {
				title: node.distinct ? "Recursive Union" : "Recursive Union All",
				properties,
				estimate,
				inputs,
				names: inputs[0]?.names ?? [],
			};
		}
		default:
			return unreachable(node);
	}
}

function joinedNames(join: JoinKind, probe: Description, build: Description): string[] {
	if (join === "semi" || join === "anti") return probe.names;
	if (join === "right_semi" || join === "right_anti") return build.names;
	return join === "mark" ? [...probe.names, "mark"] : [...probe.names, ...build.names];
}

function offsetOf(offset: number): Description["properties"] {
	return offset === 0 ? [] : [["Offset", offset]];
}

function describeScan(node: Extract<PhysicalOperator, { kind: "scan" }>, plan: PhysicalPlan): Omit<Description, "fileCount"> {
	const table = plan.tables[node.table];
	const names = node.columns.map((fieldId) => table?.schema.columns.find((column) => column.fieldId === fieldId)?.name ?? `#${fieldId}`);
	const fileCount = table?.pages.reduce((sum, page) => sum + page.fileCount, 0) ?? 0;
	const pruned = table?.filesPruned ?? 0;
	const properties: Description["properties"] = [];
	if (names.length > 0) properties.push(["Columns", names.join(", ")]);
	if (node.predicate !== null) properties.push(["Filter", deparse(node.predicate, names)]);
	properties.push(["Files", `${fileCount} of ${fileCount + pruned}${pruned > 0 ? ` (${pruned} pruned)` : ""}`]);
	return { title: `Scan on ${table?.schema.name ?? "?"}`, properties, estimate: node.estimate, inputs: [], names };
}
