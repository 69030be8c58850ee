/**
 * SIGKILL while writers write (W1, W2, W3) and readers check (Q1, Q2): ten rounds at random moments.
 *
 * Each append is of one writer, has a number, an idempotency key and a few rows whose sum is known. A writer repeats an append under its key until it is
 * acknowledged. A reader notes what was acknowledged before it begins: it must see at least that, whole appends only, and nothing twice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LittoralClient } from "../../scripts/client.ts";
import { freePort, type LittoralProcess, startProcess } from "../../scripts/local/process.ts";
import { Random } from "../sql/random.ts";

const ROUND_COUNT = 10;
const WRITER_COUNT = 6;
const ROWS_PER_APPEND = 3;

const pause = async (ms: number): Promise<void> => await new Promise((wake) => setTimeout(wake, ms));

class Workload {
	readonly acknowledged = new Set<string>();
	readonly problems: string[] = [];
	readonly attempted = new Set<string>();
	readonly #client: LittoralClient;
	#stopped = false;

	constructor(client: LittoralClient) {
		this.#client = client;
	}

	stop(): void {
		this.#stopped = true;
	}

	/** Appends number after number; a lost answer is asked for again. */
	async write(writer: number): Promise<void> {
		for (let number = 0; !this.#stopped; number++) {
			const id = `${writer}:${number}`;
			this.attempted.add(id);
			const rows = JSON.stringify(Array.from({ length: ROWS_PER_APPEND }, (_, part) => ({ writer, number, part })));
			while (!(await this.#acknowledged(id, rows))) await pause(50);
			this.acknowledged.add(id);
		}
	}

	async #acknowledged(id: string, rows: string): Promise<boolean> {
		try {
			const answer = await this.#client.append("log", rows, "application/json", { "Idempotency-Key": id });
			return answer.accepted === ROWS_PER_APPEND;
		} catch {
			return false;
		}
	}

	async read(): Promise<void> {
		while (!this.#stopped) {
			const before = [...this.acknowledged];
			const rows = await this.#client
				.query("SELECT writer, number, count(*), sum(part) FROM log GROUP BY writer, number")
				.catch(() => null);
			if (rows !== null) this.check(before, rows.rows as number[][]);
			await pause(100);
		}
	}

	check(acknowledged: string[], rows: number[][]): void {
		const seen = new Map(rows.map(([writer, number, count, sum]) => [`${writer}:${number}`, [count, sum]]));
		for (const [id, [count, sum]] of seen) {
			if (count !== ROWS_PER_APPEND || sum !== (ROWS_PER_APPEND * (ROWS_PER_APPEND - 1)) / 2)
				this.problems.push(`append ${id} has ${count} rows with sum ${sum}`);
			if (!this.attempted.has(id)) this.problems.push(`append ${id} was never sent`);
		}
		for (const id of acknowledged) if (!seen.has(id)) this.problems.push(`acknowledged append ${id} is missing`);
	}
}

test("ten times SIGKILL among writers and readers: nothing lost, nothing doubled, nothing halved", async () => {
	const random = new Random(20_261_123);
	const stateDir = mkdtempSync(join(tmpdir(), "littoral-kill-"));
	const environment = { port: await freePort(), stateDir, adminKey: crypto.randomUUID() };
	let server: LittoralProcess = await startProcess(environment);
	try {
		const admin = new LittoralClient(server.url, environment.adminKey);
		const headers = { "Content-Type": "application/json" };
		const { api_key: key } = await admin.json<{ api_key: string }>("/v1/tenants", { headers, body: '{"id":"kill"}' });
		const client = new LittoralClient(server.url, key);
		await client.execute("CREATE TABLE log (writer INTEGER, number INTEGER, part INTEGER) WITH (sort_key = 'writer, number')");
		const workload = new Workload(client);
		const running = [...Array.from({ length: WRITER_COUNT }, (_, writer) => workload.write(writer)), workload.read(), workload.read()];
		for (let round = 0; round < ROUND_COUNT; round++) {
			// In the middle of it, the shard set changes: 1 -> 3 -> 2.
			if (round === 3 || round === 6) {
				const count = round === 3 ? 3 : 2;
				void admin.request("/v1/tenants/kill/shards", { method: "POST", headers, body: JSON.stringify({ count }) }).catch(() => null);
			}
			await pause(random.between(100, 1500));
			await server.kill("SIGKILL");
			server = await startProcess(environment);
		}
		await pause(500);
		workload.stop();
		await Promise.all(running);
		workload.check(
			[...workload.acknowledged],
			(await client.query("SELECT writer, number, count(*), sum(part) FROM log GROUP BY writer, number")).rows as number[][],
		);
		expect(workload.problems).toEqual([]);
		expect(workload.acknowledged.size).toBeGreaterThan(ROUND_COUNT * WRITER_COUNT);
		expect((await client.query("SELECT count(*) FROM log")).rows).toEqual([[workload.attempted.size * ROWS_PER_APPEND]]);
	} finally {
		await server.kill("SIGTERM");
		rmSync(stateDir, { recursive: true, force: true });
	}
}, 180_000);
