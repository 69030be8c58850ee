/** Where a query puts what its memory does not hold, and what is under way there. Everything is dropped when the query ends, however it ends. */
import { isLittoralError, LittoralError } from "#shared/base/errors.ts";
import { SPILL_WRITES_IN_FLIGHT_MAX } from "#shared/base/limits.ts";

export interface SpillHandle {
	path: string;
	byteCount: number;
}

/** Blocks of bytes outside the isolate, of one query. A handle is good until it is dropped. */
export interface SpillStore {
	/** @param partition names the file that the block is of */
	write(partition: string, bytes: Uint8Array): Promise<SpillHandle>;
	read(handle: SpillHandle): Promise<Uint8Array>;
	drop(handles: SpillHandle[]): Promise<void>;
}

export class SpillSpace {
	readonly #store: SpillStore;
	readonly #writing = new Set<Promise<void>>();
	readonly #handles = new Set<SpillHandle>();
	#dropping: Promise<void> = Promise.resolve();
	#failure: unknown = null;
	#fileCount = 0;
	#closed = false;

	constructor(store: SpillStore) {
		this.#store = store;
	}

	nextFileName(): string {
		return String(this.#fileCount++);
	}

	/** What to wait for before more is written, or null. @throws unavailable once a write has failed */
	get congestion(): Promise<void> | null {
		if (this.#failure !== null) throw asSpillError(this.#failure, "written");
		return this.#writing.size < SPILL_WRITES_IN_FLIGHT_MAX ? null : Promise.race(this.#writing);
	}

	/** Starts a write. `done` is called with the handle; a failure is raised by whoever looks next. */
	write(partition: string, bytes: Uint8Array, done: (handle: SpillHandle) => void): void {
		const writing: Promise<void> = this.#store
			.write(partition, bytes)
			.then(
				(handle) => {
					this.#handles.add(handle);
					done(handle);
				},
				(error: unknown) => {
					this.#failure = error;
				},
			)
			.finally(() => this.#writing.delete(writing));
		this.#writing.add(writing);
	}

	async read(handle: SpillHandle): Promise<Uint8Array> {
		try {
			const bytes = await this.#store.read(handle);
			if (bytes.byteLength !== handle.byteCount) throw new Error("a spilled block has another length");
			return bytes;
		} catch (error) {
			throw asSpillError(error, "read");
		}
	}

	/** In the background: nobody waits for it but {@link close}, which drops again what was not dropped. */
	drop(handles: SpillHandle[]): void {
		const known = handles.filter((handle) => this.#handles.has(handle));
		if (known.length === 0 || this.#closed) return;
		this.#dropping = Promise.all([this.#dropping, this.#dropNow(known)]).then(() => undefined);
	}

	/** Waits for what is under way, then drops what is left. Never throws: what stays behind is garbage, and collected as such. */
	async close(): Promise<void> {
		this.#closed = true;
		await Promise.all([...this.#writing, this.#dropping]);
		await this.#dropNow([...this.#handles]);
	}

	async #dropNow(handles: SpillHandle[]): Promise<void> {
		if (handles.length === 0) return;
		try {
			await this.#store.drop(handles);
			for (const handle of handles) this.#handles.delete(handle);
		} catch {
			// Kept in the list: the end of the query tries once more.
		}
	}
}

function asSpillError(error: unknown, what: "written" | "read"): LittoralError {
	if (isLittoralError(error)) return error;
	return new LittoralError("unavailable", `rows of the query that its memory does not hold cannot be ${what}`, { retryAfterSeconds: 1 });
}
