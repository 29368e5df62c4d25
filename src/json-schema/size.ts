/** How much checking a schema can take, with what its references name repeated. */
export type Size = {
  /** Schemas, keywords, and values such as those of `enum`. */
  all: number;
  /** Of those, what is held against each item of an array or each member of an object: data decides how often. */
  repeated: number;
  /** How often a byte of the data can be read, beside what patterns do. */
  reads: number;
  patterns: number;
  /** Schemas in each other. */
  depth: number;
};

export const nothing: Size = { all: 0, repeated: 0, reads: 0, patterns: 0, depth: 0 };

/** Of parts that can all be held against one value. */
export const sum = (sizes: Size[]): Size =>
  sizes.reduce(
    (total, size) => ({
      all: total.all + size.all,
      repeated: total.repeated + size.repeated,
      reads: total.reads + size.reads,
      patterns: total.patterns + size.patterns,
      depth: Math.max(total.depth, size.depth),
    }),
    nothing,
  );

/** Of parts that are each held against another value. */
export const widest = (sizes: Size[]): Size => ({
  ...sum(sizes),
  reads: Math.max(0, ...sizes.map(({ reads }) => reads)),
});

export const repeated = (size: Size): Size => ({ ...size, repeated: size.all });
