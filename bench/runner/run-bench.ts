/** One bench from header to end. Only here a wrong answer is caught: it voids the run. */
import { join } from "node:path";
import { type Bench, type BenchSize, WrongAnswer } from "./bench.ts";
import { commit, describeMachine, loadAverage } from "./machine.ts";
import { fileRecorder } from "./record.ts";
import { Session } from "./session.ts";

export interface RunOptions {
	size: BenchSize;
	repeatCount: number;
	scale?: number | null;
	queries?: readonly string[] | null;
	peers?: readonly string[] | null;
	resultsDir: string;
	/** As it was typed. */
	command: string;
	say: (line: string) => void;
}

/** @returns false when the run is void */
export async function runBench(bench: Bench, options: RunOptions): Promise<boolean> {
	const { say } = options;
	const recorder = fileRecorder(join(options.resultsDir, `${bench.name}.jsonl`));
	const startedMs = performance.now();
	say(`\n${bench.name}: ${bench.title}`);
	recorder.write({
		kind: "run",
		bench: bench.name,
		title: bench.title,
		startedAt: new Date().toISOString(),
		commit: commit(),
		command: options.command,
		machine: describeMachine(),
		loadAverage: loadAverage(),
	});
	try {
		await bench.run(new Session({ ...options, recorder }));
		recorder.write({ kind: "end", loadAverage: loadAverage(), elapsedSeconds: Math.round((performance.now() - startedMs) / 1000) });
		return true;
	} catch (error) {
		recorder.write({ kind: "void", reason: error instanceof Error ? error.message : String(error) });
		if (!(error instanceof WrongAnswer)) throw error;
		say(`  VOID: ${error.message}`);
		return false;
	} finally {
		recorder.close();
	}
}
