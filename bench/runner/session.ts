/** One run of one bench: interleaves its peers, times them, and records every repeat. */
import type { BenchSize } from "./bench.ts";
import type { Fact, Recorder } from "./record.ts";
import { median } from "./statistics.ts";

export interface Peer<Answer> {
	name: string;
	/** Before each repeat, not timed. */
	prepare?: (repeat: number) => Promise<void>;
	run: (repeat: number) => Promise<Answer>;
	/** Milliseconds of processor time that the process doing the work has used so far. */
	cpuMs: () => number;
}

export interface Interleaving<Answer> {
	what: string;
	peers: readonly Peer<Answer>[];
	/** Runs before the first that counts. */
	warmUpCount?: number;
	repeatCount?: number;
	/** Not timed. @throws WrongAnswer */
	check: (answer: Answer, peer: string) => void | Promise<void>;
	/** Further figures of one repeat, from its answer. */
	figures?: (answer: Answer) => Record<string, number>;
}

/** Medians over the repeats of one peer. */
export interface Measured {
	wallMs: number;
	cpuMs: number;
	/** Medians of the further figures. */
	figures: Record<string, number>;
}

export interface SessionOptions {
	size: BenchSize;
	repeatCount: number;
	scale?: number | null;
	queries?: readonly string[] | null;
	peers?: readonly string[] | null;
	recorder: Recorder;
	say: (line: string) => void;
}

const round = (value: number): number => Number(value.toPrecision(6));

export class Session {
	readonly size: BenchSize;
	readonly repeatCount: number;
	/** The only scale, of a bench's, that this run is of; null: all. */
	readonly scale: number | null;
	/** Names of the only queries that this run is of; null: all. */
	readonly queries: readonly string[] | null;
	/** Names of the only peers, beside those that a bench cannot do without; null: all. */
	readonly peers: readonly string[] | null;
	readonly #recorder: Recorder;
	readonly #say: (line: string) => void;

	constructor(options: SessionOptions) {
		this.size = options.size;
		this.repeatCount = options.repeatCount;
		this.scale = options.scale ?? null;
		this.queries = options.queries ?? null;
		this.peers = options.peers ?? null;
		this.#recorder = options.recorder;
		this.#say = options.say;
	}

	/** By the size of the run. */
	sized<Value>(values: Record<BenchSize, Value>): Value {
		return values[this.size];
	}

	say(line: string): void {
		this.#say(line);
	}

	/**
	 * Repeat by repeat, every peer once, each time another one first: what disturbs the machine for a while disturbs them all.
	 *
	 * @returns medians by peer
	 * @throws what `check` throws
	 */
	async interleave<Answer>(work: Interleaving<Answer>): Promise<Record<string, Measured>> {
		const { what, peers, check } = work;
		for (let round = 0; round < (work.warmUpCount ?? 0); round++) {
			for (const peer of peers) {
				await peer.prepare?.(-1);
				await check(await peer.run(-1), peer.name);
			}
		}
		const repeats = new Map<string, Measured[]>(peers.map((peer) => [peer.name, []]));
		for (let repeat = 0; repeat < (work.repeatCount ?? this.repeatCount); repeat++) {
			for (let turn = 0; turn < peers.length; turn++) {
				const peer = peers[(repeat + turn) % peers.length] as Peer<Answer>;
				await peer.prepare?.(repeat);
				const cpuBeforeMs = peer.cpuMs();
				const startedMs = performance.now();
				const answer = await peer.run(repeat);
				const wallMs = round(performance.now() - startedMs);
				const cpuMs = round(peer.cpuMs() - cpuBeforeMs);
				await check(answer, peer.name);
				const figures = work.figures?.(answer) ?? {};
				repeats.get(peer.name)?.push({ wallMs, cpuMs, figures });
				this.#write({ kind: "repeat", what, peer: peer.name, repeat, wallMs, cpuMs, figures });
			}
		}
		const measured = Object.fromEntries([...repeats].map(([name, all]) => [name, medians(all)]));
		const shown = Object.entries(measured).map(
			([name, { wallMs, cpuMs }]) => `${name} ${wallMs.toFixed(1)} ms (${cpuMs.toFixed(1)} ms of CPU)`,
		);
		this.#say(`  ${what}: ${shown.join(", ")}`);
		return measured;
	}

	figure(what: string, value: number, unit: string): void {
		this.#write({ kind: "figure", what, value: round(value), unit });
		this.#say(`  ${what}: ${round(value).toLocaleString("en")} ${unit}`);
	}

	bar(bar: { what: string; value: number; unit: string } & ({ atLeast: number } | { atMost: number })): void {
		this.#write({ kind: "bar", ...bar, value: round(bar.value) });
		const [met, limit] =
			"atLeast" in bar ? [bar.value >= bar.atLeast, `at least ${bar.atLeast}`] : [bar.value <= bar.atMost, `at most ${bar.atMost}`];
		this.#say(`  ${met ? "met   " : "MISSED"} ${bar.what}: ${round(bar.value)} ${bar.unit}, ${limit}`);
	}

	/** One repeat of a peer that was timed where it ran. */
	repeat(repeat: Omit<Extract<Fact, { kind: "repeat" }>, "kind">): void {
		const figures = Object.fromEntries(Object.entries(repeat.figures ?? {}).map(([name, value]) => [name, round(value)]));
		this.#write({ kind: "repeat", ...repeat, wallMs: round(repeat.wallMs), cpuMs: round(repeat.cpuMs), figures });
	}

	/** A peer did not answer: out of memory, out of time, not supported. */
	failure(failure: { what: string; peer: string; reason: string }): void {
		this.#write({ kind: "failure", ...failure });
		this.#say(`  FAILED ${failure.what}, ${failure.peer}: ${failure.reason}`);
	}

	/** A table for the report, which then leaves out the raw repeats. */
	table(table: { title: string; head: string[]; rows: string[][] }): void {
		this.#write({ kind: "table", ...table });
	}

	#write(fact: Fact): void {
		this.#recorder.write(fact);
	}
}

function medians(repeats: readonly Measured[]): Measured {
	const names = Object.keys(repeats[0]?.figures ?? {});
	return {
		wallMs: median(repeats.map((repeat) => repeat.wallMs)),
		cpuMs: median(repeats.map((repeat) => repeat.cpuMs)),
		figures: Object.fromEntries(names.map((name) => [name, median(repeats.map((repeat) => repeat.figures[name] as number))])),
	};
}
