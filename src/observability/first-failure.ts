/**
 * Returns a function that runs work and never rejects. Of failures without a success in between, as during an outage, only
 * the first is reported.
 */
export function reportFirstFailure(
  onFailure: (error: unknown) => void,
): (work: () => Promise<void>) => Promise<void> {
  let hasFailed = false;
  return async (work) => {
    try {
      await work();
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) onFailure(error);
      hasFailed = true;
    }
  };
}
