/** A row's frame after EXCLUDE: up to three runs of rows, in order, none of them empty. */
import { unreachable } from "#shared/base/assert.ts";
import type { WindowFrame } from "#shared/contracts/plan/expression.ts";
import type { WindowView } from "./window-view.ts";

export type Piece = readonly [start: number, end: number];

export function framePieces(
	view: Pick<WindowView, "first" | "peerStarts" | "peerEnds">,
	index: number,
	frame: { start: number; end: number },
	exclude: WindowFrame["exclude"],
): Piece[] {
	const row = view.first + index;
	const peers: Piece = [view.peerStarts[index] as number, view.peerEnds[index] as number];
	switch (exclude) {
		case "no_others":
			return runs([[frame.start, frame.end]]);
		case "current_row":
			return without(frame, [row, row + 1]);
		case "group":
			return without(frame, peers);
		case "ties": {
			const self: Piece = [Math.max(frame.start, row), Math.min(frame.end, row + 1)];
			const [before, after] = [
				[frame.start, Math.min(frame.end, peers[0])] as const,
				[Math.max(frame.start, peers[1]), frame.end] as const,
			];
			return runs([before, self, after]);
		}
		default:
			return unreachable(exclude);
	}
}

function without({ start, end }: { start: number; end: number }, [from, to]: Piece): Piece[] {
	return runs([
		[start, Math.min(end, from)],
		[Math.max(start, to), end],
	]);
}

function runs(pieces: Piece[]): Piece[] {
	return pieces.filter(([start, end]) => start < end);
}
