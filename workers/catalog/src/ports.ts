/**
 * Everything that the catalog does to the outside goes through these three ports, and every call names its step. The fault tests enumerate the
 * steps below and let each fail before it is done, after, and with its answer lost.
 */
import type { JobPointer } from "#shared/contracts/job.ts";

/** Calls to D1. Each is one transaction. */
export const DATABASE_STEPS = [
	"commit",
	"commit_outcome",
	"read_sketches",
	"create_table",
	"create_table_outcome",
	"create_view",
	"create_view_outcome",
	"drop_table",
	"drop_table_outcome",
	"read_snapshots",
	"read_tables",
	"read_fold",
	"fold",
	"fold_outcome",
	"read_manifests",
	"merge_manifests",
	"merge_manifests_outcome",
	"read_assignment",
	"write_assignment",
	"drop_tables_of_tenant",
	"delete_rows",
	"read_jobs",
	"redrive_job",
	"read_checkpoint",
	"mark_backed_up",
	"read_restored",
	"restore_objects",
	"restore_table",
	"read_due",
	"read_plan",
	"plan_jobs",
	"plan_jobs_outcome",
	"resend_job",
	"claim_job",
	"end_job",
	"bury_job",
	"announce",
	"read_garbage_due",
	"expire",
	"condemn",
	"read_condemned",
	"mark_deleted",
	"read_swept",
	"sweep",
	"reschedule",
] as const;
export type DatabaseStep = (typeof DATABASE_STEPS)[number];

/** Calls to R2. */
export const OBJECT_STEPS = [
	"put_manifest",
	"get_manifest",
	"list_objects",
	"delete_objects",
	"put_backup",
	"list_backup",
	"get_backup",
	"delete_backup",
	"read_data",
	"put_data",
	"begin_upload",
	"upload_part",
	"complete_upload",
	"head_data",
	"abort_upload",
	"list_garbage",
	"delete_garbage",
] as const;
export type ObjectStep = (typeof OBJECT_STEPS)[number];

/** Calls to the queue. */
export const QUEUE_STEPS = ["send_job"] as const;
export type QueueStep = (typeof QUEUE_STEPS)[number];

export interface Statement {
	sql: string;
	parameters: (string | number | null)[];
}
export type Row = Record<string, string | number | null>;

export interface CatalogDatabase {
	/**
	 * Runs all statements in one transaction on the primary, or none of them.
	 *
	 * @returns the rows of each statement
	 * @throws Error when a constraint failed, or when the outcome is unknown: the two cannot be told apart by the error
	 */
	batch(step: DatabaseStep, statements: readonly Statement[]): Promise<Row[][]>;
}

/** A part of an upload that R2 has. */
export interface UploadedPart {
	partNumber: number;
	etag: string;
}

/** An object as a listing shows it. */
export interface StoredObject {
	path: string;
	byteCount: number;
	uploadedAtMs: number;
}

export interface ObjectStore {
	get(step: ObjectStep, path: string): Promise<Uint8Array | null>;
	/** Exactly `byteCount` bytes from `offset`. @throws Error when the object is not there, or shorter */
	read(step: ObjectStep, path: string, offset: number, byteCount: number): Promise<Uint8Array>;
	/** Bytes of an object, null where there is none. */
	head(step: ObjectStep, path: string): Promise<number | null>;
	/** A multipart upload; parts but the last have one size, at least 5 MiB. @returns the upload's id */
	beginUpload(step: ObjectStep, path: string): Promise<string>;
	uploadPart(step: ObjectStep, part: { path: string; uploadId: string; number: number; bytes: Uint8Array }): Promise<UploadedPart>;
	completeUpload(step: ObjectStep, upload: { path: string; uploadId: string; parts: UploadedPart[] }): Promise<void>;
	abortUpload(step: ObjectStep, upload: { path: string; uploadId: string }): Promise<void>;
	/** Conditional on absence: an object that exists stays as it is. */
	put(step: ObjectStep, path: string, bytes: Uint8Array): Promise<void>;
	/** At most `limit` paths (<= 1000) that begin with `prefix`, in byte order, those after `after`. */
	list(step: ObjectStep, prefix: string, limit: number, after?: string): Promise<string[]>;
	/** As `list`, with sizes and times. `more`: keys are left, also where the page is short. */
	listObjects(step: ObjectStep, prefix: string, limit: number, after: string): Promise<{ objects: StoredObject[]; more: boolean }>;
	/** @param paths at most 1000; those that do not exist are no error */
	delete(step: ObjectStep, paths: string[]): Promise<void>;
}

export interface JobQueue {
	/** Delivers the pointer at least once, if it does not throw. */
	send(step: QueueStep, pointer: JobPointer): Promise<void>;
}

export interface CatalogPorts {
	/** The list of databases; a tenant lives in one of them. At least one. */
	databases: readonly CatalogDatabase[];
	objects: ObjectStore;
	queue: JobQueue;
	nowMs(): number;
	wait(milliseconds: number): Promise<void>;
	/** Work that goes on after the answer (`waitUntil`); it reports its own errors. */
	background(work: Promise<void>): void;
}
