/** Texts as parts of SQL: quote_ident and its family, format, parse_ident. */
import { LittoralError } from "#shared/base/errors.ts";
import { VALUE_BYTES_MAX } from "#shared/base/limits.ts";
import type { DataType } from "#shared/contracts/data-type.ts";
import type { SqlValue } from "#shared/contracts/value.ts";
import { formatValue } from "#shared/contracts/values/format.ts";
import { castText, tooLong } from "../casts/text-casts.ts";
import type { Bind, Binding } from "../kernel.ts";
import { perValue, perValueBound, perValueNullable } from "../per-value.ts";

/** Key words that an identifier must not be without quotes: those of pg_get_keywords() that are not unreserved. */
const KEY_WORDS = new Set(
	`all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character check
coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role current_schema
current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists extract false fetch
float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect interval into
is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize json_table
json_value lateral leading least left like limit localtime localtimestamp merge_action national natural nchar none normalize not notnull
null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real references returning right
row select session_user setof similar smallint some substring symmetric system_user table tablesample then time timestamp to trailing
treat trim true union unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat xmlelement
xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`.split(/\s+/),
);

function quoteIdentifier(name: string): string {
	if (/^[a-z_][a-z0-9_]*$/.test(name) && !KEY_WORDS.has(name)) return name;
	return `"${name.replaceAll('"', '""')}"`;
}

/** With a backslash inside, the E form. */
function quoteLiteral(text: string): string {
	const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
	return text.includes("\\") ? `E${quoted}` : quoted;
}

const literalOf = (nullText: string | null): Bind =>
	perValueNullable(
		({ argumentTypes, statement }) =>
			([value]) =>
				value === null || value === undefined ? nullText : quoteLiteral(castText(argumentTypes[0] as DataType, value, statement.timeZone)),
	);

/** %[position$][flags][width]type */
const SPECIFIER = /%(?:(\d+)\$)?(-*)(?:(\d+)|\*(?:(\d+)\$)?)?/y;

const invalid = (message: string, hint?: string): LittoralError =>
	new LittoralError("invalid_parameter_value", message, hint === undefined ? {} : { hint });
const unterminated = (): LittoralError => invalid("unterminated format() type specifier", 'For a single "%" use "%%".');

function padded(text: string, width: number, left: boolean): string {
	if (width > VALUE_BYTES_MAX) throw tooLong();
	const blanks = " ".repeat(Math.max(0, width - Array.from(text).length));
	return left ? text + blanks : blanks + text;
}

/** One format(): the template's specifiers take the arguments in order, or by number. */
function bindFormat({ argumentTypes, statement }: Binding) {
	return ([template, ...values]: SqlValue[]): SqlValue => {
		if (template === null || template === undefined) return null;
		const text = template as string;
		let next = 0;
		const take = (number: string | undefined): number => {
			if (number === undefined) next++;
			else {
				next = Number(number);
				if (next === 0) throw invalid("format specifies argument 0, but arguments are numbered from 1");
			}
			if (next > values.length) throw invalid("too few arguments for format()");
			return next - 1;
		};
		const textOf = (index: number): string | null => {
			const value = values[index] as SqlValue;
			return value === null ? null : formatValue(argumentTypes[index + 1] as DataType, value, { timeZone: statement.timeZone });
		};
		let out = "";
		for (let at = 0; at < text.length; at++) {
			if (text[at] !== "%") {
				out += text[at];
				continue;
			}
			if (text[at + 1] === "%") {
				out += "%";
				at++;
				continue;
			}
			SPECIFIER.lastIndex = at;
			const [whole, position, flags, width, widthPosition] = SPECIFIER.exec(text) as RegExpExecArray;
			at += whole.length;
			let size = width === undefined ? 0 : Number(width);
			if (whole.includes("*")) size = Number(textOf(take(widthPosition)) ?? 0);
			const kind = text[at];
			if (kind === undefined) throw unterminated();
			if (!"sIL".includes(kind)) {
				throw invalid(
					`unrecognized format() type specifier "${String.fromCodePoint(text.codePointAt(at) as number)}"`,
					'For a single "%" use "%%".',
				);
			}
			const value = textOf(take(position));
			if (kind === "I" && value === null) {
				throw new LittoralError("null_value_not_allowed", "null values cannot be formatted as an SQL identifier");
			}
			const shown =
				kind === "s" ? (value ?? "") : kind === "I" ? quoteIdentifier(value as string) : value === null ? "NULL" : quoteLiteral(value);
			out += padded(shown, Math.abs(size), flags !== "" || size < 0);
			if (out.length > VALUE_BYTES_MAX) throw tooLong();
		}
		return out;
	};
}

/** A qualified name in its parts, folded as SQL folds them. @param strict nothing may follow the last part */
function parseIdentifier(text: string, strict: boolean): string[] {
	const bad = (detail?: string): LittoralError => invalid(`string is not a valid identifier: "${text}"`, detail);
	const parts: string[] = [];
	const blank = /[\s]*/y;
	let at = 0;
	const skip = (): void => {
		blank.lastIndex = at;
		at += (blank.exec(text) as RegExpExecArray)[0].length;
	};
	skip();
	for (let afterDot = false; ; afterDot = true) {
		const quoted = /"((?:[^"]|"")*)"/y;
		const plain = /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;
		quoted.lastIndex = at;
		plain.lastIndex = at;
		const inQuotes = quoted.exec(text);
		const bare = plain.exec(text);
		if (inQuotes !== null) {
			if (inQuotes[1] === "") throw bad("Quoted identifier must not be empty.");
			parts.push((inQuotes[1] as string).replaceAll('""', '"'));
			at += inQuotes[0].length;
		} else if (bare !== null) {
			parts.push(bare[0].replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
			at += bare[0].length;
		} else if (text[at] === '"') throw bad("String has unclosed double quotes.");
		else if (text[at] === ".") throw bad('No valid identifier before ".".');
		else throw bad(afterDot ? 'No valid identifier after ".".' : undefined);
		skip();
		if (text[at] !== ".") break;
		at++;
		skip();
	}
	if (at < text.length && strict) throw bad();
	return parts;
}

export const QUOTING_KERNELS: Record<string, Bind> = {
	"quote_ident(text)": perValue(([name]) => quoteIdentifier(name as string)),
	"quote_literal(text)": perValue(([text]) => quoteLiteral(text as string)),
	"quote_literal(element)": literalOf(null),
	"quote_nullable(text)": literalOf("NULL"),
	"quote_nullable(element)": literalOf("NULL"),
	"format(text)": perValueNullable(bindFormat),
	"format(text,any...)": perValueNullable(bindFormat),
	"parse_ident(text)": perValueBound(
		() =>
			([text]) =>
				parseIdentifier(text as string, true),
	),
	"parse_ident(text,boolean)": perValueBound(
		() =>
			([text, strict]) =>
				parseIdentifier(text as string, strict as boolean),
	),
};
