/**
 * Writers that repeat until they are acknowledged, and readers that check against what was acknowledged (invariants W1, W2, W3, Q1, Q2).
 *
 * Each append is of one writer and has a number, an idempotency key and rows whose count and sum are known. A reader notes what was acknowledged
 * before it begins: it must see at least that, whole appends only, and nothing twice.
 */
import { answeredWithin } from "../../shared/base/answered-within.ts";
import { isLittoralError } from "../../shared/base/errors.ts";
import { ApiError, type LittoralClient } from "../../scripts/client.ts";

export const CREATE_LOG = "CREATE TABLE log (writer INTEGER, number INTEGER, part INTEGER, pad TEXT) WITH (sort_key = 'writer, number')";
const CHECK = "SELECT writer, number, count(*), sum(part), max(length(pad)) FROM log GROUP BY writer, number";
const SMALL_ROW_COUNT = 3;
/** Above APPEND_BYTES_MAX with the padding below, so that it goes the bulk way. */
const BULK_ROW_COUNT = 9000;
const BULK_PAD = "p".repeat(1000);

/** Everything is answered, or refused, by then: above the limits of the system's own calls, below the test's. */
export const ANSWER_MS_MAX = 100_000;

export const pause = async (ms: number): Promise<void> => await new Promise((wake) => setTimeout(wake, ms));

interface Append {
	id: string;
	rowCount: number;
	body: string;
	contentType: string;
}

export class Workload {
	/** Rows by append that some writer was told to be in. */
	readonly acknowledged = new Map<string, number>();
	/** Rows by append that was sent at all. */
	readonly attempted = new Map<string, number>();
	readonly problems: string[] = [];
	/** Queries that were answered and checked. */
	readCount = 0;
	/** Calls that failed and were sent again. */
	repeatCount = 0;
	readonly #client: LittoralClient;
	#stopped = false;

	constructor(client: LittoralClient) {
		this.#client = client;
	}

	/** Writers finish what they have begun; readers end. */
	stop(): void {
		this.#stopped = true;
	}

	async writeSmall(writer: number, goesOn: () => boolean = () => !this.#stopped): Promise<void> {
		for (let number = 0; goesOn(); number++) await this.#untilAcknowledged(smallAppend(writer, number));
	}

	async writeBulk(writer: number): Promise<void> {
		for (let number = 0; !this.#stopped; number++) {
			await this.#untilAcknowledged(bulkAppend(writer, number));
			await pause(500);
		}
	}

	/** Each append in `copyCount` parallel copies, of which at most one may be told that it was the first. */
	async writeCopies(writer: number, copyCount: number): Promise<void> {
		for (let number = 0; !this.#stopped; number++) {
			const append = smallAppend(writer, number);
			const copies = await Promise.all(Array.from({ length: copyCount }, () => this.#untilAcknowledged(append)));
			const firstCount = copies.filter((copy) => !copy.duplicate).length;
			if (firstCount > 1) this.problems.push(`append ${append.id} was new to ${firstCount} of ${copyCount} copies`);
		}
	}

	async #untilAcknowledged(append: Append): Promise<{ duplicate: boolean }> {
		const { id, rowCount } = append;
		this.attempted.set(id, rowCount);
		for (const startMs = performance.now(); performance.now() - startMs < ANSWER_MS_MAX; ) {
			const answer = await this.#repeatable(`append ${id}`, () =>
				this.#client.append("log", append.body, append.contentType, { "Idempotency-Key": id }),
			);
			if (answer === null) {
				await pause(50);
				continue;
			}
			if (answer.accepted !== rowCount) this.problems.push(`append ${id} of ${rowCount} rows accepted ${answer.accepted}`);
			this.acknowledged.set(id, rowCount);
			return answer;
		}
		throw new Error(`append ${id} is never acknowledged`);
	}

	/** @returns null when the call may be sent again: its outcome is unknown, or the system says so */
	async #repeatable<Answer>(name: string, call: () => Promise<Answer>): Promise<Answer | null> {
		try {
			return await answeredWithin(ANSWER_MS_MAX, name, call());
		} catch (error) {
			if (isLittoralError(error)) throw error;
			this.repeatCount++;
			if (error instanceof ApiError && ![429, 503].includes(error.problem.status) && error.problem.code !== "in_progress") {
				this.problems.push(`${name}: ${error.message}`);
			}
			return null;
		}
	}

	async read(pauseMs: number): Promise<void> {
		while (!this.#stopped) {
			await this.readOnce();
			await pause(pauseMs);
		}
	}

	/** @returns whether the query was answered */
	async readOnce(): Promise<boolean> {
		const before = [...this.acknowledged.keys()];
		const answer = await this.#repeatable("a query", () => this.#client.query(CHECK));
		if (answer === null) return false;
		this.readCount++;
		this.#check(before, answer.rows as [number, number, number, number, number][]);
		return true;
	}

	/** After all writers have ended: all that was sent is there, and nothing else. */
	async readFinally(): Promise<void> {
		for (let tries = 0; !(await this.readOnce()); tries++) {
			if (tries === 40) throw new Error("the last query is never answered");
			await pause(250);
		}
		const expected = [...this.attempted.values()].reduce((sum, count) => sum + count, 0);
		const { rows } = await this.#client.query("SELECT count(*) FROM log");
		if (rows[0]?.[0] !== expected) this.problems.push(`${String(rows[0]?.[0])} rows at the end, not ${expected}`);
	}

	#check(acknowledged: string[], rows: [number, number, number, number, number][]): void {
		const seen = new Set<string>();
		for (const [writer, number, count, sum] of rows) {
			const id = `${writer}:${number}`;
			const rowCount = this.attempted.get(id);
			if (rowCount === undefined) this.problems.push(`append ${id} was never sent`);
			else if (count !== rowCount || sum !== (rowCount * (rowCount - 1)) / 2) {
				this.problems.push(`append ${id} of ${rowCount} rows has ${count} with sum ${sum}`);
			}
			seen.add(id);
		}
		for (const id of acknowledged) if (!seen.has(id)) this.problems.push(`acknowledged append ${id} is missing`);
	}
}

function smallAppend(writer: number, number: number): Append {
	const rows = Array.from({ length: SMALL_ROW_COUNT }, (_, part) => ({ writer, number, part, pad: "s" }));
	return { id: `${writer}:${number}`, rowCount: SMALL_ROW_COUNT, body: JSON.stringify(rows), contentType: "application/json" };
}

function bulkAppend(writer: number, number: number): Append {
	const lines = Array.from({ length: BULK_ROW_COUNT }, (_, part) => `${writer},${number},${part},${BULK_PAD}`);
	return {
		id: `${writer}:${number}`,
		rowCount: BULK_ROW_COUNT,
		body: `writer,number,part,pad\n${lines.join("\n")}\n`,
		contentType: "text/csv",
	};
}

/** Asks until the whole set of `count` shards serves; whoever is killed or loses an answer asks again. @throws after ANSWER_MS_MAX of that */
export async function changeShards(client: () => LittoralClient, tenant: string, count: number): Promise<void> {
	const path = `/v1/tenants/${tenant}/shards`;
	for (const startMs = performance.now(); performance.now() - startMs < ANSWER_MS_MAX; ) {
		const signal = AbortSignal.timeout(ANSWER_MS_MAX);
		const response = await client()
			.request(path, { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ count }), signal })
			.catch(() => null);
		if (response?.status === 200) {
			const { shards } = (await response.json()) as { shards: { state: string }[] };
			if (shards.filter((shard) => shard.state === "active").length === count) return;
		} else await response?.body?.cancel();
		await pause(250);
	}
	throw new Error(`the shards do not become ${count}`);
}
