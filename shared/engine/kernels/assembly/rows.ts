// What every row loop shares: the position of the index-th row, and the lane a constant operand is read from.

/** Row of the index-th live row; `selection` 0 = dense. */
// @ts-ignore: decorator
@inline
export function rowAt(selection: usize, index: i32): i32 {
	return selection == 0 ? index : <i32>load<u16>(selection + (<usize>index << 1));
}

/** Lane of an operand: constants repeat lane 0. */
// @ts-ignore: decorator
@inline
export function lane(constant: i32, row: i32): usize {
	return constant != 0 ? 0 : <usize>row;
}
