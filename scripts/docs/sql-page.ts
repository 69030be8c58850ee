/** The list of functions in docs/sql.md, from the registry: what stands between its two markers. */
import { AGGREGATE_SIGNATURES } from "#shared/contracts/functions/aggregate-signatures.ts";
import { ARRAY_SIGNATURES } from "#shared/contracts/functions/array-signatures.ts";
import { DATETIME_SIGNATURES } from "#shared/contracts/functions/datetime-signatures.ts";
import { FORMAT_SIGNATURES } from "#shared/contracts/functions/format-signatures.ts";
import { JSON_PATH_SIGNATURES } from "#shared/contracts/functions/json-path-signatures.ts";
import { JSON_SIGNATURES } from "#shared/contracts/functions/json-signatures.ts";
import { MATH_SIGNATURES } from "#shared/contracts/functions/math-signatures.ts";
import { OPERATOR_SIGNATURES } from "#shared/contracts/functions/operator-signatures.ts";
import { type FunctionSignature, OPERATOR_FUNCTIONS } from "#shared/contracts/functions/signature.ts";
import { STRING_SIGNATURES } from "#shared/contracts/functions/string-signatures.ts";
import { SYSTEM_SIGNATURES } from "#shared/contracts/functions/system-signatures.ts";
import { TABLE_SIGNATURES } from "#shared/contracts/functions/table-signatures.ts";
import { WINDOW_SIGNATURES } from "#shared/contracts/functions/window-signatures.ts";

const CATEGORIES: [heading: string, signatures: readonly FunctionSignature[]][] = [
	["Aggregates", AGGREGATE_SIGNATURES],
	["Window functions", WINDOW_SIGNATURES],
	["Functions that return rows", TABLE_SIGNATURES],
	["Numbers", [...OPERATOR_SIGNATURES, ...MATH_SIGNATURES]],
	["Text and bytes", STRING_SIGNATURES],
	["Arrays", ARRAY_SIGNATURES],
	["JSONB", [...JSON_SIGNATURES, ...JSON_PATH_SIGNATURES]],
	["Dates and times", DATETIME_SIGNATURES],
	["Formatting", FORMAT_SIGNATURES],
	["UUIDs, sizes, encodings", SYSTEM_SIGNATURES],
];

const BEGIN = "<!-- functions: npm run docs:sql -->";
const END = "<!-- /functions -->";

/** Those that SQL spells as an operator have no name of their own, with a few exceptions that PostgreSQL has too. */
const OPERATORS = new Set([...Object.values(OPERATOR_FUNCTIONS.binary), ...Object.values(OPERATOR_FUNCTIONS.unary)]);
const ALSO_BY_NAME = ["abs", "cbrt", "power", "starts_with"];

function namesOf(signatures: readonly FunctionSignature[]): string[] {
	return [...new Set(signatures.map(({ name }) => name))].filter((name) => !OPERATORS.has(name) || ALSO_BY_NAME.includes(name)).toSorted();
}

/** The page with its list as the registry has it. */
export function sqlPage(page: string): string {
	const list = CATEGORIES.map(
		([heading, signatures]) =>
			`**${heading}:** ${namesOf(signatures)
				.map((name) => `\`${name}\``)
				.join(", ")}`,
	).join("\n\n");
	const before = page.slice(0, page.indexOf(BEGIN) + BEGIN.length);
	return `${before}\n\n${list}\n\n${page.slice(page.indexOf(END))}`;
}
