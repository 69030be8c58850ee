/**
 * Small neighbouring batches of a tail as few large ones: the same rows in the same order. Thousands of appends of one row would else cost every query a decode
 * each, and a header of some hundred bytes.
 */
import { isLittoralError } from "#shared/base/errors.ts";
import type { TenantId } from "#shared/base/ids.ts";
import { BATCH_ROW_COUNT_MAX } from "#shared/base/limits.ts";
import { decodeBatch, readHeader } from "#shared/engine/codec/decode.ts";
import { encodeBatch } from "#shared/engine/codec/encode.ts";
import type { ExecutionContext } from "#shared/engine/operators/execution-context.ts";
import { BatchBuilder } from "#shared/engine/vector/builder.ts";
import { readRows } from "#shared/engine/vector/read.ts";
import { engineSession } from "../engine-session.ts";

/** A batch of more rows is left as it is: merged blocks are merged again. */
const SMALL_ROW_COUNT_MAX = BATCH_ROW_COUNT_MAX / 2;

/** Batches that become one. */
interface Run {
	batches: Uint8Array[];
	rowCount: number;
	/** Schema version and field ids, which all have in common. */
	shape: string;
}

/** @returns the batches themselves where they cannot be read, or memory is short: merging never has to succeed */
export function mergeBatches(tenantId: TenantId, batches: Uint8Array[]): Uint8Array[] {
	const session = engineSession({ tenantId, tables: [] });
	try {
		return runsOf(batches).map((run) => (run.batches.length === 1 ? (run.batches[0] as Uint8Array) : mergeRun(session.context, run)));
	} catch (error) {
		const isTrap = error instanceof WebAssembly.RuntimeError;
		if (isTrap) session.context.engine.arena.poison();
		else if (!isLittoralError(error)) throw error;
		return batches;
	} finally {
		session.close();
	}
}

function runsOf(batches: Uint8Array[]): Run[] {
	const runs: Run[] = [];
	for (const bytes of batches) {
		const { rowCount, schemaVersion, fieldIds } = readHeader(bytes);
		const shape = `${schemaVersion}:${fieldIds.join()}`;
		const last = runs.at(-1);
		const joins = last !== undefined && last.shape === shape && last.rowCount + rowCount <= BATCH_ROW_COUNT_MAX;
		// The first of a run is checked when the second comes.
		if (joins && rowCount <= SMALL_ROW_COUNT_MAX && (last.batches.length > 1 || last.rowCount <= SMALL_ROW_COUNT_MAX)) {
			last.batches.push(bytes);
			last.rowCount += rowCount;
		} else runs.push({ batches: [bytes], rowCount, shape });
	}
	return runs;
}

function mergeRun({ engine, lease }: ExecutionContext, { batches, rowCount }: Run): Uint8Array {
	const [output, input] = [lease.region(), lease.region()];
	try {
		let builder: BatchBuilder | null = null;
		let options = { schemaVersion: 0, fieldIds: [] as number[] };
		for (const bytes of batches) {
			input.reset();
			const { batch, schemaVersion, fieldIds } = decodeBatch(engine, bytes, input);
			builder ??= new BatchBuilder(
				engine,
				output,
				batch.columns.map(({ type }) => type),
				rowCount,
			);
			options = { schemaVersion, fieldIds };
			for (const row of readRows(engine, batch)) builder.appendRow(row);
		}
		return encodeBatch(engine, (builder as BatchBuilder).finish(), options);
	} finally {
		input.free();
		output.free();
	}
}
