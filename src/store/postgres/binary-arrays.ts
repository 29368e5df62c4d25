/*
 * Array parameters in Postgres's binary format. As text, each bytea is sent as hexadecimal digits, and both sides scan each
 * element for quotes and backslashes. A statement must cast the parameter to the array type: $1::text[].
 */

/** The ids of the element types, from pg_type. They are the same in every database. */
const OID = { bool: 16, bytea: 17, int8: 20, int4: 23, text: 25, float8: 701, timestamptz: 1184 } as const;

/** Dimensions, whether there are nulls, element type, length, and the index of the first element; all int4. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
const MS_FROM_1970_TO_2000 = Date.UTC(2000, 0, 1);

type Element<T> = {
  oid: number;
  size(value: T): number;
  write(buffer: Buffer, value: T, offset: number): unknown;
};

const compileArray =
  <T>({ oid, size, write }: Element<T>) =>
  (values: readonly (T | null)[]): Buffer => {
    let bytes = HEADER_BYTES + LENGTH_BYTES * values.length;
    let hasNulls = 0;
    for (const value of values) {
      if (value === null) hasNulls = 1;
      else bytes += size(value);
    }
    const buffer = Buffer.allocUnsafe(bytes);
    buffer.writeInt32BE(1, 0);
    buffer.writeInt32BE(hasNulls, 4);
    buffer.writeInt32BE(oid, 8);
    buffer.writeInt32BE(values.length, 12);
    buffer.writeInt32BE(1, 16);
    let offset = HEADER_BYTES;
    for (const value of values) {
      const length = value === null ? NULL_LENGTH : size(value);
      buffer.writeInt32BE(length, offset);
      offset += LENGTH_BYTES;
      if (value === null) continue;
      write(buffer, value, offset);
      offset += length;
    }
    return buffer;
  };

export const textArray = compileArray<string>({
  oid: OID.text,
  size: (text) => Buffer.byteLength(text),
  write: (buffer, text, offset) => buffer.write(text, offset),
});

export const byteaArray = compileArray<Buffer>({
  oid: OID.bytea,
  size: (bytes) => bytes.length,
  write: (buffer, bytes, offset) => bytes.copy(buffer, offset),
});

export const intArray = compileArray<number>({
  oid: OID.int4,
  size: () => 4,
  write: (buffer, value, offset) => buffer.writeInt32BE(value, offset),
});

/** Integers of 64 bits, by their halves. */
export const bigintArray = compileArray<{ high: number; low: number }>({
  oid: OID.int8,
  size: () => 8,
  write: (buffer, { high, low }, offset) => buffer.writeInt32BE(low, buffer.writeInt32BE(high, offset)),
});

export const floatArray = compileArray<number>({
  oid: OID.float8,
  size: () => 8,
  write: (buffer, value, offset) => buffer.writeDoubleBE(value, offset),
});

export const booleanArray = compileArray<boolean>({
  oid: OID.bool,
  size: () => 1,
  write: (buffer, value, offset) => buffer.writeUInt8(Number(value), offset),
});

/** Microseconds since 2000, as Postgres stores them. */
export const timestampArray = compileArray<Date>({
  oid: OID.timestamptz,
  size: () => 8,
  write: (buffer, time, offset) =>
    buffer.writeBigInt64BE(BigInt(time.getTime() - MS_FROM_1970_TO_2000) * 1_000n, offset),
});
