/**
 * Functions that need OVER. What each reads of the frame: the ranks, `ntile`, `lag` and `lead` nothing, the other three values all.
 *
 * An `any` argument is taken as it is; the third of `lag` and `lead` has the type of the first (the binder casts both to their common type).
 */
import type { DataType } from "../data-type.ts";
import { define, type SignatureOptions } from "./define.ts";
import type { ArgumentKind, FunctionSignature } from "./signature.ts";

const first = (types: DataType[]): DataType => types[0] as DataType;

function window(
	name: string,
	argumentKinds: ArgumentKind[],
	result: Parameters<typeof define>[1]["result"],
	description: string,
	options: SignatureOptions = {},
): FunctionSignature {
	return define("window", { name, arguments: argumentKinds, result, description }, { strict: false, ...options });
}

export const WINDOW_SIGNATURES: readonly FunctionSignature[] = [
	window("row_number", [], "bigint", "The row's number in its partition, from 1."),
	window("rank", [], "bigint", "The number of the first of the row's peers."),
	window("dense_rank", [], "bigint", "The number of the row's group of peers."),
	window("percent_rank", [], "double", "(rank - 1) / (rows of the partition - 1); 0 in a partition of one row."),
	window("cume_dist", [], "double", "The part of the partition's rows that are before the row or its peers."),
	window("ntile", ["integer"], "integer", "The row's bucket of as many, as even as possible; NULL gives NULL.", { canRaise: true }),
	...(["lag", "lead"] as const).flatMap((name) => {
		const description = `The value of the row that stands some rows (1 if not given) ${name === "lag" ? "before" : "after"}, else NULL or the default given.`;
		return [
			window(name, ["any"], first, description),
			window(name, ["any", "integer"], first, description),
			window(name, ["any", "integer", "any"], first, description),
		];
	}),
	window("first_value", ["any"], first, "The value of the frame's first row; NULL where the frame is empty."),
	window("last_value", ["any"], first, "The value of the frame's last row; NULL where the frame is empty."),
	window("nth_value", ["any", "integer"], first, "The value of the frame's nth row, from 1; NULL where there is none.", { canRaise: true }),
];
