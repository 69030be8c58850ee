/** Compaction over its ports: the cron's tick, the queue's messages, and what the dead-letter queue brings. */
import type { TableId, TenantId } from "#shared/base/ids.ts";
import { COMPACTION_ATTEMPT_COUNT_MAX, COMPACTION_SLOT_WAIT_MS } from "#shared/base/limits.ts";
import type { JobPointer } from "#shared/contracts/job.ts";
import type { CommitAnswer, CommitRequest } from "#shared/contracts/snapshot.ts";
import { log } from "#shared/observability/log.ts";
import { increment, observe } from "#shared/observability/metrics.ts";
import { z } from "zod";
import type { DatabaseAssignment } from "../database/assignment.ts";
import { mergeManifests } from "../manifest/merge-manifests.ts";
import type { CatalogDatabase, CatalogPorts } from "../ports.ts";
import { compactionEngine } from "./engine.ts";
import { type DueWork, planTable, readDue, resendJob } from "./plan-jobs.ts";
import { buryJob, type JobOutcome, runJob } from "./run-job.ts";

const SLOT_POLL_MS = 50;

/** A job holds the isolate's whole budget: the next waits. */
let slotIsTaken = false;

const Pointer = z.object({
	tenantId: z.string().transform((text) => text as TenantId),
	tableId: z.string().transform((text) => text as TableId),
	jobId: z.string(),
});

type Due = DueWork & { database: CatalogDatabase };

export class Compaction {
	readonly #ports: CatalogPorts;
	readonly #assignment: DatabaseAssignment;
	readonly #commit: (request: CommitRequest) => Promise<CommitAnswer>;

	constructor(ports: CatalogPorts, options: { assignment: DatabaseAssignment; commit: (request: CommitRequest) => Promise<CommitAnswer> }) {
		this.#ports = ports;
		this.#assignment = options.assignment;
		this.#commit = options.commit;
	}

	/** What the cron finds: one indexed query of each database. */
	async due(): Promise<Due[]> {
		const found = await Promise.all(
			this.#ports.databases.map(async (database) => ({ database, ...(await readDue(this.#ports, database)) })),
		);
		return found.filter(({ tables, jobs }) => tables.length + jobs.length > 0);
	}

	/** What the cron does about it. One table or job that fails does not keep the others waiting. */
	async tick(found: Due[]): Promise<void> {
		for (const { database, tables, jobs } of found) {
			for (const table of tables) {
				await this.#guarded("a table could not be planned", table.tenantId, async () => {
					await mergeManifests(this.#ports, database, table);
					for (const pointer of await planTable(this.#ports, database, table)) await this.#ports.queue.send("send_job", pointer);
				});
			}
			for (const job of jobs) {
				await this.#guarded("a job could not be sent again", job.tenantId, async () => {
					if (job.attempts < COMPACTION_ATTEMPT_COUNT_MAX) await resendJob(this.#ports, database, job);
					else await this.#bury(database, { tenantId: job.tenantId, tableId: job.tableId, jobId: job.jobId });
				});
			}
		}
	}

	/**
	 * One message of the queue. What it throws is to be tried again.
	 * @param message as it came
	 */
	async handle(message: unknown): Promise<JobOutcome> {
		const pointer = Pointer.parse(message);
		const database = await this.#assignment.find(this.#ports, pointer.tenantId);
		// The tenant is deleted.
		if (database === null) return { state: "skipped" };
		if (!(await this.#takeSlot())) return { state: "skipped" };
		try {
			return await this.#run(database, pointer);
		} finally {
			slotIsTaken = false;
		}
	}

	/** One message of the dead-letter queue. @param id the queue's own id of it */
	async handleDeadLetter(message: unknown, id: string): Promise<void> {
		const { data: pointer } = Pointer.safeParse(message);
		const database = pointer === undefined ? null : await this.#assignment.find(this.#ports, pointer.tenantId);
		if (pointer !== undefined && database !== null) return await this.#bury(database, pointer);
		if (pointer !== undefined) return;
		const [first] = this.#ports.databases;
		if (first === undefined) return;
		const letter = { id, jobId: null, tenantId: null, message: JSON.stringify(message) ?? "" };
		if (await buryJob(this.#ports, first, letter)) countDeadLetter();
	}

	/**
	 * Everything that the policy wants of one table, here and now, without the queue: for tests, and whoever drives them.
	 * @returns the outcomes, in order
	 * @throws what a job failed with
	 */
	async compactTable(table: { tenantId: TenantId; tableId: TableId }): Promise<JobOutcome[]> {
		const outcomes: JobOutcome[] = [];
		const database = await this.#assignment.find(this.#ports, table.tenantId);
		if (database === null) return outcomes;
		for (;;) {
			await mergeManifests(this.#ports, database, table);
			const pointers = await planTable(this.#ports, database, table);
			if (pointers.length === 0) return outcomes;
			for (const pointer of pointers) outcomes.push(await this.handle(pointer));
		}
	}

	async #run(database: CatalogDatabase, pointer: JobPointer): Promise<JobOutcome> {
		const startedAtMs = this.#ports.nowMs();
		let result = "retried";
		try {
			const job = { ports: this.#ports, engine: compactionEngine(), commit: this.#commit };
			const outcome = await runJob(job, database, pointer);
			result = outcome.state;
			if (outcome.state === "done" && outcome.figures !== null) {
				const { bytesRead, bytesWritten, rowCount } = outcome.figures;
				increment("littoral_commits_total", { service: "catalog", kind: "replace" });
				increment("littoral_compaction_read_bytes_total", { service: "catalog" }, bytesRead);
				increment("littoral_compaction_written_bytes_total", { service: "catalog" }, bytesWritten);
				increment("littoral_compaction_rows_total", { service: "catalog" }, rowCount);
			}
			return outcome;
		} finally {
			increment("littoral_compaction_jobs_total", { service: "catalog", outcome: result });
			observe("littoral_compaction_duration_seconds", { service: "catalog" }, (this.#ports.nowMs() - startedAtMs) / 1000);
		}
	}

	/** @returns false when the isolate stayed busy: the job waits in D1, and the cron sends it again */
	async #takeSlot(): Promise<boolean> {
		for (let waitedMs = 0; slotIsTaken; waitedMs += SLOT_POLL_MS) {
			if (waitedMs >= COMPACTION_SLOT_WAIT_MS) return false;
			await this.#ports.wait(SLOT_POLL_MS);
		}
		slotIsTaken = true;
		return true;
	}

	async #bury(database: CatalogDatabase, pointer: JobPointer): Promise<void> {
		const { jobId, tenantId } = pointer;
		if (await buryJob(this.#ports, database, { id: jobId, jobId, tenantId, message: JSON.stringify(pointer) })) countDeadLetter();
	}

	async #guarded(what: string, tenant: TenantId, work: () => Promise<void>): Promise<void> {
		try {
			await work();
		} catch (error) {
			log("warn", what, { service: "catalog", tenant, cause: String(error) });
		}
	}
}

function countDeadLetter(): void {
	increment("littoral_dead_letters_total", { service: "catalog", queue: "compaction" });
}
