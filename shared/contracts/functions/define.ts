/** Makes signatures short to write: defaults for what most functions share. */
import type { DataType, DataTypeKind } from "../data-type.ts";
import type { ArgumentKind, FunctionSignature } from "./signature.ts";

/** A kind whose type takes no parameters, or free numeric. */
type PlainKind = Exclude<DataTypeKind, "varchar" | "char" | "array">;

export interface SignatureOptions {
	volatility?: FunctionSignature["volatility"];
	/** Default true. */
	strict?: boolean;
	/** Default false. */
	nullable?: boolean;
	/** Default false. */
	canRaise?: boolean;
	variadic?: boolean;
	/** Default 1. */
	cost?: number;
}

/** The stable id: name and argument kinds; a variadic argument ends in `...`. */
function signatureId(name: string, argumentKinds: readonly ArgumentKind[], variadic = false): string {
	return `${name}(${argumentKinds.join(",")}${variadic ? "..." : ""})`;
}

/** The type of a result that does not depend on the arguments; `numeric` is free. */
const plain = (kind: PlainKind): DataType => ({ kind }) as DataType;

export function define(
	kind: FunctionSignature["kind"],
	head: { name: string; arguments: ArgumentKind[]; result: PlainKind | FunctionSignature["result"]; description: string },
	options: SignatureOptions = {},
): FunctionSignature {
	const { name, arguments: argumentKinds, result, description } = head;
	return {
		id: signatureId(name, argumentKinds, options.variadic),
		name,
		kind,
		arguments: argumentKinds,
		variadic: options.variadic ?? false,
		result: typeof result === "function" ? result : () => plain(result),
		volatility: options.volatility ?? "immutable",
		strict: options.strict ?? true,
		nullable: options.nullable ?? false,
		canRaise: options.canRaise ?? false,
		cost: options.cost ?? 1,
		description,
	};
}

/** `scalar("length", ["text"], "integer", "...")`. */
export function scalar(
	name: string,
	argumentKinds: ArgumentKind[],
	result: PlainKind | FunctionSignature["result"],
	description: string,
	options?: SignatureOptions,
): FunctionSignature {
	return define("scalar", { name, arguments: argumentKinds, result, description }, options);
}
