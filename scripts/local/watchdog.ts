/** Ends workerd when the process that started it ends without a word, as by SIGKILL: an orphan would keep the port, and the next start would fail. */
import { type ChildProcess, spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";

/** Reads process ids until its standard input ends, which it does with the process that holds the other side, then kills them. */
const WATCH = 'while read -r id; do ids="$ids $id"; done; [ -z "$ids" ] || kill -9 $ids';

/** Watches every workerd that this process starts from now on. Call it before the first. */
export function watchWorkerd(): void {
	// A session of its own, so that a signal to this process's group leaves it its work.
	const watchdog = spawn("sh", ["-c", WATCH], { stdio: ["pipe", "ignore", "ignore"], detached: true });
	watchdog.on("error", (error) => process.stderr.write(`workerd is not watched: ${error.message}\n`));
	watchdog.stdin.on("error", () => {});
	watchdog.unref();
	(watchdog.stdin as unknown as { unref(): void }).unref();
	subscribe("child_process", (message) => {
		const { process: child } = message as { process: ChildProcess };
		child.once("spawn", () => {
			if (child.spawnfile.includes("workerd")) watchdog.stdin.write(`${child.pid}\n`);
		});
	});
}
