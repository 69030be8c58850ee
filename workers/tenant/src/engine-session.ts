/** A statement's hold on the isolate's engine: a lease and an execution context, and for queries a place among those running; all given back at the end. */
import type { TenantId } from "#shared/base/ids.ts";
import { QUERY_ARENA_BYTES_MAX } from "#shared/base/limits.ts";
import type { PlanStatement, PlanTable } from "#shared/contracts/plan/physical.ts";
import { compileExpression } from "#shared/engine/expression/compile.ts";
import { compilePredicate } from "#shared/engine/expression/predicate.ts";
import { isolateEngine } from "#shared/engine/kernels/kernels.ts";
import { Lease } from "#shared/engine/memory/lease.ts";
import { ExecutionContext, type TestModes } from "#shared/engine/operators/execution-context.ts";
import type { SpillStore } from "#shared/engine/operators/spill/spill-space.ts";
import { admit } from "./admission.ts";

export interface EngineSession {
	context: ExecutionContext;
	/** Returns every page; may be called twice. */
	close(): void;
}

let testModes = (): TestModes => ({});

/** For tests: asked at the start of every session. */
export function installTestModes(modes: () => TestModes): void {
	testModes = modes;
}

interface SessionOptions {
	tenantId: TenantId;
	statement?: PlanStatement;
	/** That the plan's scans name. */
	tables: PlanTable[];
	signal?: AbortSignal;
	memoryBytes?: number | undefined;
	bytesScanned?: number | undefined;
	/** For what the memory does not hold. */
	spill?: SpillStore;
}

/** Of work that is no SQL statement: sorting a flush. */
const NO_STATEMENT: PlanStatement = { nowMicroseconds: 0n, timeZone: "UTC", parameters: [] };

/** Without admission: for work that holds up none, and fails with `overloaded` when memory is short. */
export function engineSession(options: SessionOptions): EngineSession {
	const engine = isolateEngine();
	const byteCountMax = Math.min(options.memoryBytes ?? QUERY_ARENA_BYTES_MAX, QUERY_ARENA_BYTES_MAX);
	const lease = new Lease(engine.arena, { owner: options.tenantId, byteCountMax });
	const context = new ExecutionContext({
		engine,
		lease,
		statement: options.statement ?? NO_STATEMENT,
		tables: options.tables,
		signal: options.signal ?? new AbortController().signal,
		evaluator: { compileExpression, compilePredicate },
		nowMs: () => Date.now(),
		...(options.spill === undefined ? {} : { spill: options.spill }),
		testModes: testModes(),
		limits: options.bytesScanned === undefined ? {} : { bytesScanned: options.bytesScanned },
	});
	return { context, close: () => lease.release() };
}

/** @throws overloaded */
export async function admittedSession(options: SessionOptions & { signal: AbortSignal }): Promise<EngineSession> {
	const leave = await admit(options.signal);
	const session = engineSession(options);
	return {
		context: session.context,
		close: () => {
			session.close();
			leave();
		},
	};
}
