/**
 * The bulk path: rows go straight to data files as they are validated, and become visible by one commit (design, section 6; invariants W2, W3).
 *
 * 1. Claim the id in its shard. 2. Write files, each a sorted run. 3. Seal the claim with hash and row count. 4. Commit by the claim's commit id. 5. Raise
 * the table's minimum snapshot version. 6. Finish the claim. 7. Acknowledge. A crash before 4 leaves garbage files only; after it, the expired claim's next
 * claimant learns from the catalog what was committed.
 */
import { hasCode, LittoralError } from "#shared/base/errors.ts";
import { randomHex } from "#shared/base/ids.ts";
import { recentDirectory } from "../directory/directory-cache.ts";
import { raiseSnapshotMinimum } from "../directory/minimums.ts";
import type { Ports } from "../ports.ts";
import { untilKnown } from "../retry.ts";
import { keyReused } from "../shard/append-decision.ts";
import type { AppendResult, ClaimOutcome, HeldClaim, ShardRpc } from "../shard/contract.ts";
import type { Appended } from "./append-rows.ts";
import { routed } from "./append-router.ts";
import type { EncodedBatch, IncomingBatch, IncomingRows } from "./batches.ts";
import { DataFileRuns, type WrittenRuns } from "./data-file-runs.ts";

/** @param head batches already pulled */
export async function appendBulk(ports: Ports, rows: IncomingRows, head: EncodedBatch[]): Promise<Appended> {
	const { tenantId, schema, appendId, birth = null } = rows;
	const { tableId, schemaVersion } = schema;
	const claimant = randomHex(8);
	const hint = await recentDirectory(ports, tenantId);
	const { ordinal, claim } = await routed(ports, { tenantId, appendId, birth }, hint, async (shard, sent, ordinal) => ({
		ordinal,
		claim: await shard.claim({ ...sent, tableId, appendId, schemaVersion, claimant }),
	}));
	const shard = ports.shard(tenantId, ordinal);
	if (claim.kind !== "granted") return repeatAnswer(ports, rows, { shard, ordinal, claim });
	const held: HeldClaim = { tableId, appendId, commitId: claim.commitId };
	let sealed: WrittenRuns;
	const runs = new DataFileRuns(ports, tenantId, schema);
	try {
		for (const batch of head) await runs.add(batch);
		await forEachRest(rows, (batch) => runs.add(batch));
		sealed = await runs.finish();
		await untilKnown(async () => shard.sealClaim({ ...held, hash: await rows.hash(), rowCount: sealed.rowCount }));
	} catch (error) {
		// Nothing was committed under this claim: the client may correct its rows and send the key again at once.
		await shard.releaseClaim(held).catch(() => {});
		throw error;
	} finally {
		runs.close();
	}
	const snapshotVersion = await commitFiles(ports, rows, held, sealed);
	const result: AppendResult = { rowCount: sealed.rowCount, shard: ordinal, sequence: 0, snapshotVersion };
	await acknowledge(ports, rows, { shard, held, result });
	return { result, duplicate: false };
}

/** @returns the version that the first commit of this id made, which may be an earlier claimant's of the same rows */
async function commitFiles(ports: Ports, rows: IncomingRows, held: HeldClaim, { files, sketches }: WrittenRuns): Promise<number> {
	const { tenantId, schema } = rows;
	try {
		const answer = await untilKnown(() =>
			ports.catalog.commit({ tenantId, tableId: schema.tableId, commitId: held.commitId, change: { kind: "bulk", files }, sketches }),
		);
		return answer.version;
	} catch (error) {
		if (hasCode(error, "undefined_table")) throw tableGone(schema.name);
		// Garbage collection took a file that had waited too long: the rows must be sent again.
		if (hasCode(error, "commit_object_condemned")) throw new LittoralError("unavailable", "the rows took too long; send them again");
		throw error;
	}
}

/** The raise comes before the claim is done, and both before the answer: every later query sees the rows (invariant Q2). */
async function acknowledge(
	ports: Ports,
	rows: IncomingRows,
	done: { shard: ShardRpc; held: HeldClaim; result: AppendResult },
): Promise<void> {
	const { tableId } = rows.schema;
	const { shard, held, result } = done;
	await raiseSnapshotMinimum(ports, rows.tenantId, { tableId, snapshotVersion: result.snapshotVersion ?? 0 });
	await untilKnown(() => shard.finishClaim({ ...held, result }));
}

/** The id's rows are in already: the body is read to its end only to learn whether it is the same one. */
async function repeatAnswer(
	ports: Ports,
	rows: IncomingRows,
	known: { shard: ShardRpc; ordinal: number; claim: Exclude<ClaimOutcome, { kind: "granted" }> },
): Promise<Appended> {
	const { shard, ordinal, claim } = known;
	await forEachRest(rows, async () => {});
	if ((await rows.hash()) !== claim.hash) throw keyReused();
	const { tableId } = rows.schema;
	if (claim.kind === "done") {
		if (claim.result.snapshotVersion !== null) {
			await raiseSnapshotMinimum(ports, rows.tenantId, { tableId, snapshotVersion: claim.result.snapshotVersion });
		}
		return { result: claim.result, duplicate: true };
	}
	const { commitId, rowCount, snapshotVersion } = claim;
	const result: AppendResult = { rowCount, shard: ordinal, sequence: 0, snapshotVersion };
	await acknowledge(ports, rows, { shard, held: { tableId, appendId: rows.appendId, commitId }, result });
	return { result, duplicate: true };
}

async function forEachRest(rows: IncomingRows, use: (batch: IncomingBatch) => Promise<void>): Promise<void> {
	for (;;) {
		const next = await rows.batches.next();
		if (next.done === true) return;
		await use(next.value);
	}
}

function tableGone(name: string): LittoralError {
	return new LittoralError("table_not_found", `table "${name}" was dropped while its rows were read`);
}
