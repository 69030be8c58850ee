/**
 * A query under way, as the stream of its batches: holds the engine session, keeps the statement's time, counts the result's rows, and gives everything back when
 * it ends, fails, is cancelled, or outlives QUERY_LIFETIME_MS_MAX because its client reads too slowly.
 */
import { LittoralError } from "#shared/base/errors.ts";
import { QUERY_LIFETIME_MS_MAX, QUERY_ROW_LIMIT_MAX, QUERY_TIMEOUT_MS } from "#shared/base/limits.ts";
import type { QuerySettings } from "#shared/contracts/rpc.ts";
import type { Batch } from "#shared/engine/vector/batch.ts";

/** When a statement must end; made before it is planned. */
export class StatementClock {
	readonly #abort = new AbortController();
	readonly #timeoutMs: number;
	readonly #now: () => number;
	/** Time spent working: not while the client reads. */
	#workedMs = 0;
	readonly startedAtMs: number;

	constructor(settings: QuerySettings, now: () => number) {
		this.#timeoutMs = Math.min(settings.timeoutMs ?? QUERY_TIMEOUT_MS, QUERY_TIMEOUT_MS);
		this.#now = now;
		this.startedAtMs = now();
	}

	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	get elapsedMs(): number {
		return this.#now() - this.startedAtMs;
	}

	abort(reason: LittoralError): void {
		this.#abort.abort(reason);
	}

	/** Runs a piece of the statement's work against its time. @throws query_timeout (57014) */
	async timed<Result>(work: () => Promise<Result>): Promise<Result> {
		const startedAtMs = this.#now();
		const timer = setTimeout(() => this.abort(timedOut()), Math.max(0, this.#timeoutMs - this.#workedMs));
		const aborted = Promise.withResolvers<never>();
		const onAbort = () => aborted.reject(this.signal.reason);
		this.signal.addEventListener("abort", onAbort, { once: true });
		aborted.promise.catch(() => {});
		try {
			this.signal.throwIfAborted();
			return await Promise.race([work(), aborted.promise]);
		} finally {
			clearTimeout(timer);
			this.signal.removeEventListener("abort", onAbort);
			this.#workedMs += this.#now() - startedAtMs;
		}
	}
}

export class RunningQuery implements AsyncIterableIterator<Batch, void, void> {
	readonly #batches: AsyncGenerator<Batch, void, void>;
	readonly #clock: StatementClock;
	readonly #rowLimit: number;
	readonly #release: () => void;
	readonly #lifetime: ReturnType<typeof setTimeout>;
	#rowCount = 0;
	#ended = false;

	/** @param query.release called once, whatever happens */
	constructor(query: {
		batches: AsyncGenerator<Batch, void, void>;
		clock: StatementClock;
		settings: QuerySettings;
		release: () => void;
	}) {
		this.#batches = query.batches;
		this.#clock = query.clock;
		this.#rowLimit = Math.min(query.settings.rowLimit ?? QUERY_ROW_LIMIT_MAX, QUERY_ROW_LIMIT_MAX);
		this.#release = query.release;
		const leftMs = Math.max(0, QUERY_LIFETIME_MS_MAX - query.clock.elapsedMs);
		this.#lifetime = setTimeout(() => void this.#end(timedOut()), leftMs);
	}

	async next(): Promise<IteratorResult<Batch, void>> {
		try {
			const next = await this.#clock.timed(() => this.#batches.next());
			if (next.done === true) await this.#end(null);
			else this.#count(next.value.selectedCount);
			return next;
		} catch (error) {
			await this.#end(null);
			throw error;
		}
	}

	/** The client went away, or the result ended with an error. */
	async return(): Promise<IteratorResult<Batch, void>> {
		await this.#end(new LittoralError("query_canceled", "canceling statement due to user request"));
		return { done: true, value: undefined };
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	#count(rowCount: number): void {
		this.#rowCount += rowCount;
		if (this.#rowCount <= this.#rowLimit) return;
		throw new LittoralError("resource_exhausted", `the result has more than its limit of ${this.#rowLimit} rows`, { sqlstate: "54000" });
	}

	async #end(reason: LittoralError | null): Promise<void> {
		if (this.#ended) return;
		this.#ended = true;
		clearTimeout(this.#lifetime);
		if (reason !== null) this.#clock.abort(reason);
		try {
			await this.#batches.return();
		} finally {
			this.#release();
		}
	}
}

function timedOut(): LittoralError {
	return new LittoralError("query_timeout", "canceling statement due to statement timeout", { sqlstate: "57014" });
}
