/**
 * What a run teaches the optimizer: of each operator whose estimate has a shape, how far the estimate was off by itself, the errors of its inputs taken out. Pure.
 *
 * Only what ran to its end counts: an operator below a LIMIT, or on the side of a join that was not needed, has seen less than there is. So has
 * what lies between a join and the scans of which its keys dropped rows; what a scan's predicate alone left is known.
 */
import { LEARNED_FACTOR_MIN, OBSERVATION_COUNT_MAX } from "#shared/base/limits.ts";
import type { PhysicalOperator } from "#shared/contracts/plan/physical.ts";
import type { Observation } from "#shared/contracts/rpc.ts";
import type { MeasuredNode } from "#shared/engine/operators/build.ts";

/** @returns those that are off by LEARNED_FACTOR_MIN at least, the furthest first */
export function observationsOf(nodes: readonly MeasuredNode[]): Observation[] {
	const measured: Measured = new Map(nodes.filter(({ isKeyFiltered }) => !isKeyFiltered).map((one) => [one.node, one]));
	const found: Observation[] = [];
	for (const { node } of nodes) {
		const { shape, shapeRowCount, learned = 1 } = node.estimate;
		if (shape === undefined || shapeRowCount === undefined) continue;
		const logRatio = ownError(node, measured);
		if (logRatio === null || Math.abs(logRatio) < Math.log(LEARNED_FACTOR_MIN)) continue;
		found.push({ shape, logRatio, learned, rowCount: shapeRowCount });
	}
	return found.sort((left, right) => Math.abs(right.logRatio) - Math.abs(left.logRatio)).slice(0, OBSERVATION_COUNT_MAX);
}

type Measured = ReadonlyMap<PhysicalOperator, Pick<MeasuredNode, "statistics" | "droppedByKeysCount">>;

/** Null where it cannot be told from that of the inputs. */
function ownError(node: PhysicalOperator, measured: Measured): number | null {
	const error = errorOf(node, measured);
	if (error === null) return null;
	switch (node.kind) {
		case "scan":
			return error;
		case "filter":
			return without(error, [node.input], measured);
		case "hash_join":
		case "nested_loop_join":
			if (node.join === "inner") return without(error, [node.probe, node.build], measured);
			if (node.join === "semi") return without(error, [node.probe], measured);
			return node.join === "right_semi" ? without(error, [node.build], measured) : null;
		case "hash_aggregate": {
			// Groups do not grow with rows: where the rows were wrong, nothing is said of the groups.
			const input = errorOf(node.input, measured);
			return input !== null && Math.abs(input) < Math.log(LEARNED_FACTOR_MIN) ? error : null;
		}
		default:
			return null;
	}
}

function without(error: number, inputs: readonly PhysicalOperator[], measured: Measured): number | null {
	let own = error;
	for (const input of inputs) {
		const inner = errorOf(input, measured);
		if (inner === null) return null;
		own -= inner;
	}
	return own;
}

/** Natural logarithm of true rows by estimated ones; a row more each, so that none is not infinitely few. */
function errorOf(node: PhysicalOperator, measured: Measured): number | null {
	const found = measured.get(node);
	if (found === undefined || !found.statistics.ended || found.statistics.loops !== 1) return null;
	return Math.log((found.statistics.rows + found.droppedByKeysCount + 1) / (node.estimate.rowCount + 1));
}
