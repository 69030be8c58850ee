/** Numbers of the Parquet format. @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */

export const MAGIC = 0x31524150;
/** Magic, footer length. */
export const TRAILER_BYTES = 8;

export const PhysicalKind = {
	boolean: 0,
	int32: 1,
	int64: 2,
	int96: 3,
	float: 4,
	double: 5,
	byteArray: 6,
	fixed: 7,
} as const;

export const Repetition = { required: 0, optional: 1, repeated: 2 } as const;

export const Encoding = {
	plain: 0,
	plainDictionary: 2,
	rle: 3,
	bitPacked: 4,
	deltaBinaryPacked: 5,
	deltaLengthByteArray: 6,
	deltaByteArray: 7,
	rleDictionary: 8,
	byteStreamSplit: 9,
} as const;

export const Codec = { uncompressed: 0, snappy: 1, gzip: 2, zstd: 6 } as const;

export const PageKind = { data: 0, index: 1, dictionary: 2, dataV2: 3 } as const;

export const Converted = {
	utf8: 0,
	map: 1,
	mapKeyValue: 2,
	list: 3,
	enum: 4,
	decimal: 5,
	date: 6,
	timeMillis: 7,
	timeMicros: 8,
	timestampMillis: 9,
	timestampMicros: 10,
	uint8: 11,
	uint16: 12,
	uint32: 13,
	uint64: 14,
	int8: 15,
	int16: 16,
	int32: 17,
	int64: 18,
	json: 19,
	bson: 20,
	interval: 21,
} as const;

/** Field ids of the union `LogicalType`. */
export const Logical = {
	string: 1,
	map: 2,
	list: 3,
	enum: 4,
	decimal: 5,
	date: 6,
	time: 7,
	timestamp: 8,
	integer: 10,
	unknown: 11,
	json: 12,
	bson: 13,
	uuid: 14,
	float16: 15,
} as const;

/** Element types of Thrift's compact protocol. */
export const Thrift = {
	stop: 0,
	true: 1,
	false: 2,
	byte: 3,
	i16: 4,
	i32: 5,
	i64: 6,
	double: 7,
	binary: 8,
	list: 9,
	set: 10,
	map: 11,
	struct: 12,
} as const;

/** Key of the file's key-value metadata that lists columns (comma-separated leaf positions) holding our 16-byte INTERVAL. */
export const INTERVAL_METADATA_KEY = "littoral.interval";
