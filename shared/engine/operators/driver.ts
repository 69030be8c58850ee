/**
 * The one place of the engine that awaits. Pulls batches from the root, waits for I/O on "blocked", lets the event loop in when work is due, and
 * checks the abort signal at each of these: a chain of resolved promises alone would never let an abort in.
 */
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import type { Batch } from "../vector/batch.ts";
import type { ExecutionContext } from "./execution-context.ts";
import type { BatchSource } from "./source.ts";

/** What the driver needs of a context: work that is no query has a smaller one. */
export type DriverContext = Pick<ExecutionContext, "engine" | "signal" | "takePending" | "yieldDue" | "countYield"> &
	Partial<Pick<ExecutionContext, "spill">>;

/**
 * Runs a query. Each batch is valid until the generator is asked for the next one. The root is closed when the generator ends, throws or is
 * returned, and what was spilled is dropped; the lease stays the caller's to release.
 *
 * @throws query_canceled or query_timeout when the signal aborts; unavailable after a kernel trapped, whose arena is then poisoned; what operators raise
 */
export async function* run(root: BatchSource, context: DriverContext): AsyncGenerator<Batch, void, void> {
	try {
		for (;;) {
			throwIfAborted(context.signal);
			const batch = root.next();
			if (batch === null) return;
			if (batch === "blocked") await wait(context);
			else {
				yield batch;
				if (context.yieldDue) await letEventLoopIn(context);
			}
		}
	} catch (error) {
		throw asQueryError(error, context);
	} finally {
		closeQuietly(root, context);
		await context.spill?.close();
	}
}

async function wait(context: DriverContext): Promise<void> {
	const pending = context.takePending();
	if (pending.length === 0 || context.yieldDue) await letEventLoopIn(context);
	if (pending.length === 0) return;
	const { signal } = context;
	const aborted = Promise.withResolvers<void>();
	const onAbort = (): void => aborted.resolve();
	signal.addEventListener("abort", onAbort, { once: true });
	try {
		if (!signal.aborted) await Promise.race([...pending, aborted.promise]);
	} finally {
		signal.removeEventListener("abort", onAbort);
		// The losers of the race must not become unhandled rejections.
		for (const promise of pending) promise.catch(() => undefined);
	}
}

/**
 * workerd's timer of zero milliseconds, which takes 10 to 30 microseconds; in Node, where a timer takes a millisecond at least and none has that name, an immediate, which comes
 * after the timers that are due and after I/O.
 */
async function letEventLoopIn(context: DriverContext): Promise<void> {
	context.countYield();
	const { scheduler } = globalThis as { scheduler?: { wait?: (milliseconds: number) => Promise<void> } };
	if (scheduler?.wait) await scheduler.wait(0);
	else await new Promise((resolve) => setImmediate(resolve));
}

function throwIfAborted(signal: AbortSignal): void {
	if (signal.aborted) throw abortError(signal);
}

function abortError({ reason }: AbortSignal): LittoralError {
	if (isLittoralError(reason)) return reason;
	if (reason instanceof Error && reason.name === "TimeoutError") {
		return new LittoralError("query_timeout", "canceling statement due to statement timeout", { sqlstate: "57014" });
	}
	return new LittoralError("query_canceled", "canceling statement due to user request");
}

/** After a trap nothing in the memory can be trusted: the isolate replaces it, and this query can only be tried again. */
function asQueryError(error: unknown, context: DriverContext): unknown {
	// A source that looks at the signal itself raises its reason.
	if (context.signal.aborted && error === context.signal.reason) return abortError(context.signal);
	if (!(error instanceof WebAssembly.RuntimeError)) return error;
	context.engine.arena.poison();
	return new LittoralError("unavailable", "the query's memory was lost; try again", { retryAfterSeconds: 1 });
}

/** A source that fails to close must not hide the error that ended the query. */
function closeQuietly(root: BatchSource, context: DriverContext): void {
	try {
		root.close();
	} catch (error) {
		if (error instanceof WebAssembly.RuntimeError) context.engine.arena.poison();
	}
}
