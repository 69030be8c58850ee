/** UUIDs, sizes as text, clocks that run, counts of NULLs, and texts as bytes of an encoding. */
import { scalar, type SignatureOptions } from "./define.ts";
import type { FunctionSignature } from "./signature.ts";

const VOLATILE: SignatureOptions = { volatility: "volatile", cost: 10 };
const RAISING: SignatureOptions = { canRaise: true, cost: 20 };
const COUNTING: SignatureOptions = { strict: false, variadic: true };

export const SYSTEM_SIGNATURES: readonly FunctionSignature[] = [
	scalar("gen_random_uuid", [], "uuid", "A random UUID (version 4).", VOLATILE),
	scalar("uuidv4", [], "uuid", "A random UUID (version 4).", VOLATILE),
	scalar("uuidv7", [], "uuid", "A UUID of the time and random bits (version 7).", VOLATILE),
	scalar("uuid_extract_version", ["uuid"], "smallint", "The version of an RFC 9562 UUID; NULL of any other.", { nullable: true, cost: 10 }),
	scalar("uuid_extract_timestamp", ["uuid"], "timestamptz", "When a UUID of version 1 or 7 was made; NULL of any other.", {
		nullable: true,
		cost: 10,
	}),
	scalar("clock_timestamp", [], "timestamptz", "The time now, as the host tells it.", { volatility: "volatile" }),
	scalar("num_nulls", ["any"], "integer", "How many arguments are NULL.", COUNTING),
	scalar("num_nonnulls", ["any"], "integer", "How many arguments are not NULL.", COUNTING),
	scalar("pg_size_pretty", ["bigint"], "text", "So many bytes in the unit that fits.", RAISING),
	scalar("pg_size_pretty", ["numeric"], "text", "So many bytes in the unit that fits.", RAISING),
	scalar("convert_from", ["bytea", "text"], "text", "The text whose UTF-8 bytes these are; other encodings are 0A000.", RAISING),
	scalar("convert_to", ["text", "text"], "bytea", "The text's bytes in UTF-8; other encodings are 0A000.", RAISING),
];
