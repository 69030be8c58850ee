/** `docs/sql.md` lists every function that a statement can call, and none else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SIGNATURES } from "#shared/contracts/functions/registry.ts";
import { OPERATOR_FUNCTIONS } from "#shared/contracts/functions/signature.ts";
import { ROOT } from "../../scripts/fleet.ts";

test("the functions on the page", () => {
	const page = readFileSync(join(ROOT, "docs/sql.md"), "utf8");
	const listed = [...page.matchAll(/^\*\*.+?:\*\* (.+)$/gm)].flatMap((match) => (match[1] as string).match(/(?<=`)\w+(?=`)/g) ?? []);
	// Those that SQL spells as an operator have no name of their own, with a few exceptions that PostgreSQL has too.
	const operators = new Set([...Object.values(OPERATOR_FUNCTIONS.binary), ...Object.values(OPERATOR_FUNCTIONS.unary)]);
	const alsoByName = ["abs", "cbrt", "power", "sqrt", "starts_with"];
	const names = new Set(SIGNATURES.map(({ name }) => name).filter((name) => !operators.has(name) || alsoByName.includes(name)));
	expect(listed.toSorted()).toEqual([...names].toSorted());
});
