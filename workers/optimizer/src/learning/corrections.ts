/**
 * What runs have taught: by how much the estimate of a shape must be multiplied. A run moves the correction half of the way (in logarithms) to what it found, so that after three
 * runs an eighth of the error is left, and an exception is soon forgotten. It fades with time, and as the tables change.
 */
import { LEARNED_HALF_LIFE_MS } from "#shared/base/limits.ts";
import type { Observation } from "#shared/contracts/rpc.ts";
import type { Shape } from "./shape.ts";

/** Part of the way to what a run found. */
const STEP = 0.5;
/** A factor beyond it is an accident. */
const LOG_FACTOR_MAX = Math.log(1e6);

export interface Correction {
	/** Natural logarithm of the factor, as it was when learnt. */
	logFactor: number;
	/** Of the shape's tables, when learnt. */
	rowCount: number;
	updatedAtMs: number;
}

/** By id of the shape. */
export type Corrections = ReadonlyMap<string, Correction>;
export const NO_CORRECTIONS: Corrections = new Map();

/** @returns what to multiply the estimate of rows by; 1 where nothing is known */
export function learnedFactor(corrections: Corrections, shape: Shape | null, nowMs: number): number {
	const known = shape === null ? undefined : corrections.get(shape.id);
	if (known === undefined || shape === null) return 1;
	const age = Math.max(0, nowMs - known.updatedAtMs) / LEARNED_HALF_LIFE_MS;
	const similar = Math.min(known.rowCount, shape.rowCount) / Math.max(known.rowCount, shape.rowCount, 1);
	return Math.exp(known.logFactor * 2 ** -age * similar);
}

/** The correction after a run of a plan that was already corrected by `observation.learned`. */
export function corrected({ learned, logRatio, rowCount }: Observation, nowMs: number): Correction {
	const moved = Math.log(learned) + STEP * logRatio;
	return { logFactor: Math.max(-LOG_FACTOR_MAX, Math.min(LOG_FACTOR_MAX, moved)), rowCount, updatedAtMs: nowMs };
}

/** Of what came over RPC: what is no observation is left out. */
export function isObservation({ shape, learned, logRatio, rowCount }: Observation): boolean {
	return /^[a-z]+-[0-9a-f]{16}$/.test(shape) && learned > 0 && Number.isFinite(learned) && Number.isFinite(logRatio) && rowCount > 0;
}
