/** Peers in processes of their own: a file of `peers/`, given its options when it starts, and then one query after the other. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../scripts/fleet.ts";
import { messageOf, type PeerAnswer, type PeerFailure, type QueryPeer, type RunningPeer, timed } from "./peer.ts";

/** A query that takes longer than a statement may (QUERY_TIMEOUT_MS, and as much again for a machine that others use) has failed. */
const TIMEOUT_MS = 120_000;

type Reply = { ready: true } | PeerAnswer | PeerFailure;

/** @param options sent as they are, or made for the query that will be asked */
export function processPeer<Options extends object>(name: string, file: string, options: Options | ((sql: string) => Options)): QueryPeer {
	return { name, start: (sql) => startProcess(file, typeof options === "function" ? options(sql) : options) };
}

async function startProcess(file: string, options: object): Promise<RunningPeer | PeerFailure> {
	const child = fork(join(ROOT, "bench/engine/peers", file), { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
	const opened = await ask(child, options);
	const stop = async (): Promise<void> => {
		if (child.exitCode !== null || child.signalCode !== null) return;
		const exited = new Promise((resolve) => child.once("exit", resolve));
		child.kill("SIGKILL");
		await exited;
	};
	if (!("ready" in opened)) {
		await stop();
		return { failure: `it does not start: ${"failure" in opened ? opened.failure : "no reason"}` };
	}
	return { query: async (sql) => (await ask(child, { sql })) as PeerAnswer | PeerFailure, stop };
}

async function ask(child: ChildProcess, message: object): Promise<Reply> {
	const { promise, resolve } = Promise.withResolvers<Reply>();
	const onExit = (code: number | null, signal: string | null): void => resolve({ failure: `the process ended (${signal ?? code})` });
	const timer = setTimeout(() => {
		resolve({ failure: `no answer in ${TIMEOUT_MS / 1000} s` });
		child.kill("SIGKILL");
	}, TIMEOUT_MS);
	child.once("message", resolve as (reply: unknown) => void);
	child.once("exit", onExit);
	try {
		if (child.exitCode !== null || child.signalCode !== null) return { failure: "the process has ended" };
		child.send(message);
		return await promise;
	} finally {
		clearTimeout(timer);
		child.off("message", resolve as (reply: unknown) => void);
		child.off("exit", onExit);
	}
}

/** For the files of `peers/`: opens with the first message, then answers each query. */
export function servePeer<Options>(
	open: (options: Options) => Promise<(sql: string) => Promise<Pick<PeerAnswer, "rows" | "figures">>>,
): void {
	let query: ((sql: string) => Promise<Pick<PeerAnswer, "rows" | "figures">>) | null = null;
	process.on("message", (message: Options | { sql: string }) => {
		void (async () => {
			if (query === null) {
				query = await open(message as Options);
				process.send?.({ ready: true });
				return;
			}
			const run = query;
			process.send?.(await timed(() => run((message as { sql: string }).sql)));
		})().catch((error: unknown) => process.send?.({ failure: messageOf(error) }));
	});
}
