/** What a comparison is published as: a ratio per query and peer, the geometric mean, the three worst queries, and the stages. */
import type { Session } from "../runner/session.ts";
import { geometricMean } from "../runner/statistics.ts";
import type { Comparison, Outcome } from "./compare.ts";
import { STAGES } from "./stage-clock.ts";

const WORST_COUNT = 3;
const MIB = 1024 ** 2;

type Measured = Exclude<Outcome, { failure: string }>;

const measured = (comparison: Comparison, peer: string): Measured | null => {
	const outcome = comparison.outcomes.get(peer);
	return outcome === undefined || "failure" in outcome ? null : outcome;
};

const shown = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3))));

/** `own`'s time as a multiple of `peer`'s, of the queries that both answered. */
function ratiosOf(comparisons: readonly Comparison[], own: string, peer: string, time: (outcome: Measured) => number) {
	return comparisons.flatMap((comparison) => {
		const [left, right] = [measured(comparison, own), measured(comparison, peer)];
		return left === null || right === null ? [] : [{ name: comparison.query.name, ratio: time(left) / time(right) }];
	});
}

/** Records the table of all queries, and of `own` beside `peer` the means and the worst. */
export function publishRatios(session: Session, title: string, comparisons: readonly Comparison[], names: Means): void {
	const { own, peer } = names;
	const others = [...(comparisons[0]?.outcomes.keys() ?? [])].filter((name) => name !== own && name !== peer);
	const cell = (comparison: Comparison, name: string): string => {
		const [outcome, base] = [comparison.outcomes.get(name), measured(comparison, peer)];
		if (outcome === undefined) return "";
		if ("failure" in outcome) return outcome.failure.replaceAll("|", "/").slice(0, 60);
		return base === null ? `${shown(outcome.warm.wallMs)} ms` : `${shown(outcome.warm.wallMs / base.warm.wallMs)} x`;
	};
	session.table({
		title: `${title}: warm and cold milliseconds; other peers as multiples of ${peer}'s warm time`,
		head: ["query", `${own} ms`, `${peer} ms`, "ratio", "ratio of CPU", "cold ms", "cold ratio", "arena MiB", "spilled MiB", ...others],
		rows: comparisons.map((comparison) => {
			const [left, right] = [measured(comparison, own), measured(comparison, peer)];
			const both = (time: (outcome: Measured) => number): string =>
				left === null || right === null ? "" : `${shown(time(left) / time(right))} x`;
			return [
				comparison.query.name,
				left === null ? cell(comparison, own) : shown(left.warm.wallMs),
				right === null ? cell(comparison, peer) : shown(right.warm.wallMs),
				both(({ warm }) => warm.wallMs),
				both(({ warm }) => warm.cpuMs),
				left === null ? "" : shown(left.cold.wallMs),
				both(({ cold }) => cold.wallMs),
				left === null ? "" : shown((left.figures["arenaPeakBytes"] ?? 0) / MIB),
				left === null ? "" : shown((left.figures["spilledBytes"] ?? 0) / MIB),
				...others.map((name) => cell(comparison, name)),
			];
		}),
	});
	publishMeans(session, title, comparisons, names);
	// By processor time, which others on the machine disturb least.
	const worst = ratiosOf(comparisons, own, peer, ({ warm }) => warm.cpuMs);
	for (const { name, ratio } of worst.toSorted((left, right) => right.ratio - left.ratio).slice(0, WORST_COUNT)) {
		session.figure(`${title}: among the worst by processor time, ${name}`, ratio, "x");
	}
}

interface Means {
	own: string;
	peer: string;
	/** The bar of the warm one. */
	atMost?: number;
}

/** Records the geometric means of `own`'s time beside `peer`'s, over the queries that both answered. */
export function publishMeans(session: Session, title: string, comparisons: readonly Comparison[], { own, peer, atMost }: Means): void {
	const meanOf = (time: (outcome: Measured) => number): number =>
		geometricMean(ratiosOf(comparisons, own, peer, time).map(({ ratio }) => ratio));
	const answeredCount = ratiosOf(comparisons, own, peer, ({ warm }) => warm.wallMs).length;
	if (answeredCount === 0) return;
	session.figure(`${title}: queries of ${comparisons.length} that ${own} and ${peer} answered`, answeredCount, "");
	const [what, value] = [`${title}: time of ${peer}'s, warm, geometric mean`, meanOf(({ warm }) => warm.wallMs)];
	session.figure(what, value, "x");
	if (atMost !== undefined) session.bar({ what, value, unit: "x", atMost });
	session.figure(
		`${title}: time of ${peer}'s, warm, processor time, geometric mean`,
		meanOf(({ warm }) => warm.cpuMs),
		"x",
	);
	session.figure(
		`${title}: time of ${peer}'s, cold, geometric mean`,
		meanOf(({ cold }) => cold.wallMs),
		"x",
	);
	const loadMs = (outcome: Measured | null): number => outcome?.figures["loadMs"] ?? 0;
	if (!comparisons.some((comparison) => loadMs(measured(comparison, peer)) > 0)) return;
	const loadedMean = meanOf((outcome) => outcome.warm.wallMs + loadMs(outcome));
	session.figure(`${title}: time of ${peer}'s, warm, and of taking its tables in before, geometric mean`, loadedMean, "x");
}

/** Milliseconds of each stage of each query, from runs of `peer`, which measures them. */
export function publishStages(session: Session, title: string, comparisons: readonly Comparison[], peer: string): void {
	session.table({
		title: `${title}: milliseconds by stage, warm, in runs of their own`,
		head: ["query", ...STAGES, "dearest pieces of code"],
		rows: comparisons.flatMap((comparison) => {
			const outcome = measured(comparison, peer);
			if (outcome === null) return [];
			const { figures } = outcome;
			const pieces = Object.entries(figures).filter(([name]) => name.startsWith("piece: "));
			const dearest = pieces.toSorted(([, left], [, right]) => right - left).slice(0, 3);
			return [
				[
					comparison.query.name,
					...STAGES.map((stage) => shown(figures[stage] ?? 0)),
					dearest.map(([name, elapsedMs]) => `${name.slice("piece: ".length)} ${shown(elapsedMs)}`).join(", "),
				],
			];
		}),
	});
}
