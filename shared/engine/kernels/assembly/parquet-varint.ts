/** LEB128, as Parquet's headers of runs and of deltas have it: 7 bits a byte, the lowest first. @returns the address behind it */
export function putVarint(out: usize, value: u64): usize {
	while (value >= 0x80) {
		store<u8>(out++, <u8>(value | 0x80));
		value >>= 7;
	}
	store<u8>(out++, <u8>value);
	return out;
}
