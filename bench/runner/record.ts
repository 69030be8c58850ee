/** What a run leaves behind: one JSON line a fact, the raw repeats among them. `report.ts` makes the README's tables of these files, and of nothing else. */
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Machine } from "./machine.ts";

export type Fact =
	| { kind: "run"; bench: string; title: string; startedAt: string; commit: string; command: string; machine: Machine; loadAverage: number }
	/** One repeat of one peer. `cpuMs` is of the process that did the peer's work. */
	| { kind: "repeat"; what: string; peer: string; repeat: number; wallMs: number; cpuMs: number; figures?: Record<string, number> }
	/** Something counted or weighed, once. */
	| { kind: "figure"; what: string; value: number; unit: string }
	| { kind: "bar"; what: string; value: number; atLeast?: number; atMost?: number; unit: string }
	/** A peer that did not answer, which is a result. */
	| { kind: "failure"; what: string; peer: string; reason: string }
	/** Made of the repeats, for the report. */
	| { kind: "table"; title: string; head: string[]; rows: string[][] }
	| { kind: "end"; loadAverage: number; elapsedSeconds: number }
	/** Nothing before this counts. */
	| { kind: "void"; reason: string };

export interface Recorder {
	write(fact: Fact): void;
	close(): void;
}

export function fileRecorder(path: string): Recorder {
	mkdirSync(dirname(path), { recursive: true });
	const file = openSync(path, "w");
	return {
		write: (fact) => void writeSync(file, `${JSON.stringify(fact)}\n`),
		close: () => closeSync(file),
	};
}
