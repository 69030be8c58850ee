/** Many requests by some clients at once, each client one at a time. */
import { percentile } from "./statistics.ts";

export interface LoadFigures {
	perSecond: number;
	p50Ms: number;
	p99Ms: number;
}

/** @param request is given the number of the request, from 0 */
export async function load(count: number, clientCount: number, request: (index: number) => Promise<void>): Promise<LoadFigures> {
	const latenciesMs: number[] = [];
	let next = 0;
	const client = async (): Promise<void> => {
		while (next < count) {
			const index = next++;
			const sentMs = performance.now();
			await request(index);
			latenciesMs.push(performance.now() - sentMs);
		}
	};
	const startedMs = performance.now();
	await Promise.all(Array.from({ length: clientCount }, client));
	return {
		perSecond: (count / (performance.now() - startedMs)) * 1000,
		p50Ms: percentile(latenciesMs, 0.5),
		p99Ms: percentile(latenciesMs, 0.99),
	};
}
