/**
 * Which inner join first. Up to DYNAMIC_RELATION_COUNT_MAX relations: dynamic programming over sets, bushy trees included, joining connected sets only
 * (Selinger 1979; sets as bit masks). Above: greedily the pair with the smallest result. Relations that no condition connects are crossed last.
 *
 * The cost of a tree is the sum of the rows that its joins emit and that its build sides hold.
 */
import { assert } from "#shared/base/assert.ts";
import type { Expression } from "#shared/contracts/plan/expression.ts";
import { collectColumns, conjunction } from "../logical/expression.ts";
import { outputColumns } from "../logical/output.ts";
import type { LogicalOperator } from "../logical/plan.ts";
import type { Cardinality } from "../statistics/cardinality.ts";

const DYNAMIC_RELATION_COUNT_MAX = 10;
/** Relations that a set of bits holds; a larger join keeps the order it was written in. */
export const ORDERED_RELATION_COUNT_MAX = 30;

interface Candidate {
	/** Bit i: relation i is in it. */
	set: number;
	plan: LogicalOperator;
	rowCount: number;
	cost: number;
}

interface Condition {
	expression: Expression;
	set: number;
}

/** @returns a tree that joins all of `relations` under all of `conditions` */
export function chooseJoinOrder(relations: LogicalOperator[], conditions: Expression[], cardinality: Cardinality): LogicalOperator {
	const owners = new Map(relations.flatMap((relation, index) => outputColumns(relation).map((id) => [id, index] as const)));
	const placed = conditions.map((expression): Condition => {
		let set = 0;
		for (const id of collectColumns(expression)) set |= 1 << (owners.get(id) as number);
		return { expression, set };
	});
	const leaves = relations.map((relation, index): Candidate => {
		const set = 1 << index;
		const own = conjunction(placed.filter((condition) => condition.set === set).map((condition) => condition.expression));
		const plan: LogicalOperator = own === null ? relation : { kind: "filter", input: relation, predicate: own };
		return { set, plan, rowCount: cardinality.rowCount(plan), cost: 0 };
	});
	const combine = (left: Candidate, right: Candidate): Candidate => {
		const set = left.set | right.set;
		const own = placed.filter(
			(condition) => (condition.set & ~set) === 0 && (condition.set & ~left.set) !== 0 && (condition.set & ~right.set) !== 0,
		);
		const plan: LogicalOperator = {
			kind: "join",
			join: "inner",
			left: left.plan,
			right: right.plan,
			condition: conjunction(own.map((condition) => condition.expression)),
		};
		const rowCount = cardinality.joinRowCount(plan, left.rowCount, right.rowCount);
		return { set, plan, rowCount, cost: left.cost + right.cost + rowCount + Math.min(left.rowCount, right.rowCount) };
	};
	const connected = (left: Candidate, right: Candidate) =>
		placed.some(
			(condition) =>
				(condition.set & left.set) !== 0 && (condition.set & right.set) !== 0 && (condition.set & ~(left.set | right.set)) === 0,
		);
	const components =
		relations.length <= DYNAMIC_RELATION_COUNT_MAX ? dynamic(leaves, combine, connected) : greedy(leaves, combine, connected);
	components.sort((left, right) => left.rowCount - right.rowCount);
	const result = components.reduce(combine);
	const loose = conjunction(placed.filter((condition) => condition.set === 0).map((condition) => condition.expression));
	return loose === null ? result.plan : { kind: "filter", input: result.plan, predicate: loose };
}

type Combine = (left: Candidate, right: Candidate) => Candidate;
type Connected = (left: Candidate, right: Candidate) => boolean;

/** @returns the best plan of each connected component */
function dynamic(leaves: Candidate[], combine: Combine, connected: Connected): Candidate[] {
	const best = new Map(leaves.map((leaf) => [leaf.set, leaf]));
	const bySize: Candidate[][] = [[], leaves];
	for (let size = 2; size <= leaves.length; size++) {
		const found = new Map<number, Candidate>();
		for (let leftSize = 1; leftSize <= size / 2; leftSize++) {
			for (const left of bySize[leftSize] ?? []) {
				for (const right of bySize[size - leftSize] ?? []) {
					if ((left.set & right.set) !== 0 || !connected(left, right)) continue;
					const candidate = combine(left, right);
					const known = found.get(candidate.set);
					if (known === undefined || candidate.cost < known.cost) found.set(candidate.set, candidate);
				}
			}
		}
		for (const [set, candidate] of found) best.set(set, candidate);
		bySize.push([...found.values()]);
	}
	// Largest sets first; each relation belongs to the first set that has it.
	const components: Candidate[] = [];
	let covered = 0;
	for (const candidate of [...best.values()].sort((left, right) => bitCount(right.set) - bitCount(left.set))) {
		if ((candidate.set & covered) !== 0) continue;
		components.push(candidate);
		covered |= candidate.set;
	}
	return components;
}

function greedy(leaves: Candidate[], combine: Combine, connected: Connected): Candidate[] {
	let open = [...leaves];
	for (;;) {
		let choice: { left: Candidate; right: Candidate; joined: Candidate } | null = null;
		for (const [index, left] of open.entries()) {
			for (const right of open.slice(index + 1)) {
				if (!connected(left, right)) continue;
				const joined = combine(left, right);
				if (choice === null || joined.rowCount < choice.joined.rowCount) choice = { left, right, joined };
			}
		}
		if (choice === null) return open;
		const { left, right, joined } = choice;
		open = [...open.filter((candidate) => candidate !== left && candidate !== right), joined];
		assert(open.length > 0, "joining two relations leaves one");
	}
}

function bitCount(set: number): number {
	let count = 0;
	for (let rest = set; rest !== 0; rest &= rest - 1) count++;
	return count;
}
