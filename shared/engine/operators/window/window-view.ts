/** Some neighbouring rows of a window whose results are to be computed: where each one's partition and peers begin and end, as row numbers. */
import type { Region } from "../../memory/region.ts";
import { EXTRA, type WindowRows } from "./window-rows.ts";

export interface WindowView {
	rows: WindowRows;
	first: number;
	count: number;
	partitionStarts: Float64Array;
	/** Infinity where the partition has not ended and nobody asks. */
	partitionEnds: Float64Array;
	peerStarts: Float64Array;
	/** Infinity likewise. */
	peerEnds: Float64Array;
	/** Groups of peers of the partition up to the row's, from 1. */
	peerNumbers: Float64Array;
}

export function windowView(rows: WindowRows, range: { first: number; count: number }, region: Region): WindowView {
	const { first, count } = range;
	const partitionStarts = rows.numbersOf(first, count, EXTRA.partition, region);
	const peerStarts = rows.numbersOf(first, count, EXTRA.peers, region);
	const partitionEnds = new Float64Array(count);
	const peerEnds = new Float64Array(count);
	// What the last row's ends are must be looked up; the others' follow from the next row.
	let partitionEnd = rows.partitionEnd(first + count - 1) ?? Number.POSITIVE_INFINITY;
	let peerEnd = endOfPeers(rows, first + count - 1, partitionEnd);
	for (let index = count - 1; index >= 0; index--) {
		partitionEnds[index] = partitionEnd;
		peerEnds[index] = peerEnd;
		if (partitionStarts[index] === first + index) partitionEnd = first + index;
		if (peerStarts[index] === first + index) peerEnd = first + index;
	}
	return {
		rows,
		first,
		count,
		partitionStarts,
		partitionEnds,
		peerStarts,
		peerEnds,
		peerNumbers: rows.numbersOf(first, count, EXTRA.peerNumber, region),
	};
}

function endOfPeers(rows: WindowRows, row: number, partitionEnd: number): number {
	const peers = rows.numberOf(row, EXTRA.peers);
	const limit = Math.min(partitionEnd, rows.arrived);
	for (let next = row + 1; next < limit; next++) if (rows.numberOf(next, EXTRA.peers) !== peers) return next;
	return limit === partitionEnd ? partitionEnd : Number.POSITIVE_INFINITY;
}
