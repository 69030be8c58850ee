/** docs/sql-missing.md: what PostgreSQL's own catalog has and the registry has not. */
import type { PGlite } from "@electric-sql/pglite";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";
import { JSON_FUNCTIONS } from "#shared/contracts/functions/json-names.ts";
import { SIGNATURES } from "#shared/contracts/functions/registry.ts";
import { type ArgumentKind, OPERATOR_FUNCTIONS } from "#shared/contracts/functions/signature.ts";
import { isHypotheticalSet } from "../../workers/optimizer/src/sql/bind/functions/hypothetical-set.ts";
import { SESSION_VALUES } from "../../workers/optimizer/src/sql/system/session.ts";

/** PostgreSQL's names of the types that there are. */
const TYPES = [
	...(["boolean", "smallint", "integer", "bigint", "real", "double", "numeric", "text", "bytea", "uuid"] as const),
	...(["date", "time", "timestamp", "timestamptz", "interval", "jsonb"] as const),
].map((kind) => typeName({ kind } as DataType));
/** JSONB stands for json. */
const KNOWN_TYPES = new Set([...TYPES, "character varying", "character", "json"]);
/** Types that are texts or numbers here, and PostgreSQL's own for the catalog. */
const CATALOG_TYPES =
	/^(?:reg\w+|oid|oidvector|int2vector|name|"char"|xid8?|cid|tid|pg_\w+|txid_snapshot|aclitem|refcursor|jsonpath|gtsvector|\w*_handler|void|unknown|record|trigger|any\w*|cstring|internal)$/;

/** Functions that only the catalog's own objects call, and those of types that are the catalog's. */
const FUNCTIONS = `
	WITH inside AS (
		SELECT oprcode::oid AS oid FROM pg_operator UNION SELECT oprrest::oid FROM pg_operator UNION SELECT oprjoin::oid FROM pg_operator
		UNION SELECT castfunc::oid FROM pg_cast UNION SELECT amproc::oid FROM pg_amproc UNION SELECT amhandler::oid FROM pg_am
		UNION SELECT unnest(ARRAY[typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript])::oid FROM pg_type
		UNION SELECT unnest(ARRAY[aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn])::oid FROM pg_aggregate
		UNION SELECT prosupport::oid FROM pg_proc UNION SELECT conproc::oid FROM pg_conversion
	)
	SELECT proname AS name, prokind AS kind, array_to_string(proargtypes::oid[]::regtype[], ', ') AS arguments, prorettype::regtype::text AS result
	FROM pg_proc p
	WHERE pronamespace = 'pg_catalog'::regnamespace
		AND NOT ARRAY['internal', 'cstring']::regtype[] && proargtypes::oid[]::regtype[]
		AND prorettype::regtype NOT IN ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype, 'event_trigger'::regtype)
		AND (prokind <> 'f' OR p.oid NOT IN (SELECT oid FROM inside WHERE oid IS NOT NULL))
		AND obj_description(p.oid, 'pg_proc') NOT LIKE 'internal%' AND obj_description(p.oid, 'pg_proc') NOT LIKE 'implementation of %'
	ORDER BY proname COLLATE "C", 3`;
const OPERATORS = `
	SELECT oprname AS name, CASE WHEN oprleft = 0 THEN '' ELSE oprleft::regtype::text END AS left, oprright::regtype::text AS right
	FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace ORDER BY oprname COLLATE "C", 2, 3`;
const TYPE_NAMES = `
	SELECT format_type(oid, NULL) AS name FROM pg_type
	WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typelem = 0 AND typcategory <> 'A' ORDER BY format_type(oid, NULL) COLLATE "C"`;

interface CatalogFunction {
	name: string;
	kind: string;
	arguments: string;
	result: string;
}

/** Functions that the binder answers by itself. */
const OF_BINDER = ["pg_typeof", "json_to_record", "json_to_recordset", "jsonb_to_record", "jsonb_to_recordset"];

/** Of the server, its files and its sessions: not what a query over tables asks for. */
const SERVER_FAMILIES =
	/^(?:pg_(?!typeof|size_|column_size|input_)|has_|binary_upgrade_|inet_(?:client|server)|txid_|lo_|brin_|gin_|to_reg|ts_)/;
const SERVER =
	/^(?:row_security_active|current_setting|set_config|\w+_validator|\w*acl\w*|getdatabaseencoding|\w+_description|format_type|mxid_age|satisfies_hash_partition|current_schemas|nextval|currval|lastval|setval|icu_unicode_version|loread|lowrite|currtid2|oidvectortypes|nameconcatoid|get_current_ts_config|current_query|amvalidate|getpgusername|system_user)$/;
const isOfServer = (name: string): boolean => SERVER_FAMILIES.test(name) || SERVER.test(name);

const typesOf = (text: string): string[] => text.split(", ").filter((name) => name !== "");
const isKnown = (name: string): boolean => KNOWN_TYPES.has(name.replace(/\[\]$/, "")) || /^"?any(?!range|multirange|enum)/.test(name);
const code = (names: Iterable<string>): string => [...new Set(names)].map((name) => `\`${name}\``).join(", ") || "none";

const KIND_NAMES: Partial<Record<ArgumentKind, string>> = {
	"text[]": "text[]",
	"integer[]": "integer[]",
	"double[]": "double precision[]",
};
const nameOfKind = (kind: ArgumentKind): string => KIND_NAMES[kind] ?? typeName({ kind } as DataType);

/** Whether an argument of the registry takes PostgreSQL's type. */
function takes(kind: ArgumentKind, type: string): boolean {
	if (kind === "any" || kind === "element" || kind === "compatible") return true;
	if (kind === "nonarray") return !type.endsWith("[]");
	if (kind === "array" || kind === "compatible_array") return type.endsWith("[]") || type.endsWith("array");
	if (kind === "text") return /^(?:text|character varying|character|jsonpath|"any"|anyelement)$/.test(type);
	return nameOfKind(kind) === type;
}

/** Whether some overload takes these; VARIADIC ones are given as PostgreSQL lists them, with their array. */
function isThere(name: string, types: string[]): boolean {
	const known = JSON_FUNCTIONS.get(name) ?? name;
	const given = types.map((type) => type.replace(/^json(?=$|\[)/, "jsonb"));
	return SIGNATURES.some((signature) => {
		if (signature.name !== known) return false;
		if (signature.variadic) return true;
		return signature.arguments.length === given.length && signature.arguments.every((kind, index) => takes(kind, given[index] as string));
	});
}

/** Types of which an operator casts one to the other, and the one that all reach. */
const FAMILIES: [types: string[], widest: string][] = [
	[["smallint", "integer", "bigint", "real", "double precision"], "double precision"],
	[["date", "timestamp without time zone", "timestamp with time zone"], "timestamp with time zone"],
];

function operatorIsThere(name: string, left: string, right: string): boolean {
	const { unary, binary } = OPERATOR_FUNCTIONS;
	const functionName = (left === "" ? unary : binary)[name];
	if (functionName === undefined) return false;
	if (isThere(functionName, left === "" ? [right] : [left, right])) return true;
	return FAMILIES.some(([types, widest]) => types.includes(left) && types.includes(right) && isThere(functionName, [widest, widest]));
}

/** The page. @param database PGlite, in which nothing was made */
export async function missingPage(database: PGlite): Promise<string> {
	const { rows: functions } = await database.query<CatalogFunction>(FUNCTIONS);
	const { rows: operators } = await database.query<{ name: string; left: string; right: string }>(OPERATORS);
	const { rows: types } = await database.query<{ name: string }>(TYPE_NAMES);
	const names = new Set([...SIGNATURES.map(({ name }) => name), ...Object.keys(SESSION_VALUES), ...JSON_FUNCTIONS.keys(), ...OF_BINDER]);
	const missing = functions.filter(({ name }) => !names.has(name));
	const usable = (one: CatalogFunction): boolean => typesOf(one.arguments).every(isKnown) && isKnown(one.result);
	const usableNames = new Set(missing.filter(usable).map(({ name }) => name));
	const ofServer = new Set(missing.map(({ name }) => name).filter(isOfServer));
	const rest = missing.filter(({ name }) => !isOfServer(name));
	const near = rest.filter(({ name }) => usableNames.has(name));
	const list = (all: CatalogFunction[], aggregates: boolean): string =>
		code(all.filter(({ kind }) => (kind === "a") === aggregates).map(({ name }) => name));
	const overloads = functions.filter(
		(one) =>
			names.has(one.name) &&
			!isHypotheticalSet(one.name) &&
			usable(one) &&
			one.arguments !== "" &&
			!isThere(one.name, typesOf(one.arguments)),
	);
	const foreign = (name: string): boolean => !KNOWN_TYPES.has(name) && !CATALOG_TYPES.test(name);
	const missingOperators = operators.filter((one) => !operatorIsThere(one.name, one.left, one.right));
	const nearOperators = missingOperators.filter((one) => (one.left === "" || isKnown(one.left)) && isKnown(one.right));
	const known = new Set(operators.filter((one) => !missingOperators.includes(one)).map(({ name }) => name));
	return [
		"# What PostgreSQL has and Littoral has not",
		"Written by `npm run docs:sql` from PostgreSQL 18's catalog (PGlite) and the registry of functions; `tests/sql/missing.test.ts` keeps it so. What is there: [sql.md](sql.md), statements and syntax included.",
		"An overload that is listed may still work: its arguments are then cast to those of another.",
		"## Types",
		`${code(types.map(({ name }) => name).filter(foreign))}. \`varchar\` and \`char\` are there, and JSONB stands for \`json\`; the catalog's own (\`name\`, \`oid\`, \`regclass\`) are texts and numbers where system tables show them.`,
		"## Aggregates",
		list(missing, true),
		"## Functions of types that are there",
		list(near, false),
		"## Overloads of functions that are there",
		code(overloads.map((one) => `${one.name}(${one.arguments})`)),
		"## Operators of types that are there",
		code(nearOperators.map(({ name, left, right }) => `${left} ${name} ${right}`.trim())),
		"## Functions and operators of types that are not there",
		list(
			rest.filter(({ name }) => !usableNames.has(name)),
			false,
		),
		`Operators: ${code(missingOperators.map(({ name }) => name).filter((name) => !known.has(name)))}`,
		"## Of the server and its sessions",
		`${ofServer.size} functions: those that begin with ${code([...ofServer].flatMap((name) => SERVER_FAMILIES.exec(name)?.[0] ?? []))}, and ${code([...ofServer].filter((name) => !SERVER_FAMILIES.test(name)))}.`,
		"",
	]
		.join("\n\n")
		.replace(/\n+$/, "\n");
}
