/**
 * Design, section 7: one batch, atomic, once per commit id, rebased onto the newest snapshot.
 *
 * 1. Files beyond what may stand inline become manifests in R2, as many as one may list in each, before the batch that points to them.
 * 2. The batch (`commit-statements.ts`) either holds or fails as a whole.
 * 3. After a failure the commit id is looked up, then the cause; an unknown outcome is tried again with the same id.
 * 4. The backup in R2 learns of it before the caller does (`backup/checkpoint.ts`).
 */
import { randomHex } from "#shared/base/ids.ts";
import { CHECKPOINT_COMMIT_COUNT, MANIFEST_FILE_COUNT_MAX } from "#shared/base/limits.ts";
import type { CommitAnswer, CommitRequest } from "#shared/contracts/snapshot.ts";
import { backUpCommit, checkpoint, checkpointLater } from "../backup/checkpoint.ts";
import type { CommitRecord } from "../backup/record.ts";
import { settled } from "../database/attempts.ts";
import { numberOf } from "../database/statement.ts";
import { encodeStatistics } from "../manifest/statistics.ts";
import { type InlineSize, manifestChunks } from "../manifest/inline-size.ts";
import { writeManifest, type WrittenManifest } from "../manifest/store.ts";
import type { CatalogDatabase, CatalogPorts, Row } from "../ports.ts";
import { checkRequest } from "./check-request.ts";
import { type CommitBatch, commitStatements } from "./commit-statements.ts";
import { nextSketches } from "./next-sketches.ts";
import { decideOutcome, readOutcome } from "./outcome.ts";

export interface Committed {
	answer: CommitAnswer;
	/** What stands inline of the table after the commit; null where this call did not see its own batch answered. */
	inline: InlineSize | null;
}

/** @throws LittoralError malformed_request, undefined_table, commit_precondition_failed, commit_object_condemned, conflict, unavailable */
export async function commit(ports: CatalogPorts, database: CatalogDatabase, request: CommitRequest): Promise<Committed> {
	checkRequest(request);
	const { change } = request;
	const chunks = manifestChunks(change.files);
	// What does not fill a manifest stays inline.
	const last = chunks.at(-1) ?? [];
	const inline = last.length < MANIFEST_FILE_COUNT_MAX ? last : [];
	const manifests: WrittenManifest[] = [];
	for (const chunk of chunks) if (chunk !== inline) manifests.push(await writeManifest(ports, request, chunk));
	const token = randomHex(8);
	const sketches = await nextSketches(database, request);
	const batch = { request, inline, manifests, sketches, token, nowMs: ports.nowMs() };
	const made = await settled<MadeCommit>(
		ports,
		async () => {
			const last = (await database.batch("commit", commitStatements(batch))).at(-1)?.[0] ?? {};
			const paths = change.files.map((file) => file.path);
			return { answer: { version: numberOf(last, "version"), paths, repeated: false }, own: last, pending: true };
		},
		async () => {
			const outcome = await readOutcome(database, request);
			const answer = decideOutcome(request, token, outcome);
			return answer && { answer, own: null, pending: outcome.logged?.pending ?? true };
		},
	);
	await backUp(ports, database, batch, made);
	return {
		answer: made.answer,
		inline: made.own && { fileCount: numberOf(made.own, "inline_count"), byteCount: numberOf(made.own, "inline_bytes") },
	};
}

interface MadeCommit {
	answer: CommitAnswer;
	/** What the batch's last statement said; null where its answer was lost. */
	own: Row | null;
	/** The backup may lack it. */
	pending: boolean;
}

/** Before the answer. @throws unavailable; the commit stands, and whoever repeats it comes here again */
async function backUp(
	ports: CatalogPorts,
	database: CatalogDatabase,
	batch: CommitBatch,
	{ answer, own, pending }: MadeCommit,
): Promise<void> {
	const { request } = batch;
	if (!pending) return;
	// Whose answer was lost, and what may rest on another commit that the backup lacks, is backed up with the whole table.
	if (own === null || (request.change.kind === "replace" && numberOf(own, "pending_count") > 1)) {
		await checkpoint(ports, database, request);
		return;
	}
	await backUpCommit(ports, database, request, commitRecord(batch, answer, ports.databases.indexOf(database)));
	if (answer.version - numberOf(own, "checkpoint_version") >= CHECKPOINT_COMMIT_COUNT) checkpointLater(ports, database, request);
}

function commitRecord(
	{ request, inline, manifests, token, nowMs }: CommitBatch,
	{ version, paths }: CommitAnswer,
	database: number,
): CommitRecord {
	const { change, commitId } = request;
	return {
		format: 1,
		kind: change.kind,
		version,
		atMs: nowMs,
		database,
		commit: { commitId, kind: change.kind, version, paths, token, atMs: nowMs },
		files: inline.map((file) => [file.path, file.rowCount, file.byteCount, file.schemaVersion, encodeStatistics(file.columns)]),
		manifests: manifests.map(({ manifestId, path, files }) => ({ manifestId, path, fileCount: files.length })),
		removed: change.kind === "replace" ? change.removed : [],
		watermark: change.kind === "flush" ? { shard: change.shard, to: change.to } : null,
	};
}
