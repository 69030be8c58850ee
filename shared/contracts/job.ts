/** Background jobs of the catalog, as they are listed and as the queue names them. */
import type { TableId, TenantId } from "#shared/base/ids.ts";

/**
 * `queued`: waits for the queue, first or again. `running`: an isolate holds it until its lease ends. `done`: committed. `failed`: given up because
 * what it was to replace is gone, which is no fault; its inputs are kept. `dead`: given up after its last attempt; waits in the dead letters.
 */
export type JobState = "queued" | "running" | "done" | "failed" | "dead";

/** What a finished job did. */
export interface JobFigures {
	fileCount: number;
	rowCount: number;
	/** From data files, footers included; write amplification is `bytesWritten` over the bytes that flushes wrote. */
	bytesRead: number;
	bytesWritten: number;
	/** Most WebAssembly memory held at once. */
	arenaPeakBytes: number;
	elapsedMs: number;
}

export interface Job {
	/** 24 lower-case hex digits; ascending with the time of creation. */
	jobId: string;
	kind: "compaction";
	tenantId: TenantId;
	tableId: TableId;
	tableName: string;
	state: JobState;
	attempts: number;
	/** Why the policy acts: one sentence, with dollars. */
	reason: string;
	inputs: { fileCount: number; rowCount: number; byteCount: number };
	/** Null unless done; null too where the commit held but its author was lost before it could say more. */
	figures: JobFigures | null;
	/** Of the last attempt that failed: its code and message. */
	error: string | null;
	createdAt: string;
	updatedAt: string;
}

/** A message that the queue gave up. */
export interface DeadLetter {
	/** The job's id; the queue's own id of a message that names no job. */
	id: string;
	/** Null where the message names no job, or its job is gone. */
	job: Job | null;
	/** The message as it came, cut to DEAD_LETTER_BYTES_MAX. */
	message: string;
	at: string;
}

/** A message of queue `compaction`: a pointer, never data. */
export interface JobPointer {
	tenantId: TenantId;
	tableId: TableId;
	jobId: string;
}
