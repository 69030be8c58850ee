/** Who waits for a commit, for how long, and that each of a group is an append of its own. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { COMMIT_GROUP_APPEND_BYTES_MAX, COMMIT_GROUP_COUNT_MAX } from "#shared/base/limits.ts";
import { CommitGroup } from "../src/shard/commit-group.ts";
import { Tenant } from "./world.ts";

function commits(): { group: CommitGroup; end: (fails?: boolean) => void; count: () => number } {
	const pending: PromiseWithResolvers<void>[] = [];
	let count = 0;
	const group = new CommitGroup(() => {
		count++;
		const commit = Promise.withResolvers<void>();
		pending.push(commit);
		return commit.promise;
	});
	const end = (fails = false) => {
		const commit = pending.shift();
		if (fails) commit?.reject(new Error("the disk is gone"));
		else commit?.resolve();
	};
	return { group, end, count: () => count };
}

async function settle(): Promise<void> {
	for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

test("the first does not wait; those that come before it is durable are let go together, and their writes are one commit", async () => {
	const { group, end, count } = commits();
	const done: string[] = [];
	const append = async (name: string) => {
		await group.turn();
		done.push(name);
		group.written();
	};
	await append("a");
	const rest = ["b", "c", "d"].map(append);
	await settle();
	expect([done, count()]).toEqual([["a"], 1]);
	end();
	await Promise.all(rest);
	expect([done, count()]).toEqual([["a", "b", "c", "d"], 2]);
	end();
	await settle();
	await append("e");
	expect([done.at(-1), count()]).toEqual(["e", 3]);
});

test("a commit that fails keeps nobody waiting", async () => {
	const { group, end } = commits();
	group.written();
	const waiting = group.turn();
	end(true);
	await waiting;
});

test("no more wait than may", async () => {
	const { group, end } = commits();
	group.written();
	const waiting = Array.from({ length: COMMIT_GROUP_COUNT_MAX }, () => group.turn());
	await group.turn();
	end();
	await Promise.all(waiting);
});

test("of appends that came together each stands for itself: new ones, repetitions, refusals, and one too large to wait", async () => {
	const tenant = await Tenant.open();
	await tenant.append("known", { rows: ["known"] });
	const codes = await Promise.all([
		...Array.from({ length: 30 }, (_, index) => tenant.append(`new-${index}`)),
		tenant.append("large", { rows: [`large${"x".repeat(COMMIT_GROUP_APPEND_BYTES_MAX)}`] }),
		tenant.append("known", { rows: ["known"] }),
		tenant.append("known", { rows: ["other"], hash: "other" }).catch((error: { code: string }) => error.code),
	]);
	expect(codes.map((outcome) => (typeof outcome === "string" ? outcome : outcome.kind === "done" && outcome.duplicate))).toEqual([
		...Array.from({ length: 31 }, () => false),
		true,
		"idempotency_key_reused",
	]);
	const sequences = codes
		.slice(0, 31)
		.map((outcome) => (typeof outcome === "object" && outcome.kind === "done" ? outcome.result.sequence : 0));
	expect(sequences.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 31 }, (_, index) => index + 2));
	expect((await tenant.read()).map((row) => row.slice(0, 6)).filter((row) => row.startsWith("new") || row === "largex")).toHaveLength(31);
	expect(await runInDurableObject(tenant.stub(0), (_, state) => state.storage.getAlarm())).not.toBeNull();
});
