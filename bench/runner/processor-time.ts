/** Processor time of processes, to the nanosecond where the kernel tells it so (Linux). */
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds that the live threads of a process have run so far. */
export function processCpuMs(pid: number): number {
	let nanoseconds = 0;
	for (const thread of readdirSync(`/proc/${pid}/task`)) {
		try {
			nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
		} catch {
			// The thread ended since it was listed.
		}
	}
	return nanoseconds / 1e6;
}

/** Children of this process that run the program. */
export function childrenNamed(program: string): number[] {
	const own = readdirSync(`/proc/${process.pid}/task`).flatMap((thread) =>
		readFileSync(`/proc/${process.pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
	);
	return own.filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === program);
}
