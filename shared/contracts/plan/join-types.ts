/** The columns that a join emits. */
import type { DataType } from "../data-type.ts";
import type { JoinKind } from "./physical.ts";

/** @returns types of the output, in order */
export function joinTypes(join: JoinKind, probe: DataType[], build: DataType[]): DataType[] {
	switch (join) {
		case "semi":
		case "anti":
			return probe;
		case "right_semi":
		case "right_anti":
			return build;
		case "mark":
			return [...probe, { kind: "boolean" }];
		case "inner":
		case "left":
		case "right":
		case "full":
		case "single":
			return [...probe, ...build];
	}
}
