/** to_char, to_date, to_timestamp and to_number: values by templates. Names of the session's zone and its clock are stable. */
import { scalar, type SignatureOptions } from "./define.ts";
import type { FunctionSignature } from "./signature.ts";

const READING: SignatureOptions = { canRaise: true, cost: 60, nullable: true };

export const FORMAT_SIGNATURES: readonly FunctionSignature[] = [
	...(["timestamp", "timestamptz", "interval"] as const).map((kind) =>
		scalar("to_char", [kind, "text"], "text", "The time as the template writes it; NULL for an empty template.", {
			...READING,
			volatility: "stable",
		}),
	),
	...(["integer", "bigint", "real", "double", "numeric"] as const).map((kind) =>
		scalar("to_char", [kind, "text"], "text", "The number as the template writes it; # where it does not fit.", {
			canRaise: true,
			cost: 60,
			volatility: "stable",
		}),
	),
	scalar("to_date", ["text", "text"], "date", "The date that the text has by the template; 22007 and 22008 for what has none.", {
		...READING,
		volatility: "stable",
	}),
	scalar("to_timestamp", ["text", "text"], "timestamptz", "The instant that the text has by the template, in the session's zone.", {
		...READING,
		volatility: "stable",
	}),
	scalar("to_number", ["text", "text"], "numeric", "The number that the text has by the template.", { ...READING, volatility: "stable" }),
];
