import { isGrpcServiceError } from '@temporalio/client';

/** Status codes of gRPC that Temporal's server returns. */
export const GRPC_STATUS = {
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  UNIMPLEMENTED: 12,
  UNAUTHENTICATED: 16,
} as const;

/** The gRPC status code of an error, or of the first of its causes that has one; undefined when none has. */
export function grpcStatusOf(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
    if ('code' in cause && typeof cause.code === 'number') return cause.code;
  }
  return undefined;
}
