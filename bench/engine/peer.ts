/** What answers a bench's queries: in a process of its own, in workerd, or over HTTP. */

export interface PeerAnswer {
	/** As text; null is NULL. */
	rows: (string | null)[][];
	wallMs: number;
	/** Of the process that did the work. */
	cpuMs: number;
	/** Arena and spilled bytes, stages, and so on. */
	figures: Record<string, number>;
}

/** Out of memory, out of time, or not supported: a result as well, unlike a wrong answer. */
export interface PeerFailure {
	failure: string;
}

/** One start of a peer: nothing is cached when it has begun. */
export interface RunningPeer {
	query(sql: string): Promise<PeerAnswer | PeerFailure>;
	stop(): Promise<void>;
}

export interface QueryPeer {
	name: string;
	/** Its decimals are floating-point numbers: its answers agree to nine digits. */
	isInexact?: boolean;
	/** At most so many repeats, of a peer that takes long and shows nothing new in more. */
	repeatCountMax?: number;
	/** @param sql the query that it will be asked, for peers that are given their rows before */
	start(sql: string): Promise<RunningPeer | PeerFailure>;
}

/** Times one query of this process. */
export async function timed(work: () => Promise<Pick<PeerAnswer, "rows" | "figures">>): Promise<PeerAnswer | PeerFailure> {
	const startedMs = performance.now();
	const startedCpu = process.cpuUsage();
	try {
		const { rows, figures } = await work();
		const wallMs = performance.now() - startedMs;
		const { user, system } = process.cpuUsage(startedCpu);
		return { rows, wallMs, cpuMs: (user + system) / 1000, figures: { ...figures, residentMib: process.resourceUsage().maxRSS / 1024 } };
	} catch (error) {
		return { failure: messageOf(error) };
	}
}

/** In one line; of DuckDB-wasm's errors, which are JSON, what they say. */
export function messageOf(error: unknown): string {
	const message = error instanceof Error ? error.message : String(error);
	const said = /"exception_message":"(.*?)(?:\\n|")/.exec(message)?.[1] ?? message;
	return said.split("\n")[0]?.slice(0, 200) ?? "";
}
