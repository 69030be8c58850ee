/** Every query by every peer, repeat by repeat, each repeat in processes of their own: first cold, then warm. */
import { answerDifference, type ExpectedAnswer } from "../data/answers.ts";
import { WrongAnswer } from "../runner/bench.ts";
import type { Session } from "../runner/session.ts";
import { median } from "../runner/statistics.ts";
import type { PeerAnswer, QueryPeer } from "./peer.ts";

export interface ComparedQuery {
	name: string;
	sql: string;
	/** DuckDB's. */
	expected: ExpectedAnswer;
}

/** Medians of one query by one peer, or why there are none. */
export type Outcome = { cold: Timing; warm: Timing; figures: Record<string, number> } | { failure: string };
export interface Timing {
	wallMs: number;
	cpuMs: number;
}

export interface Comparison {
	query: ComparedQuery;
	/** By the peer's name. */
	outcomes: Map<string, Outcome>;
}

export interface CompareOptions {
	/** Goes before each query's name in what is recorded. */
	what: string;
	queries: readonly ComparedQuery[];
	peers: readonly QueryPeer[];
	repeatCount: number;
}

/** Between the cold run and the warm one that counts, of every peer: so many runs, and more until so much time has gone by. V8 compiles what is hot meanwhile. */
const WARM_UP = { countMin: 2, countMax: 100, elapsedMs: 1000 };
/** Of a run whose figures mean nothing. */
const NO_WARM_UP = { countMin: 0, countMax: 0, elapsedMs: 0 };
/** A first run that took longer has compiled all there is to compile: the second is the warm one. */
const SLOW_MS = 8000;

/** @throws WrongAnswer */
export async function compareQueries(session: Session, options: CompareOptions): Promise<Comparison[]> {
	const comparisons: Comparison[] = [];
	for (const query of options.queries) {
		const comparison = await compareQuery(session, query, options);
		comparisons.push(comparison);
		const shown = [...comparison.outcomes].map(([name, outcome]) =>
			"failure" in outcome
				? `${name}: ${outcome.failure}`
				: `${name} ${outcome.warm.wallMs.toFixed(0)} (cold ${outcome.cold.wallMs.toFixed(0)}) ms`,
		);
		session.say(`  ${options.what} ${query.name}: ${shown.join(", ")}`);
	}
	return comparisons;
}

async function compareQuery(session: Session, query: ComparedQuery, { what, peers, repeatCount }: CompareOptions): Promise<Comparison> {
	const runs = new Map(peers.map(({ name }) => [name, [] as { cold: PeerAnswer; warm: PeerAnswer }[]]));
	const failures = new Map<string, string>();
	for (let repeat = 0; repeat < repeatCount; repeat++) {
		for (let turn = 0; turn < peers.length; turn++) {
			const peer = peers[(repeat + turn) % peers.length] as QueryPeer;
			if (failures.has(peer.name) || repeat >= (peer.repeatCountMax ?? repeatCount)) continue;
			const run = await runOnce(peer, query, {
				what: `${what} ${query.name}`,
				warmUp: session.sized({ full: WARM_UP, smoke: NO_WARM_UP }),
			});
			if ("failure" in run) {
				failures.set(peer.name, run.failure);
				session.failure({ what: `${what} ${query.name}`, peer: peer.name, reason: run.failure });
				continue;
			}
			runs.get(peer.name)?.push(run);
			for (const warmth of ["cold", "warm"] as const) {
				const { wallMs, cpuMs, figures } = run[warmth];
				session.repeat({ what: `${what} ${query.name}, ${warmth}`, peer: peer.name, repeat, wallMs, cpuMs, figures });
			}
		}
	}
	const outcomes = new Map(
		peers.map(({ name }) => {
			const failure = failures.get(name);
			return [name, failure === undefined ? outcomeOf(runs.get(name) ?? []) : { failure }] as const;
		}),
	);
	return { query, outcomes };
}

async function runOnce(
	peer: QueryPeer,
	query: ComparedQuery,
	{ what, warmUp }: { what: string; warmUp: typeof WARM_UP },
): Promise<{ cold: PeerAnswer; warm: PeerAnswer } | { failure: string }> {
	const running = await peer.start(query.sql);
	if ("failure" in running) return running;
	const expected = peer.isInexact ? { ...query.expected, isInexact: query.expected.isInexact.map(() => true) } : query.expected;
	try {
		const answers: PeerAnswer[] = [];
		const isOver = (): boolean => {
			const [cold, ...warmUps] = answers;
			if (cold === undefined || warmUps.length === 0) return false;
			if (cold.wallMs > SLOW_MS) return true;
			const before = warmUps.slice(0, -1);
			const elapsedMs = before.reduce((sum, { wallMs }) => sum + wallMs, 0);
			return before.length >= warmUp.countMax || (before.length >= warmUp.countMin && elapsedMs >= warmUp.elapsedMs);
		};
		while (!isOver()) {
			const answer = await running.query(query.sql);
			if ("failure" in answer) return answer;
			const difference = answerDifference(answer.rows, expected);
			if (difference !== null) throw new WrongAnswer(`${what}, ${peer.name}: ${difference}`);
			answers.push(answer);
		}
		return { cold: answers[0] as PeerAnswer, warm: answers.at(-1) as PeerAnswer };
	} finally {
		await running.stop();
	}
}

function outcomeOf(runs: readonly { cold: PeerAnswer; warm: PeerAnswer }[]): Outcome {
	const timing = (warmth: "cold" | "warm"): Timing => ({
		wallMs: median(runs.map((run) => run[warmth].wallMs)),
		cpuMs: median(runs.map((run) => run[warmth].cpuMs)),
	});
	const names = Object.keys(runs[0]?.warm.figures ?? {});
	const figures = Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run.warm.figures[name] ?? 0))]));
	return { cold: timing("cold"), warm: timing("warm"), figures };
}
