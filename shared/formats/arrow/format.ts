/** Numbers of Arrow's IPC format. Source: Apache Arrow, format/Message.fbs and format/Schema.fbs (metadata version V5). */

export const METADATA_V5 = 4;
export const CONTINUATION = 0xffffffff;

export const MessageHeader = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;

/** Members of the union `Type`. */
export const TypeId = {
	null: 1,
	int: 2,
	floatingPoint: 3,
	binary: 4,
	utf8: 5,
	bool: 6,
	decimal: 7,
	date: 8,
	time: 9,
	timestamp: 10,
	interval: 11,
	list: 12,
	fixedSizeBinary: 15,
	largeBinary: 19,
	largeUtf8: 20,
	largeList: 21,
} as const;

export const Precision = { half: 0, single: 1, double: 2 } as const;
export const DateUnit = { day: 0, millisecond: 1 } as const;
export const TimeUnit = { second: 0, millisecond: 1, microsecond: 2, nanosecond: 3 } as const;
export const IntervalUnit = { yearMonth: 0, dayTime: 1, monthDayNano: 2 } as const;
