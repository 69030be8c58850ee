/** PostgreSQL's messages for what scalar kernels raise. */
import { unreachable } from "#shared/base/assert.ts";
import { LittoralError } from "#shared/base/errors.ts";
import { type DataType, typeName } from "#shared/contracts/data-type.ts";

export const divisionByZero = (): LittoralError => new LittoralError("division_by_zero", "division by zero");

/** 22003 as PostgreSQL words it for the type of the result. */
export function outOfRange(type: DataType, underflow = false): LittoralError {
	switch (type.kind) {
		case "numeric":
			return new LittoralError("numeric_value_out_of_range", "value overflows numeric format");
		case "real":
		case "double":
			return new LittoralError("numeric_value_out_of_range", `value out of range: ${underflow ? "underflow" : "overflow"}`);
		case "date":
		case "timestamp":
			return new LittoralError("datetime_field_overflow", `${type.kind} out of range`);
		case "timestamptz":
			return new LittoralError("datetime_field_overflow", "timestamp out of range");
		case "interval":
			return new LittoralError("datetime_field_overflow", "interval out of range");
		default:
			return new LittoralError("numeric_value_out_of_range", `${typeName(type)} out of range`);
	}
}

/** Turns the answer of an arithmetic kernel into its error: 0 none, 1 out of range, 2 division by zero, 3 underflow. */
export function checkArithmetic(answer: number, type: DataType): void {
	switch (answer as 0 | 1 | 2 | 3) {
		case 0:
			return;
		case 1:
			throw outOfRange(type);
		case 2:
			throw divisionByZero();
		case 3:
			throw outOfRange(type, true);
		default:
			unreachable(answer as never);
	}
}
