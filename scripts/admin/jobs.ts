/** `jobs list`, `dead-letters list`, `dead-letters redrive`. */
import { type Column, print } from "./output.ts";
import { everyItem } from "./pages.ts";
import type { Connection } from "./program.ts";
import { PartialFailure, report } from "./report.ts";

interface Job {
	id: string;
	kind: string;
	tenant: string | null;
	table: string;
	state: string;
	attempts: number;
	reason: string;
	error: string | null;
	updated_at: string;
}
interface DeadLetter {
	id: string;
	queue?: string;
	job: Job | null;
	message: string;
	created_at: string;
}

const JOB_COLUMNS: Column<Job>[] = [
	{ title: "id", of: ({ id }) => id },
	{ title: "kind", of: ({ kind }) => kind },
	{ title: "tenant", of: ({ tenant }) => tenant },
	{ title: "table", of: ({ table }) => table },
	{ title: "state", of: ({ state }) => state },
	{ title: "attempts", of: ({ attempts }) => attempts },
	{ title: "reason", of: ({ reason }) => reason },
	{ title: "error", of: ({ error }) => error },
	{ title: "updated", of: ({ updated_at }) => updated_at },
];
const LETTER_COLUMNS: Column<DeadLetter>[] = [
	{ title: "id", of: ({ id }) => id },
	{ title: "queue", of: ({ queue }) => queue ?? "" },
	{ title: "tenant", of: ({ job }) => job?.tenant ?? "" },
	{ title: "error", of: ({ job }) => job?.error ?? "" },
	{ title: "message", of: ({ message }) => message },
	{ title: "created", of: ({ created_at }) => created_at },
];

export async function listJobs({ client, asJson }: Connection, tenant: string | undefined): Promise<void> {
	print(await everyItem<Job>(client, "/v1/jobs", "jobs", tenant === undefined ? {} : { tenant }), JOB_COLUMNS, asJson);
}

export async function listDeadLetters({ client, asJson }: Connection): Promise<void> {
	print(await everyItem<DeadLetter>(client, "/v1/dead-letters", "dead_letters"), LETTER_COLUMNS, asJson);
}

/** @throws PartialFailure where one of several could not be sent again */
export async function redrive({ client, asJson }: Connection, ids: string[]): Promise<void> {
	const wanted = ids.includes("all") ? (await everyItem<DeadLetter>(client, "/v1/dead-letters", "dead_letters")).map(({ id }) => id) : ids;
	const redriven: { id: string }[] = [];
	for (const id of wanted) {
		try {
			await client.json(`/v1/dead-letters/${encodeURIComponent(id)}/redrive`, { method: "POST" });
			redriven.push({ id });
		} catch (error) {
			if (wanted.length === 1) throw error;
			report(error);
		}
	}
	print(redriven, [{ title: "redriven", of: ({ id }) => id }], asJson);
	if (redriven.length < wanted.length)
		throw new PartialFailure(`${wanted.length - redriven.length} of ${wanted.length} could not be redriven`);
}
