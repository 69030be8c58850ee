/**
 * Design, section 7: one batch, atomic, once per commit id, rebased onto the newest snapshot.
 *
 * 1. Files beyond what may stand inline become manifests in R2, whole thousands of them, before the batch that points to them.
 * 2. The batch (`commit-statements.ts`) either holds or fails as a whole.
 * 3. After a failure the commit id is looked up, then the cause; an unknown outcome is tried again with the same id.
 */
import { randomHex } from "#shared/base/ids.ts";
import { MANIFEST_FILE_COUNT_MAX } from "#shared/base/limits.ts";
import type { CommitAnswer, CommitRequest } from "#shared/contracts/snapshot.ts";
import { settled } from "../database/attempts.ts";
import { numberOf } from "../database/statement.ts";
import { writeManifest, type WrittenManifest } from "../manifest/store.ts";
import type { CatalogDatabase, CatalogPorts } from "../ports.ts";
import { checkRequest } from "./check-request.ts";
import { commitStatements } from "./commit-statements.ts";
import { decideOutcome, readOutcome } from "./outcome.ts";

export interface Committed {
	answer: CommitAnswer;
	/** Inline files of the table after the commit; null where this call did not see its own batch answered. */
	inlineCount: number | null;
}

/** @throws LittoralError malformed_request, undefined_table, commit_precondition_failed, commit_object_condemned, conflict, unavailable */
export async function commit(ports: CatalogPorts, database: CatalogDatabase, request: CommitRequest): Promise<Committed> {
	checkRequest(request);
	const { change } = request;
	const folded = Math.floor(change.files.length / MANIFEST_FILE_COUNT_MAX) * MANIFEST_FILE_COUNT_MAX;
	const manifests: WrittenManifest[] = [];
	for (let start = 0; start < folded; start += MANIFEST_FILE_COUNT_MAX) {
		manifests.push(await writeManifest(ports, request, change.files.slice(start, start + MANIFEST_FILE_COUNT_MAX)));
	}
	const token = randomHex(8);
	const batch = { request, inline: change.files.slice(folded), manifests, token, nowMs: ports.nowMs() };
	return await settled<Committed>(
		ports,
		async () => {
			const last = (await database.batch("commit", commitStatements(batch))).at(-1)?.[0] ?? {};
			const paths = change.files.map((file) => file.path);
			return { answer: { version: numberOf(last, "version"), paths, repeated: false }, inlineCount: numberOf(last, "inline_count") };
		},
		async () => {
			const answer = decideOutcome(request, token, await readOutcome(database, request));
			return answer && { answer, inlineCount: null };
		},
	);
}
