/**
 * Where the tests' temporary files lie: in memory where the machine has room for them. SQLite waits for the disk at every commit, and for most suites with storage that was most of their time.
 * What is tested stays the same: a workerd that is killed leaves what the kernel has, whichever file system it is.
 */
import { mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

const MEMORY_FOLDER = "/dev/shm";
const PREFIX = "littoral-tests-";
/** All of a run's temporary files together stay below half of it. */
const FREE_BYTES_MIN = 4 * 1024 ** 3;

/** Sets TMPDIR for this process and all that it starts, unless somebody has; what lies there goes with this process. */
export function keepTemporaryFilesInMemory(): void {
	if (process.env["TMPDIR"] !== undefined || !hasRoom()) return;
	for (const name of readdirSync(MEMORY_FOLDER)) {
		// Of a run that was killed.
		if (name.startsWith(PREFIX) && !isRunning(Number(name.slice(PREFIX.length)))) remove(join(MEMORY_FOLDER, name));
	}
	const folder = join(MEMORY_FOLDER, `${PREFIX}${process.pid}`);
	mkdirSync(folder);
	process.env["TMPDIR"] = folder;
	process.once("exit", () => remove(folder));
}

function hasRoom(): boolean {
	try {
		const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
		return bavail * bsize >= FREE_BYTES_MIN;
	} catch {
		return false;
	}
}

function isRunning(pid: number): boolean {
	try {
		return process.kill(pid, 0);
	} catch {
		return false;
	}
}

function remove(folder: string): void {
	try {
		rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
	} catch {
		// Something still writes there: the next run removes it.
	}
}
